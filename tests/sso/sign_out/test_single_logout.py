"""Single logout over HTTP: both ways, with the simulator at the other end."""

from __future__ import annotations

import base64
import datetime as dt
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from lxml import etree, html

from audit.actors import COMMAND_LINE
from audit.models import Event
from orgs.models import SessionGrant
from simulator import create_app
from simulator.saml import logout
from simulator.saml.encryption import encrypt
from simulator.saml.keys import SigningKey
from simulator.saml.requests import read_request
from sso.crypto.encrypted_params import TokenPurpose
from sso.crypto.encrypted_params import encrypt as encrypt_param
from sso.models import Configuration, ServiceProviderKey, SignOut
from sso.selectors.sign_outs import unconfirmed_sign_outs
from sso.services import keys
from sso.services.sign_out.chain import token_of_chain
from sso.services.sign_out.start import purge_sign_outs, take_logout_message
from tests.sso.conftest import new_browser, save_switches
from tests.sso.keys.test_encryption import pem
from tests.sso.keys.test_signed_requests import is_signed_by

REQUEST = "{urn:oasis:names:tc:SAML:2.0:protocol}LogoutRequest"


@pytest.fixture
def connected(journey, organization):
    """Contoso, where people are signed out at the provider, too; the provider knows our Logout URL."""
    save_switches(organization, single_logout=True)
    journey.app.logout_url = f"https://amplisso.example/saml/2/slo/{organization.number}"
    return journey


def live_grants(journey) -> int:
    return SessionGrant.objects.filter(organization=journey.organization, kind="sso", ended_at__isnull=True).count()


def is_in(journey, browser=None) -> bool:
    return (browser or journey.browser).get(f"/o/{journey.organization.slug}/").status_code == 200


def at(url: str) -> str:
    """The path and query of one of our own addresses."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def sign_out(journey) -> str:
    """Sign out here and return the address at the provider that the page leads to; "" if it doesn't."""
    answer = journey.browser.post("/account/logout/")
    assert answer.status_code == 303
    assert live_grants(journey) == 0
    page = journey.browser.get(answer["Location"], follow=True)
    found = html.document_fromstring(page.content.decode()).xpath("//meta[@http-equiv='refresh']/@content")
    return found[0].partition("url=")[2] if found else ""


def is_confirmed(page: str) -> bool:
    """Tell whether a page says that the provider confirmed the sign-out."""
    return "Here at Amplisso, and at your" in page


class TestOurs:
    """Who signs out here is signed out there."""

    def test_there_and_back(self, connected, organization):
        connected.sign_in()
        assert is_in(connected)
        address = sign_out(connected)
        assert not is_in(connected)
        assert address.startswith(connected.tenant.sso_url + "?SAMLRequest=")
        provider = create_app(connected.tenant).test_client()
        back = provider.get(at(address))
        answer = connected.browser.get(at(back.headers["Location"]), follow=True)
        assert answer.status_code == 200
        assert is_confirmed(answer.content.decode())
        row = SignOut.objects.get()
        assert (row.direction, row.state, row.user.email) == ("ours", "done", connected.last().user.email)
        assert Event.objects.filter(name="user:signed_out", organization_number=organization.number).count() == 1

    def test_the_page_in_between_says_it_once_and_the_next_one_not_again(self, connected):
        connected.sign_in()
        answer = connected.browser.post("/account/logout/")
        assert "You are signed out." not in connected.browser.get(answer["Location"]).content.decode()
        assert "You are signed out." not in connected.browser.get("/sign-in").content.decode()

    def test_the_request_names_the_session(self, connected, organization):
        connected.sign_in()
        address = sign_out(connected)
        (message,) = parse_qs(urlsplit(address).query)["SAMLRequest"]
        asked = read_request(message, deflated=True)
        assert (asked.is_logout, asked.issuer) == (True, connected.app.identifier)
        assert asked.id == SignOut.objects.get().message_id
        session = connected.last().provider_session
        assert session["name_id"] == connected.tenant.users["ada"].mail
        assert session["session_index"].startswith("_")

    def test_signed_where_there_is_a_key(self, connected, organization):
        key = keys.create_key(organization=organization, actor=COMMAND_LINE)
        connected.sign_in()
        assert is_signed_by(urlsplit(sign_out(connected)).query, key.signing_certificate())

    def test_only_if_the_organization_wants_it(self, connected, organization):
        save_switches(organization, single_logout=False)
        connected.sign_in()
        assert sign_out(connected) == ""
        assert not SignOut.objects.exists()

    def test_only_if_the_provider_has_an_address(self, connected):
        Configuration.objects.update(slo_url="")
        connected.sign_in()
        assert sign_out(connected) == ""

    def test_a_password_has_no_provider(self, client_of, admin, connected):
        answer = client_of(admin).post("/account/logout/")
        assert answer["Location"] == "/sign-in"

    def test_the_page_does_nothing_before_the_grant_has_ended(self, connected, organization):
        connected.sign_in()
        token = token_of_chain([connected.last()])
        page = new_browser().get(f"/sso/{organization.number}/sign-out", {"of": token})
        assert (page.status_code, page["Location"]) == (302, "/sign-in")
        for wrong in ("", "x", encrypt_param(TokenPurpose.TEST, connected.last().public_id.hex)):
            assert new_browser().get(f"/sso/{organization.number}/sign-out", {"of": wrong}).status_code == 302
        assert not SignOut.objects.exists()

    def test_a_note_of_another_organization(self, connected, make_organization):
        connected.sign_in()
        token = token_of_chain([connected.last()])
        connected.browser.post("/account/logout/")
        other = make_organization("Fabrikam")
        assert new_browser().get(f"/sso/{other.number}/sign-out", {"of": token}).status_code == 302
        assert not SignOut.objects.exists()

    def test_the_provider_does_not_confirm(self, connected):
        connected.sign_in()
        sign_out(connected)
        asked = SignOut.objects.get().message_id
        status = "urn:oasis:names:tc:SAML:2.0:status:Responder"
        message = logout.response(connected.tenant.issuer, connected.app.logout_url, asked, status=status)
        page = new_browser().get(at(logout.redirect_url(connected.app.logout_url, message)), follow=True)
        assert "did not confirm" in page.content.decode()
        assert SignOut.objects.get().state == "refused"

    def test_an_answer_to_nothing_or_twice(self, connected):
        connected.sign_in()
        sign_out(connected)
        asked = SignOut.objects.get().message_id
        for request_id, is_good in (("_other", False), (asked, True), (asked, False)):
            message = logout.response(connected.tenant.issuer, connected.app.logout_url, request_id)
            answer = new_browser().get(at(logout.redirect_url(connected.app.logout_url, message)))
            assert (answer.status_code, answer["Location"].partition("?")[0]) == (303, "/signed-out")
            page = new_browser().get(answer["Location"]).content.decode()
            assert ("You are signed out" in page, is_confirmed(page)) == (True, is_good)

    def test_the_last_page_can_be_loaded_again(self, connected):
        connected.sign_in()
        back = create_app(connected.tenant).test_client().get(at(sign_out(connected))).headers["Location"]
        last = connected.browser.get(at(back))["Location"]
        assert "SAMLResponse" not in last
        for _ in range(2):
            assert is_confirmed(connected.browser.get(last).content.decode())
        with time_machine.travel(timezone.now() + dt.timedelta(minutes=11)):
            later = connected.browser.get(last)
        assert (later.status_code, "You are signed out" in later.content.decode()) == (200, True)
        assert not is_confirmed(later.content.decode())

    @pytest.mark.parametrize("token", ["confirmed", "x", "\u00e4"])
    def test_nobody_writes_that_page(self, visitor, token):
        page = visitor.get("/signed-out", {"of": token}).content.decode()
        assert "if others use this device" in page.lower()
        assert not is_confirmed(page)

    def test_that_page_is_not_for_those_who_are_in(self, connected):
        connected.sign_in()
        token = encrypt_param(TokenPurpose.SIGNED_OUT, "confirmed")
        answer = connected.browser.get("/signed-out", {"of": token})
        assert (answer.status_code, answer["Location"]) == (302, "/")
        refused = connected.browser.get(f"/saml/2/slo/{connected.organization.number}?SAMLResponse=x")
        assert (refused.status_code, "Nothing was changed" in refused.content.decode()) == (403, True)
        assert is_in(connected)


class TestProviders:
    """Who is signed out there is signed out here, found by name ID and session index, in any browser."""

    def ask(self, journey, browser=None, **twists):
        return (browser or new_browser()).get(at(journey.tenant.logout_request_url(journey.app, "ada", **twists)))

    def test_by_redirect(self, connected, organization):
        connected.sign_in()
        answer = self.ask(connected, relay_state="back")
        assert (answer.status_code, live_grants(connected), is_in(connected)) == (302, 0, False)
        assert answer["Location"].startswith(connected.tenant.sso_url + "?SAMLResponse=")
        assert parse_qs(urlsplit(answer["Location"]).query)["RelayState"] == ["back"]
        event = Event.objects.get(name="user:signed_out")
        assert (event.organization_number, event.after) == (organization.number, {"by": "identity provider"})
        assert SignOut.objects.get().grants_ended == 1
        provider = create_app(connected.tenant).test_client()
        assert "You are signed out" in provider.get(at(answer["Location"])).text

    def test_by_post(self, connected, organization):
        from simulator.saml.responses import encode
        from simulator.saml.signing import sign

        connected.sign_in()
        message = logout.request(
            connected.tenant.issuer, connected.app.logout_url, connected.last().provider_session["name_id"]
        )
        sign(message, connected.app.signing_key(), position=1)
        path = f"/saml/2/slo/{organization.number}"
        browser = new_browser()
        browser.handler.enforce_csrf_checks = True
        answer = browser.post(path, {"SAMLRequest": encode(message)})
        assert (answer.status_code, live_grants(connected)) == (303, 0)

    def test_one_session_of_several(self, connected):
        connected.sign_in()
        first = connected.last().provider_session["session_index"]
        second = new_browser()
        connected.post(connected.answer("ada", start(connected, second)), browser=second)
        assert live_grants(connected) == 2
        self.ask(connected, session_indexes=[first])
        assert (is_in(connected), is_in(connected, second)) == (False, True)
        self.ask(connected, session_indexes=[first])
        assert is_in(connected, second), "that one had ended already"
        self.ask(connected)
        assert not is_in(connected, second)

    def test_a_session_index_that_nobody_knows(self, connected):
        connected.sign_in()
        self.ask(connected, session_indexes=["_unknown"])
        assert live_grants(connected) == 0

    def test_somebody_else_stays(self, connected):
        connected.sign_in("grace")
        assert self.ask(connected).status_code == 302
        assert is_in(connected)

    def test_other_grants_stay(self, connected, client_of):
        connected.sign_in()
        client_of(connected.last().user)
        self.ask(connected)
        assert list(SessionGrant.objects.filter(ended_at__isnull=True).values_list("kind", flat=True)) == ["password"]

    def test_an_encrypted_name_id(self, connected, organization):
        key = keys.create_key(organization=organization, actor=COMMAND_LINE)
        connected.sign_in()
        message = logout.request(
            connected.tenant.issuer, connected.app.logout_url, connected.last().provider_session["name_id"]
        )
        encrypt(message.find("{*}NameID"), pem(key), container="EncryptedID")
        url = logout.redirect_url(connected.app.logout_url, message, key=connected.app.signing_key())
        assert new_browser().get(at(url)).status_code == 302
        assert live_grants(connected) == 0

    @pytest.mark.parametrize("way", ["by Redirect", "by POST"])
    def test_a_message_with_nothing_encrypted_opens_no_key(self, connected, organization, way):
        keys.create_key(organization=organization, actor=COMMAND_LINE)
        connected.sign_in()
        message = logout.request(connected.tenant.issuer, connected.app.logout_url, "somebody@contoso.example")
        with CaptureQueriesContext(connection) as statements:
            if way == "by POST":
                fields = {"SAMLRequest": base64.b64encode(etree.tostring(message)).decode()}
                refused = new_browser().post(f"/saml/2/slo/{organization.number}", fields)
            else:
                refused = new_browser().get(at(logout.redirect_url(connected.app.logout_url, message)))
        assert refused.status_code == 403
        assert not [each for each in statements if ServiceProviderKey._meta.db_table in each["sql"]]

    def test_without_an_address_for_the_answer(self, connected):
        Configuration.objects.update(slo_url="", slo_response_url="")
        connected.sign_in()
        answer = self.ask(connected)
        assert answer.status_code == 303
        assert "requested it" in new_browser().get(answer["Location"]).content.decode()
        assert live_grants(connected) == 0


def start(journey, browser) -> str:
    from tests.sso.conftest import request_id_in

    return request_id_in(browser.get(f"/sso/{journey.organization.number}/start")["Location"])


class TestForged:
    """Only the provider ends a session, and one message does so only once (replay)."""

    @pytest.fixture
    def inside(self, connected):
        connected.sign_in()
        return connected

    def url(self, journey, *, key=None, **twists) -> str:
        fields = {
            "issuer": journey.tenant.issuer,
            "destination": journey.app.logout_url,
            "name_id": journey.last().provider_session["name_id"],
            **twists,
        }
        return logout.redirect_url(journey.app.logout_url, logout.request(**fields), key=key)

    def refused(self, journey, url: str) -> str:
        answer = new_browser().get(at(url))
        assert (answer.status_code, live_grants(journey)) == (403, 1)
        return answer.content.decode()

    def test_unsigned_or_by_somebody_else(self, inside):
        pages = {
            self.refused(inside, self.url(inside)),
            self.refused(inside, self.url(inside, key=SigningKey.create())),
        }
        assert len(pages) == 1
        assert not Event.objects.filter(name="user:sign_out_refused").exists(), "strangers can't fill the log"

    def test_replayed(self, inside):
        url = self.url(inside, key=inside.app.signing_key())
        assert inside.browser.get(at(url)).status_code == 302
        inside.sign_in()
        assert self.refused(inside, url)
        (event,) = Event.objects.filter(name="user:sign_out_refused")
        assert (event.outcome, event.after) == ("refused", {"reason": "a request that was used before"})

    @pytest.mark.parametrize(
        "twists",
        [
            {"issuer": "https://evil.example/"},
            {"destination": "https://evil.example/"},
            {"destination": ""},
            {"now": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)},
            {"name_id": ""},
        ],
    )
    def test_genuine_but_wrong(self, inside, twists):
        assert self.refused(inside, self.url(inside, key=inside.app.signing_key(), **twists))
        assert Event.objects.filter(name="user:sign_out_refused").exists()

    def test_for_another_organization(self, inside, connect, make_organization):
        other = connect(make_organization("Fabrikam"))
        other.app.logout_url = f"https://amplisso.example/saml/2/slo/{other.organization.number}"
        name = inside.last().provider_session["name_id"]
        message = logout.request(other.tenant.issuer, other.app.logout_url, name)
        url = logout.redirect_url(other.app.logout_url, message, key=other.app.signing_key())
        assert other.browser.get(at(url)).status_code == 302
        assert live_grants(inside) == 1, "its provider vouches for its own people only"
        moved = url.replace(f"slo/{other.organization.number}", f"slo/{inside.organization.number}", 1)
        assert self.refused(inside, moved)

    @pytest.mark.parametrize("path", ["", "?", "?a=b", "/", "?samlrequest=x"])
    def test_an_address_without_a_message_says_what_it_is_for(self, inside, organization, caplog, path):
        caplog.set_level("INFO", "sso")
        address = f"/saml/2/slo/{organization.number}{path}"
        pages = [browser.get(address) for browser in (inside.browser, new_browser())]
        pages.append(new_browser().get(f"/saml/2/slo/99999999{path}"))
        assert [answer.status_code for answer in pages] == [200] * 3
        texts = [answer.content.decode() for answer in pages]
        assert ["This address is for your identity provider" in text for text in texts] == [True] * 3
        assert ["choose Sign out" in text for text in texts] == [True, False, False]
        assert ["could not be verified" in text for text in texts] == [False] * 3
        assert not caplog.records
        assert new_browser().post(address, {"a": "b"}).status_code == 403
        assert live_grants(inside) == 1

    @pytest.mark.parametrize("path", ["?SAMLRequest=", "?SAMLRequest=x", "?SAMLResponse=%ff"])
    def test_rubbish(self, inside, organization, path):
        assert inside.browser.get(f"/saml/2/slo/{organization.number}{path}").status_code == 403
        assert inside.browser.post(f"/saml/2/slo/{organization.number}", {"SAMLRequest": path}).status_code == 403

    def test_no_connection_no_organization(self, visitor, make_organization):
        organization = make_organization("Fabrikam")
        assert visitor.get(f"/saml/2/slo/{organization.number}?SAMLRequest=x").status_code == 403
        assert visitor.get("/saml/2/slo/99999999?SAMLRequest=x").status_code == 404


def test_our_metadata_names_the_address(visitor, organization):
    root = etree.fromstring(visitor.get(f"/saml/2/metadata/{organization.number}").content)
    found = root.findall(".//{urn:oasis:names:tc:SAML:2.0:metadata}SingleLogoutService")
    address = f"https://amplisso.example/saml/2/slo/{organization.number}"
    assert [(each.get("Binding").rpartition(":")[2], each.get("Location")) for each in found] == [
        ("HTTP-Redirect", address),
        ("HTTP-POST", address),
    ]


def test_old_rows_are_forgotten(connected):
    connected.sign_in()
    sign_out(connected)
    assert purge_sign_outs() == 0
    with time_machine.travel(timezone.now() + dt.timedelta(days=31)):
        assert purge_sign_outs() == 1


def test_the_switch_on_the_page(journey, organization, client_of, admin):
    path = f"/o/{organization.slug}/settings/access"
    browser = client_of(admin)
    typed = {"provider": "azure", "just_in_time_role": "20"}

    def control():
        return html.document_fromstring(browser.get(path).content.decode()).get_element_by_id("id_single_logout")

    assert (control().get("disabled"), control().get("checked")) == (None, None)
    browser.post(path, {**typed, "single_logout": "on"})
    assert control().get("checked") is not None
    assert Event.objects.filter(name="connection:changed").latest("id").after["single_logout"] is True
    Configuration.objects.update(slo_url="")
    assert control().get("disabled") is not None
    assert "no sign-out address" in browser.get(path).content.decode()
    assert f"/saml/2/slo/{organization.number}" in browser.get(path).content.decode()


def test_a_message_without_a_connection(organization):
    assert take_logout_message(organization=organization, query="a=b", form={}, actor=COMMAND_LINE) is None


STATUS = "urn:oasis:names:tc:SAML:2.0:status:"


class TestWhatIsKnown:
    """A sign-out that the provider did not confirm: what the visitor is told, and what the admin sees."""

    @pytest.fixture
    def asked(self, connected) -> str:
        """The ID of the request that the provider was sent."""
        connected.sign_in()
        sign_out(connected)
        return SignOut.objects.get().message_id

    @pytest.fixture
    def admin_pages(self, connected, admin, client_of):
        """Return what the sign-in's page and the settings page say."""

        def read(provider: str = "azure") -> tuple[str, str]:
            connected.organization.connections.update(provider=provider)
            browser, settings = client_of(admin), f"/o/{connected.organization.slug}/settings"
            paths = (f"{settings}/sign-ins/{connected.last().reference}", f"{settings}/access")
            pages = (html.document_fromstring(browser.get(path).content.decode()) for path in paths)
            return tuple(" ".join(" ".join(page.xpath("//main")[0].itertext()).split()) for page in pages)

        return read

    def answer(self, connected, asked, *codes: str, message: str = "", destination: str = "") -> str:
        """Let the provider answer with these status codes, and return what the visitor is told."""
        root = logout.response(connected.tenant.issuer, destination or connected.app.logout_url, asked, status=codes[0])
        (outer,) = root.iter("{*}StatusCode")
        for code in codes[1:]:
            outer = etree.SubElement(outer, outer.tag, Value=code)
        if message:
            status = next(root.iter("{*}Status"))
            etree.SubElement(status, status.tag + "Message").text = message
        found = new_browser().get(at(logout.redirect_url(connected.app.logout_url, root)), follow=True)
        return " ".join(found.content.decode().split())

    def test_confirmed(self, connected, asked, admin_pages):
        assert is_confirmed(self.answer(connected, asked, STATUS + "Success"))
        log, settings = admin_pages()
        assert "Sign-out at the provider Confirmed The sign-out was sent to Microsoft Entra ID and confirmed." in log
        assert "Not confirmed" not in settings

    def test_refused(self, connected, asked, admin_pages):
        said = self.answer(connected, asked, STATUS + "Responder", STATUS + "RequestDenied", message="Try \u202e later")
        assert "Your identity provider did not confirm it" in said
        log, settings = admin_pages("okta")
        assert "Not confirmed The sign-out was sent to Okta, which did not confirm it:" in log
        assert f"{STATUS}Responder, {STATUS}RequestDenied: Try" in log
        assert "Check the log of Okta" in log
        assert (
            "In the last 30 days we sent 1 sign-out to your identity provider, and it did not confirm 1 of them"
            in settings
        )
        assert "\u202e" not in log

    @pytest.mark.parametrize("codes", [("Success", "PartialLogout"), ("Responder", "PartialLogout")])
    def test_partly(self, connected, asked, admin_pages, codes):
        said = self.answer(connected, asked, *(STATUS + code for code in codes))
        assert "could not end all of your sessions" in said
        assert SignOut.objects.get().state == "partial"
        log, settings = admin_pages("other")
        assert "sent to the identity provider, which could not end every session of the user:" in log
        assert "PartialLogout" in log
        assert "did not confirm 1 of them" in settings

    def test_no_answer(self, connected, asked, admin_pages):
        log, settings = admin_pages()
        assert "No response yet" in log
        assert "Not confirmed" not in settings
        with time_machine.travel(timezone.now() + dt.timedelta(minutes=11)):
            log, settings = admin_pages()
            assert "No response The sign-out was sent to Microsoft Entra ID, and the browser has not come back." in log
            assert "Basic SAML Configuration, Logout Url" in log
            assert "did not confirm 1 of them" in settings
            log, _ = admin_pages("other")
            assert "Basic SAML Configuration" not in log

    def test_after_thirty_days_it_counts_no_more_although_the_row_is_there(self, connected, asked):
        (provider,) = connected.organization.connections.all()
        with time_machine.travel(timezone.now() + dt.timedelta(days=29.9)):
            assert unconfirmed_sign_outs(provider).unconfirmed == 1
        with time_machine.travel(timezone.now() + dt.timedelta(days=30.1)):
            assert SignOut.objects.exists()
            assert unconfirmed_sign_outs(provider) is None

    def test_an_answer_that_can_not_be_used_says_why_and_leaves_room_for_a_better_one(
        self, connected, asked, admin_pages
    ):
        wrong = self.answer(connected, asked, STATUS + "Success", destination="https://elsewhere.example/")
        assert "You may still be signed in at your identity provider" in wrong
        log, _ = admin_pages()
        assert "The sign-out was sent to Microsoft Entra ID. Its response could not be used: expected: https:" in log
        assert "expected: https://amplisso.example/saml/2/slo/" in log
        assert "received: https://elsewhere.example/" in log
        assert is_confirmed(self.answer(connected, asked, STATUS + "Success"))
        assert (SignOut.objects.get().state, SignOut.objects.get().detail) == ("done", "")

    def test_strangers_write_nothing(self, connected, asked):
        self.answer(connected, "_other", STATUS + "Responder", destination="https://elsewhere.example/")
        connected.browser.get(f"/saml/2/slo/{connected.organization.number}?SAMLResponse=x")
        assert (SignOut.objects.get().state, SignOut.objects.get().detail) == ("asked", "")

    def test_not_told_is_not_spoken_of(self, journey, admin_pages):
        save_switches(journey.organization, single_logout=False)
        journey.sign_in()
        sign_out(journey)
        log, settings = admin_pages()
        assert "Sign-out at the provider" not in log
        assert "in the last 30 days" not in settings
