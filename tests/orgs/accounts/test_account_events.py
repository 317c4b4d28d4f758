"""What the log has about accounts: passwords, second factors, sessions, and sign-ins that failed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.cache import cache
from django.core.mail import EmailMessage
from django.core.management import call_command
from django.test import Client, override_settings

from audit.actors import COMMAND_LINE
from audit.events import EventName, Outcome
from audit.models import Event
from orgs.models import MembershipSource, Organization, Role, SessionGrant, User
from orgs.models.users import operator_made
from orgs.services import invitations, members, organizations
from tests.conftest import PASSWORD, MakeOrganization, MakeUser, SignedIn, activate_sso, new_browser
from tests.orgs.accounts.test_accounts import code_now, sign_in, with_totp
from tests.orgs.conftest import link_in

NEW = "quite another password"


def events(*names: EventName) -> list[Event]:
    return list(Event.objects.filter(name__in=names).order_by("pk"))


def the_event(name: EventName) -> Event:
    """The one event of this name, with where it came from."""
    (event,) = events(name)
    assert event.address == "127.0.0.1"
    return event


def test_a_changed_password_is_in_the_log_of_each_organization_that_it_opens(
    organization: Organization, admin: User, make_organization: MakeOrganization, client_of: SignedIn
) -> None:
    other, closed_to_passwords = make_organization("Fabrikam"), make_organization("Initech")
    for each in (other, closed_to_passwords):
        members.add_member(
            organization=each, user=admin, role=Role.MEMBER, source=MembershipSource.INVITED, actor=COMMAND_LINE
        )
    activate_sso(closed_to_passwords)
    organizations.set_require_sso(organization=closed_to_passwords, required=True, actor=COMMAND_LINE)
    answer = client_of(admin).post(
        "/account/password/change/", {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    )
    assert answer.status_code == 303
    found = events(EventName.PASSWORD_CHANGED)
    assert {event.organization_number for event in found} == {organization.number, other.number}
    assert {(event.actor_email, event.target, event.risk) for event in found} == {(admin.email, admin.email, "medium")}
    assert NEW not in str(list(Event.objects.values()))


def test_a_reset_password(visitor: Client, make_user: MakeUser, mailoutbox: list[EmailMessage]) -> None:
    ada = make_user()
    visitor.post("/account/password/reset/", {"email": ada.email})
    path = visitor.get(link_in(str(mailoutbox.pop().body)), follow=True).redirect_chain[-1][0]
    visitor.post(path, {"password1": NEW, "password2": NEW})
    event = the_event(EventName.PASSWORD_RESET)
    assert (event.target, event.risk, event.organization_number) == (ada.email, "low", None)


@pytest.mark.parametrize(("minutes", "works"), [(59, True), (61, False)])
def test_a_link_to_reset_a_password_lives_an_hour(
    visitor: Client,
    make_user: MakeUser,
    mailoutbox: list[EmailMessage],
    monkeypatch: pytest.MonkeyPatch,
    minutes: int,
    works: bool,
) -> None:
    visitor.post("/account/password/reset/", {"email": make_user().email})
    mail = str(mailoutbox.pop().body)
    assert "within one hour" in mail
    later = datetime.now() + timedelta(minutes=minutes)  # noqa: DTZ005  as Django's tokens count
    monkeypatch.setattr(PasswordResetTokenGenerator, "_now", lambda self: later)
    page = visitor.get(link_in(mail), follow=True).content.decode()
    assert ("Save password" in page, "This link no longer works" in page) == (works, not works)


def test_a_first_password(visitor: Client, make_user: MakeUser, client_of: SignedIn) -> None:
    ada = make_user(password=None)
    client_of(ada).post("/account/password/set/", {"password1": NEW, "password2": NEW})
    assert the_event(EventName.PASSWORD_SET).target == ada.email


@pytest.mark.parametrize("address", ["ada@contoso.example", "nobody@contoso.example"])
def test_a_password_mail_is_asked_for_alike_by_everybody(make_user: MakeUser, visitor: Client, address: str) -> None:
    make_user("ada@contoso.example")
    assert visitor.post("/account/password/reset/", {"email": address.upper()}).status_code == 303
    event = the_event(EventName.PASSWORD_RESET_ASKED)
    assert (event.target, event.risk, event.outcome) == (address, "low", Outcome.SUCCESS)
    assert (event.target_id, event.organization_number, event.actor_email) == ("", None, "")


def test_password_mails_fill_the_log_only_so_far(visitor: Client, make_user: MakeUser) -> None:
    ada = make_user()
    with override_settings(ACCOUNT_RATE_LIMITS={"reset_password": "2/m/key"}):
        cache.clear()
        statuses = [visitor.post("/account/password/reset/", {"email": ada.email}).status_code for _ in range(4)]
    assert statuses == [303, 303, 429, 429]
    assert len(events(EventName.PASSWORD_RESET_ASKED)) == 2


def test_no_address_is_no_question(visitor: Client, db: None) -> None:
    assert visitor.post("/account/password/reset/", {"email": "nobody"}).status_code == 200
    assert not events(EventName.PASSWORD_RESET_ASKED)


def test_an_operator_made_on_the_command_line(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", "--noinput", "--email", "olu@amplisso.example")
    signed_up, changed = events(EventName.USER_SIGNED_UP, EventName.OPERATOR_CHANGED)
    assert {(event.target, event.actor_email) for event in (signed_up, changed)} == {
        ("olu@amplisso.example", "command line")
    }
    assert changed.after == {"is_staff": True, "is_superuser": True}
    assert changed.risk == "high"


def test_an_operator_that_cannot_be_written_down_is_not_made(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**kwargs: object) -> None:
        raise RuntimeError

    operator_made.connect(fail)
    with pytest.raises(RuntimeError):
        User.objects.create_superuser("olu@amplisso.example", PASSWORD)
    operator_made.disconnect(fail)
    assert not User.objects.exists()
    assert not events(EventName.OPERATOR_CHANGED)


def test_an_account_made_by_single_sign_on_gets_its_first_password_with_an_invitation(
    organization: Organization, make_organization: MakeOrganization
) -> None:
    joined = members.join_just_in_time(
        organization=organization, address="ada@contoso.example", role=Role.MEMBER, actor=COMMAND_LINE
    )
    boss = make_organization("Fabrikam").memberships.get()
    (invitation,) = invitations.invite(
        organization=boss.organization, addresses=[joined.user.email], role=Role.VIEWER, by=boss, actor=COMMAND_LINE
    )
    invitations.accept_as_newcomer(invitation=invitation, password=NEW, actor=replace(COMMAND_LINE, email=""))
    (event,) = events(EventName.PASSWORD_SET)
    assert event.target == event.actor_email == joined.user.email
    assert len(events(EventName.USER_SIGNED_UP)) == 1


def test_an_account_made_just_in_time_is_recorded_once(organization: Organization) -> None:
    for _ in range(2):
        members.join_just_in_time(
            organization=organization, address="ada@contoso.example", role=Role.MEMBER, actor=COMMAND_LINE
        )
    (event,) = events(EventName.USER_SIGNED_UP)
    assert event.target == "ada@contoso.example"


@pytest.mark.parametrize("address", ["ada@contoso.example", "nobody@contoso.example"])
def test_a_wrong_password_is_written_down_alike_for_everybody(
    organization: Organization, make_user: MakeUser, visitor: Client, address: str
) -> None:
    ada = make_user("ada@contoso.example")
    members.add_member(
        organization=organization, user=ada, role=Role.MEMBER, source=MembershipSource.INVITED, actor=COMMAND_LINE
    )
    sign_in(visitor, address, password="not my password")
    event = events(EventName.USER_SIGN_IN_REFUSED)[0]  # more rows are for the organizations of a member alone
    assert (event.target, event.outcome, event.after) == (address, Outcome.REFUSED, {"by": "password"})
    assert (event.target_id, event.organization_number, event.actor_email) == ("", None, "")
    assert "not my password" not in str(list(Event.objects.values()))


def test_wrong_passwords_fill_the_log_only_so_far(visitor: Client, make_user: MakeUser) -> None:
    ada = make_user()
    for _ in range(12):
        sign_in(visitor, ada.email, password="wrong")
    assert len(events(EventName.USER_SIGN_IN_REFUSED)) == 10


def test_a_wrong_code_is_in_the_organizations_log(organization: Organization, admin: User, visitor: Client) -> None:
    with_totp(admin)
    sign_in(visitor, admin.email)
    visitor.post("/account/2fa/authenticate/", {"code": "000000"})
    event = the_event(EventName.USER_SIGN_IN_REFUSED)
    assert (event.organization_number, event.target) == (organization.number, admin.email)
    assert (event.outcome, event.after) == (Outcome.REFUSED, {"by": "totp"})


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_second_factor_comes_and_goes(organization: Organization, admin: User, visitor: Client) -> None:
    sign_in(visitor, admin.email)
    visitor.post("/account/reauthenticate/", {"password": PASSWORD})
    page = visitor.get("/account/2fa/totp/activate/")
    answer = visitor.post("/account/2fa/totp/activate/", {"code": code_now(page.context["form"].secret)})
    assert (answer.status_code, answer["Location"]) == (303, "/account/2fa/recovery-codes/")
    added = events(EventName.SECOND_FACTOR_ADDED)
    assert {event.after["kind"] for event in added} == {"totp", "recovery_codes"}
    assert {(event.organization_number, event.actor_email) for event in added} == {(organization.number, admin.email)}
    visitor.post("/account/2fa/recovery-codes/generate/")
    the_event(EventName.RECOVERY_CODES_RENEWED)
    visitor.post("/account/2fa/totp/deactivate/")
    removed = events(EventName.SECOND_FACTOR_REMOVED)
    assert {event.after["kind"] for event in removed} == {"totp", "recovery_codes"}
    assert not Authenticator.objects.exists()


def test_signing_out_is_in_the_log_of_each_organization_as_signing_in_is(
    organization: Organization, admin: User, make_organization: MakeOrganization, visitor: Client
) -> None:
    other = make_organization("Fabrikam")
    members.add_member(
        organization=other, user=admin, role=Role.MEMBER, source=MembershipSource.INVITED, actor=COMMAND_LINE
    )
    sign_in(visitor, admin.email)
    visitor.post("/account/logout/")
    for name in (EventName.USER_SIGNED_IN, EventName.USER_SIGNED_OUT):
        assert [event.organization_number for event in events(name)] == [organization.number, other.number]


def test_a_password_that_opens_no_organization_signs_out_on_record_too(visitor: Client, make_user: MakeUser) -> None:
    sign_in(visitor, make_user().email)
    visitor.post("/account/logout/")
    assert the_event(EventName.USER_SIGNED_OUT).organization_number is None


def test_sessions_that_a_person_ends_have_no_grant_left(
    organization: Organization, admin: User, visitor: Client
) -> None:
    other = new_browser()
    sign_in(other, admin.email)
    sign_in(visitor, admin.email)
    theirs = SessionGrant.objects.get(session=other.session["session_name"])
    other.get("/o/contoso/")
    visitor.get("/o/contoso/")
    assert visitor.post("/account/sessions/").status_code == 303
    theirs.refresh_from_db()
    assert theirs.ended_at is not None
    event = the_event(EventName.USER_SIGNED_OUT)
    assert (event.organization_number, event.actor_email) == (organization.number, admin.email)
    assert event.after == {"by": "another session of theirs", "sessions": 1}
    assert visitor.get("/session").status_code == 200


def test_the_page_says_where_the_other_sign_ins_are(admin: User, client_of: SignedIn) -> None:
    page = client_of(admin).get("/o/contoso/settings/audit").content.decode()
    assert 'are in the <a href="/o/contoso/settings/sign-ins">Sign-in log</a>' in page
