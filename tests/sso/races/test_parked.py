"""Sign-ins that are parked while an admin or operator changes what they depend on: no grant lives afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from threading import Event as Signal
from typing import Any

import pytest
from django.db import connection, transaction

from audit.actors import COMMAND_LINE
from orgs.models import Organization, Plan, Role, SessionGrant, User
from orgs.selectors.grants import live_grants
from orgs.services import accounts, grants, members, organizations, plans
from sso.acs_sql.read import known_person
from sso.crypto.encrypted_params import TokenPurpose, encrypt
from sso.models import ConfigurationState, Connection, Identity, SignInState, Waiver
from sso.reasons import Reason
from sso.services import connections, waivers
from sso.services.sign_in import finish
from sso.services.sign_in.asserted import CLAIM_SURNAME
from tests.conftest import MakeMember, MakeUser
from tests.sso.conftest import Connect, Journey, new_browser
from tests.sso.settings.test_connections import new_file, save

LONGEST = 30  # seconds that any part of a test may wait
A_MOMENT = 0.5  # seconds in which an unhindered sign-in or change would be done long since
ADA = "ada@contoso.example"

Act = Callable[[Journey], object]
on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one writer in at a time")


def member_of(journey: Journey) -> dict[str, object]:
    return {"membership": journey.organization.memberships.get(user__email=ADA), "by": None, "actor": COMMAND_LINE}


def connection_of(journey: Journey) -> dict[str, object]:
    return {"connection": Connection.objects.get(organization=journey.organization), "actor": COMMAND_LINE}


def account(email: str = ADA) -> dict[str, object]:
    return {"user": User.objects.get(email=email), "actor": COMMAND_LINE}


def whole(journey: Journey) -> dict[str, object]:
    return {"organization": Organization.objects.get(pk=journey.organization.pk), "actor": COMMAND_LINE}


def plan(slug: str) -> Plan:
    return Plan.objects.get(slug=slug)


def edit_plan(*, sso: bool) -> None:
    edited = plan("growth")
    edited.sso = sso
    plans.save_plan(plan=edited, actor=COMMAND_LINE)


def day_after_tomorrow() -> date:
    return (datetime.now(UTC) + timedelta(days=2)).date()


def accept_sha1(journey: Journey) -> None:
    waivers.allow_waiver(**whole(journey), kind=Waiver.SHA1, last_day=day_after_tomorrow(), by=None)


@dataclass(frozen=True)
class Change:
    """What happens to a sign-in on its way: `ends` says whether earlier sessions are ended, too."""

    name: str
    do: Act
    reason: Reason
    undo: Act = lambda _: None
    ends: bool = True
    for_members: bool = False


CHANGES = [
    Change(
        "connection disabled",
        lambda j: connections.disable_connection(**connection_of(j)),
        Reason.DISABLED,
        lambda j: connections.enable_connection(**connection_of(j)),
    ),
    Change(
        "organization closed",
        lambda j: organizations.close_organization(**whole(j)),
        Reason.CLOSED,
        lambda j: organizations.reopen_organization(**whole(j)),
    ),
    Change(
        "moved to a plan without single sign-on",
        lambda j: organizations.change_plan(**whole(j), plan=plan("starter")),
        Reason.PLAN,
        lambda j: organizations.change_plan(**whole(j), plan=plan("growth")),
    ),
    Change(
        "single sign-on taken out of the plan",
        lambda _: edit_plan(sso=False),
        Reason.PLAN,
        lambda _: edit_plan(sso=True),
    ),
    Change(
        "account disabled",
        lambda _: accounts.disable_account(**account()),
        Reason.ACCOUNT_NOT_ADMITTED,
        lambda _: accounts.enable_account(**account()),
        for_members=True,
    ),
    Change(
        "member suspended",
        lambda j: members.suspend_member(**member_of(j)),
        Reason.SUSPENDED,
        lambda j: members.restore_member(**member_of(j)),
        for_members=True,
    ),
    Change("member removed", lambda j: members.remove_member(**member_of(j)), Reason.REMOVED, for_members=True),
    Change(
        "identity unlinked",
        lambda _: connections.unlink_identity(identity=Identity.objects.get(user__email=ADA), actor=COMMAND_LINE),
        Reason.UNLINKED,
        for_members=True,
    ),
    Change("metadata replaced", lambda j: save(j, **new_file(j)), Reason.REPLACED, ends=False),
    Change("waiver allowed", accept_sha1, Reason.REPLACED, ends=False),
]
OF_EACH = pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name.replace(" ", "-"))
OF_MEMBERS = pytest.mark.parametrize("kind", ["unchanged", "renamed", "in-a-session"])


@pytest.fixture
def ada(journey: Journey, member: MakeMember, make_user: MakeUser) -> Journey:
    """A member who has signed in before, in a browser that stays signed in; the next sign-in is in a new browser."""
    member(journey.organization, Role.MEMBER, make_user(ADA))
    for _ in range(2):
        journey.sign_in("ada")
        assert journey.last().state == SignInState.SUCCEEDED
    return journey


def response_of(journey: Journey, kind: str) -> str:
    """What the provider posts next; each kind is written in another way."""
    if kind != "in-a-session":
        journey.browser = new_browser()
    claims = {CLAIM_SURNAME: "King"} if kind == "renamed" else {}
    return journey.answer("ada", journey.start(), claims=claims) if claims else journey.answer("ada", journey.start())


def grants_found() -> list[SessionGrant]:
    """The grants of Ada's that a request would find, whatever the table says about their end."""
    found = SessionGrant.objects.filter(user__email=ADA).select_related("user")
    return [grant for grant in found if live_grants(grant.session, grant.user).filter(pk=grant.pk).exists()]


def check_nothing_lives(journey: Journey, change: Change, earlier: int) -> None:
    """Look for grants after a change, and once more after it was taken back."""
    assert (journey.last().state, journey.last().reason) == (SignInState.REFUSED, change.reason)
    left = 0 if change.ends else earlier
    assert len(grants_found()) == left
    change.undo(journey)
    assert len(grants_found()) == left
    assert SessionGrant.objects.filter(user__email=ADA, ended_at=None).count() == left
    if change.ends:
        assert journey.browser.get("/session").status_code == 401


@contextmanager
def after_reading(monkeypatch: pytest.MonkeyPatch, work: Callable[[], object]) -> Iterator[None]:
    """Do something between the last read that a sign-in is decided by and writing what comes of it."""
    done: list[object] = []

    def read_and_wait(*args: object, **kwargs: object) -> object:
        found = known_person(*args, **kwargs)
        if not done:
            done.append(work())
        return found

    with monkeypatch.context() as patched:
        patched.setattr(finish, "known_person", read_and_wait)
        yield
    assert done


def in_a_thread(pool: ThreadPoolExecutor, work: Callable[[], object]) -> Future[object]:
    """Run something on a connection of its own, which is closed again."""

    def run() -> object:
        try:
            return work()
        finally:
            connection.close()

    return pool.submit(run)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@OF_MEMBERS
@OF_EACH
def test_a_change_between_reading_and_writing(
    ada: Journey, monkeypatch: pytest.MonkeyPatch, change: Change, kind: str
) -> None:
    earlier, response = len(grants_found()), response_of(ada, kind)
    with after_reading(monkeypatch, lambda: change.do(ada)):
        ada.post(response)
    check_nothing_lives(ada, change, earlier)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.parametrize(
    "change", [change for change in CHANGES if not change.for_members], ids=lambda change: change.name.replace(" ", "-")
)
def test_a_change_between_reading_and_writing_a_first_sign_in(
    journey: Journey, monkeypatch: pytest.MonkeyPatch, change: Change
) -> None:
    response = journey.answer("ada", journey.start())
    with after_reading(monkeypatch, lambda: change.do(journey)):
        journey.post(response)
    check_nothing_lives(journey, change, 0)
    assert not User.objects.filter(email=ADA).exists(), "nothing else of it was written"


@on_postgresql
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@OF_MEMBERS
@OF_EACH
def test_a_change_that_is_not_committed_when_the_sign_in_writes(ada: Journey, change: Change, kind: str) -> None:
    """The sign-in has to wait for it, and to look again."""
    earlier, response = len(grants_found()), response_of(ada, kind)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            change.do(ada)
            posted = in_a_thread(pool, lambda: ada.post(response))
            with pytest.raises(TimeoutError):
                posted.result(A_MOMENT)
        posted.result(LONGEST)
    check_nothing_lives(ada, change, earlier)


@on_postgresql
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.parametrize("kind", ["renamed", "in-a-session"])
@OF_EACH
def test_a_sign_in_that_is_not_committed_when_the_change_begins(
    ada: Journey, monkeypatch: pytest.MonkeyPatch, change: Change, kind: str
) -> None:
    """The change has to wait for it, and to end what it has opened."""
    response = response_of(ada, kind)
    written, go_on, carry_over = Signal(), Signal(), grants.carry_grants_over

    def wait(**kwargs: object) -> object:
        written.set()
        assert go_on.wait(LONGEST)
        return carry_over(**kwargs)

    monkeypatch.setattr(grants, "carry_grants_over", wait)
    with ThreadPoolExecutor(2) as pool:
        posted = in_a_thread(pool, lambda: ada.post(response))
        assert written.wait(LONGEST)
        changed = in_a_thread(pool, lambda: change.do(ada))
        with pytest.raises(TimeoutError):
            changed.result(A_MOMENT)
        go_on.set()
        posted.result(LONGEST)
        changed.result(LONGEST)
    assert ada.last().state == SignInState.SUCCEEDED
    if change.ends:
        assert not grants_found()
        change.undo(ada)
        assert not grants_found()


@on_postgresql
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_sign_ins_do_not_wait_for_each_other(
    ada: Journey, monkeypatch: pytest.MonkeyPatch, member: MakeMember, make_user: MakeUser
) -> None:
    """One that writes other names is parked before its end; another user signs in and is done."""
    member(ada.organization, Role.MANAGER, make_user("grace@contoso.example"))
    ada.browser = new_browser()
    ada.sign_in("grace")
    response, browser = response_of(ada, "renamed"), ada.browser
    written, go_on, carry_over = Signal(), Signal(), grants.carry_grants_over

    def wait(**kwargs: Any) -> object:
        if kwargs["to"].user.email == ADA:
            written.set()
            assert go_on.wait(LONGEST)
        return carry_over(**kwargs)

    monkeypatch.setattr(grants, "carry_grants_over", wait)
    with ThreadPoolExecutor(1) as pool:
        posted = in_a_thread(pool, lambda: ada.post(response, browser))
        assert written.wait(LONGEST)
        for _ in range(2):
            ada.browser = new_browser()
            ada.sign_in("grace")
            assert ada.last().state == SignInState.SUCCEEDED
        go_on.set()
        posted.result(LONGEST)
    assert browser.get("/session").json()["email"] == ADA


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_connection_disabled_while_a_test_activates_a_draft(
    connect: Connect, organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test is refused, the draft stays one, and the requirement is suspended: passwords open the organization."""
    journey = connect(organization)
    admin = organization.memberships.get(role=Role.ADMIN).user
    journey.sign_in("ada", name_id=admin.email)
    save(journey, require_sso=True)
    draft = save(journey, **new_file(journey)).configuration
    journey.browser = new_browser()
    response = journey.answer("ada", start_test(journey, draft.public_id.hex), name_id=admin.email)
    with after_reading(monkeypatch, lambda: connections.disable_connection(**connection_of(journey))):
        journey.post(response)
    assert (journey.last().state, journey.last().reason) == (SignInState.REFUSED, Reason.DISABLED)
    draft.refresh_from_db()
    assert draft.state == ConfigurationState.DRAFT
    organization.refresh_from_db()
    assert organization.require_sso
    assert not organization.requires_sso
    connections.enable_connection(**connection_of(journey))
    assert organization.requires_sso, "by the version that has been tested"


def start_test(journey: Journey, public_id: str) -> str:
    return journey.start(test=encrypt(TokenPurpose.TEST, public_id))
