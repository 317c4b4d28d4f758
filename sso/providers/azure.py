"""Microsoft Entra ID, which the drop-down still calls by its old name, Azure Active Directory."""

from sso.providers.guide import Entry, Guide, Ours, Step, upload_and_save

GUIDE = Guide(
    slug="azure",
    name="Microsoft Entra ID",
    steps=(
        Step("Open the Azure portal and go to Azure Active Directory, now called Microsoft Entra ID."),
        Step("Open Enterprise applications."),
        Step("Choose New application."),
        Step(
            "Find Amplisso, or choose Create your own application, name it Amplisso and keep the non-gallery option. "
            "Add it."
        ),
        Step(
            "In the new application open Single sign-on, choose SAML and edit Basic SAML Configuration. Copy these "
            "values, or use Upload metadata file with our metadata.",
            (
                Entry("Identifier (Entity ID)", Ours.ENTITY_ID),
                Entry("Reply URL (Assertion Consumer Service URL)", Ours.ACS_URL),
                Entry("Sign on URL", Ours.SIGN_ON_URL, "Optional: the tile in My Apps gets there one step sooner."),
            ),
        ),
        Step(
            "Under Attributes & Claims open Unique User Identifier and choose the source of its value.",
            (
                Entry("User identifier", "user.mail"),
                Entry("Name identifier format", "Email address"),
            ),
        ),
        Step("Save. Under SAML Certificates download Federation Metadata XML, also called Metadata XML."),
        *upload_and_save("Microsoft Azure Active Directory"),
    ),
    good_to_know=(
        "Nobody can sign in before they are assigned: Users and groups, in the application. Groups inside groups do "
        "not count.",
        "Take the file of the application itself. The one of the whole directory looks alike and holds other "
        "certificates.",
        "People without a mail address in their profile are refused. Fill in Email there.",
        "Token encryption and Logout Url are optional. The certificate to import and the URL are on this page.",
        "The signing certificate lasts three years. Upload the new file before you activate the next certificate.",
    ),
)
