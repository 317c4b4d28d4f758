"""OneLogin."""

from sso.providers.guide import Entry, Guide, Ours, Step, upload_and_save
from sso.reasons import Reason

GUIDE = Guide(
    slug="onelogin",
    name="OneLogin",
    steps=(
        Step("In OneLogin open Applications and choose Add App."),
        Step("Search for SAML Custom Connector (Advanced), name it Amplisso and save."),
        Step(
            "Open Configuration and fill in these fields.",
            (
                Entry("Audience (EntityID)", Ours.ENTITY_ID),
                Entry("ACS (Consumer) URL", Ours.ACS_URL),
                Entry(
                    "ACS (Consumer) URL Validator",
                    Ours.ACS_URL,
                    "A regular expression. The address itself works; to be exact, put a backslash before each dot.",
                ),
                Entry("Login URL", Ours.SIGN_ON_URL, "With SAML initiator set to Service Provider."),
                Entry("SAML nameID format", "Email"),
            ),
        ),
        Step("Under Parameters make sure that NameID value is Email.", (Entry("NameID value", "Email"),)),
        Step("Under SSO choose SHA-256 as SAML Signature Algorithm. New connectors may start with SHA-1."),
        Step("Save, then choose More Actions, SAML Metadata: the file is downloaded."),
        *upload_and_save("OneLogin"),
    ),
    good_to_know=("Give users the app under Users, or with a role that has it.",),
    send_address="In OneLogin set NameID value to Email under Parameters.",
    remedies={
        Reason.DECLINED: "In OneLogin check that the user has the app, directly or by a role.",
        Reason.UNTRUSTED: "In OneLogin choose More Actions, SAML Metadata in the app, and upload the file here.",
        Reason.WEAK_ENCRYPTION: "In OneLogin choose AES-256-CBC as SAML encryption method under Configuration, or turn "
        "encryption off there: clear Encrypt assertion.",
        Reason.WEAK_ALGORITHM: "In OneLogin choose SHA-256 as SAML Signature Algorithm under SSO.",
    },
)
