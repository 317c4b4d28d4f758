"""The sign-in log: what an admin finds, and finds out."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orgs.models import Organization, Role
from sso.models import Configuration, Provider, SignIn
from sso.providers import GUIDES, Ours, explain, filled
from sso.reasons import ADVICE, Reason
from sso.saml import CheckName
from sso.services.sign_in.asserted import CLAIM_ADDRESS
from sso.wording.check_titles import TITLES, title_of
from tests.conftest import MakeMember, MakeOrganization, SignedIn
from tests.sso.views.conftest import MakeSignIn, Upload
from tests.sso.views.pages import links, page, words


@pytest.fixture
def path(organization: Organization) -> str:
    """The log."""
    return f"/o/{organization.slug}/settings/sign-ins"


@pytest.fixture
def configuration(connected: Organization) -> Configuration:
    """What Contoso's sign-ins are judged by."""
    return Configuration.objects.get(connection__organization=connected)


def rows_of(browser: Client, path: str, **query: str) -> list[str]:
    """The rows of the table, each on one line."""
    return [words(row) for row in page(browser.get(path, query)).xpath("//tbody/tr")]


class TestList:
    """Who tried, when, and how it ended."""

    def test_an_empty_log_says_what_will_be_there(self, browser: Client, path: str) -> None:
        document = page(browser.get(path))
        assert "No sign-ins yet" in words(document)
        assert "Access & SSO Settings" in links(document)

    def test_rows_say_who_when_and_why(
        self, browser: Client, path: str, configuration: Configuration, member: MakeMember, sign_in_row: MakeSignIn
    ) -> None:
        bob = member(configuration.connection.organization).user
        sign_in_row(configuration, user=bob, address=bob.email)
        refused = sign_in_row(configuration, "refused", reason="untrusted", address="eve@contoso.example")
        sign_in_row(configuration, "started", purpose="test")
        started, second, first = rows_of(browser, path)
        assert bob.email in first
        assert "Signed in" in first
        assert "eve@contoso.example Refused Not signed by a certificate we know" in second
        assert refused.reference in second
        assert "UTC not known · test of a draft No response yet" in started
        assert f"{refused.started_at:%-d %b %Y, %H:%M:%S} UTC eve@contoso.example" in second

    @pytest.mark.parametrize(
        ("fields", "row", "detail"),
        [
            ({"purpose": "test"}, "not known · test of a draft", "Test of a draft, started by the visitor"),
            ({"purpose": "test_now"}, "not known · test ", "Test, started by the visitor"),
            ({"next_path": "/o/contoso/settings/access?tested=1"}, "not known ", "Sign-in, started by the visitor"),
        ],
    )
    def test_a_test_is_called_one(
        self,
        browser: Client,
        path: str,
        configuration: Configuration,
        sign_in_row: MakeSignIn,
        fields: dict[str, str],
        row: str,
        detail: str,
    ) -> None:
        sign_in = sign_in_row(configuration, **fields)
        (told,) = rows_of(browser, path)
        assert f"{row}Signed in" in told.replace("draft Signed", "draftSigned")
        assert f"Kind {detail}" in words(page(browser.get(f"{path}/{sign_in.reference}")))

    def test_filter_and_search(
        self, browser: Client, path: str, configuration: Configuration, sign_in_row: MakeSignIn
    ) -> None:
        ada = sign_in_row(configuration, address="ada@contoso.example")
        eve = sign_in_row(configuration, "refused", reason="plan", address="eve@contoso.example")
        assert len(rows_of(browser, path, state="refused")) == 1
        assert ada.reference in rows_of(browser, path, search="ADA@")[0]
        for typed in (eve.reference, eve.reference.lower(), eve.reference.replace("-", ""), f" {eve.reference} "):
            assert eve.reference in rows_of(browser, path, search=typed)[0], typed
        assert eve.reference in rows_of(browser, path, search=eve.reference.lower().replace("-", " "))[0]
        assert not rows_of(browser, path, search=eve.reference[:-1])
        assert "No matches" in words(page(browser.get(path, {"search": "nobody"})))
        assert len(rows_of(browser, path, state="nonsense", page="99")) == 2
        assert "No matches" in words(page(browser.get(path, {"search": "a\x00"}))) or len(rows_of(browser, path)) == 2

    def test_pages_keep_the_filter(
        self, browser: Client, path: str, configuration: Configuration, sign_in_row: MakeSignIn
    ) -> None:
        for _ in range(51):
            sign_in_row(configuration, address="ada@contoso.example")
        document = page(browser.get(path, {"search": "ada"}))
        assert len(document.xpath("//tbody/tr")) == 50
        older = page(browser.get(path + links(document)["Older"]))
        assert links(document)["Older"].startswith("?search=ada&after=")
        assert len(older.xpath("//tbody/tr")) == 1
        assert len(page(browser.get(path + links(older)["Newer"])).xpath("//tbody/tr")) == 50

    def test_more_rows_take_no_more_queries(
        self, browser: Client, path: str, configuration: Configuration, member: MakeMember, sign_in_row: MakeSignIn
    ) -> None:
        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                browser.get(path)
            return len(captured)

        organization = configuration.connection.organization
        sign_in_row(configuration, user=member(organization).user)
        browser.get(path)  # the first page of a session also writes down where the session is
        few = queries()
        for _ in range(12):
            sign_in_row(configuration, user=member(organization).user)
        assert queries() == few

    def test_another_organization_sees_nothing_of_it(
        self, browser: Client, path: str, make_organization: MakeOrganization, upload: Upload, sign_in_row: MakeSignIn
    ) -> None:
        theirs = sign_in_row(upload(make_organization("Fabrikam")))
        assert theirs.reference not in browser.get(path).content.decode()
        assert browser.get(f"{path}/{theirs.reference}").status_code == 404

    def test_it_is_for_admins(
        self, client_of: SignedIn, path: str, organization: Organization, member: MakeMember
    ) -> None:
        assert client_of(member(organization, Role.MANAGER).user).get(path).status_code == 403


class TestDetail:
    """The page of one sign-in tells an admin what went wrong."""

    @pytest.fixture
    def refused(self, configuration: Configuration, sign_in_row: MakeSignIn) -> SignIn:
        """Entra signed with a key we do not have."""
        return sign_in_row(
            configuration,
            "refused",
            reason="untrusted",
            address="ada@contoso.example",
            ip_address="203.0.113.7",
            user_agent="Firefox <b>bold</b>",
            checks=[
                _check("status", "passed", "Success", "Success"),
                _check("signature", "failed", "by one of 1 certificates: 1f2e3d4c", "not signed by any of them"),
                _check("audience", "not_reached"),
            ],
        )

    def test_a_refusal_says_what_to_do_and_which_check_failed(
        self, browser: Client, path: str, refused: SignIn
    ) -> None:
        document = page(browser.get(f"{path}/{refused.reference.lower()}"))
        text = words(document)
        assert ADVICE[Reason.UNTRUSTED].meaning in text
        assert "download Federation Metadata XML under SAML Certificates" in text
        results = [words(row) for row in document.xpath("//table//tbody/tr")]
        assert "Signed by a certificate we know SAML core 5 Failed Expected: by one of 1 certificates" in results[1]
        (folded,) = document.xpath("//details[@class='not-reached']")
        assert "1 check not reached" in words(folded.xpath("./summary")[0])
        assert [words(row) for row in folded.xpath(".//tbody/tr")] == results[2:]
        assert "Not reached" in results[2]
        assert links(document)["Open Access & SSO Settings"] == f"/o/{refused.organization.slug}/settings/access"
        assert "203.0.113.7" in text
        assert "Firefox <b>bold</b>" in text

    def test_claims_and_certificate_of_a_success(
        self, browser: Client, path: str, configuration: Configuration, sign_in_row: MakeSignIn
    ) -> None:
        row = sign_in_row(
            configuration,
            signed="both",
            certificate="ab" * 32,
            claims={"name_id": "ada@contoso.example", "name_id_format": "", "attributes": {"groups": ["a", "b<i>"]}},
        )
        text = words(page(browser.get(f"{path}/{row.reference}")))
        assert "The response and the assertion" in text
        assert "ab" * 32 in text
        assert "groups a, b<i>" in text
        assert f"Metadata, version {configuration.version}" in text

    def test_the_certificate_has_the_name_that_the_portal_shows(
        self, browser: Client, path: str, configuration: Configuration, sign_in_row: MakeSignIn
    ) -> None:
        (certificate,) = configuration.signing_certificates()
        row = sign_in_row(configuration, certificate=certificate.fingerprint)
        sha1 = hashlib.sha1(certificate.der, usedforsecurity=False).hexdigest().upper()
        uploaded = f"/o/{configuration.connection.organization.slug}/settings/access/metadata/{configuration.public_id}"
        for page_path in (f"{path}/{row.reference}", uploaded):
            assert f"Thumbprint, as the portal shows it {sha1}" in words(page(browser.get(page_path)))
        configuration.connection.organization.connections.update(provider="okta")
        for page_path in (f"{path}/{row.reference}", uploaded):
            assert "Thumbprint" not in words(page(browser.get(page_path)))

    @pytest.mark.parametrize(
        ("name_id", "addresses", "is_odd"),
        [
            ("ada@contoso.onmicrosoft.example", ["ada@contoso.example"], True),
            ("ADA@contoso.example", ["ada@contoso.example"], False),
            ("ada@contoso.example", ["a.l@contoso.example", "ada@contoso.example"], False),
            ("ada@contoso.example", [], False),
            ("AAMkAGI2T", ["ada@contoso.example"], False),
            ("ada_fabrikam.example#EXT#@contoso.example", ["ada@fabrikam.example"], False),
        ],
    )
    def test_two_addresses_of_one_person_are_noticed(
        self, browser: Client, path: str, configuration: Configuration, sign_in_row: MakeSignIn,
        name_id: str, addresses: list[str], is_odd: bool,
    ) -> None:  # fmt: skip
        claims = {"name_id": name_id, "attributes": {CLAIM_ADDRESS: addresses} if addresses else {}}
        row = sign_in_row(configuration, claims=claims)
        text = words(page(browser.get(f"{path}/{row.reference}")))
        assert ("user.mail" in text) == is_odd

    def test_entra_codes_are_explained(
        self, browser: Client, path: str, configuration: Configuration, sign_in_row: MakeSignIn
    ) -> None:
        said = "AADSTS50105: The signed in user is not assigned to a role. Trace ID: 1"
        row = sign_in_row(configuration, "refused", reason="declined", detail=said)
        text = words(page(browser.get(f"{path}/{row.reference}")))
        assert said in text
        assert "AADSTS50105: The user is not assigned to the application." in text

    @pytest.mark.parametrize(
        ("skew", "words_of_it", "is_large"),
        [
            (0, "No difference from ours, as far as one response shows", False),
            (1, "At least 1 second ahead of ours", False),
            (-59, "At least 59 seconds behind ours", False),
            (60, "At least 1 minute ahead of ours", True),
            (-125, "At least 2 minutes 5 seconds behind ours", True),
            (3600 * 2 + 30, "At least 2 hours 30 seconds ahead of ours", True),
            (-(24 * 3600 + 3661), "At least 1 day 1 hour behind ours", True),
            (251_626_000_000, "At least 2912337 days 23 hours ahead of ours", True),
        ],
    )
    def test_the_clock_of_the_provider_and_what_to_do_about_it(
        self, browser: Client, path: str, configuration: Configuration, sign_in_row: MakeSignIn,
        skew: int, words_of_it: str, is_large: bool,
    ) -> None:  # fmt: skip
        row = sign_in_row(configuration, clock_skew=skew)
        text = words(page(browser.get(f"{path}/{row.reference}")))
        assert f"Clock of the provider {words_of_it}" in text
        assert ("The clock of Microsoft Entra ID is reliable" in text) == is_large
        configuration.connection.organization.connections.update(provider="other")
        text = words(page(browser.get(f"{path}/{row.reference}")))
        assert ("let that server set its clock by NTP" in text) == is_large

    def test_a_clock_that_was_not_read_is_not_spoken_of(self, browser: Client, path: str, refused: SignIn) -> None:
        assert "Clock of the provider" not in words(page(browser.get(f"{path}/{refused.reference}")))

    def test_that_a_fresh_sign_in_was_asked_for(
        self, browser: Client, path: str, configuration: Configuration, sign_in_row: MakeSignIn
    ) -> None:
        asked, ordinary = sign_in_row(configuration, force_authn=True), sign_in_row(configuration)
        assert "A fresh sign-in (ForceAuthn)" in words(page(browser.get(f"{path}/{asked.reference}")))
        assert "ForceAuthn" not in words(page(browser.get(f"{path}/{ordinary.reference}")))

    def test_restarts_are_linked_both_ways(
        self, browser: Client, path: str, configuration: Configuration, sign_in_row: MakeSignIn
    ) -> None:
        first = sign_in_row(configuration, "started")
        second = sign_in_row(configuration, restart_of=first)
        shown = {each: page(browser.get(f"{path}/{each.reference}")) for each in (first, second)}
        assert second.reference in links(shown[first])
        assert first.reference in links(shown[second])
        assert f"Restarted as {second.reference}" in words(shown[first])
        assert f"Restart of {first.reference}" in words(shown[second])

    def test_it_keeps_nothing_in_caches(self, browser: Client, path: str, refused: SignIn) -> None:
        assert "no-store" in browser.get(f"{path}/{refused.reference}")["Cache-Control"]

    def test_old_rows_say_when_exactly(
        self, browser: Client, path: str, configuration: Configuration, sign_in_row: MakeSignIn
    ) -> None:
        row = sign_in_row(configuration)
        when = timezone.now() - timedelta(days=3)
        SignIn.objects.filter(pk=row.pk).update(started_at=when)
        (moment,) = page(browser.get(f"{path}/{row.reference}")).xpath("//main//time")
        assert moment.text.replace("\xa0", " ") == "3 days ago"
        assert moment.get("title") == f"{when:%-d %B %Y, %H:%M:%S} UTC"


def _check(name: str, outcome: str, expected: str = "", received: str = "") -> dict[str, str]:
    clause = "SAML core 5"
    return {"name": name, "outcome": outcome, "expected": expected, "received": received, "clause": clause}


class TestProviders:
    """Every provider of the drop-down has a guide."""

    def test_guides_are_those_of_the_drop_down(self) -> None:
        assert list(GUIDES) == Provider.values

    @pytest.mark.parametrize("slug", Provider.values)
    def test_every_guide_gives_both_values_and_ends_with_saving(self, slug: str) -> None:
        steps = filled(GUIDES[slug], {ours: ours.name for ours in Ours})
        values = [entry.value for step in steps for entry in step.entries]
        assert Ours.ENTITY_ID.name in values or slug == "auth0"  # Auth0 takes the audience from the request
        assert Ours.ACS_URL.name in values
        assert Provider(slug).label in steps[-2].text
        assert steps[-1].text == "Save. Single sign-on is on."

    def test_every_check_has_a_title(self) -> None:
        assert set(TITLES) == set(CheckName)
        assert len(set(TITLES.values())) == len(TITLES)
        assert title_of("a_check_of_tomorrow") == "a check of tomorrow"

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("AADSTS700016: Application was not found", "AADSTS700016"),
            ("Error AADSTS50011 and AADSTS50105", "AADSTS50011"),
            ("AADSTS65004: The user declined to sign in.", "AADSTS65004"),
            ("AADSTS99999: nobody knows", None),
            ("AADSTS", None),
            ("", None),
        ],
    )
    def test_codes_are_found_in_what_entra_says(self, text: str, code: str | None) -> None:
        found = explain(text)
        assert (found.code if found else None) == code
