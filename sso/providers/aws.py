"""AWS IAM Identity Center."""

from sso.providers.guide import Entry, Guide, Ours, Step, upload_and_save
from sso.reasons import Reason

GUIDE = Guide(
    slug="aws",
    name="AWS IAM Identity Center",
    steps=(
        Step(
            "In IAM Identity Center open Applications, choose Add application and 'I have an application I want to "
            "set up', then SAML 2.0."
        ),
        Step("Name it Amplisso, and under IAM Identity Center metadata download the SAML metadata file."),
        Step(
            "Under Application metadata choose to enter the values manually.",
            (
                Entry("Application ACS URL", Ours.ACS_URL),
                Entry("Application SAML audience", Ours.ENTITY_ID),
            ),
        ),
        Step(
            "Submit, then choose Actions, Edit attribute mappings, and map the Subject.",
            (
                Entry("Subject", "${user:email}"),
                Entry("Format", "emailAddress"),
            ),
        ),
        Step("Assign the users or groups that may sign in."),
        *upload_and_save("AWS IAM Identity Center"),
    ),
    good_to_know=("Leave Application start URL empty: the tile in the access portal works without it.",),
    send_address="In the attribute mappings of the application map Subject to ${user:email}.",
    remedies={
        Reason.DECLINED: "In IAM Identity Center check that the user, or a group of theirs, is assigned to the "
        "application.",
        Reason.UNTRUSTED: "In IAM Identity Center download the SAML metadata file of the application again and upload "
        "it here.",
    },
)
