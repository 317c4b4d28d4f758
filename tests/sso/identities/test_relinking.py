"""An admin ties members to another kind of identifier: what it takes, what it does, and taking it back."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import time_machine
from django.core.mail import EmailMessage
from django.test import Client

from audit.actors import COMMAND_LINE
from audit.models import Event
from orgs.errors import NotAllowedError
from orgs.models import GrantKind, Membership, MembershipState, Role, SessionGrant, User
from orgs.services import domains, members
from sso.models import Identity, Relinking, SignIn, SignInState
from sso.reasons import Reason
from sso.selectors.connections import active_configuration
from sso.selectors.relinking import Obstacle, candidates, relinkings_of
from sso.services import connections, relinking
from tests.attacks.conftest import Siege, connect
from tests.conftest import MakeMember, SignedIn, new_browser, open_session
from tests.orgs.accounts.test_accounts import code_now, with_totp
from tests.saml.provider import EMAIL_CLAIM, key_pair
from tests.sso.identities.relinking import Changing, address_of, known_as, lasting, later, verify
from tests.sso.identities.test_other_subject import OBJECT_ID, PERSISTENT, UNSPECIFIED, arrive

Another = Callable[..., Siege]


@pytest.fixture
def changing(siege: Siege) -> Changing:
    """Contoso, with a verified domain."""
    verify(siege.organization)
    return Changing(siege)


def obstacles(changing: Changing) -> dict[str, Obstacle | None]:
    active = active_configuration(changing.organization)
    assert active is not None
    return {each.membership.user.email.partition("@")[0]: each.obstacle for each in candidates(active)}


def grants_found(user: User) -> int:
    return SessionGrant.objects.filter(user=user, ended_at=None).count()


# --- What it does ---------------------------------------------------------------------------------------------------


def test_several_members_at_once(changing: Changing) -> None:
    rows = [changing.changed(name) for name in ("ada", "grace", "alan")]
    users = [User.objects.get(email=address_of(name)) for name in ("ada", "grace", "alan")]
    assert all(grants_found(user) == 1 for user in users)
    grants = SessionGrant.objects.count()
    changing.relink(*rows[:2])
    assert changing.subjects() == {
        "ada@contoso.example": ["lasting/ada"],
        "grace@contoso.example": ["lasting/grace"],
        "alan@contoso.example": ["alan@contoso.example"],
    }
    assert [grants_found(user) for user in users] == [0, 0, 1], "their grants have ended"
    assert SessionGrant.objects.count() == grants, "and none was opened"
    assert all(SignIn.objects.get(pk=row.pk).state == SignInState.REFUSED for row in rows)
    found = arrive(changing.siege, lasting("ada"), address_of("ada"))
    assert (found.state, found.user) == (SignInState.SUCCEEDED, users[0])
    assert arrive(changing.siege, known_as("ada"), address_of("ada")).reason == Reason.OTHER_SUBJECT


def test_all_identifiers_at_the_provider_are_replaced(changing: Changing) -> None:
    changing.known("ada")
    arrive(changing.siege, (*known_as("ada")[:2], "ada-1"), address_of("ada"))
    assert len(changing.subjects()[address_of("ada")]) == 2
    changing.relink(changing.refused("ada"))
    assert changing.subjects() == {address_of("ada"): ["lasting/ada"]}
    assert arrive(changing.siege, (*known_as("ada")[:2], "ada-1"), address_of("ada")).reason == Reason.OTHER_SUBJECT


def test_the_audit_log_has_each_member(changing: Changing) -> None:
    rows = [changing.changed(name) for name in ("ada", "grace")]
    changing.relink(*rows)
    events = Event.objects.filter(name="identity:relinked").order_by("target")
    assert [event.target for event in events] == ["ada@contoso.example", "grace@contoso.example"]
    assert {event.risk for event in events} == {"high"}
    assert events[0].before == {"identifiers": [{"subject_kind": "name_id", "subject": "ada@contoso.example"}]}
    after = {"identifiers": [{"subject_kind": "name_id", "subject": "lasting/ada"}], "sign_in": rows[0].reference}
    assert events[0].after == after
    assert events[0].organization_number == changing.organization.number


# --- What it takes --------------------------------------------------------------------------------------------------


def domain_not_verified(changing: Changing) -> None:
    domains.unverify_domain(domain=changing.organization.email_domains.get(), actor=COMMAND_LINE)


def second_identifier(changing: Changing) -> None:
    changing.refused("ada", ("lasting/eve", PERSISTENT, ""))


def second_identifier_of_the_known_kind(changing: Changing) -> None:
    """Refuse a second identifier of a known kind: two users have this address at the provider."""
    changing.refused("ada", ("employee-9", UNSPECIFIED, ""))


def second_member(changing: Changing) -> None:
    changing.known("grace")
    changing.refused("grace", lasting("ada"))


def used_again(changing: Changing) -> None:
    changing.known("ada")


def identifier_of_another(changing: Changing) -> None:
    eve = changing.known("eve")
    Identity.objects.filter(user=eve).update(subject="lasting/ada", normalized_subject=None)


def other_address(changing: Changing) -> None:
    """The known identifier came with another address last; then the address arrives under a new identifier."""
    SignIn.objects.filter(reason=Reason.OTHER_SUBJECT).delete()
    Identity.objects.filter(user__email=address_of("ada")).update(address="ada.king@contoso.example")
    changing.refused("ada")


OBSTACLES = {
    Obstacle.FOREIGN_DOMAIN: [domain_not_verified],
    Obstacle.SEVERAL_IDENTIFIERS: [second_identifier, second_identifier_of_the_known_kind],
    Obstacle.SEVERAL_MEMBERS: [second_member],
    Obstacle.STILL_USED: [used_again],
    Obstacle.TAKEN: [identifier_of_another],
    Obstacle.OTHER_ADDRESS: [other_address],
}


@pytest.mark.parametrize(
    ("happens", "obstacle"), [(happens, obstacle) for obstacle, each in OBSTACLES.items() for happens in each]
)
def test_what_stands_against_a_pair(
    changing: Changing, client_of: SignedIn, admin: User, happens: Callable[[Changing], None], obstacle: Obstacle
) -> None:
    changing.changed("ada")
    assert obstacles(changing) == {"ada": None}
    happens(changing)
    assert obstacles(changing)["ada"] == obstacle
    known = list(Identity.objects.values("pk", "subject", "user"))
    for row in SignIn.objects.filter(reason=Reason.OTHER_SUBJECT):
        with pytest.raises(NotAllowedError):
            changing.relink(row, has_second_factor=True)
    assert list(Identity.objects.values("pk", "subject", "user")) == known
    page = client_of(admin).get(f"/o/{changing.organization.slug}/settings/access/identifiers").content.decode()
    assert "Cannot be re-linked" in page
    assert f'value="{SignIn.objects.filter(address=address_of("ada")).latest("id").reference}"' not in page


def test_a_name_id_beside_the_identifier_may_not_come_twice_either(changing: Changing) -> None:
    for name in ("ada", "grace"):
        changing.known(name)
        changing.refused(name, ("shared", PERSISTENT, f"{name}-1"))
    assert obstacles(changing) == {"ada": Obstacle.SEVERAL_MEMBERS, "grace": Obstacle.SEVERAL_MEMBERS}


def test_two_spellings_are_one_identifier(changing: Changing) -> None:
    """Known by objectidentifier; then the address itself arrives as the name ID, in two spellings."""
    arrive(changing.siege, ("_a", "urn:oasis:names:tc:SAML:2.0:nameid-format:transient", "ada-1"), address_of("ada"))
    changing.refused("ada", known_as("ada"))
    row = changing.refused("ada", ("ADA@contoso.example", known_as("ada")[1], ""))
    assert obstacles(changing) == {"ada": None}
    changing.relink(row)
    assert arrive(changing.siege, known_as("ada"), address_of("ada")).state == SignInState.SUCCEEDED


def new_configuration(changing: Changing) -> None:
    connect(changing.organization, key_pair(), key_pair("new"))


def provider_disabled(changing: Changing) -> None:
    connections.disable_connection(connection=changing.organization.connections.get(), actor=COMMAND_LINE)


def member_suspended(changing: Changing) -> None:
    membership = changing.organization.memberships.get(user__email=address_of("ada"))
    members.suspend_member(membership=membership, by=None, actor=COMMAND_LINE)


def unlinked(changing: Changing) -> None:
    connections.unlink_identity(identity=Identity.objects.get(user__email=address_of("ada")), actor=COMMAND_LINE)


def linked_otherwise(changing: Changing) -> None:
    Identity.objects.filter(user__email=address_of("ada")).update(subject="something-else", normalized_subject=None)


@pytest.mark.parametrize(
    "happens", [new_configuration, provider_disabled, member_suspended, unlinked, linked_otherwise]
)
def test_what_makes_a_refusal_no_evidence(changing: Changing, happens: Callable[[Changing], None]) -> None:
    row = changing.changed("ada")
    happens(changing)
    with pytest.raises(NotAllowedError, match="The list has changed"):
        changing.relink(row)


def test_evidence_is_thirty_days_old_at_most(changing: Changing) -> None:
    row = changing.changed("ada")
    with time_machine.travel(later(30.1), tick=False), pytest.raises(NotAllowedError, match="The list has changed"):
        changing.relink(row)


@pytest.mark.parametrize("outcome", ["failed", "not_reached"])
def test_every_rule_must_have_passed(changing: Changing, outcome: str) -> None:
    row = changing.changed("ada")
    assert len(row.checks) > 20
    row.checks[7]["outcome"] = outcome
    row.save(update_fields=["checks"])
    assert obstacles(changing) == {}, "and the page does not offer it"
    with pytest.raises(NotAllowedError, match="The list has changed"):
        changing.relink(row)
    SignIn.objects.filter(pk=row.pk).update(checks=[])
    with pytest.raises(NotAllowedError, match="The list has changed"):
        changing.relink(row)


def test_another_person_is_never_offered(changing: Changing) -> None:
    arrive(changing.siege, lasting("ada"), address_of("ada"))
    row = changing.refused("ada", ("lasting/eve", PERSISTENT, ""))
    assert obstacles(changing) == {}
    with pytest.raises(NotAllowedError):
        changing.relink(row, has_second_factor=True)


def test_all_or_none(changing: Changing) -> None:
    good, bad = changing.changed("ada"), changing.changed("grace")
    changing.refused("grace", ("lasting/eve", PERSISTENT, ""))
    with pytest.raises(NotAllowedError):
        changing.relink(good, bad)
    assert changing.subjects()[address_of("ada")] == [address_of("ada")]
    assert not Relinking.objects.exists()
    with pytest.raises(NotAllowedError, match="at least one"):
        changing.relink()


def test_fifty_at_once_are_the_most(changing: Changing) -> None:
    with pytest.raises(NotAllowedError, match="The list has changed"):
        changing.relink(*(SignIn(reference=f"2222-2222-{number:04}") for number in range(50)))
    with pytest.raises(NotAllowedError, match="Re-link at most 50 members at once"):
        changing.relink(*(SignIn(reference=f"2222-2222-{number:04}") for number in range(51)))


def test_twice(changing: Changing) -> None:
    row = changing.changed("ada")
    changing.relink(row)
    with pytest.raises(NotAllowedError, match="The list has changed"):
        changing.relink(row)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MEMBER, Role.MANAGER])
def test_only_admins(changing: Changing, member: MakeMember, role: Role) -> None:
    row = changing.changed("ada")
    with pytest.raises(NotAllowedError, match="Only an admin"):
        changing.relink(row, by=member(changing.organization, role), has_second_factor=True)


# --- Admins and managers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.MANAGER, Role.ADMIN])
def test_admins_and_managers_are_relinked_singly_after_a_second_factor(
    changing: Changing, admin: User, role: Role
) -> None:
    by = changing.organization.memberships.get(user=admin)
    guarded, ordinary = changing.changed("grace", role), changing.changed("ada")
    for factor in (False, True):
        with pytest.raises(NotAllowedError, match="one at a time"):
            changing.relink(guarded, ordinary, by=by, has_second_factor=factor)
    with pytest.raises(NotAllowedError, match="second factor"):
        changing.relink(guarded, by=by)
    assert not Relinking.objects.exists()
    changing.relink(guarded, by=by, has_second_factor=True)
    assert changing.subjects()[address_of("grace")] == ["lasting/grace"]


def test_the_acting_admin_needs_the_second_factor_too(changing: Changing, admin: User) -> None:
    name = admin.email.partition("@")[0]
    changing.known(name, Role.ADMIN)
    row = changing.refused(name)
    with pytest.raises(NotAllowedError, match="second factor"):
        changing.relink(row)
    changing.relink(row, has_second_factor=True)
    assert grants_found(admin) == 0


def prove_factor(browser: Client, secret: str) -> None:
    answer = browser.post("/account/2fa/reauthenticate/", {"code": code_now(secret)})
    assert answer.status_code == 303, answer.content


def test_the_page_asks_for_the_second_factor(changing: Changing, admin: User, client_of: SignedIn) -> None:
    row = changing.changed("grace", Role.MANAGER)
    slug = changing.organization.slug
    path, browser = f"/o/{slug}/settings/access/identifiers", client_of(admin)
    assert "You have no second factor that is at least a week old." in browser.get(path).content.decode()
    secret = with_totp(admin)
    page = browser.get(path).content.decode()
    assert "/account/2fa/reauthenticate/?next=" in page
    assert row.reference not in [line for line in page.splitlines() if "hidden" in line]
    answer = browser.post(f"{path}/relink", {"sign_in": row.reference}, follow=True)
    assert "Confirm with your second factor first" in answer.content.decode()
    prove_factor(browser, secret)
    assert "You have just used your second factor" in browser.get(path).content.decode()
    with time_machine.travel(later(0.011), tick=False):  # 16 minutes
        answer = browser.post(f"{path}/relink", {"sign_in": row.reference}, follow=True)
        assert "Confirm with your second factor first" in answer.content.decode()
    answer = browser.post(f"{path}/relink", {"sign_in": row.reference}, follow=True)
    assert "Re-linked grace@contoso.example." in answer.content.decode()


def without_token(page: str) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page)


def test_a_session_of_single_sign_on_learns_nothing_of_second_factors(changing: Changing, admin: User) -> None:
    changing.changed("grace", Role.MANAGER)
    browser = open_session(admin, GrantKind.SSO, changing.organization)
    path = f"/o/{changing.organization.slug}/settings/access/identifiers"
    before = without_token(browser.get(path).content.decode())
    assert "Sign in with your password and second factor" in before
    with_totp(admin)
    assert without_token(browser.get(path).content.decode()) == before


# --- The pages ------------------------------------------------------------------------------------------------------


def test_the_page_relinks_those_who_are_ticked(changing: Changing, admin: User, client_of: SignedIn) -> None:
    rows = [changing.changed(name) for name in ("ada", "grace", "alan")]
    slug, browser = changing.organization.slug, client_of(admin)
    path = f"/o/{slug}/settings/access/identifiers"
    assert "3 members were refused" in browser.get(f"/o/{slug}/settings/access").content.decode()
    page = browser.get(path).content.decode()
    assert all(f'value="{row.reference}" id=' in page for row in rows)
    assert " checked" not in page
    assert browser.get(path, {"all": "1"}).content.decode().count(" checked") == 3
    answer = browser.post(f"{path}/relink", {"sign_in": [row.reference for row in rows[:2]]}, follow=True)
    text = answer.content.decode()
    assert "Re-linked 2 members. They can sign in again with the new identifier, and get an e-mail about it." in text
    assert "Re-linked in the last 30 days" in text
    assert "1 member was refused" in browser.get(f"/o/{slug}/settings/access").content.decode()


def test_members_and_admins_get_a_mail(
    changing: Changing, admin: User, client_of: SignedIn, mailoutbox: list[EmailMessage]
) -> None:
    rows = [changing.changed(name) for name in ("ada", "grace")]
    path = f"/o/{changing.organization.slug}/settings/access/identifiers/relink"
    browser = client_of(admin)
    browser.post(path, {"sign_in": [row.reference for row in rows]})
    told = {message.to[0]: message for message in mailoutbox}
    assert set(told) == {"ada@contoso.example", "grace@contoso.example", admin.email}
    assert "2 members re-linked in Contoso" in told[admin.email].subject
    assert "ada@contoso.example\ngrace@contoso.example" in str(told[admin.email].body)
    assert "How you sign in to Contoso has changed" in told["ada@contoso.example"].subject
    assert not any("lasting" in str(message.body) for message in mailoutbox), "text of the provider stays out"


@pytest.mark.parametrize("sent", [[], [""], ["7KQ4-M2XD-P9TR"], ["\x00"], ["x" * 5000], ["1"] * 900])
def test_bad_input_is_a_message(changing: Changing, admin: User, client_of: SignedIn, sent: list[str]) -> None:
    path = f"/o/{changing.organization.slug}/settings/access/identifiers"
    answer = client_of(admin).post(f"{path}/relink", {"sign_in": sent}, follow=True)
    assert answer.status_code == 200
    assert not Relinking.objects.exists()


def test_the_sign_in_leads_to_the_page(changing: Changing, admin: User, client_of: SignedIn) -> None:
    row = changing.changed("ada")
    slug, browser = changing.organization.slug, client_of(admin)
    link = f'href="/o/{slug}/settings/access/identifiers"'
    assert link in browser.get(f"/o/{slug}/settings/sign-ins/{row.reference}").content.decode()
    arrive(changing.siege, lasting("alan"), address_of("alan"))
    other = changing.refused("alan", lasting("eve"))
    assert link not in browser.get(f"/o/{slug}/settings/sign-ins/{other.reference}").content.decode()


# --- Taking it back -------------------------------------------------------------------------------------------------


def undo(changing: Changing, **options: object) -> None:
    given = {"by": changing.by, "has_second_factor": False, "organization": changing.organization} | options
    given.setdefault("public_id", Relinking.objects.latest("id").public_id)
    relinking.undo_relinking(actor=COMMAND_LINE, **given)


def identities() -> set[tuple[str, ...]]:
    return set(Identity.objects.values_list("subject_kind", "subject", "normalized_subject", "address"))


def test_undoing(changing: Changing) -> None:
    changing.known("ada")
    arrive(changing.siege, (*known_as("ada")[:2], "ada-1"), address_of("ada"))
    before = identities()
    changing.relink(changing.refused("ada"))
    entered = arrive(changing.siege, lasting("ada"), address_of("ada"))
    assert grants_found(entered.user) == 1
    grants = SessionGrant.objects.count()
    with time_machine.travel(later(29.9), tick=False):
        undo(changing)
    assert identities() == before
    assert (grants_found(entered.user), SessionGrant.objects.count()) == (0, grants)
    event = Event.objects.get(name="identity:relinking_undone")
    assert event.before == {"identifiers": [{"subject_kind": "name_id", "subject": "lasting/ada"}]}
    assert len(event.after["identifiers"]) == 2
    assert arrive(changing.siege, lasting("ada"), address_of("ada")).reason == Reason.OTHER_SUBJECT
    assert arrive(changing.siege, known_as("ada"), address_of("ada")).user == entered.user
    with pytest.raises(NotAllowedError, match="no longer"):
        undo(changing)


def test_undoing_ends_after_thirty_days_and_the_row_goes(changing: Changing) -> None:
    changing.relink(changing.changed("ada"))
    assert relinking.purge_relinkings() == 0
    with time_machine.travel(later(30.1), tick=False):
        with pytest.raises(NotAllowedError, match="no longer"):
            undo(changing)
        assert not relinkings_of(changing.organization).exists()
        assert relinking.purge_relinkings() == 1
    assert changing.subjects() == {address_of("ada"): ["lasting/ada"]}


def test_what_came_since_is_not_undone(changing: Changing) -> None:
    changing.relink(changing.changed("ada"))
    connections.unlink_identity(identity=Identity.objects.get(user__email=address_of("ada")), actor=COMMAND_LINE)
    with pytest.raises(NotAllowedError, match="no longer"):
        undo(changing)
    arrive(changing.siege, ("lasting/new", PERSISTENT, ""), address_of("ada"))
    with pytest.raises(NotAllowedError, match="no longer"):
        undo(changing)


def test_what_cannot_be_undone_is_not_offered(changing: Changing, admin: User, client_of: SignedIn) -> None:
    changing.relink(changing.changed("ada"), changing.changed("grace"))
    access, browser = f"/o/{changing.organization.slug}/settings/access", client_of(admin)
    assert "2 members were re-linked" in browser.get(access).content.decode()
    connections.unlink_identity(identity=Identity.objects.get(user__email=address_of("ada")), actor=COMMAND_LINE)
    assert "1 member was re-linked" in browser.get(access).content.decode()
    assert "You can undo it for 1 member." in browser.get(f"{access}/identifiers").content.decode()
    page = browser.get(f"{access}/identifiers/relinked").content.decode()
    assert page.count("can be undone until") == 1
    assert address_of("ada") not in page
    connections.unlink_identity(identity=Identity.objects.get(user__email=address_of("grace")), actor=COMMAND_LINE)
    assert "were re-linked" not in browser.get(access).content.decode()
    assert "Nothing to undo" in browser.get(f"{access}/identifiers/relinked").content.decode()


@pytest.mark.parametrize("taken", [{"subject": "ada@contoso.example"}, {"normalized_subject": "ada@contoso.example"}])
def test_a_former_identifier_that_is_taken_is_not_given_back(changing: Changing, taken: dict[str, str]) -> None:
    changing.relink(changing.changed("ada"))
    eve = changing.known("eve")
    Identity.objects.filter(user=eve).update(normalized_subject=None)
    Identity.objects.filter(user=eve).update(**taken)
    with pytest.raises(NotAllowedError, match="Another member"):
        undo(changing)


def test_undoing_for_a_manager_needs_the_second_factor(changing: Changing, admin: User) -> None:
    by = changing.organization.memberships.get(user=admin)
    changing.relink(changing.changed("ada"))
    Membership.objects.filter(user__email=address_of("ada")).update(role=Role.MANAGER)
    with pytest.raises(NotAllowedError, match="second factor"):
        undo(changing, by=by)
    undo(changing, by=by, has_second_factor=True)


def test_undoing_on_the_page(
    changing: Changing, admin: User, client_of: SignedIn, mailoutbox: list[EmailMessage]
) -> None:
    changing.relink(changing.changed("ada"))
    slug, browser = changing.organization.slug, client_of(admin)
    made = Relinking.objects.get()
    path = f"/o/{slug}/settings/access/identifiers"
    assert f'href="{path}/relinked"' in browser.get(path).content.decode()
    assert f'href="{path}/relinked"' in browser.get(f"/o/{slug}/settings/access").content.decode()
    assert f'action="{path}/{made.public_id}/undo"' in browser.get(f"{path}/relinked").content.decode()
    answer = browser.post(f"{path}/{made.public_id}/undo", follow=True)
    said = "ada@contoso.example has the previous identifier again, and gets an e-mail about it."
    assert said in answer.content.decode()
    told = [message.to[0] for message in mailoutbox]
    assert sorted(told) == sorted([address_of("ada"), admin.email] * 2)  # of the change, and of its end
    assert "Your previous sign-in to Contoso is back" in [message.subject for message in mailoutbox]
    answer = browser.post(f"{path}/{made.public_id}/undo", follow=True)
    assert "This can no longer be undone." in answer.content.decode()
    assert changing.subjects() == {address_of("ada"): [address_of("ada")]}


# --- Another organization -------------------------------------------------------------------------------------------


@pytest.fixture
def rival(another: Another) -> Changing:
    """Fabrikam, which an attacker owns, with the same issuer and another key."""
    return Changing(another("Fabrikam", key_pair("rival")))


def test_the_evidence_of_another_organization_is_none(changing: Changing, rival: Changing) -> None:
    row = changing.changed("ada")
    with pytest.raises(NotAllowedError):
        rival.relink(row, has_second_factor=True)
    with pytest.raises(NotAllowedError, match="Only an admin"):
        changing.relink(row, by=rival.by, has_second_factor=True)
    assert changing.subjects() == {address_of("ada"): [address_of("ada")]}


def test_a_domain_of_another_organization_counts_for_that_one_only(changing: Changing, rival: Changing) -> None:
    """The rival's provider asserts Ada's address, first by one identifier and then by another."""
    ada = changing.known("ada")
    own = arrive_at(rival, known_as("ada"))
    assert own.user == ada
    row = arrive_at(rival, lasting("ada"))
    assert row.reason == Reason.OTHER_SUBJECT
    assert obstacles(rival) == {"ada": Obstacle.FOREIGN_DOMAIN}
    with pytest.raises(NotAllowedError):
        rival.relink(row, has_second_factor=True)
    assert changing.subjects() == rival.subjects() == {address_of("ada"): [address_of("ada")]}
    assert grants_found(ada) == 2


def test_relinking_ends_and_changes_nothing_elsewhere(changing: Changing, rival: Changing) -> None:
    """The user is a member of both; what one organization's admin does is of that organization only."""
    ada = changing.known("ada")
    arrive_at(rival, known_as("ada"))
    password = open_session(ada, GrantKind.PASSWORD)
    changing.relink(changing.refused("ada"))
    left = SessionGrant.objects.filter(user=ada, ended_at=None)
    assert {(grant.kind, grant.organization) for grant in left} == {
        (GrantKind.SSO, rival.organization),
        (GrantKind.PASSWORD, None),
    }
    assert password.get("/session").status_code == 200
    assert rival.subjects() == {address_of("ada"): [address_of("ada")]}
    made = Relinking.objects.get().public_id
    with pytest.raises(NotAllowedError, match="no longer"):
        undo(rival, public_id=made, has_second_factor=True)
    path = f"/o/{rival.organization.slug}/settings/access/identifiers/{made}/undo"
    answer = open_session(rival.by.user, GrantKind.PASSWORD).post(path, follow=True)
    assert "This can no longer be undone." in answer.content.decode()
    assert changing.subjects() == {address_of("ada"): ["lasting/ada"]}


def arrive_at(rival: Changing, sent: tuple[str, str, str]) -> SignIn:
    """Let the rival's provider send an identifier with Ada's address."""
    name_id, name_id_format, object_id = sent
    browser = new_browser()
    target = rival.siege.ask(browser)
    claims = ((EMAIL_CLAIM, (address_of("ada"),)), *(((OBJECT_ID, (object_id,)),) if object_id else ()))
    answer = target.answer(pair=key_pair("rival"), name_id=name_id, name_id_format=name_id_format, attributes=claims)
    rival.siege.post(browser, answer.encoded())
    return rival.siege.row(target)


def test_a_member_who_left_is_not_listed(changing: Changing) -> None:
    changing.changed("ada")
    Membership.objects.filter(user__email=address_of("ada")).update(state=MembershipState.REMOVED)
    assert obstacles(changing) == {}


def test_long_lists_are_leafed_through(
    changing: Changing, admin: User, client_of: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [changing.changed(f"user{number}") for number in range(5)]
    for number in range(3):
        changing.changed(f"manager{number}", Role.MANAGER)
    monkeypatch.setattr("orgs.views.responses.PAGE_LENGTH", 2)
    monkeypatch.setattr("sso.views.relinking.PAGE_LENGTH", 2)
    monkeypatch.setattr("database.paging.PAGE_LENGTH", 2)
    path, browser = f"/o/{changing.organization.slug}/settings/access/identifiers", client_of(admin)
    page = browser.get(path).content.decode()
    assert page.count('name="sign_in"') == 2
    assert "Page 1 of 3" in page
    assert "1 more appear when you have re-linked these." in page
    changing.relink(*rows)
    shown, after = [], ""
    for _ in range(3):
        past = browser.get(f"{path}/relinked", {"after": after})
        shown.append(past.content.decode().count("/undo"))
        after = past.context["page"].after
    assert shown == [2, 2, 1]
    assert not after


def test_a_manager_is_undone_on_the_page_after_a_second_factor(
    changing: Changing, admin: User, client_of: SignedIn
) -> None:
    changing.relink(changing.changed("grace", Role.MANAGER), by=changing.organization.memberships.get(user=admin),
                    has_second_factor=True)  # fmt: skip
    path, browser = f"/o/{changing.organization.slug}/settings/access/identifiers", client_of(admin)
    undo_path = f"{path}/{Relinking.objects.get().public_id}/undo"
    secret = with_totp(admin)
    assert undo_path not in browser.get(f"{path}/relinked").content.decode()
    assert "Confirm with your second factor" in browser.post(undo_path, follow=True).content.decode()
    prove_factor(browser, secret)
    assert undo_path in browser.get(f"{path}/relinked").content.decode()
    assert "the previous identifier again" in browser.post(undo_path, follow=True).content.decode()
