"""Microsoft Entra ID, which the drop-down still calls by its old name, Azure Active Directory."""

from sso.providers.guide import Entry, Guide, Ours, Step, upload_and_save
from sso.reasons import Reason

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
                Entry("Sign on URL", Ours.SIGN_ON_URL, "Optional: saves one step when users open the tile in My Apps."),
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
        "Users can sign in only after you assign them to the application under Users and groups. Nested groups do "
        "not count.",
        "Use the file of the application itself. The file of the whole directory looks similar but contains other "
        "certificates.",
        "Users without an e-mail address in their profile are refused. Fill in Email there.",
        "To have the tile in My Apps open another page of this organization, copy the page's address from the address "
        "bar into Relay State and leave Sign on URL empty: with a Sign on URL Microsoft sends no Relay State.",
        "Token encryption and Logout Url are optional. The certificate to import and the URL are on this page.",
        "The signing certificate lasts three years. Upload the new file before you activate the next certificate.",
    ),
    send_address="In Microsoft Entra ID set the user identifier to user.mail.",
    no_answer="Such a page of Microsoft shows a code that begins with AADSTS.",
    remedies={
        Reason.DECLINED: "In Microsoft Entra ID look at the sign-in log of the enterprise application. Most often the "
        "user is not assigned to it (Users and groups).",
        Reason.ENCRYPTED: "Download the certificate on the settings page and import it in the enterprise application "
        "under Token encryption, or remove the certificate there to turn token encryption off.",
        Reason.WEAK_ENCRYPTION: "In the enterprise application open Token encryption and remove the certificate to "
        "turn encryption off, or import the certificate of the settings page there and activate it.",
        Reason.UNTRUSTED: "In the enterprise application open Single sign-on, download Federation Metadata XML "
        "under SAML Certificates and upload it here. The file of the whole directory contains "
        "other certificates.",
        Reason.WEAK_ALGORITHM: "In Microsoft Entra ID choose SHA-256 under SAML Certificates, Signing Algorithm.",
        Reason.CERTIFICATE_EXPIRED: "If the certificate has expired, create a new one under SAML Certificates in "
        "the enterprise application, make it active, and upload the new Metadata XML "
        "here. If it is not valid yet, make the previous one active there until that "
        "date.",
        Reason.TOO_LARGE: "If a claim lists all groups of a user, open Attributes & Claims of the enterprise "
        "application in Microsoft Entra ID, and in the group claim choose Groups assigned to "
        "the application.",
        Reason.TOO_LONG: "Shorten the token lifetime policy of the application in Microsoft Entra ID to an hour or "
        "less.",
        Reason.NO_ADDRESS: "In Microsoft Entra ID set the user identifier to user.mail and fill in Email in the user's "
        "profile.",
    },
)
