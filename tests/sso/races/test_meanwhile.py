"""Race conditions: another request, put between two statements of one sign-in on purpose."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import pytest
from django.db import connection, transaction

from audit.actors import COMMAND_LINE
from orgs.errors import OutdatedError
from orgs.models import Membership, Role, SessionGrant, User
from orgs.services import accounts, locks, members, organizations
from sso.crypto.encrypted_params import TokenPurpose, encrypt
from sso.models import ConfigurationState, Identity, SignIn, SignInState
from sso.reasons import Reason
from sso.services.sign_in import refusals
from tests.sso.conftest import new_browser
from tests.sso.settings.test_connections import new_file, save

ADA = "ada@contoso.example"


@contextmanager
def after_the_person_was_read(work: Callable[[], object]):
    """Do something once, right behind the statement that looks for the person."""
    done: list[object] = []

    def watch(execute, statement, parameters, many, context):
        result = execute(statement, parameters, many, context)
        if (" identity" in statement or "EXECUTE request_" in statement) and not done:
            done.append(work)
            work()
        return result

    with connection.execute_wrapper(watch):
        yield
    assert done


def test_two_first_sign_ins_of_one_person_are_both_let_in(journey):
    """Two tabs: the other one makes the account, the membership and the identity in between."""
    other = new_browser()
    mine = journey.answer("ada", journey.start())
    first, journey.browser = journey.browser, other
    theirs = journey.answer("ada", journey.start())
    journey.browser = first
    with after_the_person_was_read(lambda: journey.post(theirs, browser=other)):
        answer = journey.post(mine)
    assert answer["Location"] == f"/o/{journey.organization.slug}/"
    assert other.get("/session").status_code == first.get("/session").status_code == 200
    assert Identity.objects.count() == 1


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one writer in at a time anyway")
class TestAccountMadeMeanwhile:
    """Another request makes the account of a first sign-in just before the sign-in makes it."""

    def test_once_it_joins_that_account(self, journey):
        with other_request_before('INSERT INTO "orgs_user"', make_account):
            answer = journey.sign_in()
        assert answer["Location"] == f"/o/{journey.organization.slug}/"
        assert journey.last().user == User.objects.get(email=ADA)

    def test_twice_is_503_and_the_log_says_why(self, journey, caplog):
        journey.browser.raise_request_exception = False
        encoded = journey.answer("ada", journey.start())
        with (
            other_request_before('"orgs_user"."email" = ', delete_account),
            other_request_before('INSERT INTO "orgs_user"', make_account),
        ):
            answer = journey.post(encoded)
        assert (answer.status_code, answer["Retry-After"]) == (503, "5")
        (line,) = (record.getMessage() for record in caplog.records if record.levelname == "ERROR")
        acs = f"/saml/2/acs/{journey.organization.number}"
        assert f": the data changed twice during POST {acs}: duplicate key value violates unique constraint" in line
        assert journey.last().consumed_at is None


@contextmanager
def other_request_before(part: str, work: Callable[[], object]):
    """Do something on another connection before each statement that contains this text."""

    def watch(execute, statement, parameters, many, context):
        if part in statement:
            with ThreadPoolExecutor(1) as pool:
                pool.submit(in_a_thread, work).result(timeout=20)
        return execute(statement, parameters, many, context)

    with connection.execute_wrapper(watch):
        yield


def make_account() -> None:
    if not User.objects.filter(email=ADA).exists():
        accounts.create_account(address=ADA, actor=COMMAND_LINE)


def delete_account() -> None:
    User.objects.filter(email=ADA).delete()


@pytest.mark.parametrize(
    ("change", "reason"),
    [(partial(members.change_role, role=Role.MEMBER), "test_needs_admin"), (members.suspend_member, "suspended")],
    ids=["demoted", "suspended"],
)
def test_who_is_no_admin_any_more_activates_nothing(journey, member, make_user, change, reason):
    organizations.set_require_sso(organization=journey.organization, required=True, actor=COMMAND_LINE)
    journey.organization.refresh_from_db()
    draft = save(journey, **new_file(journey)).configuration
    admin = journey.organization.memberships.get(role=Role.ADMIN)
    member(journey.organization, Role.ADMIN, make_user("other@contoso.example"))
    request_id = journey.start(test=encrypt(TokenPurpose.TEST, draft.public_id.hex))
    answer = journey.answer("ada", request_id, name_id=admin.user.email)
    with after_the_person_was_read(lambda: change(membership=admin, by=None, actor=COMMAND_LINE)):
        journey.post(answer)
    assert (journey.last().state, journey.last().reason) == (SignInState.REFUSED, Reason(reason))
    assert (journey.last().user, journey.last().grant) == (None, None)
    draft.refresh_from_db()
    assert draft.state == ConfigurationState.DRAFT


def disable_account(*, membership: Membership, **_: object) -> None:
    User.objects.filter(pk=membership.user_id).update(is_active=False)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (members.suspend_member, Reason.SUSPENDED),
        (members.remove_member, Reason.REMOVED),
        (disable_account, Reason.ACCOUNT_NOT_ADMITTED),
    ],
    ids=["suspended", "removed", "disabled"],
)
def test_who_is_shut_out_meanwhile_stays_out(journey, member, make_user, change, reason):
    """They are known, and read with the request; the response is judged after that."""
    membership = member(journey.organization, user=make_user("ada@contoso.example"))
    journey.sign_in()
    assert journey.last().state == SignInState.SUCCEEDED
    journey.browser = new_browser()
    answer = journey.answer("ada", journey.start())
    shut_out = partial(change, membership=membership, by=None, actor=COMMAND_LINE)
    with after_the_person_was_read(shut_out):
        journey.post(answer)
    assert (journey.last().state, journey.last().reason, journey.last().grant) == (SignInState.REFUSED, reason, None)
    assert journey.browser.get("/session").status_code == 401
    # The first sign-in's, which only leaving the organization ends.
    assert SessionGrant.objects.filter(user=membership.user, ended_at=None).count() == (change is disable_account)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one writer in at a time anyway")
def test_a_sign_in_waits_for_who_is_shutting_its_member_out(journey, member, make_user):
    membership = member(journey.organization, user=make_user("ada@contoso.example"))
    journey.sign_in()
    journey.browser = new_browser()
    answer = journey.answer("ada", journey.start())
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            members.suspend_member(membership=membership, by=None, actor=COMMAND_LINE)
            posted = pool.submit(in_a_thread, partial(journey.post, answer))
            with pytest.raises(TimeoutError):
                posted.result(timeout=1)
        posted.result(timeout=20)
    assert (journey.last().state, journey.last().reason) == (SignInState.REFUSED, Reason.SUSPENDED)
    assert not SessionGrant.objects.filter(user=membership.user, ended_at=None).exists()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one writer in at a time anyway")
def test_neither_waits_for_the_other(journey, member, make_user):
    """Who shuts a member out locks the organization first; a sign-in that comes then must not hold the member yet."""
    membership = member(journey.organization, user=make_user("ada@contoso.example"))
    journey.sign_in()
    journey.browser = new_browser()
    answer = journey.answer("ada", journey.start())
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            locks.hold_organization(journey.organization)
            posted = pool.submit(in_a_thread, partial(journey.post, answer))
            with pytest.raises(TimeoutError):
                posted.result(timeout=1)
            members.suspend_member(membership=membership, by=None, actor=COMMAND_LINE)
        posted.result(timeout=20)
    assert (journey.last().state, journey.last().reason) == (SignInState.REFUSED, Reason.SUSPENDED)
    assert not SessionGrant.objects.filter(user=membership.user, ended_at=None).exists()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_refused_row_names_no_grant(journey, member, make_user):
    """The identity is unlinked when the row is already filled in: the log must not name a user and a grant."""
    membership = member(journey.organization, user=make_user("ada@contoso.example"))
    journey.sign_in()
    journey.browser = new_browser()
    response = journey.answer("ada", journey.start())
    with after_the_person_was_read(lambda: Identity.objects.filter(user=membership.user).delete()):
        journey.post(response)
    row = journey.last()
    assert (row.state, row.reason) == (SignInState.REFUSED, Reason.UNLINKED)
    assert (row.user, row.grant, row.provider_session, row.name_id_hash) == (None, None, {}, "")


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_second_try_keeps_nothing_of_the_first(journey, member, make_user, monkeypatch):
    """The database gives up the refusal of a suspended member, who is restored before the second try."""
    membership = member(journey.organization, user=make_user("ada@contoso.example"))
    journey.sign_in()
    journey.browser = new_browser()
    members.suspend_member(membership=membership, by=None, actor=COMMAND_LINE)
    response = journey.answer("ada", journey.start())

    def give_up(asked: SignIn) -> None:
        monkeypatch.undo()
        members.restore_member(membership=membership, by=None, actor=COMMAND_LINE)
        raise OutdatedError

    monkeypatch.setattr(refusals, "consume_request", give_up)
    journey.post(response)
    row = journey.last()
    assert (row.state, row.reason, row.detail) == (SignInState.SUCCEEDED, "", "")


def in_a_thread(work: Callable[[], object]) -> None:
    """With a connection of its own, which is closed again."""
    try:
        work()
    finally:
        connection.close()
