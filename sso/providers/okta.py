"""Okta."""

from sso.providers.guide import Entry, Guide, Ours, Step, upload_and_save
from sso.reasons import Reason

GUIDE = Guide(
    slug="okta",
    name="Okta",
    steps=(
        Step("In the Okta Admin Console open Applications, Applications, and choose Create App Integration."),
        Step("Choose SAML 2.0 and name the integration Amplisso."),
        Step(
            "On Configure SAML fill in these fields.",
            (
                Entry("Single sign-on URL", Ours.ACS_URL, "Keep 'Use this for Recipient URL and Destination URL'."),
                Entry("Audience URI (SP Entity ID)", Ours.ENTITY_ID),
                Entry("Name ID format", "EmailAddress"),
                Entry("Application username", "Email"),
            ),
        ),
        Step("Finish, then open Assignments and assign the users or groups that may sign in."),
        Step(
            "On the Sign On tab open the Metadata URL, or View SAML setup instructions, and save the IdP metadata as a "
            "file that ends in .xml."
        ),
        *upload_and_save("Okta"),
    ),
    good_to_know=(
        "Leave the signature algorithm at RSA-SHA256. Assertion encryption is optional: create a certificate on "
        "this page and give it to Okta first.",
        "The tile on the Okta dashboard works: users are redirected here and to Okta once more, which protects "
        "them from login CSRF. It leads to the page of this organization whose address is in Default RelayState.",
    ),
    send_address="In Okta set Application username to Email and Name ID format to EmailAddress.",
    remedies={
        Reason.DECLINED: "In Okta check under Assignments that the user is assigned, and look at the System Log.",
        Reason.UNTRUSTED: "On the Sign On tab of the application in Okta save the IdP metadata of the active "
        "certificate again and upload it here.",
        Reason.WEAK_ENCRYPTION: "In Okta open SAML Settings, Show Advanced Settings, and choose AES256-CBC and "
        "RSA-OAEP. Or turn encryption off there: set Assertion Encryption to Unencrypted.",
        Reason.WEAK_ALGORITHM: "In Okta choose RSA-SHA256 and SHA256 under SAML Settings, Show Advanced Settings.",
    },
)
