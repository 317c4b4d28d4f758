"""The journey from the request to the session, with real signatures."""

from __future__ import annotations

import datetime as dt
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.utils import timezone

from audit.models import Event
from orgs.models import GrantKind, Membership, Role, SessionGrant, User
from sso.models import Identity, SignIn, SignInState, StartedBy, SubjectKind
from sso.reasons import OperatorReason, Reason
from sso.services.sign_in.finish import cookie_name
from tests.sso.conftest import Journey, new_browser, request_id_in


def refused_for(journey: Journey, answer) -> str:
    """The reason in the row that the refusal page's reference code names."""
    assert answer.status_code == 303
    number, path = journey.organization.number, answer["Location"].partition("?")[0]
    reference = path.rpartition("/")[2]
    assert path == f"/sso/{number}/refused/{reference}"
    row = SignIn.objects.get(reference=reference)
    assert row.state == SignInState.REFUSED
    return row.reason


def who(browser) -> dict | None:
    """What /session says of a browser."""
    answer = browser.get("/session")
    return answer.json() if answer.status_code == 200 else None


def test_a_member_comes_in(journey, member, make_user):
    grace = member(journey.organization, Role.MANAGER, make_user("grace@contoso.example"))
    answer = journey.sign_in("grace")
    assert answer.status_code == 303
    assert answer["Location"] == f"/o/{journey.organization.slug}/"
    row = journey.last()
    assert (row.state, row.user, row.address) == (SignInState.SUCCEEDED, grace.user, "grace@contoso.example")
    assert row.signed == "assertion"
    assert {check["outcome"] for check in row.checks} == {"passed"}
    grant = SessionGrant.objects.get(user=grace.user, kind=GrantKind.SSO)
    assert grant.organization == journey.organization
    assert dt.timedelta(hours=11) < grant.expires_at - timezone.now() <= dt.timedelta(hours=12)
    assert who(journey.browser)["email"] == "grace@contoso.example"


@pytest.mark.parametrize("signing", ["assertion", "response", "both"])
def test_whatever_part_is_signed(connect, organization, signing):
    journey = connect(organization, signing=signing)
    journey.sign_in()
    assert (journey.last().state, journey.last().signed) == (SignInState.SUCCEEDED, signing)


def test_the_newcomer_joins_just_in_time(journey):
    journey.sign_in("ada")
    membership = Membership.objects.get(user__email="ada@contoso.example")
    assert (membership.role, membership.source, membership.accepted_at) == (Role.MEMBER, "just_in_time", None)
    assert membership.given_name == "Ada"
    assert membership.user.name == "", "names that a provider asserts stay on the membership"
    assert not membership.user.has_usable_password()
    identity = Identity.objects.get(user=membership.user)
    assert identity.subject_kind == SubjectKind.OBJECT_IDENTIFIER


def test_the_default_role_is_the_connections(connect, organization):
    connect(organization, role=Role.VIEWER).sign_in("ada")
    assert Membership.objects.get(user__email="ada@contoso.example").role == Role.VIEWER


def test_without_just_in_time_only_invited_people_come_in(connect, organization, admin, member):
    journey = connect(organization, role=None)
    assert refused_for(journey, journey.sign_in("ada")) == Reason.NOT_A_MEMBER
    assert not User.objects.filter(email="ada@contoso.example").exists()
    _invite(organization, admin, "ada@contoso.example", Role.MANAGER)
    journey.sign_in("ada")
    assert journey.last().state == SignInState.SUCCEEDED
    membership = Membership.objects.get(user__email="ada@contoso.example")
    assert (membership.role, membership.source) == (Role.MANAGER, "invited")
    assert Event.objects.get(name="user:signed_up").target == "ada@contoso.example"
    assert membership.accepted_at is None, "only single sign-on has vouched for this person so far"


def _invite(organization, admin, address, role):
    from audit.actors import COMMAND_LINE
    from orgs.services import invitations

    by = Membership.objects.get(organization=organization, user=admin)
    invitations.invite(organization=organization, addresses=[address], role=role, by=by, actor=COMMAND_LINE)


def test_a_known_person_is_known_by_subject_when_the_address_changes(journey):
    journey.sign_in("ada")
    journey.sign_in("ada", name_id="ada.lovelace@contoso.example")
    assert journey.last().state == SignInState.SUCCEEDED
    assert journey.last().user.email == "ada@contoso.example"
    assert Identity.objects.get().address == "ada.lovelace@contoso.example"


def test_the_same_address_with_another_subject_is_another_person(journey):
    journey.sign_in("ada")
    answer = journey.sign_in("grace", name_id="ada@contoso.example")
    assert refused_for(journey, answer) == Reason.OTHER_SUBJECT


OID = "http://schemas.microsoft.com/identity/claims/objectidentifier"


def test_a_better_subject_may_take_the_place_of_the_same_name_id(journey):
    journey.sign_in("ada", claims={OID: None})
    assert Identity.objects.get().subject_kind == SubjectKind.NAME_ID
    journey.sign_in("ada")
    assert journey.last().state == SignInState.SUCCEEDED
    assert set(Identity.objects.values_list("subject_kind", flat=True)) == {"name_id", "objectidentifier"}
    answer = journey.sign_in("grace", name_id="ada@contoso.example")
    assert refused_for(journey, answer) == Reason.OTHER_SUBJECT


def test_a_transient_name_id_is_never_a_subject(journey):
    transient = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
    journey.sign_in("ada", name_id="_a1b2c3", name_id_format=transient, claims={OID: None})
    identity = Identity.objects.get()
    assert (identity.subject_kind, identity.subject) == (SubjectKind.ADDRESS, "ada@contoso.example")
    journey.sign_in("ada", name_id="_d4e5f6", name_id_format=transient, claims={OID: None})
    assert journey.last().state == SignInState.SUCCEEDED
    assert Identity.objects.count() == 1


EMAIL = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"


@pytest.mark.parametrize(
    ("name_id", "claims", "address"),
    [
        ("Ada@Contoso.Example", {}, "ada@contoso.example"),
        ("ada", {EMAIL: "b@contoso.example"}, "b@contoso.example"),
        ("ada", {EMAIL: None, "EmailAddress": "c@contoso.example"}, "c@contoso.example"),
        ("ada", {EMAIL: None, "EMAIL": "d@contoso.example"}, "d@contoso.example"),
        ("x_y.example#EXT#@contoso.onmicrosoft.example", {EMAIL: "e@y.example"}, "e@y.example"),
        ("first@contoso.example", {EMAIL: "second@contoso.example"}, "first@contoso.example"),
    ],
)
def test_where_the_address_comes_from(journey, name_id, claims, address):
    journey.sign_in("ada", name_id=name_id, claims=claims)
    assert journey.last().address == address


@pytest.mark.parametrize(
    "name_id", ["ada", "x_y.example#EXT#@contoso.onmicrosoft.example", "ada@contoso", "ü@b.example"]
)
def test_no_address_no_entry(journey, name_id):
    answer = journey.sign_in("ada", name_id=name_id, claims={EMAIL: None})
    assert refused_for(journey, answer) == Reason.NO_ADDRESS


def test_two_addresses_in_one_place_are_none(journey):
    answer = journey.sign_in("ada", name_id="ada", claims={EMAIL: ["a@contoso.example", "b@contoso.example"]})
    assert refused_for(journey, answer) == Reason.AMBIGUOUS_ADDRESS


@pytest.mark.parametrize(
    ("change", "reason"),
    [("suspend_member", Reason.SUSPENDED), ("remove_member", Reason.REMOVED)],
)
def test_who_was_put_out_stays_out(journey, change, reason):
    from audit.actors import COMMAND_LINE
    from orgs.services import members

    journey.sign_in("ada")
    membership = Membership.objects.get(user__email="ada@contoso.example")
    getattr(members, change)(membership=membership, by=None, actor=COMMAND_LINE)
    assert refused_for(journey, journey.sign_in("ada")) == reason
    Identity.objects.all().delete()
    assert refused_for(journey, journey.sign_in("ada")) == reason, "nor as a newcomer"


OPERATOR = (Reason.ACCOUNT_NOT_ADMITTED, OperatorReason.OPERATOR_ACCOUNT)
DISABLED = (Reason.ACCOUNT_NOT_ADMITTED, OperatorReason.ACCOUNT_DISABLED)


def reasons_for(journey, answer):
    return refused_for(journey, answer), journey.last().operator_reason


def test_an_operator_never_joins_just_in_time(journey, make_user):
    make_user("ada@contoso.example", is_staff=True)
    assert reasons_for(journey, journey.sign_in("ada")) == OPERATOR


def test_nor_by_an_invitation_that_only_the_provider_answers(journey, make_user, admin):
    make_user("ada@contoso.example", is_staff=True)
    _invite(journey.organization, admin, "ada@contoso.example", Role.VIEWER)
    assert reasons_for(journey, journey.sign_in("ada")) == OPERATOR


def test_a_disabled_account_stays_out(journey, make_user):
    make_user("ada@contoso.example", is_active=False)
    assert reasons_for(journey, journey.sign_in("ada")) == DISABLED


def test_a_disabled_member_stays_out(journey, make_user, member):
    member(journey.organization, Role.MEMBER, make_user("ada@contoso.example"))
    journey.sign_in("ada")
    User.objects.filter(email="ada@contoso.example").update(is_active=False)
    assert reasons_for(journey, journey.sign_in("ada")) == DISABLED


ACCOUNTS = [{}, {"is_staff": True}, {"is_superuser": True}, {"is_active": False}]


@pytest.mark.parametrize("account", ACCOUNTS)
def test_an_organization_that_admits_nobody_cannot_tell_accounts_apart(connect, organization, make_user, account):
    journey = connect(organization, role=None)
    make_user("ada@contoso.example", **account)
    assert reasons_for(journey, journey.sign_in("ada")) == (Reason.NOT_A_MEMBER, "")


def test_operators_and_disabled_accounts_look_alike_in_the_log(journey, make_user, admin, client_of):
    seen = []
    ada = make_user("ada@contoso.example")
    for account in ACCOUNTS[1:]:
        User.objects.filter(pk=ada.pk).update(**{"is_staff": False, "is_superuser": False, "is_active": True} | account)
        journey.sign_in("ada")
        row = journey.last()
        page = client_of(admin).get(f"/o/contoso/settings/sign-ins/{row.reference}").content.decode()
        assert "This account cannot sign in by single sign-on" in page
        # The page names whom to ask, and nothing about the account.
        assert "operator" not in page.lower().replace("the operator of amplisso", "")
        assert "disabled" not in page.lower()
        seen.append((row.reason, row.detail, [check["outcome"] for check in row.checks], row.address, row.user_id))
    assert seen[0] == seen[1] == seen[2]


def test_operators_see_the_true_reason(journey, make_user, client_of):
    make_user("ada@contoso.example", is_active=False)
    journey.sign_in("ada")
    operator = client_of(make_user(is_staff=True, is_superuser=True))
    page = operator.get(f"/admin/sso/signin/{journey.last().pk}/change/").content.decode()
    assert "The account is disabled" in page


def test_a_provider_takes_no_password_from_an_unconfirmed_account(journey):
    ada = User.objects.create_user("ada@contoso.example", "a password of her own")
    EmailAddress.objects.create(user=ada, email=ada.email, verified=False, primary=True)
    journey.sign_in("ada")
    ada.refresh_from_db()
    assert ada.check_password("a password of her own")
    assert EmailAddress.objects.filter(user=ada).count() == 1
    assert ada.memberships.get().accepted_at is None


def test_an_account_from_elsewhere_is_opened_by_this_grant_only(journey, make_user, make_organization):
    ada = make_user("ada@contoso.example")
    elsewhere = make_organization("Elsewhere", admin=ada)
    journey.sign_in("ada")
    assert journey.browser.get(f"/o/{journey.organization.slug}/").status_code == 200
    assert journey.browser.get(f"/o/{elsewhere.slug}/").status_code == 404
    assert journey.browser.get("/admin/").status_code == 403
    assert journey.browser.get("/account/password/change/").status_code == 403


def test_the_connection_vouches_for_whatever_address_but_only_here(journey, make_user, make_organization):
    boss = make_user("boss@rival.example")
    rival = make_organization("Rival", admin=boss)
    journey.sign_in("ada", name_id="boss@rival.example")
    assert journey.last().user == boss
    assert [entry["slug"] for entry in who(journey.browser)["organizations"]] == [journey.organization.slug]
    assert journey.browser.get(f"/o/{rival.slug}/settings/access").status_code == 404


# --- Once, in this browser, for this request --------------------------------------------------------------------


def test_a_refusal_says_whom_it_was_about(journey):
    """Once that is verified: an admin sees who wants to sign in."""
    journey.sign_in("ada", audience="https://other.example")
    row = journey.last()
    assert (row.state, row.claims["name_id"]) == (SignInState.REFUSED, "ada@contoso.example")
    assert row.claims["attributes"]
    assert (row.address, row.user) == ("", None)


def test_an_answer_is_used_once(journey):
    request_id = journey.start()
    encoded = journey.answer("ada", request_id)
    cookies = journey.browser.cookies.copy()
    journey.post(encoded)
    again = new_browser()
    again.cookies = cookies
    assert journey.post(encoded, browser=again)["Location"].startswith(journey.tenant.sso_url), "asked properly instead"
    assert who(again) is None


def test_the_same_answer_again_and_again_fills_no_table(journey):
    request_id = journey.start()
    encoded = journey.answer("ada", request_id)
    cookies = journey.browser.cookies.copy()
    journey.post(encoded)
    rows = SignIn.objects.count()
    for _ in range(8):
        again = new_browser()
        again.cookies = cookies
        journey.post(encoded, browser=again)
        assert who(again) is None
    assert SignIn.objects.count() == rows + 1


def test_an_answer_counts_only_in_the_browser_that_asked(journey):
    encoded = journey.answer("ada", journey.start())
    victim = new_browser()
    answer = journey.post(encoded, browser=victim)
    assert answer["Location"].startswith(journey.tenant.sso_url), "asked properly instead"
    assert who(victim) is None
    assert journey.post(encoded)["Location"] == f"/o/{journey.organization.slug}/", "and the right one still works"


def test_an_unsolicited_answer_is_answered_by_asking_once(journey):
    answer = journey.post(journey.answer("ada", ""))
    row = journey.last()
    assert (row.started_by, row.state) == (StartedBy.PROVIDER, SignInState.STARTED)
    request_id = request_id_in(answer["Location"])
    assert request_id == row.request_id
    assert journey.post(journey.answer("ada", request_id))["Location"] == f"/o/{journey.organization.slug}/"


def test_a_lost_cookie_is_asked_again_once_and_then_explained(journey):
    encoded = journey.answer("ada", journey.start(next="/o/contoso/settings/members"))
    journey.browser.cookies.clear()
    answer = journey.post(encoded)
    assert journey.last().restart_of.next_path == journey.last().next_path == "/o/contoso/settings/members"
    encoded = journey.answer("ada", request_id_in(answer["Location"]))
    journey.browser.cookies.clear()
    assert refused_for(journey, journey.post(encoded)) == Reason.COOKIE_LOST


def test_a_late_answer_is_asked_again(journey):
    request_id = journey.start()
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=11), tick=False):
        answer = journey.post(journey.answer("ada", request_id))
    assert answer["Location"].startswith(journey.tenant.sso_url)
    assert journey.last().restart_of.request_id == request_id


def test_several_tabs_at_once(journey):
    first, second = journey.start(next="/o/contoso/settings/members"), journey.start()
    assert journey.post(journey.answer("ada", second))["Location"] == "/o/contoso/"
    assert journey.post(journey.answer("ada", first))["Location"] == "/o/contoso/settings/members"


def test_the_answer_to_another_organization_is_not_ours(connect, make_organization, tenant):
    """Two organizations at one provider: same issuer, and each only its own."""
    contoso, fabrikam = connect(make_organization("Contoso")), connect(make_organization("Fabrikam"))
    fabrikam.browser = contoso.browser
    encoded = contoso.answer("ada", contoso.start())
    assert fabrikam.post(encoded)["Location"].startswith(tenant.sso_url)
    fabrikam_id = fabrikam.start()
    forged = contoso.answer("ada", fabrikam_id)
    assert refused_for(fabrikam, fabrikam.post(forged)) == Reason.UNTRUSTED
    assert contoso.sign_in("ada")["Location"] == f"/o/{contoso.organization.slug}/"
    assert fabrikam.sign_in("ada")["Location"] == f"/o/{fabrikam.organization.slug}/"
    assert Identity.objects.count() == 2


def test_the_request_asks_for_no_more_than_it_needs(journey):
    location = journey.browser.get(f"/sso/{journey.organization.number}/start")["Location"]
    (encoded,) = parse_qs(urlsplit(location).query)["SAMLRequest"]
    import base64
    import zlib

    xml = zlib.decompress(base64.b64decode(encoded), -15).decode()
    for forbidden in ("RequestedAuthnContext", "NameIDPolicy", "Subject", "Scoping"):
        assert forbidden not in xml
    assert f"https://amplisso.example/saml/2/acs/{journey.organization.number}" in xml


def test_the_nonce_goes_to_the_acs_and_to_the_start_page_alone(journey):
    journey.start()
    number = journey.organization.number
    kept = {each["path"]: each for each in journey.browser.cookies.values()}
    assert {path: each["samesite"] for path, each in kept.items()} == {
        f"/saml/2/acs/{number}": "None",
        f"/sso/{number}/start": "Lax",
    }
    assert all(each["secure"] and each["httponly"] and each["max-age"] == 600 for each in kept.values())
    assert kept[f"/saml/2/acs/{number}"].key == cookie_name(number)


# --- What else may stop it --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("twist", "reason"),
    [
        ({"audience": "https://elsewhere.example"}, Reason.WRONG_AUDIENCE),
        ({"recipient": "https://elsewhere.example/acs"}, Reason.WRONG_ADDRESS),
        ({"destination": "https://elsewhere.example/acs"}, Reason.WRONG_ADDRESS),
        ({"issuer": "https://elsewhere.example/"}, Reason.WRONG_ISSUER),
        ({"signing": "none"}, Reason.UNTRUSTED),
        ({"signature_method": "sha1", "digest_method": "sha1"}, Reason.WEAK_ALGORITHM),
        ({"now": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)}, Reason.OUT_OF_TIME),
        ({"subject_confirmation_in_response_to": "_other"}, Reason.WRONG_REQUEST),
    ],
)
def test_a_bad_answer_is_refused_with_its_reason(journey, twist, reason):
    assert refused_for(journey, journey.sign_in("ada", **twist)) == reason
    assert who(journey.browser) is None
    assert not User.objects.filter(email="ada@contoso.example").exists()


def test_what_the_provider_says_when_it_declines_is_kept_for_the_admin(journey):
    request_id = journey.start()
    encoded = journey.tenant.decline(journey.app, 50105, "Not assigned.", in_response_to=request_id)
    assert refused_for(journey, journey.post(encoded)) == Reason.DECLINED
    assert "AADSTS50105" in journey.last().detail


@pytest.mark.parametrize(
    "rubbish", ["", "%%%", "AAAA", "PHhtbC8+", "PCFET0NUWVBFIHg+PHgvPg==", "\x00", "ü", "A" * 1_500_000]
)
def test_rubbish_is_answered_by_asking_properly(journey, rubbish):
    answer = journey.post(rubbish)
    assert answer.status_code == 302
    assert answer["Location"].startswith(journey.tenant.sso_url)


def test_a_replaced_configuration_no_longer_counts(journey):
    from tests.sso.conftest import upload

    encoded = journey.answer("ada", journey.start())
    upload(journey.organization, journey.tenant.metadata(journey.app))
    assert refused_for(journey, journey.post(encoded)) == Reason.REPLACED


def test_a_plan_without_sso_lets_nobody_in(journey):
    from orgs.models import Plan

    encoded = journey.answer("ada", journey.start())
    journey.organization.plan = Plan.objects.get(slug="starter")
    journey.organization.save()
    assert refused_for(journey, journey.post(encoded)) == Reason.PLAN
    assert journey.browser.get(f"/sso/{journey.organization.number}/start").status_code == 404


def test_a_disabled_connection_lets_nobody_in_and_ends_its_grants(journey):
    from audit.actors import COMMAND_LINE
    from sso.services import connections

    encoded = journey.answer("ada", journey.start())
    journey.sign_in("grace")
    connection = journey.organization.connections.get()
    connections.disable_connection(connection=connection, actor=COMMAND_LINE)
    assert who(journey.browser) is None
    assert refused_for(journey, journey.post(encoded)) == Reason.DISABLED
    assert journey.browser.get(f"/sso/{journey.organization.number}/start").status_code == 404
    connection.refresh_from_db()
    connections.enable_connection(connection=connection, actor=COMMAND_LINE)
    journey.sign_in("grace")
    assert journey.last().state == SignInState.SUCCEEDED


# --- Sessions -------------------------------------------------------------------------------------------------------


def test_grants_of_the_session_before_are_carried_over(journey, admin, client_of):
    journey.browser = client_of(admin)
    before = journey.browser.session.session_key
    journey.sign_in("ada", name_id=admin.email)
    assert journey.browser.session.session_key != before
    grants = SessionGrant.objects.filter(session=journey.browser.session["session_name"], ended_at=None)
    assert set(grants.values_list("kind", flat=True)) == {GrantKind.PASSWORD, GrantKind.SSO}


def test_grants_of_somebody_else_are_not(journey, admin, client_of):
    journey.browser = client_of(admin)
    journey.browser.post(journey.sign_in("ada")["Location"], {"action": "continue"})
    grants = SessionGrant.objects.filter(session=journey.browser.session["session_name"])
    assert [grant.kind for grant in grants] == [GrantKind.SSO]
    assert who(journey.browser)["email"] == "ada@contoso.example"


def test_the_session_lasts_as_long_as_the_organization_says(journey):
    journey.organization.session_hours = 1
    journey.organization.save()
    journey.sign_in("ada")
    assert who(journey.browser) is not None
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=61), tick=False):
        assert who(journey.browser) is None


def test_signing_out_ends_the_grant_in_the_table(journey):
    journey.sign_in("ada")
    journey.browser.post("/account/logout/")
    assert who(journey.browser) is None
    assert not SessionGrant.objects.filter(ended_at=None).exists()


@pytest.mark.parametrize(
    "next_path",
    ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "\\\\evil.example"],
)
def test_no_link_leads_elsewhere(journey, next_path):
    journey.post(journey.answer("ada", journey.start(next=next_path)), RelayState=next_path)
    assert journey.last().next_path == ""
    assert journey.last().state == SignInState.SUCCEEDED


# --- Asked once, then explained ----------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", ["", "%%%", "PHhtbC8+"], ids=["empty", "no base64", "no XML"])
def test_an_unreadable_answer_to_our_request_is_explained(journey, answer):
    """It brings our RelayState back, so it is the response to our request: asking again would go round in circles."""
    relay_state = relay_state_in(journey.browser.get(f"/sso/{journey.organization.number}/start")["Location"])
    assert refused_for(journey, journey.post(answer, RelayState=relay_state)) == Reason.UNREADABLE
    assert SignIn.objects.count() == 1


def test_a_provider_that_leaves_in_response_to_out_is_explained(journey):
    relay_state = relay_state_in(journey.browser.get(f"/sso/{journey.organization.number}/start")["Location"])
    answer = journey.post(journey.answer("ada", ""), RelayState=relay_state)
    assert refused_for(journey, answer) == Reason.WRONG_REQUEST
    failed = [check for check in journey.last().checks if check["outcome"] == "failed"]
    assert [check["name"] for check in failed] == ["in_response_to"]


def test_without_cookies_it_is_asked_once_more_and_then_explained(journey):
    location = journey.browser.get(f"/sso/{journey.organization.number}/start")["Location"]
    for _ in range(2):
        journey.browser.cookies.clear()
        answer = journey.post(journey.answer("ada", ""), RelayState=relay_state_in(location))
        location = answer["Location"]
    assert refused_for(journey, answer) == Reason.COOKIE_LOST


def test_the_relay_state_of_another_organization_is_no_ones(connect, make_organization, tenant):
    contoso, fabrikam = connect(make_organization("Contoso")), connect(make_organization("Fabrikam"))
    relay_state = relay_state_in(contoso.browser.get(f"/sso/{contoso.organization.number}/start")["Location"])
    fabrikam.browser = contoso.browser
    assert fabrikam.post("", RelayState=relay_state)["Location"].startswith(tenant.sso_url)
    assert contoso.last().state == SignInState.STARTED


def relay_state_in(location: str) -> str:
    """The RelayState of a redirect to the provider."""
    (relay_state,) = parse_qs(urlsplit(location).query)["RelayState"]
    return relay_state


def test_who_was_removed_and_invited_again_comes_in(journey, admin):
    from audit.actors import COMMAND_LINE
    from orgs.services import members

    journey.sign_in("ada")
    membership = Membership.objects.get(user__email="ada@contoso.example")
    members.remove_member(membership=membership, by=None, actor=COMMAND_LINE)
    assert refused_for(journey, journey.sign_in("ada")) == Reason.REMOVED
    _invite(journey.organization, admin, "ada@contoso.example", Role.VIEWER)
    journey.sign_in("ada")
    assert journey.last().state == SignInState.SUCCEEDED
    membership.refresh_from_db()
    assert (membership.state, membership.role) == ("active", Role.VIEWER)


def test_every_check_of_the_protocol_has_a_reason():
    from sso.saml import CheckName
    from sso.services.sign_in import logged_verdict

    assert set(logged_verdict._REASONS) == set(CheckName)


def test_markup_without_end_is_explained_too(journey):
    """More attributes than any provider sends, in the response to our own request."""
    import base64

    relay_state = relay_state_in(journey.browser.get(f"/sso/{journey.organization.number}/start")["Location"])
    attributes = " ".join(f'a{number}="1"' for number in range(9000))
    encoded = base64.b64encode(f"<x {attributes}/>".encode()).decode()
    assert refused_for(journey, journey.post(encoded, RelayState=relay_state)) == Reason.TOO_LARGE
    assert "names" in next(check for check in journey.last().checks if check["outcome"] == "failed")["received"]
