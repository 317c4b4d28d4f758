"""Invitations: the emails, and the page behind their link."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from audit.actors import COMMAND_LINE
from audit.models import Event
from orgs.errors import NotAllowedError
from orgs.models import Invitation, Membership, Organization, Role, User
from orgs.selectors.organizations import pending_invitation
from orgs.services import invitations, members, organizations
from tests.conftest import PASSWORD, MakeMember, MakeOrganization, MakeUser, SignedIn, deliver_outbox, open_session
from tests.orgs.conftest import RequireSSO, link_in

NEW = "ada@contoso.example"
NEW_PASSWORD = {"password1": "several words together", "password2": "several words together"}


@pytest.fixture
def boss(organization: Organization) -> Membership:
    """The first admin of Contoso."""
    return organization.memberships.get(role=Role.ADMIN)


def send(by: Membership, *addresses: str, role: Role = Role.VIEWER) -> list[Invitation]:
    return invitations.invite(
        organization=by.organization, addresses=addresses or [NEW], role=role, by=by, actor=COMMAND_LINE
    )


# --- The emails


def test_several_emails_leave_at_once(boss: Membership, member: MakeMember, mailoutbox: list[EmailMessage]) -> None:
    joined = member(boss.organization)
    sent = send(boss, NEW, "Bob@Contoso.Example", NEW.upper(), joined.user.email)
    assert not mail.outbox
    assert [invitation.email for invitation in sent] == [NEW, "bob@contoso.example"]
    assert [email.to for email in mailoutbox] == [[NEW], ["bob@contoso.example"]]
    assert "Contoso" in mailoutbox[0].subject
    assert link_in(str(mailoutbox[0].body)).startswith("/invitations/")


def test_no_email_leaves_if_one_address_is_wrong(boss: Membership, mailoutbox: list[EmailMessage]) -> None:
    with pytest.raises(ValidationError):
        send(boss, NEW, "not an address")
    assert not mailoutbox
    assert not Invitation.objects.exists()


@pytest.mark.parametrize(
    ("own", "role", "may"),
    [
        (Role.VIEWER, Role.VIEWER, False),
        (Role.MEMBER, Role.VIEWER, False),
        (Role.MANAGER, Role.MANAGER, True),
        (Role.MANAGER, Role.ADMIN, False),
        (Role.ADMIN, Role.ADMIN, True),
    ],
)
def test_who_may_invite_whom(organization: Organization, member: MakeMember, own: Role, role: Role, may: bool) -> None:
    by = member(organization, own)
    if may:
        assert send(by, role=role)[0].role == role
    else:
        with pytest.raises(NotAllowedError):
            send(by, role=role)


def test_inviting_again_sends_a_new_email_and_the_old_link_stops(
    boss: Membership, mailoutbox: list[EmailMessage], visitor: Client
) -> None:
    send(boss)
    deliver_outbox()
    send(boss, role=Role.MEMBER)
    invitation = Invitation.objects.get()
    assert invitation.role == Role.MEMBER
    old, new = (link_in(str(email.body)) for email in mailoutbox)
    assert visitor.get(old).status_code == 410
    assert visitor.get(new).status_code == 200


def test_managers_leave_an_admins_invitation_alone(boss: Membership, member: MakeMember) -> None:
    invitation = send(boss, role=Role.ADMIN)[0]
    manager = member(boss.organization, Role.MANAGER)
    for change in (invitations.resend_invitation, invitations.revoke_invitation):
        with pytest.raises(NotAllowedError, match="Only admins"):
            change(invitation=invitation, by=manager, actor=COMMAND_LINE)
    with pytest.raises(NotAllowedError, match="Only admins"):
        send(manager, role=Role.VIEWER)
    invitation.refresh_from_db()
    assert invitation.role == Role.ADMIN


def test_an_accepted_or_revoked_invitation_is_not_sent_again(boss: Membership, make_user: MakeUser) -> None:
    accepted, revoked = send(boss, NEW, "bob@contoso.example")
    invitations.accept_invitation(invitation=accepted, user=make_user(NEW), actor=COMMAND_LINE)
    invitations.revoke_invitation(invitation=revoked, by=boss, actor=COMMAND_LINE)
    for stale in (accepted, revoked):
        with pytest.raises(NotAllowedError, match="already been accepted or revoked"):
            invitations.resend_invitation(invitation=stale, by=boss, actor=COMMAND_LINE)
        stale.refresh_from_db()
        assert stale.accepted_at or stale.revoked_at


# --- How many


def many(count: int, start: int = 0) -> list[str]:
    return [f"person{number}@mail.example" for number in range(start, start + count)]


def test_one_address_gets_a_handful_of_emails_a_day_from_all_organizations(
    boss: Membership, make_organization: MakeOrganization
) -> None:
    for _ in range(3):
        invitation = send(boss)[0]
    elsewhere = make_organization("Fabrikam").memberships.get()
    send(elsewhere)
    invitations.resend_invitation(invitation=invitation, by=boss, actor=COMMAND_LINE)
    for ask_again in (
        lambda: send(boss),
        lambda: send(elsewhere),
        lambda: invitations.resend_invitation(invitation=invitation, by=boss, actor=COMMAND_LINE),
    ):
        with pytest.raises(NotAllowedError, match="Several invitations have been sent"):
            ask_again()
    send(boss, "bob@contoso.example")
    with time_machine.travel(timezone.now() + timedelta(days=1, minutes=1)):
        send(boss)


def test_starter_sends_few_emails_an_hour_and_a_day(
    make_organization: MakeOrganization, mailoutbox: list[EmailMessage]
) -> None:
    boss = make_organization(plan="starter").memberships.get()
    send(boss, *many(19))
    with pytest.raises(NotAllowedError, match="You can send 1 more now"):
        send(boss, *many(2, start=19))
    assert len(mailoutbox) == 19
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        send(boss, *many(20, start=19))
    with time_machine.travel(timezone.now() + timedelta(hours=4)):
        send(boss, *many(11, start=39))
        with pytest.raises(NotAllowedError, match="You can send no more for now"):
            send(boss, "one.more@mail.example")


def test_a_paid_plan_sends_more(boss: Membership) -> None:
    send(boss, *many(100))
    send(boss, *many(100, start=100))
    with pytest.raises(NotAllowedError, match="up to 200 invitations"):
        send(boss, NEW)


def test_a_name_cannot_begin_another_header_or_fill_the_subject(
    boss: Membership, mailoutbox: list[EmailMessage]
) -> None:
    Organization.objects.filter(pk=boss.organization_id).update(name="Contoso\r" + "x" * 90)
    boss.organization.refresh_from_db()
    send(boss)
    assert "\r" not in mailoutbox[0].subject
    assert len(mailoutbox[0].subject) == 100


def test_one_open_invitation_for_each_address(boss: Membership) -> None:
    invitation = send(boss)[0]
    invitation.pk, invitation.public_id, invitation.token_hash = None, Invitation().public_id, "another"
    with pytest.raises(IntegrityError), transaction.atomic():
        invitation.save(force_insert=True)


def test_the_token_itself_is_stored_nowhere(boss: Membership, mailoutbox: list[EmailMessage]) -> None:
    invitation = send(boss)[0]
    token = link_in(str(mailoutbox[0].body)).rpartition("/")[2]
    assert token not in str(Invitation.objects.values().get(pk=invitation.pk))
    assert not any(token in str(event) for event in Event.objects.values())


# --- Accepting


def test_is_accepted_once_by_its_own_address(boss: Membership, make_user: MakeUser) -> None:
    invitation = send(boss, role=Role.MANAGER)[0]
    ada = make_user(NEW)
    with pytest.raises(NotAllowedError, match=f"is for {re.escape(NEW)}"):
        invitations.accept_invitation(invitation=invitation, user=make_user(), actor=COMMAND_LINE)
    membership = invitations.accept_invitation(invitation=invitation, user=ada, actor=COMMAND_LINE)
    assert (membership.role, membership.source) == (Role.MANAGER, "invited")
    assert membership.accepted_at is not None
    with pytest.raises(NotAllowedError, match="used or revoked, or it has expired"):
        invitations.accept_invitation(invitation=invitation, user=ada, actor=COMMAND_LINE)


def test_single_sign_on_accepts_without_the_password(boss: Membership, make_user: MakeUser) -> None:
    membership = invitations.accept_invitation(
        invitation=send(boss)[0], user=make_user(NEW), actor=COMMAND_LINE, by_sso=True
    )
    assert membership.accepted_at is None


def test_expires_after_fourteen_days(boss: Membership, make_user: MakeUser) -> None:
    invitation = send(boss)[0]
    assert pending_invitation(boss.organization, NEW) == invitation
    with time_machine.travel(timezone.now() + timedelta(days=14, minutes=1)):
        assert invitation.is_expired
        assert pending_invitation(boss.organization, NEW) is None
        with pytest.raises(NotAllowedError, match="expired"):
            invitations.accept_invitation(invitation=invitation, user=make_user(NEW), actor=COMMAND_LINE)
        invitations.resend_invitation(invitation=invitation, by=boss, actor=COMMAND_LINE)
        assert pending_invitation(boss.organization, NEW) == invitation


def test_a_newcomer_gets_an_account_in_the_same_transaction(boss: Membership) -> None:
    invitation = send(boss)[0]
    invitations.revoke_invitation(invitation=invitation, by=boss, actor=COMMAND_LINE)
    with pytest.raises(NotAllowedError):
        invitations.accept_as_newcomer(invitation=invitation, password=PASSWORD, actor=COMMAND_LINE)
    assert not User.objects.filter(email=NEW).exists()


def test_an_account_with_a_password_of_its_own_is_not_given_another(boss: Membership, make_user: MakeUser) -> None:
    ada = make_user(NEW)
    with pytest.raises(NotAllowedError, match="already has an account"):
        invitations.accept_as_newcomer(invitation=send(boss)[0], password="another password", actor=COMMAND_LINE)
    ada.refresh_from_db()
    assert ada.check_password(PASSWORD)


def test_who_signed_up_with_somebody_elses_address_does_not_keep_the_password(boss: Membership) -> None:
    """The link proves the mailbox; a password that was set without that proof must not survive it."""
    squatter = User.objects.create_user(NEW, "set by a squatter")
    EmailAddress.objects.create(user=squatter, email=NEW, verified=False, primary=True)
    invitations.accept_as_newcomer(invitation=send(boss)[0], password="set by the owner", actor=COMMAND_LINE)
    squatter.refresh_from_db()
    assert squatter.check_password("set by the owner")
    assert EmailAddress.objects.get(user=squatter).verified


# --- The page


@pytest.fixture
def link(boss: Membership, mailoutbox: list[EmailMessage]) -> str:
    """The link in an email to Ada."""
    send(boss, role=Role.MEMBER)
    return link_in(str(mailoutbox.pop().body))


def test_opening_the_page_uses_nothing_up_and_tells_nobody_the_address(link: str, visitor: Client) -> None:
    for _ in range(3):
        page = visitor.get(link)
        assert page.status_code == 200
        assert visitor.head(link).status_code == 200
    assert page["Referrer-Policy"] == "strict-origin"
    assert "no-store" in page["Cache-Control"]
    invitation = Invitation.objects.get()
    assert invitation.accepted_at is None
    assert not User.objects.filter(email=NEW).exists()


def test_a_newcomer_chooses_a_password_and_is_in(link: str, visitor: Client, organization: Organization) -> None:
    page = visitor.post(link, NEW_PASSWORD)
    assert (page.status_code, page["Location"]) == (303, "/o/contoso/")
    home = visitor.get("/o/contoso/")
    assert "You are signed in to Contoso" in home.content.decode()
    membership = organization.memberships.get(user__email=NEW)
    assert (membership.role, membership.accepted_at is not None) == (Role.MEMBER, True)
    assert EmailAddress.objects.get(user=membership.user).verified
    signed_up, accepted = Event.objects.filter(name__in=["user:signed_up", "invitation:accepted"]).order_by("pk")
    assert signed_up.actor_email == accepted.actor_email == NEW
    assert visitor.get(link).status_code == 410


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ({"password1": "several words together", "password2": "several other words"}, "The two passwords differ"),
        ({"password1": "short", "password2": "short"}, "too short"),
        ({"password1": "ada@contoso.example", "password2": "ada@contoso.example"}, "too similar"),
        ({"password1": "", "password2": ""}, "required"),
    ],
)
def test_a_password_that_does_not_do_is_refused_at_its_field(
    link: str, visitor: Client, typed: dict[str, str], error: str
) -> None:
    page = visitor.post(link, typed)
    assert page.status_code == 422
    assert error in page.content.decode()
    assert Invitation.objects.get().accepted_at is None


def test_who_has_an_account_signs_in_and_accepts(link: str, visitor: Client, make_user: MakeUser) -> None:
    make_user(NEW)
    page = visitor.get(link).content.decode()
    assert "Sign in to accept" in page
    assert "password1" not in page
    assert visitor.post(link, NEW_PASSWORD).status_code == 200  # shows the same page, and changes nothing
    signed_in = visitor.post("/account/login/", {"login": NEW, "password": PASSWORD, "next": link})
    assert (signed_in.status_code, signed_in["Location"]) == (303, link)
    assert "Accept" in visitor.get(link).content.decode()
    assert Invitation.objects.get().accepted_at is None
    accepted = visitor.post(link)
    assert (accepted.status_code, accepted["Location"]) == (303, "/o/contoso/")
    assert visitor.get("/o/contoso/").status_code == 200


def test_another_account_is_told_so(link: str, client_of: SignedIn, make_user: MakeUser) -> None:
    client = client_of(make_user("bob@contoso.example"))
    page = client.get(link)
    assert page.status_code == 200
    assert "is for another address" in page.content.decode()
    assert client.post(link).status_code == 403
    assert Invitation.objects.get().accepted_at is None


def test_single_sign_on_is_not_enough_to_accept_for_ones_password(
    link: str, make_user: MakeUser, make_organization: MakeOrganization, sso_client: SignedIn
) -> None:
    """Fabrikam's provider asserts Ada's address; that must not make her a member of Contoso (invariant 1)."""
    fabrikam = make_organization("Fabrikam")
    ada = make_user(NEW)
    client = sso_client(ada, fabrikam)
    assert "Sign in to accept" in client.get(link).content.decode()
    client.post(link)
    assert Invitation.objects.get().accepted_at is None


def test_who_came_by_single_sign_on_so_far_sets_a_password_by_the_link(
    link: str, visitor: Client, make_organization: MakeOrganization
) -> None:
    fabrikam = make_organization("Fabrikam")
    members.join_just_in_time(organization=fabrikam, address=NEW, role=Role.MEMBER, actor=COMMAND_LINE)
    assert visitor.post(link, NEW_PASSWORD).status_code == 303
    assert visitor.get("/o/contoso/").status_code == 200
    assert visitor.get("/o/fabrikam/").status_code == 403, "not accepted under the password"


def test_where_sso_is_required_the_page_leads_there_and_accepts_nothing(
    link: str,
    visitor: Client,
    organization: Organization,
    require_sso: RequireSSO,
    client_of: SignedIn,
    make_user: MakeUser,
) -> None:
    require_sso(organization)
    for browser in (visitor, client_of(make_user(NEW))):
        page = browser.get(link)
        assert f"/sso/{organization.number}/start" in page.content.decode()
        assert "password1" not in page.content.decode()
        assert browser.post(link, NEW_PASSWORD).status_code == 200
    assert Invitation.objects.get().accepted_at is None


def test_a_closed_account_stays_closed(link: str, visitor: Client) -> None:
    User.objects.create(email=NEW, is_active=False, password="!")
    page = visitor.post(link, NEW_PASSWORD)
    assert (page.status_code, page["Location"]) == (303, "/account/inactive/")
    assert visitor.get("/session").status_code == 401


@pytest.mark.parametrize("token", ["x", "%00", "a" * 1000, "%F0%9F%92%A9", "..", "%27%20OR%201=1--"])
def test_junk_is_over_too(visitor: Client, token: str) -> None:
    for answer in (visitor.get(f"/invitations/{token}"), visitor.post(f"/invitations/{token}", NEW_PASSWORD)):
        assert answer.status_code in {400, 404, 410}


def test_revoked_expired_and_closed_are_over(link: str, visitor: Client, boss: Membership) -> None:
    with time_machine.travel(timezone.now() + timedelta(days=15)):
        assert visitor.get(link).status_code == 410
    assert visitor.get(link).status_code == 200
    organizations.close_organization(organization=boss.organization, actor=COMMAND_LINE)
    assert visitor.get(link).status_code == 410
    Organization.objects.update(closed_at=None)
    invitations.revoke_invitation(invitation=Invitation.objects.get(), by=boss, actor=COMMAND_LINE)
    answer = visitor.post(link, NEW_PASSWORD)
    assert answer.status_code == 410
    assert "no longer valid" in answer.content.decode()


# --- The settings pages


def invite_page(client: Client, **typed: object) -> tuple[int, str]:
    answer = client.post("/o/contoso/settings/members/invite", typed)
    return answer.status_code, answer.content.decode()


def test_addresses_are_read_however_they_are_separated(boss: Membership, client_of: SignedIn) -> None:
    client = client_of(boss.user)
    typed = "a@x.example, b@x.example;c@x.example\r\nd@x.example   <E@x.example>\n"
    assert invite_page(client, addresses=typed, role=10)[0] == 303
    assert sorted(Invitation.objects.values_list("email", flat=True)) == [f"{name}@x.example" for name in "abcde"]
    page = client.get("/o/contoso/settings/members?view=pending").content.decode()
    assert "Invited: a@x.example" in page
    assert "e@x.example" in page


def test_wrong_addresses_are_named_and_nothing_is_lost(boss: Membership, client_of: SignedIn) -> None:
    status, page = invite_page(client_of(boss.user), addresses="a@x.example b@x, <c>", role=20)
    assert status == 422
    assert "“b@x” is not a valid e-mail address" in page
    assert "“&lt;c&gt;” is not a valid e-mail address" in page
    assert "a@x.example b@x, &lt;c&gt;</textarea>" in page
    assert not Invitation.objects.exists()


@pytest.mark.parametrize(("count", "status"), [(100, 303), (101, 422)])
def test_up_to_a_hundred_at_once(boss: Membership, client_of: SignedIn, count: int, status: int) -> None:
    typed = " ".join(f"a{n}@x.example" for n in range(count))
    assert invite_page(client_of(boss.user), addresses=typed, role=10)[0] == status


def test_the_default_role_is_viewer_and_managers_are_not_offered_admin(
    organization: Organization, member: MakeMember, client_of: SignedIn
) -> None:
    client = client_of(member(organization, Role.MANAGER).user)
    page = client.get("/o/contoso/settings/members/invite").content.decode()
    assert '<option value="10" selected>' in page
    assert '<option value="40"' not in page
    assert invite_page(client, addresses=NEW, role=40)[0] == 422
    assert not Invitation.objects.exists()


def test_members_are_skipped_and_named(boss: Membership, member: MakeMember, client_of: SignedIn) -> None:
    joined = member(boss.organization)
    client = client_of(boss.user)
    assert invite_page(client, addresses=f"{joined.user.email} {NEW}", role=10)[0] == 303
    page = client.get("/o/contoso/settings/members?view=pending").content.decode()
    assert f"they are already members: {joined.user.email}" in page


def test_resending_and_revoking_from_the_page(
    boss: Membership, client_of: SignedIn, mailoutbox: list[EmailMessage]
) -> None:
    invitation = send(boss)[0]
    client = client_of(boss.user)
    path = f"/o/contoso/settings/invitations/{invitation.public_id}"
    assert client.post(path, {"action": "resend"}).status_code == 303
    assert mailoutbox.pop().to == [NEW]
    assert client.post(path, {"action": "revoke"}).status_code == 303
    assert Invitation.objects.get().revoked_at is not None
    assert client.post(path, {"action": "revoke"}).status_code == 404
    assert client.post(path, {"action": "eat"}).status_code == 404


def test_an_invitation_of_another_organization_is_not_there(
    boss: Membership, make_organization: MakeOrganization, client_of: SignedIn
) -> None:
    theirs = send(make_organization("Fabrikam").memberships.get())[0]
    path = f"/o/contoso/settings/invitations/{theirs.public_id}"
    assert client_of(boss.user).post(path, {"action": "revoke"}).status_code == 404
    theirs.refresh_from_db()
    assert theirs.revoked_at is None


def test_a_refusal_is_a_message_not_a_broken_page(
    organization: Organization, boss: Membership, member: MakeMember
) -> None:
    invitation = send(boss, role=Role.ADMIN)[0]
    client = open_session(member(organization, Role.MANAGER).user, kind="password")
    answer = client.post(f"/o/contoso/settings/invitations/{invitation.public_id}", {"action": "revoke"}, follow=True)
    assert (answer.status_code, "Only admins" in answer.content.decode()) == (200, True)
    invitation.refresh_from_db()
    assert invitation.revoked_at is None
