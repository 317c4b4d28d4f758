"""Sign-ins on their way while an admin re-links the member: no grant of the former identifier lives afterwards."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event as Signal

import pytest
from django.db import connection, transaction
from django.test import Client

from audit.actors import COMMAND_LINE
from orgs.errors import NotAllowedError
from orgs.models import SessionGrant, User
from orgs.selectors.grants import live_grants
from orgs.services import grants
from sso.models import Identity, Relinking, SignIn, SignInState
from sso.reasons import Reason
from sso.services import relinking
from tests.attacks.conftest import Siege
from tests.attacks.messages.target import Target
from tests.conftest import new_browser
from tests.saml.provider import EMAIL_CLAIM
from tests.sso.identities.relinking import Changing, address_of, known_as, lasting, verify
from tests.sso.identities.test_other_subject import Sent
from tests.sso.races.test_concurrency import at_once
from tests.sso.races.test_parked import A_MOMENT, LONGEST, after_reading, in_a_thread

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one writer in at a time")
ADA = address_of("ada")

# What the admin does, and the identifier that counts before it.
Act = tuple[Callable[[Changing, SignIn], object], Sent]


def relink(changing: Changing, row: SignIn) -> None:
    changing.relink(row)


def undo(changing: Changing, row: SignIn) -> None:
    relinking.undo_relinking(
        organization=changing.organization,
        public_id=Relinking.objects.get().public_id,
        by=changing.by,
        has_second_factor=False,
        actor=COMMAND_LINE,
    )


ACTS: list[Act] = [(relink, known_as("ada")), (undo, lasting("ada"))]
OF_EACH = pytest.mark.parametrize(("act", "sent"), ACTS, ids=["relink", "undo"])


@pytest.fixture
def changing(siege: Siege) -> Changing:
    verify(siege.organization)
    return Changing(siege)


def prepare(changing: Changing, act: Callable[[Changing, SignIn], object]) -> SignIn:
    """Let Ada be refused, and be re-linked already where that is to be undone."""
    row = changing.changed("ada")
    if act is undo:
        changing.relink(row)
    return row


def begin(changing: Changing, sent: Sent, *, surname: str = "") -> tuple[Client, Target, str]:
    """Return a browser that has asked, its request, and the response; another surname has more written."""
    browser = new_browser()
    target = changing.siege.ask(browser)
    claims = ((EMAIL_CLAIM, (ADA,)), *((("sn", (surname,)),) if surname else ()))
    answer = target.answer(name_id=sent[0], name_id_format=sent[1], attributes=claims)
    return browser, target, answer.encoded()


def grants_found() -> list[SessionGrant]:
    """The grants of Ada's that a request would find."""
    found = SessionGrant.objects.filter(user__email=ADA).select_related("user")
    return [grant for grant in found if live_grants(grant.session, grant.user).filter(pk=grant.pk).exists()]


@OF_EACH
@pytest.mark.parametrize("surname", ["", "King"])
def test_between_reading_and_writing(
    changing: Changing, monkeypatch: pytest.MonkeyPatch, act: Callable[..., object], sent: Sent, surname: str
) -> None:
    row = prepare(changing, act)
    browser, target, response = begin(changing, sent, surname=surname)
    with after_reading(monkeypatch, lambda: act(changing, row)):
        changing.siege.post(browser, response)
    assert changing.siege.row(target).reason == Reason.UNLINKED
    assert not grants_found()
    assert browser.get("/session").status_code == 401


@on_postgresql
@OF_EACH
@pytest.mark.parametrize("surname", ["", "King"])
def test_not_committed_when_the_sign_in_writes(
    changing: Changing, act: Callable[..., object], sent: Sent, surname: str
) -> None:
    row = prepare(changing, act)
    browser, target, response = begin(changing, sent, surname=surname)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            act(changing, row)
            posted = in_a_thread(pool, lambda: changing.siege.post(browser, response))
            with pytest.raises(TimeoutError):
                posted.result(A_MOMENT)
        posted.result(LONGEST)
    assert changing.siege.row(target).reason == Reason.UNLINKED
    assert not grants_found()


@on_postgresql
def test_a_sign_in_that_is_not_committed_when_the_change_begins(
    changing: Changing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The change waits for it. It has come by the known identifier, which the provider so still sends."""
    row = prepare(changing, relink)
    browser, target, response = begin(changing, known_as("ada"), surname="King")
    written, go_on, carry_over = Signal(), Signal(), grants.carry_grants_over

    def wait(**kwargs: object) -> object:
        written.set()
        assert go_on.wait(LONGEST)
        return carry_over(**kwargs)

    monkeypatch.setattr(grants, "carry_grants_over", wait)
    with ThreadPoolExecutor(2) as pool:
        posted = in_a_thread(pool, lambda: changing.siege.post(browser, response))
        assert written.wait(LONGEST)
        changed = in_a_thread(pool, lambda: changing.relink(row))
        with pytest.raises(TimeoutError):
            changed.result(A_MOMENT)
        go_on.set()
        posted.result(LONGEST)
        with pytest.raises(NotAllowedError, match="The list has changed"):
            changed.result(LONGEST)
    assert changing.siege.row(target).state == SignInState.SUCCEEDED
    assert changing.subjects() == {ADA: [ADA]}


@on_postgresql
def test_the_new_identifier_waits_and_then_signs_in(changing: Changing) -> None:
    """Until the change is committed it opens nothing; a sign-in that waited for it is one of the new identifier."""
    row = prepare(changing, relink)
    browser, target, response = begin(changing, lasting("ada"))
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            changing.relink(row)
            posted = in_a_thread(pool, lambda: changing.siege.post(browser, response))
            with pytest.raises(TimeoutError):
                posted.result(A_MOMENT)
            assert not grants_found()
        posted.result(LONGEST)
    assert changing.siege.row(target).user == User.objects.get(email=ADA)
    assert len(grants_found()) == 1


@on_postgresql
def test_six_requests_relink_once(changing: Changing) -> None:
    row = prepare(changing, relink)

    def work(_: int) -> bool:
        try:
            changing.relink(row)
        except NotAllowedError:
            return False
        return True

    assert sum(at_once(work, 6)) == 1
    assert Relinking.objects.count() == Identity.objects.filter(user__email=ADA).count() == 1
