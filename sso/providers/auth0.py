"""Auth0, as an identity provider by its SAML2 Web App addon."""

from sso.providers.guide import Entry, Guide, Ours, Step, upload_and_save
from sso.reasons import Reason

GUIDE = Guide(
    slug="auth0",
    name="Auth0",
    steps=(
        Step("In the Auth0 Dashboard open Applications, Applications, and create an application of any type."),
        Step("Open its Addons tab and turn SAML2 Web App on."),
        Step(
            "On the addon's Settings tab enter our address, and put the algorithms into the settings below it.",
            (
                Entry("Application Callback URL", Ours.ACS_URL),
                Entry("Settings", '{"signatureAlgorithm": "rsa-sha256", "digestAlgorithm": "sha256"}'),
            ),
        ),
        Step("Enable the addon, open its Usage tab and download the Identity Provider Metadata."),
        *upload_and_save("Auth0"),
    ),
    good_to_know=(
        "Auth0's identifier of a user, such as auth0|123, is not an e-mail address. Amplisso uses the "
        "emailaddress claim that Auth0 sends with it.",
        "Connections that are turned on for the application decide who may sign in.",
    ),
    send_address="In Auth0 fill in the user's e-mail address: it is sent as the emailaddress claim.",
    remedies={
        Reason.DECLINED: "In Auth0 check which connections are turned on for the application, and look at the logs.",
        Reason.UNTRUSTED: "On the Usage tab of the addon download the Identity Provider Metadata and upload it here.",
        Reason.WEAK_ALGORITHM: "On the addon's Settings tab set signatureAlgorithm to rsa-sha256 and digestAlgorithm "
        "to sha256.",
        Reason.WRONG_AUDIENCE: "On the addon's Settings tab remove audience, or set it to the Entity ID of the "
        "settings page.",
        Reason.TOO_LONG: "On the addon's Settings tab set lifetimeInSeconds to 3600 or less.",
    },
)
