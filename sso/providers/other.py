"""Any other SAML 2.0 identity provider."""

from sso.providers.guide import Entry, Guide, Ours, Step, upload_and_save
from sso.reasons import Reason

GUIDE = Guide(
    slug="other",
    name="",
    steps=(
        Step("At your identity provider create an application for SAML 2.0 and name it Amplisso."),
        Step(
            "Give it these values, or let it import our metadata. The names differ from product to product.",
            (
                Entry("Entity ID", Ours.ENTITY_ID, "Also called Audience, Identifier or SP Entity ID."),
                Entry(
                    "Assertion Consumer Service URL", Ours.ACS_URL, "Also called ACS, Reply, Callback or Consumer URL."
                ),
                Entry("Metadata address", Ours.METADATA_URL, "For products that import it."),
            ),
        ),
        Step(
            "Let it send the e-mail address as the name ID.",
            (Entry("Name ID format", "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"),),
        ),
        Step(
            "Let it sign with SHA-256, the assertion or the response or both. Leave encryption off, unless you "
            "have created a certificate on this page and given it to the provider."
        ),
        Step("Give access to the users who may sign in, and download the metadata of the identity provider as XML."),
        *upload_and_save("Other"),
    ),
    good_to_know=("If the name ID is something else, send the address as a claim named emailaddress or email.",),
    remedies={
        Reason.TOO_LONG: "Set the lifetime of the assertion at the identity provider to an hour or less: in AD FS "
        "TokenLifetime of the relying party, in Keycloak Assertion Lifespan of the client.",
    },
    is_cloud_service=False,
)
