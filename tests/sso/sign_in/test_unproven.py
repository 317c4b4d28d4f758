"""Single sign-on into an account that a stranger made at sign-up."""

from __future__ import annotations

import pytest
from django.core.mail import EmailMessage

from audit.actors import COMMAND_LINE
from orgs.models import MembershipSource, Role, User
from orgs.services import invitations, members
from tests.sso.conftest import Journey, new_browser

ADA = "ada@contoso.example"
STRANGERS = "several words of a stranger"


def made_by_a_stranger() -> User:
    typed = {"email": ADA, "password1": STRANGERS, "password2": STRANGERS, "organization_name": "Elsewhere"}
    assert new_browser().post("/account/signup/", typed).status_code == 303
    return User.objects.get(email=ADA)


@pytest.mark.parametrize("known_as", ["nobody", "invited", "member"])
def test_the_strangers_password_is_gone_when_the_owner_comes_in(
    journey: Journey, mailoutbox: list[EmailMessage], known_as: str
) -> None:
    user = made_by_a_stranger()
    link = str(mailoutbox.pop().body).split("https://amplisso.example", 1)[1].split()[0]
    boss = journey.organization.memberships.get()
    if known_as == "invited":
        invitations.invite(
            organization=boss.organization, addresses=[ADA], role=Role.MEMBER, by=boss, actor=COMMAND_LINE
        )
    if known_as == "member":
        members.add_member(
            organization=boss.organization, user=user, role=Role.MEMBER, source=MembershipSource.OPERATOR,
            actor=COMMAND_LINE,
        )  # fmt: skip
    assert journey.sign_in("ada").status_code == 303
    assert journey.browser.get("/session").json()["email"] == ADA, "and the owner stays signed in"
    journey.browser.post(link)
    stranger = new_browser()
    stranger.post("/account/login/", {"login": ADA, "password": STRANGERS})
    assert stranger.get("/session").status_code == 401
