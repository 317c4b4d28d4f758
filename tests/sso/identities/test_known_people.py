"""Who a provider means by a subject is looked up once, by what is signed, in this connection only."""

from __future__ import annotations

import pytest

from orgs.models import MembershipState, Role
from sso.acs_sql.read import KnownPerson, Subject, known_person
from sso.models import Identity, SignInState, SubjectKind
from sso.reasons import Reason
from tests.sso.conftest import Journey, new_browser
from tests.sso.decoys import with_decoy


@pytest.fixture
def both(organization, connect, member, make_user) -> Journey:
    """Contoso, where Ada and Grace have both come in before."""
    journey = connect(organization)
    for alias in ("ada", "grace"):
        member(organization, Role.MEMBER, make_user(f"{alias}@contoso.example"))
        journey.browser = new_browser()
        journey.sign_in(alias)
        assert journey.last().state == SignInState.SUCCEEDED
    journey.browser = new_browser()
    return journey


def subject_of(journey: Journey, alias: str) -> str:
    return journey.tenant.users[alias].object_id


def known(journey: Journey, subject: Subject, provider_entity_id: str = "") -> KnownPerson | None:
    connection = journey.organization.connections.get()
    entity_id = provider_entity_id or connection.configurations.get().entity_id
    return known_person(connection, entity_id, subject)


def test_a_known_person_is_found_with_the_membership(both):
    found = known(both, Subject(SubjectKind.OBJECT_IDENTIFIER, subject_of(both, "ada")))
    assert found is not None
    assert found.identity.user.email == "ada@contoso.example"
    assert found.membership is not None
    assert found.membership.organization == both.organization


def test_a_subject_of_another_kind_or_provider_is_not_found(both):
    subject = Subject(SubjectKind.OBJECT_IDENTIFIER, subject_of(both, "ada"))
    assert known(both, subject._replace(kind=SubjectKind.NAME_ID)) is None
    assert known(both, subject, "https://elsewhere.test/") is None


@pytest.mark.parametrize(
    "subject",
    [
        Subject(SubjectKind.NAME_ID, ""),
        Subject(SubjectKind.OBJECT_IDENTIFIER, ""),
        Subject(SubjectKind.OBJECT_IDENTIFIER, "x" * 2000),
        Subject(SubjectKind.OBJECT_IDENTIFIER, "' OR '1'='1"),
        Subject(SubjectKind.NAME_ID, "%s %(x)s $1 \\"),
    ],
)
def test_nobody_is_found_by_anything_else(both, subject):
    assert known(both, subject) is None


def test_nobody_of_another_connection_is_found(both, make_organization, connect):
    """One user at one provider, at two organizations."""
    twin = connect(make_organization("Contoso Labs"))
    assert known(twin, Subject(SubjectKind.OBJECT_IDENTIFIER, subject_of(both, "ada"))) is None


def test_nobody_of_an_earlier_provider_is_found(both):
    Identity.objects.update(provider_entity_id="https://earlier.example.test/")
    assert known(both, Subject(SubjectKind.OBJECT_IDENTIFIER, subject_of(both, "ada"))) is None


@pytest.mark.parametrize("decoy", ["grace", "nobody"])
def test_a_decoy_leads_nobody_into_anothers_account(both, decoy):
    """Only the assertion is signed; an attribute in front of it may come from the browser's user."""
    subject = subject_of(both, decoy) if decoy == "grace" else "0" * 36
    answer = both.post(with_decoy(both.answer("ada", both.start()), subject))
    assert answer.status_code == 303
    assert both.last().state == SignInState.SUCCEEDED
    assert both.last().user.email == "ada@contoso.example"
    assert both.browser.get("/session").json()["email"] == "ada@contoso.example"


@pytest.fixture
def alike(both) -> Journey:
    """Who looks the same in all but the subject would be let in without being read again."""
    ada, grace = (
        both.organization.memberships.get(user__email=f"{alias}@contoso.example") for alias in ("ada", "grace")
    )
    grace.given_name, grace.family_name, grace.display_name = ada.given_name, ada.family_name, ada.display_name
    grace.save()
    Identity.objects.filter(user=grace.user).update(address="ada@contoso.example")
    return both


def test_a_decoy_leads_nobody_into_the_account_of_a_namesake(alike):
    alike.post(with_decoy(alike.answer("ada", alike.start()), subject_of(alike, "grace")))
    assert alike.last().state == SignInState.SUCCEEDED
    assert alike.last().user.email == "ada@contoso.example"


def test_a_decoy_does_not_hide_that_somebody_was_removed(alike):
    alike.organization.memberships.filter(user__email="ada@contoso.example").update(state=MembershipState.REMOVED)
    alike.post(with_decoy(alike.answer("ada", alike.start()), subject_of(alike, "grace")))
    assert (alike.last().state, alike.last().reason) == (SignInState.REFUSED, Reason.REMOVED)
