"""Where single sign-on stands, as the settings page tells it: after saving, with a draft, with nothing in date."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from lxml import html

from orgs.models import Organization, Plan, User
from sso.models import Configuration, Waiver
from tests.conftest import MakeUser, SignedIn
from tests.saml.der_certificates import BEGIN, COMMON_NAME, UTC_TIME, UTF8, built, name, part, text_of
from tests.sso.views.choices import choose, typed
from tests.sso.views.conftest import MakeSignIn, Upload
from tests.sso.views.files import NAMES, certificate, descriptor, federation, uploaded
from tests.sso.views.pages import field, page, words
from tests.sso.views.rows import active
from tests.sso.views.waivers import told, waiver_path

VALID_ONCE = (
    "This file says that it was valid until 1 January 2020. It is used all the same; if sign-ins fail, download a "
    "fresh one and upload it."
)
WANTING = "Your identity provider asks for signed requests"
OTHER = "https://idp.fabrikam.example/"


def old(text: str) -> str:
    """Metadata that was valid once."""
    return text.replace("<EntityDescriptor ", '<EntityDescriptor validUntil="2020-01-01T00:00:00Z" ', 1)


def wanting(text: str) -> str:
    """Metadata that asks for signed requests."""
    return text.replace("<IDPSSODescriptor ", '<IDPSSODescriptor WantAuthnRequestsSigned="true" ', 1)


def with_sign_out(text: str) -> str:
    """Metadata with a sign-out address."""
    address = (
        '<SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" '
        'Location="https://login.example.test/logout"/>'
    )
    return text.replace("<SingleSignOnService", f"{address}<SingleSignOnService", 1)


def state_card(document: html.HtmlElement) -> html.HtmlElement:
    """The card above the form."""
    (card,) = document.xpath("//*[contains(@class, 'state-card')]")
    return card


def state(document: html.HtmlElement) -> tuple[str, str]:
    """The shape and the words of its first line."""
    (line,) = state_card(document).xpath(".//*[@class='state-line']/*")
    return line.get("class").rpartition("state-")[2], words(line)


def alerts(document: html.HtmlElement) -> list[tuple[str, str]]:
    """What the page says happened, each with its kind."""
    found = document.xpath("//*[@class='messages']/*")
    return [(each.get("class").rpartition("alert-")[2], words(each)) for each in found]


def require(organization: Organization) -> None:
    """Let new files wait as drafts."""
    Organization.objects.update(require_sso=True)
    organization.refresh_from_db()


def let_passwords_in() -> None:
    """Let this browser's password open the page."""
    Organization.objects.update(require_sso=False)


class TestFindings:
    """What is odd about a file is told when it is saved, not only on its own page."""

    def test_one_is_a_sentence_of_its_own(self, browser: Client, path: str, organization: Organization) -> None:
        browser.post(path, typed(metadata_file=uploaded(old(descriptor()))))
        first, second = alerts(page(browser.get(path)))
        assert first[0] == "success"
        assert first[1].startswith("Saved. Single sign-on is on.")
        assert second == ("warning", VALID_ONCE)

    def test_several_are_a_list(self, browser: Client, path: str, organization: Organization) -> None:
        browser.post(path, typed(metadata_text=old(wanting(descriptor()))))
        document = page(browser.get(path))
        items = [words(each) for each in document.xpath("//*[@class='messages']/*[2]//li")]
        assert items[0] == VALID_ONCE
        assert items[1].startswith(WANTING)
        assert alerts(document)[1][1].startswith("What we noticed in the metadata:")

    def test_what_was_chosen_from_a_federation_too(
        self, browser: Client, path: str, listed: Callable[..., str]
    ) -> None:
        choose(browser, listed(old(federation())), NAMES[0])
        assert ("warning", VALID_ONCE) in alerts(page(browser.get(path)))

    def test_a_switch_repeats_none(self, browser: Client, path: str, organization: Organization) -> None:
        browser.post(path, typed(metadata_file=uploaded(old(descriptor()))))
        browser.get(path)
        browser.post(path, typed(force_authn="on"))
        assert [kind for kind, _ in alerts(page(browser.get(path)))] == ["success"]

    def test_those_of_a_draft_stand_with_the_draft(
        self, browser: Client, path: str, connected: Organization, upload: Upload
    ) -> None:
        require(connected)
        soon = (certificate(days=20), certificate(days=-2))
        upload(connected, old(wanting(descriptor(certificates=soon))))
        let_passwords_in()
        text = words(state_card(page(browser.get(path))))
        for said in ("A draft is waiting for a test", VALID_ONCE, WANTING, "expired 2 days ago", " expires "):
            assert said in text
        assert "a test will be refused" not in text

    def test_a_draft_that_nobody_could_sign_in_through(
        self, browser: Client, path: str, connected: Organization, upload: Upload
    ) -> None:
        require(connected)
        upload(connected, descriptor(certificates=(certificate(days=-2),)))
        let_passwords_in()
        document = page(browser.get(path))
        assert state(document) == ("good", "Single sign-on is on")
        assert "None of its signing certificates is valid now, so a test will be refused." in words(document)


class TestChanges:
    """What a file changes is a list where it is more than one thing."""

    def test_a_change_of_provider(self, browser: Client, path: str, connected: Organization) -> None:
        browser.post(path, typed(metadata_file=uploaded(descriptor(OTHER)), just_in_time_role="30"))
        document = page(browser.get(path))
        (alert,) = document.xpath("//*[@class='messages']/*")
        assert words(alert.xpath("./p")[0]).startswith("Saved. Single sign-on is on. Try it")
        items = [words(each) for each in alert.xpath("./ul/li")]
        assert items[0] == "Just-in-time role: Manager."
        assert items[1].endswith(f"becomes {OTHER}.")

    def test_one_change_is_one_sentence(self, browser: Client, path: str, connected: Organization) -> None:
        browser.post(path, typed(just_in_time_role="30"))
        document = page(browser.get(path))
        assert alerts(document) == [("success", "Saved. Just-in-time role: Manager.")]
        assert not document.xpath("//*[@class='messages']//li")

    def test_hostile_names_stay_text(self, browser: Client, path: str, connected: Organization) -> None:
        hostile = "https://&lt;script&gt;alert(1)&lt;/script&gt;.example/"
        browser.post(path, typed(metadata_text=descriptor(hostile), just_in_time_role="30"))
        response = browser.get(path)
        assert b"<script>alert" not in response.content
        assert "becomes https://<script>alert(1)</script>.example/." in told(page(response))


class TestNothingInDate:
    """Green would be a lie when every sign-in is refused."""

    @pytest.mark.parametrize(
        ("dates", "kind", "is_offered"),
        [
            ([(-30, -2)], "bad", True),
            ([(-30, -2), (-60, -31)], "bad", True),
            ([(-30, -2), (3, 900)], "bad", True),
            ([(3, 900)], "bad", False),
            ([(-30, -2), (-30, 900)], "good", False),
        ],
        ids=["expired", "both expired", "expired and to come", "to come", "one in date"],
    )
    def test_the_card_says_so_and_what_helps(
        self,
        browser: Client,
        path: str,
        organization: Organization,
        dates: list[tuple[int, int]],
        kind: str,
        is_offered: bool,
    ) -> None:
        keys = tuple(certificate(begins=begins, days=days) for begins, days in dates)
        browser.post(path, typed(metadata_file=uploaded(descriptor(certificates=keys))))
        document = page(browser.get(path))
        refused = kind == "bad"
        end = ", but sign-ins are refused" if refused else ""
        assert state(document) == (kind, f"Single sign-on is on{end}")
        text = words(state_card(document))
        is_to_come = any(begins > 0 for begins, _ in dates)
        assert ("sign-ins are refused until you upload new metadata" in text) == (refused and not is_to_come)
        assert ("sign-ins are refused until the next one becomes valid on" in text) == (refused and is_to_come)
        offered = state_card(document).xpath(".//a[@href='#waiver-expired_certificates']")
        assert bool(offered) == is_offered
        assert ("yourself yet" in text) != refused
        saved, said = alerts(document)[0]
        assert saved == ("warning" if refused else "success")
        assert ("Try it with Test sign-in" in said) != refused
        assert ("no signing certificate in this metadata is valid now" in said) == refused

    def test_the_certificate_of_an_issuer_does_not_make_it_good(
        self, browser: Client, path: str, organization: Organization
    ) -> None:
        authority = name(part(COMMON_NAME, UTF8, b"Contoso CA"))
        expired = built(issuer=authority, dates=(BEGIN, (UTC_TIME, b"250601000000Z")))
        chain = "</X509Certificate><X509Certificate>".join(map(text_of, (expired, built(authority))))
        data = descriptor(certificates=(chain,))
        browser.post(path, typed(metadata_file=uploaded(data)))
        assert state(page(browser.get(path)))[0] == "bad"

    def test_not_while_expired_ones_are_accepted(
        self, browser: Client, path: str, organization: Organization, upload: Upload
    ) -> None:
        upload(organization, descriptor(certificates=(certificate(days=-2),)))
        kind, last = Waiver.EXPIRED_CERTIFICATES, "expired_certificates-until"
        day = field(page(browser.get(path)), last).get("min")
        browser.post(waiver_path(kind), {last: day})
        assert state(page(browser.get(path))) == ("good", "Single sign-on is on")
        browser.post(waiver_path(Waiver.EXPIRED_CERTIFICATES, end=True))
        browser.post(waiver_path(Waiver.SHA1), {"sha1-until": day})
        assert state(page(browser.get(path)))[0] == "bad", "the other exception is no help"

    def test_a_plan_without_sso_offers_no_waiver(
        self, browser: Client, path: str, organization: Organization, upload: Upload
    ) -> None:
        upload(organization, descriptor(certificates=(certificate(days=-2),)))
        Organization.objects.update(plan=Plan.objects.get(slug="starter"))
        assert not state_card(page(browser.get(path))).xpath(".//a[@href='#waiver-expired_certificates']")


class TestOneself:
    """Whether this admin has come in: for the words any version of the same provider counts, for Require SSO one."""

    YET = "You have not signed in through it yourself yet"
    SINCE = "These settings were changed since you last signed in through your provider."

    @pytest.fixture
    def tried(self, connected: Organization, admin: User, sign_in_row: MakeSignIn) -> Configuration:
        """The admin came in through what is in use now."""
        configuration = active(connected)
        assert configuration is not None
        sign_in_row(configuration, user=admin)
        return configuration

    def _change(self, browser: Client, path: str, what: str) -> None:
        if what == "waiver":
            day = field(page(browser.get(path)), "sha1-until").get("max")
            browser.post(waiver_path(Waiver.SHA1), {"sha1-until": day})
        elif what == "switch":
            browser.post(path, typed(force_authn="on"))
        else:
            changed = {
                "entity ID": descriptor(OTHER),
                "address": descriptor(sign_in="https://login.example.test/other"),
                "certificate": descriptor(certificates=(certificate(days=400),)),
            }
            browser.post(path, typed(metadata_text=changed[what]))

    @pytest.mark.parametrize(
        ("what", "counts"),
        [("waiver", True), ("switch", True), ("entity ID", False), ("address", False), ("certificate", False)],
    )
    def test_what_a_change_leaves_of_it(
        self, browser: Client, path: str, connected: Organization, tried: Configuration, what: str, counts: bool
    ) -> None:
        self._change(browser, path, what)
        assert active(connected) != tried
        text = words(page(browser.get(path)))
        assert (self.YET in text) != counts
        assert (self.SINCE in text) == counts
        response = browser.post(path, typed(require_sso="on", force_authn="on" if what == "switch" else ""))
        assert response.status_code == 422, "invariant 9: exactly this configuration"

    def test_somebody_elses_sign_in_is_not_mine(
        self, browser: Client, path: str, connected: Organization, make_user: MakeUser, sign_in_row: MakeSignIn
    ) -> None:
        configuration = active(connected)
        assert configuration is not None
        sign_in_row(configuration, user=make_user())
        assert self.YET in words(page(browser.get(path)))

    def test_where_it_is_required_nobody_is_waiting_to_be_told(
        self, sso_client: SignedIn, path: str, connected: Organization, admin: User
    ) -> None:
        advice = f"{self.YET}: test it before you tell your members."
        assert advice in words(page(sso_client(admin, connected).get(path)))
        require(connected)
        text = words(page(sso_client(admin, connected).get(path)))
        assert f"{self.YET}." in text
        assert advice not in text


class TestSignOutAddress:
    """The switch speaks of what is in use, and of a draft that waits."""

    @pytest.mark.parametrize(
        ("in_use", "draft", "sentence"),
        [
            (True, False, "The draft has no sign-out address"),
            (False, True, "Only the draft has a sign-out address"),
            (False, False, "Your provider's metadata has no sign-out address."),
            (True, True, ""),
        ],
    )
    def test_with_a_draft(
        self, browser: Client, path: str, organization: Organization, upload: Upload, *,
        in_use: bool, draft: bool, sentence: str,
    ) -> None:  # fmt: skip
        upload(organization, with_sign_out(descriptor()) if in_use else descriptor())
        require(organization)
        upload(organization, with_sign_out(descriptor(OTHER)) if draft else descriptor(OTHER))
        let_passwords_in()
        document = page(browser.get(path))
        assert (field(document, "single_logout").get("disabled") is None) == (in_use or draft)
        row = words(document.get_element_by_id("id_single_logout").xpath("ancestor::div[@class='setting']")[0])
        assert sentence in row
        assert ("sign-out address" in row) == bool(sentence)
