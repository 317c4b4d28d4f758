"""The person is guessed before an answer is judged, and only what is signed decides who it is."""

from __future__ import annotations

import pytest

from orgs.models import MembershipState, Role
from orgs.tokens import hash_of_token
from sso.acs_reads import NOBODY, Guess, KnownPerson, Subject, known_person, sign_in_by_request
from sso.models import Identity, SignIn, SignInState, SubjectKind
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


def guessed(journey: Journey, request_id: str, subject: Subject, nonce_hash: str = "") -> KnownPerson | None:
    nonce_hash = nonce_hash or SignIn.objects.get(request_id=request_id).nonce_hash
    found = sign_in_by_request(journey.organization.number, request_id, Guess(subject, nonce_hash))
    assert found is not None
    assert found.sign_in.request_id == request_id
    return found.guessed


def test_whoever_is_guessed_is_found_with_the_request(both):
    subject = Subject(SubjectKind.OBJECT_IDENTIFIER, subject_of(both, "ada"))
    found = guessed(both, both.start(), subject)
    assert found is not None
    assert found.identity.user.email == "ada@contoso.example"
    assert found.membership.organization == both.organization
    assert found == known_person(found.identity.connection, found.identity.provider_entity_id, subject)
    assert found.is_known_by(found.identity.provider_entity_id, subject)
    assert not found.is_known_by("https://elsewhere.test/", subject)
    assert not found.is_known_by(found.identity.provider_entity_id, Subject(SubjectKind.NAME_ID, subject.value))
    assert not found.is_known_by(found.identity.provider_entity_id, subject._replace(value="x"))


@pytest.mark.parametrize(
    "subject",
    [
        NOBODY,
        Subject(SubjectKind.OBJECT_IDENTIFIER, ""),
        Subject(SubjectKind.OBJECT_IDENTIFIER, "x" * 2000),
        Subject(SubjectKind.OBJECT_IDENTIFIER, "' OR '1'='1"),
        Subject(SubjectKind.NAME_ID, "%s %(x)s $1 \\"),
    ],
)
def test_nobody_is_found_by_anything_else(both, subject):
    assert guessed(both, both.start(), subject) is None


def test_nobody_is_found_for_another_browser(both):
    subject = Subject(SubjectKind.OBJECT_IDENTIFIER, subject_of(both, "ada"))
    assert guessed(both, both.start(), subject, hash_of_token("")) is None


def test_nobody_is_found_for_who_comes_again(both):
    request_id = both.start()
    both.post(both.answer("ada", request_id))
    assert guessed(both, request_id, Subject(SubjectKind.OBJECT_IDENTIFIER, subject_of(both, "ada"))) is None


def test_nobody_of_another_connection_is_found(both, make_organization, connect):
    """The same person at the same provider, at two organizations."""
    twin = connect(make_organization("Contoso Labs"))
    found = guessed(twin, twin.start(), Subject(SubjectKind.OBJECT_IDENTIFIER, subject_of(both, "ada")))
    assert found is None


def test_nobody_of_an_earlier_provider_is_found(both):
    Identity.objects.update(provider_entity_id="https://earlier.example.test/")
    found = guessed(both, both.start(), Subject(SubjectKind.OBJECT_IDENTIFIER, subject_of(both, "ada")))
    assert found is None


@pytest.mark.parametrize("decoy", ["grace", "nobody"])
def test_a_decoy_leads_nobody_into_anothers_account(both, decoy):
    """Only the assertion is signed; what stands before it is whoever carries it who wrote it."""
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
