"""Google Workspace."""

from sso.providers.guide import Entry, Guide, Ours, Step, upload_and_save
from sso.reasons import Reason

GUIDE = Guide(
    slug="google",
    name="Google",
    steps=(
        Step("In the Google Admin console open Apps, Web and mobile apps."),
        Step("Choose Add app, Add custom SAML app, and name it Amplisso."),
        Step("On Google Identity Provider details choose Download metadata, and continue."),
        Step(
            "On Service provider details fill in these fields.",
            (
                Entry("ACS URL", Ours.ACS_URL),
                Entry("Entity ID", Ours.ENTITY_ID),
                Entry("Start URL", "", "Leave it empty."),
                Entry("Name ID format", "EMAIL"),
                Entry("Name ID", "Basic Information > Primary email"),
            ),
        ),
        Step("Skip the attribute mapping and finish."),
        Step("Open User access and turn the app on for everyone, or for the organizational units that may sign in."),
        *upload_and_save("Google"),
    ),
    good_to_know=(
        (
            "According to Google, turning an app on can take up to a day. Until then users see 403 "
            "app_not_enabled_for_user."
        ),
        "403 app_not_configured_for_user means that the Entity ID entered there differs from ours.",
    ),
    send_address="In the Google Admin console set Name ID to Basic Information > Primary email.",
    no_answer="Such a page of Google shows 403 and a name such as app_not_enabled_for_user.",
    remedies={
        Reason.DECLINED: "In the Google Admin console check under User access that the app is on for the user's unit.",
        Reason.UNTRUSTED: "In the Google Admin console download the metadata of the app again and upload it here.",
    },
)
