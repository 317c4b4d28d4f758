"""Every attack by a logout message: by the pure functions, and against the real address in the victim's own browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from audit.actors import COMMAND_LINE
from orgs.models import GrantKind, Organization, SessionGrant
from sso.models import Direction, SignIn, SignOut, SignOutState
from sso.saml import KeyPair, LogoutRefusal, LogoutRequest, LogoutResponse, make_key_pair
from sso.saml.logout.read import read_logout_form, read_logout_query
from sso.selectors.keys import service_provider
from sso.services import keys
from tests.attacks.conftest import Siege, is_anybody_in
from tests.attacks.cost.measure import MOST_SECONDS, at_best
from tests.attacks.messages import logout, logout_words
from tests.attacks.messages.logout import US, Attack, Form, Group, Query, Session
from tests.attacks.messages.target import GENUINE
from tests.conftest import MakeMember, new_browser, open_session
from tests.saml import logout_provider
from tests.saml.metadata_files import REDIRECT, base64_of, endpoint, entity, key, role, sso
from tests.saml.provider import ISSUER, NOW, idp, key_pair
from tests.sso.conftest import upload

LOGIN = "https://login.example.test/saml2"
ATTACKS: dict[str, Group] = {
    "query signature": logout.QUERY_SIGNATURE,
    "parameters": logout.PARAMETERS,
    "form signature": logout.FORM_SIGNATURE,
    **logout_words.GROUPS,
}


# Over HTTP, CI tries all groups, and `make test` those that depend on how a message is sent.
EACH_GROUP = [
    *(pytest.param(group, marks=pytest.mark.slow if group in logout_words.GROUPS else ()) for group in ATTACKS),
    "fields",
]


def cases(groups: dict[str, Group]) -> list[object]:
    return [
        pytest.param(attack, id=f"{group}: {name}") for group, found in groups.items() for name, attack in found.items()
    ]


# --- By the pure functions --------------------------------------------------------------------------------------


@cache
def ours() -> KeyPair:
    """Return our key pair; its certificate is public, so every attacker can encrypt for it."""
    return make_key_pair("amplisso.example", now=NOW)


def judge(attack: Attack) -> tuple[object, float]:
    """Return the outcome, and the seconds of processor time that it took."""
    sent = attack(Session(certificate=ours().certificate))
    them = {"service_provider": replace(US, keys=(ours(),)), "identity_provider": idp(), "now": NOW}
    if isinstance(sent, Query):
        return at_best(partial(read_logout_query, sent.text, **them))
    (message,) = [sent.fields[name] for name in ("SAMLRequest", "SAMLResponse") if name in sent.fields]
    return at_best(partial(read_logout_form, message, sent.fields.get("RelayState", ""), **them))


@pytest.mark.parametrize("attack", cases(ATTACKS))
def test_refused(attack: Attack) -> None:
    outcome, spent = judge(attack)
    assert isinstance(outcome, LogoutRefusal), outcome
    assert 0 < len(outcome.reason) <= 500
    assert outcome.reason.isprintable()
    expected, _, received = outcome.reason.removeprefix("expected: ").partition("; received: ")
    assert expected != received
    assert spent < MOST_SECONDS, f"{spent:.1f} s of processor time"


@pytest.mark.parametrize("attack", cases({"honest": logout_words.HONEST}))
def test_honest_requests(attack: Attack) -> None:
    outcome, _ = judge(attack)
    assert isinstance(outcome, LogoutRequest), outcome
    assert outcome.name_id == GENUINE


@pytest.mark.parametrize("attack", cases({"honest": logout_words.HONEST_ANSWERS}))
def test_honest_answers(attack: Attack) -> None:
    assert judge(attack)[0] == LogoutResponse("_q1", succeeded=True)


def test_there_are_as_many_as_there_should_be() -> None:
    """A table that lost its rows would pass."""
    assert all(ATTACKS.values())
    assert len(cases(ATTACKS)) > 250


# --- Against the real address -----------------------------------------------------------------------------------


def connect(organization: Organization, name: str = "idp", issuer: str = ISSUER) -> Siege:
    """A connection whose provider takes part in single logout."""
    single_logout = endpoint("SingleLogoutService", REDIRECT, LOGIN + "/out")
    upload(organization, entity(role(key(base64_of(key_pair(name))) + single_logout + sso(LOGIN)), issuer).encode())
    return Siege(organization)


@pytest.fixture
def contoso(frozen: None, organization: Organization) -> Siege:
    """Connected, with a key of its own for encryption."""
    keys.create_key(organization=organization, actor=COMMAND_LINE)
    return connect(organization)


@pytest.fixture
def fabrikam(contoso: Siege, make_organization: Callable[..., Organization]) -> Siege:
    """The organization of an attacker who has a provider, too."""
    return connect(make_organization("Fabrikam"), "other")


def session_of(siege: Siege) -> Session:
    """Return what an attacker knows of the session of a user who has just signed in there."""
    current = siege.organization.service_provider_keys.first()
    certificate = current.signing_certificate() if current else None
    return Session(service_provider(siege.organization.number), GENUINE, certificate)


def come_in(siege: Siege, browser: Client | None = None, **knobs: object) -> Client:
    """Let Adele sign in."""
    browser = browser or new_browser()
    siege.post(browser, siege.ask(browser).answer(**knobs).encoded())
    assert is_anybody_in(browser)
    return browser


def send(siege: Siege, browser: Client, message: Query | Form) -> HttpResponse:
    """Carry a message to our address."""
    path = f"/saml/2/slo/{siege.organization.number}"
    if isinstance(message, Query):
        return browser.get(f"{path}?{message.text}")
    return browser.post(path, message.fields)


def live_grants(siege: Siege) -> int:
    return SessionGrant.objects.filter(organization=siege.organization, kind=GrantKind.SSO, ended_at=None).count()


@pytest.mark.parametrize("group", EACH_GROUP)
def test_nobody_is_signed_out(contoso: Siege, fabrikam: Siege, group: str) -> None:
    """One session for a whole group; each message comes in the browser that holds it, with all its cookies."""
    victim, session = come_in(contoso), session_of(contoso)
    refusal, by_hand = (send(contoso, victim, Query(text)) for text in ("SAMLRequest=x", "other=x"))
    assert b"Nothing was changed" in plain(refusal)
    pages = {(refusal.status_code, plain(refusal)), (by_hand.status_code, plain(by_hand))}
    assert {status for status, _ in pages} == {403, 200}
    complaints = [
        f"{name}: {complaint}"
        for name, attack in (ATTACKS | {"fields": logout.FIELDS})[group].items()
        if (complaint := _attack(contoso, victim, attack(session), pages))
    ]
    assert not complaints, "\n".join(complaints)
    assert is_anybody_in(victim)
    assert not SignOut.objects.exists()
    assert send(contoso, victim, Query(logout_provider.query(session.message()))).status_code == 302
    assert not is_anybody_in(victim), "a grant that nobody can end would pass for a safe one"


def _attack(siege: Siege, victim: Client, message: Query | Form, pages: set[tuple[int, bytes]]) -> str:
    """What went wrong, from our point of view; "" if nothing did."""
    answer, spent = at_best(partial(send, siege, victim, message))
    if spent > MOST_SECONDS:
        return f"{spent:.1f} s of processor time"
    if live_grants(siege) != 1:
        return "somebody was signed out"
    if settings.SESSION_COOKIE_NAME in answer.cookies:
        return "the response changes the session's cookie"
    # Django itself answers 400 to a request with too many parameters.
    # A message under another name is none: its page is the one for an address that was opened by hand.
    is_same = answer.status_code == 400 or (answer.status_code, plain(answer)) in pages
    return "" if is_same else f"{answer.status_code}, another page"


def plain(answer: HttpResponse) -> bytes:
    """Return the page without the part that differs each time: the token of the form to sign out."""
    return re.sub(rb'value="\w{64}"', b"", answer.content)


def test_honest_requests_sign_out(contoso: Siege) -> None:
    """Each genuine request, with a new ID, ends a session without any cookie."""
    session, complaints = session_of(contoso), []
    for name, attack in logout_words.HONEST.items():
        SignOut.objects.all().delete()
        victim = come_in(contoso)
        answer = send(contoso, new_browser(), attack(session))
        if live_grants(contoso) or is_anybody_in(victim) or answer.status_code not in (302, 303):
            complaints.append(f"{name}: {answer.status_code}, {live_grants(contoso)} live grants")
    assert not complaints, "\n".join(complaints)


# --- What only our own records can tell -------------------------------------------------------------------------


def request_to(siege: Siege, signer: str = "idp", **knobs: object) -> Query:
    """A genuine request of a provider."""
    return Query(logout_provider.query(session_of(siege).message(**knobs), signer=signer))


def as_query(siege: Siege) -> Query:
    return request_to(siege)


def as_query_in_another_order(siege: Siege) -> Query:
    return Query("&".join(reversed(request_to(siege).text.split("&"))))


def as_query_with_more(siege: Siege) -> Query:
    return Query(request_to(siege).text + "&x=1")


def as_form(siege: Siege) -> Form:
    return logout.posted(session_of(siege).message(), signer=key_pair())


def as_form_in_lines(siege: Siege) -> Form:
    fields = as_form(siege).fields
    lines = [fields["SAMLRequest"][at : at + 64] for at in range(0, len(fields["SAMLRequest"]), 64)]
    return Form({**fields, "SAMLRequest": "\r\n".join(lines)})


@pytest.mark.parametrize("first", [as_query, as_form])
@pytest.mark.parametrize("again", [as_query, as_query_in_another_order, as_query_with_more, as_form, as_form_in_lines])
def test_a_request_is_used_once_however_it_is_written(
    contoso: Siege, first: Callable[[Siege], Query | Form], again: Callable[[Siege], Query | Form]
) -> None:
    come_in(contoso)
    send(contoso, new_browser(), first(contoso))
    assert live_grants(contoso) == 0
    victim = come_in(contoso)
    assert send(contoso, victim, again(contoso)).status_code == 403
    assert is_anybody_in(victim)


@pytest.mark.parametrize(
    "somebody", ["", "Adele@contoso.example", " adele", "adele@contoso.example.evil.test", "nobody@contoso.example"]
)
def test_a_name_that_is_not_exactly_theirs(contoso: Siege, somebody: str) -> None:
    victim = come_in(contoso)
    message = request_to(contoso, subject=f"<saml:NameID>{somebody}</saml:NameID>")
    assert send(contoso, victim, message).status_code in (302, 403)
    assert is_anybody_in(victim)


def test_another_session_of_the_same_person_stays(contoso: Siege) -> None:
    def with_another_index(text: str) -> str:
        return text.replace('SessionIndex="_a1"', 'SessionIndex="_b1"')

    first, second = come_in(contoso), come_in(contoso, rewritten=with_another_index)
    send(contoso, second, request_to(contoso))
    assert (is_anybody_in(first), is_anybody_in(second)) == (False, True)


class TestOfAnotherOrganization:
    """A provider speaks for its own organization only, whatever it says."""

    @pytest.mark.parametrize("signer", ["idp", "other"])
    def test_its_request_at_our_address(self, contoso: Siege, fabrikam: Siege, signer: str) -> None:
        victim = come_in(contoso)
        assert send(contoso, victim, request_to(fabrikam, signer=signer)).status_code == 403
        assert is_anybody_in(victim)

    def test_our_name_at_its_address(self, contoso: Siege, fabrikam: Siege) -> None:
        victim = come_in(contoso)
        assert send(fabrikam, victim, request_to(fabrikam, signer="other")).status_code == 302
        assert is_anybody_in(victim)
        assert live_grants(contoso) == 1

    def test_with_the_very_same_key_and_issuer(
        self, contoso: Siege, make_organization: Callable[..., Organization]
    ) -> None:
        """One AD FS for two organizations: the address decides, and the name counts in one of them only."""
        twin = connect(make_organization("Contoso Labs"))
        victim = come_in(contoso)
        assert send(contoso, victim, request_to(twin)).status_code == 403
        assert send(twin, victim, request_to(twin)).status_code == 302
        assert is_anybody_in(victim)

    def test_the_grant_for_another_organization_stays(
        self, contoso: Siege, fabrikam: Siege, member: MakeMember
    ) -> None:
        victim = come_in(contoso)
        user = SignIn.objects.get(organization=contoso.organization).user
        member(fabrikam.organization, user=user)
        elsewhere = open_session(user, GrantKind.SSO, fabrikam.organization)
        send(contoso, victim, request_to(contoso))
        assert live_grants(contoso) == 0
        assert is_anybody_in(elsewhere)

    def test_an_answer_to_another_organizations_request(self, contoso: Siege, fabrikam: Siege) -> None:
        asked = ask(contoso)
        text = session_of(fabrikam).message("LogoutResponse", in_response_to=asked.message_id)
        refused = send(fabrikam, new_browser(), Query(logout_provider.query(text, signer="other")))
        assert says_no_more_than_that_nobody_is_in(refused)
        asked.refresh_from_db()
        assert asked.state == SignOutState.ASKED


def says_no_more_than_that_nobody_is_in(answer: HttpResponse) -> bool:
    """Whether a browser without a session is led to a page that claims nothing for a provider."""
    return (answer.status_code, answer["Location"]) == (303, "/signed-out") and not answer.cookies


def ask(siege: Siege) -> SignOut:
    """A request of ours that waits for its response."""
    return SignOut.objects.create(
        connection=siege.organization.connections.get(),
        direction=Direction.OURS,
        message_id="_asked",
        state=SignOutState.ASKED,
    )


def answer_to(siege: Siege, in_response_to: str | None, signer: str = "") -> Query:
    text = session_of(siege).message("LogoutResponse", in_response_to=in_response_to)
    return Query(logout_provider.query(text, signer=signer))


class TestAnswers:
    """They end nothing, and are believed about a request of ours only."""

    @pytest.mark.parametrize("signer", ["", "idp"])
    @pytest.mark.parametrize("named", [None, "_other", "_ASKED", "_asked2", "_aske", "_" + "a" * 5000])
    def test_to_nothing(self, contoso: Siege, named: str | None, signer: str) -> None:
        asked, victim = ask(contoso), come_in(contoso)
        assert send(contoso, victim, answer_to(contoso, named, signer)).status_code == 403
        asked.refresh_from_db()
        assert (asked.state, is_anybody_in(victim)) == (SignOutState.ASKED, True)

    @pytest.mark.parametrize("attack", cases({"answers": logout_words.RESPONSES}))
    def test_forged(self, contoso: Siege, attack: Attack) -> None:
        asked = ask(contoso)
        SignOut.objects.update(message_id="_q1")
        assert says_no_more_than_that_nobody_is_in(send(contoso, new_browser(), attack(session_of(contoso))))
        asked.refresh_from_db()
        assert asked.state == SignOutState.ASKED

    def test_once(self, contoso: Siege) -> None:
        asked, victim = ask(contoso), come_in(contoso)
        first = send(contoso, victim, answer_to(contoso, "_asked"))
        assert (first.status_code, urlsplit(first["Location"]).path) == (303, "/signed-out")
        assert is_anybody_in(victim), "a response signs nobody out"
        assert send(contoso, victim, answer_to(contoso, "_asked")).status_code == 403
        asked.refresh_from_db()
        assert asked.state == SignOutState.DONE

    def test_to_the_providers_own_request(self, contoso: Siege) -> None:
        send(contoso, new_browser(), request_to(contoso))
        assert says_no_more_than_that_nobody_is_in(send(contoso, new_browser(), answer_to(contoso, "_l1")))


@pytest.mark.parametrize(
    "relay_state",
    [
        "https://evil.test/",
        "//evil.test",
        "/\\evil.test",
        "javascript:alert(1)",
        "a\r\nSet-Cookie: b=c",
        "a&SAMLResponse=x&Signature=y",
        "\u202e\U0001f600" * 40,
        "x" * 5_000,
    ],
)
@pytest.mark.parametrize("way", [Query, Form])
def test_relay_state_leads_nowhere(contoso: Siege, relay_state: str, way: type) -> None:
    """It goes back to the provider that sent it, as one parameter of its own."""
    text = session_of(contoso).message()
    fields = logout.posted(text, signer=key_pair()).fields | {"RelayState": relay_state}
    message = Query(logout_provider.query(text, relay_state=relay_state)) if way is Query else Form(fields)
    answer = send(contoso, new_browser(), message)
    assert answer.status_code in (302, 303)
    address = urlsplit(answer["Location"])
    assert f"{address.scheme}://{address.netloc}{address.path}" == LOGIN + "/out"
    assert {name: len(values) for name, values in parse_qs(address.query).items()} == dict.fromkeys(
        ["SAMLResponse", "RelayState", "SigAlg", "Signature"], 1
    )
    assert parse_qs(address.query)["RelayState"] == [relay_state[:1000]]


class TestFromElsewhere:
    """What another site makes a browser do (login_csrf's counterpart)."""

    def test_a_page_that_loads_a_genuine_request_about_somebody_else(self, contoso: Siege) -> None:
        come_in(contoso)
        bystander = come_in(contoso, name_id="grace@contoso.example", attributes=())
        assert send(contoso, bystander, request_to(contoso)).status_code == 302
        assert is_anybody_in(bystander)
        assert live_grants(contoso) == 1

    def test_our_own_way_out_takes_a_post_with_a_token(self, contoso: Siege) -> None:
        victim = come_in(contoso)
        victim.get("/account/logout/")
        victim.get(f"/sso/{contoso.organization.number}/sign-out", {"of": "x"})
        strict = Client(enforce_csrf_checks=True, headers={"host": "amplisso.example", "origin": "https://evil.test"})
        strict.defaults["wsgi.url_scheme"] = "https"
        strict.cookies = victim.cookies
        assert strict.post("/account/logout/").status_code == 403
        assert is_anybody_in(victim)

    @pytest.mark.parametrize("method", ["put", "delete", "patch", "options", "head"])
    def test_other_methods(self, contoso: Siege, method: str) -> None:
        victim, query = come_in(contoso), request_to(contoso).text
        path = f"/saml/2/slo/{contoso.organization.number}?{query}"
        assert getattr(victim, method)(path).status_code == 405
        assert is_anybody_in(victim)

    def test_a_query_beside_a_form(self, contoso: Siege) -> None:
        """A form is judged by its fields; the query of its address is none of them."""
        victim, query = come_in(contoso), request_to(contoso).text
        answer = victim.post(f"/saml/2/slo/{contoso.organization.number}?{query}", {"RelayState": "x"})
        assert answer.status_code == 403
        assert is_anybody_in(victim)
