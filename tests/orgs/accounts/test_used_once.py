"""Links and codes that two requests use at the same moment: one of them succeeds, whatever both had read before."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, TypeVar

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.core.mail import EmailMessage
from django.db import connection, connections
from django.http import HttpResponse
from django.test import Client

from audit.actors import COMMAND_LINE
from audit.events import EventName
from audit.models import Event
from orgs.adapter import AccountAdapter
from orgs.errors import NotAllowedError
from orgs.models import Invitation, MembershipState, Organization, Role, User
from orgs.services import invitations, locks, recovery, second_factors
from tests.conftest import PASSWORD, MakeOrganization, MakeUser, new_browser
from tests.orgs.accounts.test_accounts import ADA, sign_up
from tests.orgs.conftest import link_in

pytestmark = [
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one writer in at a time anyway"),
]
T = TypeVar("T")
PASSWORDS = ("the first new password", "the second new password")


def meet_before(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> None:
    """Make two requests wait for each other at their first call of a function, so that both have read by then."""
    gate, original, calls = Barrier(2), getattr(owner, name), iter((True, True))

    def wait(*args: Any, **kwargs: Any) -> Any:
        if next(calls, False):
            gate.wait(20)
        return original(*args, **kwargs)

    monkeypatch.setattr(owner, name, wait)


def both(*works: Callable[[], T]) -> list[T | None]:
    """Return what each gives at the same moment; None for one that is refused."""

    def run(work: Callable[[], T]) -> T | None:
        try:
            return work()
        except NotAllowedError:
            return None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works, timeout=60))


def page_of_reset_link(mail: EmailMessage) -> tuple[Client, str]:
    """Return a browser that has opened the link of a mail, and the page it was led to."""
    browser = new_browser()
    return browser, browser.get(link_in(str(mail.body)), follow=True).redirect_chain[-1][0]


def answers_of_both(
    monkeypatch: pytest.MonkeyPatch, first: Callable[[], HttpResponse], second: Callable[[], HttpResponse]
) -> list[int]:
    """Return the status of two requests that would both write a password."""
    meet_before(monkeypatch, AccountAdapter, "set_password")
    answers = both(first, second)
    (refused,) = (answer for answer in answers if answer is not None and answer.status_code != 303)
    assert "Another request changed the password" in refused.content.decode()
    return sorted(answer.status_code for answer in answers if answer is not None)


def test_a_link_to_reset_a_password(
    make_user: MakeUser, mailoutbox: list[EmailMessage], monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = make_user(ADA)
    new_browser().post("/account/password/reset/", {"email": ADA})
    (mail,) = mailoutbox
    assert "within one hour" in mail.body
    pages = [page_of_reset_link(mail) for _ in PASSWORDS]

    def choose(number: int) -> HttpResponse:
        (browser, path), password = pages[number], PASSWORDS[number]
        return browser.post(path, {"password1": password, "password2": password})

    assert answers_of_both(monkeypatch, lambda: choose(0), lambda: choose(1)) == [303, 409]
    ada.refresh_from_db()
    assert sum(ada.check_password(each) for each in PASSWORDS) == 1
    assert Event.objects.filter(name=EventName.PASSWORD_RESET).count() == 1


def test_a_link_to_reset_a_password_that_its_owner_changes(
    make_user: MakeUser,
    client_of: Callable[[User], Client],
    mailoutbox: list[EmailMessage],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ada = make_user(ADA)
    new_browser().post("/account/password/reset/", {"email": ADA})
    browser, path = page_of_reset_link(mailoutbox[0])
    owner = client_of(ada)
    fields = [{"password1": each, "password2": each} for each in PASSWORDS]
    assert answers_of_both(
        monkeypatch,
        lambda: browser.post(path, fields[0]),
        lambda: owner.post("/account/password/change/", {"oldpassword": PASSWORD, **fields[1]}),
    ) == [303, 409]


def test_a_link_to_confirm_an_address(
    visitor: Client, mailoutbox: list[EmailMessage], monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_up(visitor)
    link = link_in(str(mailoutbox.pop().body))
    meet_before(monkeypatch, locks, "hold_account")
    works = [(lambda browser=browser: browser.post(link)) for browser in (visitor, new_browser())]
    answers = both(*works)
    over = ["This link no longer works" in answer.content.decode() for answer in answers if answer is not None]
    assert sorted(over) == [False, True]
    assert EmailAddress.objects.get(email=ADA).verified


def invitation_to(organization: Organization) -> Invitation:
    boss = organization.memberships.select_related("user", "organization").get()
    invitations.invite(organization=organization, addresses=[ADA], role=Role.MEMBER, by=boss, actor=COMMAND_LINE)
    return Invitation.objects.select_related("organization").get(organization=organization)


def accept(invitation: Invitation, password: str) -> Callable[[], Any]:
    return lambda: invitations.accept_as_newcomer(invitation=invitation, password=password, actor=COMMAND_LINE)


def test_an_invitation(organization: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    invitation = invitation_to(organization)
    meet_before(monkeypatch, invitations, "hold_organization")
    members = both(*(accept(invitation, each) for each in PASSWORDS))
    assert sum(member is not None for member in members) == 1


def test_invitations_of_two_organizations_choose_one_password(
    organization: Organization,
    make_organization: MakeOrganization,
    make_user: MakeUser,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_user(ADA, password=None)
    both_invite = [invitation_to(organization), invitation_to(make_organization("Fabrikam"))]
    meet_before(monkeypatch, invitations, "hold_account")
    works = [accept(each, password) for each, password in zip(both_invite, PASSWORDS, strict=True)]
    members = [member for member in both(*works) if member is not None]
    assert len(members) == 1
    assert User.objects.get(email=ADA).memberships.filter(state=MembershipState.ACTIVE).count() == 1


def test_a_mailed_recovery_code(
    organization: Organization, mailoutbox: list[EmailMessage], monkeypatch: pytest.MonkeyPatch
) -> None:
    membership = organization.memberships.select_related("user", "organization").get()
    recovery.mail_recovery_code(membership=membership, actor=COMMAND_LINE)
    code = next(word for word in str(mailoutbox[-1].body).split() if word.strip(".").isdigit()).strip(".")
    meet_before(monkeypatch, recovery, "admin_as_it_is_now")

    def use() -> Any:
        return recovery.use_recovery_code(membership=membership, code=code, session="any", actor=COMMAND_LINE)

    assert sum(grant is not None for grant in both(use, use)) == 1


def test_a_recovery_code_of_a_second_factor(make_user: MakeUser) -> None:
    ada = make_user(ADA)
    code = RecoveryCodes.activate(ada).get_unused_codes()[0]
    found = both(*[lambda: second_factors.use_code(user=ada, code=code)] * 6)
    assert sum(authenticator is not None for authenticator in found) == 1
