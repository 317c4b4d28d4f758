"""Saving the settings: versions, drafts, Require SSO, and no way to lock oneself out."""

from __future__ import annotations

import pytest

from audit.actors import COMMAND_LINE
from audit.models import Event
from orgs.errors import NotAllowedError
from orgs.models import Plan, Role
from sso import saml
from sso.crypto.encrypted_params import TokenPurpose, encrypt
from sso.models import Configuration, ConfigurationState, Purpose, SignInState
from sso.reasons import Reason
from sso.selectors.connections import active_configuration, draft_configuration
from sso.services import connections
from sso.wording.differences import differences
from tests.sso.conftest import Journey, upload
from tests.sso.sign_in.test_sign_in import refused_for


def save(journey: Journey, **changes: object):
    """Save the settings with these changes, as Contoso's admin."""
    organization = journey.organization
    organization.refresh_from_db()
    return connections.save_settings(
        **{
            "organization": organization,
            "provider": "azure",
            "just_in_time_role": Role.MEMBER,
            "metadata": None,
            "metadata_text": "",
            "require_sso": organization.require_sso,
            "by": organization.memberships.get(role=Role.ADMIN).user,
            "actor": COMMAND_LINE,
            **changes,
        }
    )


def new_file(journey: Journey) -> dict[str, object]:
    """The provider's metadata, to be uploaded again."""
    data = journey.tenant.metadata(journey.app)
    return {
        "metadata": connections.read_upload(organization=journey.organization, data=data),
        "metadata_text": data.decode(),
    }


def require_sso(journey: Journey) -> None:
    """The admin signs in through SSO once and then requires it."""
    journey.sign_in("ada", name_id=journey.organization.memberships.get(role=Role.ADMIN).user.email)
    save(journey, require_sso=True)
    journey.organization.refresh_from_db()


def test_a_valid_file_turns_sso_on(journey):
    journey.organization.refresh_from_db()
    assert journey.organization.can_sign_in_with_sso
    configuration = active_configuration(journey.organization)
    assert (configuration.version, configuration.entity_id) == (1, journey.tenant.issuer)
    assert len(configuration.signing_certificates()) == 2, "the inactive certificate is trusted, too"


def test_each_upload_is_a_new_version_and_the_last_one_stays_what_it_was(journey):
    before = dict(Configuration.objects.values().get())
    save(journey, **new_file(journey))
    retired, active = Configuration.objects.order_by("version")
    assert (retired.state, active.state) == (ConfigurationState.RETIRED, ConfigurationState.ACTIVE)
    after = dict(Configuration.objects.filter(pk=retired.pk).values().get())
    assert {key for key in before if before[key] != after[key]} == {"state", "retired_at"}


def test_the_plan_is_checked_on_the_server(journey):
    journey.organization.plan = Plan.objects.get(slug="plus")
    journey.organization.save()
    with pytest.raises(NotAllowedError, match="Growth, Enterprise and Scholarship"):
        save(journey)


@pytest.mark.parametrize("plan", ["starter", "plus"])
def test_nor_is_anything_saved_on_a_smaller_plan(make_organization, tenant, plan):
    organization = make_organization(plan=plan)
    with pytest.raises(NotAllowedError):
        connections.save_settings(
            organization=organization,
            provider="azure",
            just_in_time_role=None,
            metadata=None,
            metadata_text="",
            require_sso=False,
            by=None,
            actor=COMMAND_LINE,
        )
    assert not organization.connections.exists()


def test_requiring_sso_needs_the_admins_own_sign_in_through_this_configuration(journey):
    with pytest.raises(NotAllowedError, match="yourself"):
        save(journey, require_sso=True)
    journey.sign_in("grace")
    with pytest.raises(NotAllowedError, match="yourself"):
        save(journey, require_sso=True)
    require_sso(journey)
    assert journey.organization.requires_sso


def test_an_older_configuration_does_not_count(journey):
    journey.sign_in("ada", name_id=journey.organization.memberships.get(role=Role.ADMIN).user.email)
    save(journey, **new_file(journey))
    with pytest.raises(NotAllowedError, match="yourself"):
        save(journey, require_sso=True)


def test_a_refused_requirement_saves_nothing_else(journey):
    with pytest.raises(NotAllowedError):
        save(journey, require_sso=True, **new_file(journey))
    assert Configuration.objects.count() == 1


def test_while_sso_is_required_a_new_file_waits_for_an_admins_sign_in(journey):
    require_sso(journey)
    saved = save(journey, **new_file(journey))
    assert saved.is_draft
    assert active_configuration(journey.organization).version == 1
    test_note = encrypt(TokenPurpose.TEST, saved.configuration.public_id.hex)
    assert refused_for(journey, try_draft(journey, test_note, "grace")) == Reason.TEST_NEEDS_ADMIN
    assert draft_configuration(journey.organization) == saved.configuration, "still waiting"
    admin = journey.organization.memberships.get(role=Role.ADMIN).user
    assert try_draft(journey, test_note, "ada", name_id=admin.email)["Location"] == f"/o/{journey.organization.slug}/"
    assert (journey.last().purpose, journey.last().state) == (Purpose.TEST, SignInState.SUCCEEDED)
    assert active_configuration(journey.organization) == saved.configuration
    journey.organization.refresh_from_db()
    assert journey.organization.requires_sso


def try_draft(journey: Journey, token: str, alias: str, **twists: object):
    """Walk through a draft as one person of the provider."""
    return journey.post(journey.answer(alias, journey.start(test=token), **twists))


@pytest.fixture(autouse=True)
def grace(request, member, make_user):
    """An ordinary member, where there is an organization to belong to."""
    if "journey" in request.fixturenames:
        journey = request.getfixturevalue("journey")
        member(journey.organization, Role.MEMBER, make_user("grace@contoso.example"))


def test_a_draft_cannot_be_entered_without_the_note_of_the_settings_page(journey):
    require_sso(journey)
    draft = save(journey, **new_file(journey)).configuration
    for made_up in ["", draft.public_id.hex, encrypt(TokenPurpose.LOGIN_HINT, draft.public_id.hex)]:
        journey.start(test=made_up)
        assert journey.last().configuration.version == 1


def test_a_draft_of_another_organization_cannot_be_entered_either(connect, journey, make_organization):
    require_sso(journey)
    draft = save(journey, **new_file(journey)).configuration
    other = connect(make_organization("Fabrikam"))
    other.start(test=encrypt(TokenPurpose.TEST, draft.public_id.hex))
    assert other.last().configuration.connection.organization == other.organization


def test_a_second_draft_takes_the_place_of_the_first(journey):
    require_sso(journey)
    first, second = (save(journey, **new_file(journey)).configuration for _ in range(2))
    first.refresh_from_db()
    assert first.state == ConfigurationState.RETIRED
    assert draft_configuration(journey.organization) == second


def test_a_draft_can_be_given_up(journey):
    require_sso(journey)
    save(journey, **new_file(journey))
    connections.discard_draft(organization=journey.organization, actor=COMMAND_LINE)
    assert draft_configuration(journey.organization) is None
    assert active_configuration(journey.organization).version == 1


def test_turning_the_requirement_off_is_always_possible(journey):
    require_sso(journey)
    save(journey, require_sso=False)
    journey.organization.refresh_from_db()
    assert not journey.organization.require_sso


def test_the_requirement_is_suspended_while_sso_cannot_work(journey):
    from sso.services import connections

    require_sso(journey)
    connection = journey.organization.connections.get()
    connections.disable_connection(connection=connection, actor=COMMAND_LINE)
    journey.organization.refresh_from_db()
    assert (journey.organization.require_sso, journey.organization.requires_sso) == (True, False)
    connection.refresh_from_db()
    connections.enable_connection(connection=connection, actor=COMMAND_LINE)
    journey.organization.refresh_from_db()
    assert journey.organization.requires_sso
    journey.organization.plan = Plan.objects.get(slug="starter")
    assert not journey.organization.requires_sso


def test_password_grants_end_when_sso_is_required(journey, client_of):
    admin = journey.organization.memberships.get(role=Role.ADMIN).user
    browser = client_of(admin)
    page = f"/o/{journey.organization.slug}/settings/general"
    assert browser.get(page).status_code == 200
    require_sso(journey)
    assert browser.get(page).status_code == 403
    assert journey.browser.get(page).status_code == 200


def test_everything_is_in_the_audit_log_without_secrets(journey):
    require_sso(journey)
    names = set(Event.objects.values_list("name", flat=True))
    assert {"connection:changed", "configuration:activated", "sso:required", "identity:linked"} <= names
    activated = Event.objects.filter(name="configuration:activated").first()
    assert activated.after["entity_id"] == journey.tenant.issuer
    assert "BEGIN" not in str(activated.after)


def test_the_differences_are_told_in_sentences(connect, organization, tenant):
    journey = connect(organization)
    active = active_configuration(organization)
    other = tenant.register("Another", "https://another.example", "https://another.example/acs")
    upload(organization, tenant.metadata(other))
    told = differences(active, active_configuration(organization))
    assert sum("New signing certificate" in line for line in told) == 2
    assert sum("no longer listed" in line for line in told) == 2
    assert sum("at once" in line for line in told) == 1
    (same,) = differences(active, active)
    assert "as before" in same
    assert journey.organization == organization


def test_what_the_file_says_is_read_by_the_same_rules(organization, settings):
    with pytest.raises(saml.MetadataError):
        connections.read_upload(organization=organization, data=b"<html><body>Sign in</body></html>")


def test_an_operators_requirement_needs_a_trial_too(journey):
    with pytest.raises(NotAllowedError):
        save(journey, require_sso=True, by=None)


def test_an_upload_does_not_undo_what_an_operator_disabled(journey):
    from sso.services import connections

    connections.disable_connection(connection=journey.organization.connections.get(), actor=COMMAND_LINE)
    with pytest.raises(NotAllowedError, match="operator"):
        save(journey, **new_file(journey))
    assert Configuration.objects.count() == 1


def test_an_admin_unlinks_an_address_that_became_another_persons(journey, client_of):
    """A person with a new account at the provider signs in as the same member once the old one is unlinked."""
    journey.sign_in("ada")
    other = journey.sign_in("grace", name_id="ada@contoso.example")
    assert refused_for(journey, other) == Reason.OTHER_SUBJECT
    refused = journey.last()
    browser = client_of(journey.organization.memberships.filter(role=Role.ADMIN).first().user)
    page = f"/o/{journey.organization.slug}/settings/sign-ins/{refused.reference}"
    assert "Unlink ada@contoso.example" in browser.get(page).content.decode()
    assert browser.post(f"{page}/unlink").status_code == 303
    assert Event.objects.filter(name="identity:unlinked", target="ada@contoso.example").exists()
    journey.sign_in("grace", name_id="ada@contoso.example")
    assert journey.last().state == SignInState.SUCCEEDED
    assert browser.post(f"{page}/unlink").status_code == 303, "again: nothing to do, nothing broken"
    succeeded = journey.last().reference
    assert browser.post(f"/o/{journey.organization.slug}/settings/sign-ins/{succeeded}/unlink").status_code == 404


def test_a_file_uploaded_while_the_requirement_is_suspended_is_a_draft(journey):
    """An untested file would otherwise lock every member out as soon as the connection works again."""
    require_sso(journey)
    Configuration.objects.update(state=ConfigurationState.RETIRED)
    assert save(journey, **new_file(journey)).is_draft
