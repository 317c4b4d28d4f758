"""What the sign-in log says about each refusal: true for what was found, and for this connection's provider."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from orgs.models import Organization
from sso.models import Configuration, Provider
from sso.providers import explain, guide_of
from sso.reasons import ADVICE, Reason
from sso.saml import CheckName
from sso.wording.failed_checks import Found, advice_on
from sso.wording.status_codes import STATUS_CODES
from tests.sso.views.conftest import MakeSignIn
from tests.sso.views.pages import page, words

STATUS = "urn:oasis:names:tc:SAML:2.0:status:"
# What only one provider's admins understand.
OWN_WORDS = {
    Provider.AZURE: ("Entra", "AADSTS", "Azure", "Microsoft", "portal", "user.mail", "#EXT#", "enterprise application"),
    Provider.OKTA: ("Okta",),
    Provider.ONELOGIN: ("OneLogin",),
    Provider.GOOGLE: ("Google",),
    Provider.AUTH0: ("Auth0",),
    Provider.AWS: ("AWS", "IAM Identity Center"),
    Provider.OTHER: ("AD FS", "Keycloak"),
}


@pytest.fixture
def configuration(connected: Organization) -> Configuration:
    """What Contoso's sign-ins are judged by."""
    return Configuration.objects.get(connection__organization=connected)


class Log:
    """The sign-in log of one organization, whose provider the test chooses."""

    def __init__(self, browser: Client, configuration: Configuration, sign_in_row: MakeSignIn) -> None:
        self.browser, self.configuration, self.sign_in_row = browser, configuration, sign_in_row

    def page_of(self, provider: str, reason: Reason, *check: str, **fields: object) -> str:
        """Return what the page of a refused sign-in says; `check` is the failed one: name, expected, received."""
        organization = self.configuration.connection.organization
        organization.connections.update(provider=provider)
        row = self.sign_in_row(self.configuration, "refused", reason=reason, checks=_checks(*check), **fields)
        document = page(self.browser.get(f"/o/{organization.slug}/settings/sign-ins/{row.reference}"))
        (main,) = document.xpath("//main")
        return words(main)


def _checks(name: str = "", expected: str = "", received: str = "") -> list[dict[str, str]]:
    if not name:
        return []
    return [{"name": name, "outcome": "failed", "expected": expected, "received": received, "clause": "SAML core 5"}]


@pytest.fixture
def log(browser: Client, configuration: Configuration, sign_in_row: MakeSignIn) -> Log:
    """The log of Contoso."""
    return Log(browser, configuration, sign_in_row)


def assert_no_word_of_another(text: str, provider: str) -> None:
    """Assert that a page says nothing that only another provider's admins understand."""
    foreign = [word for other, own in OWN_WORDS.items() if other != provider for word in own]
    # Whole words: a reference code may begin with AWS.
    found = [word for word in foreign if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text)]
    assert found == [], (provider, text)


@pytest.mark.parametrize("reason", Reason)
def test_each_reason_has_advice_for_each_provider(log: Log, reason: Reason) -> None:
    for provider in Provider.values:
        text = log.page_of(provider, reason)
        assert reason.label in text
        assert ADVICE[reason].meaning in text
        (_, _, remedy) = text.partition("What to do: ")
        assert len(remedy) > 20
        own = guide_of(provider).remedies.get(reason)
        assert (own or "") in text
        if provider == Provider.OTHER and own is None:
            assert ADVICE[reason].remedy in text
        assert_no_word_of_another(text, provider)


@pytest.mark.parametrize("provider", Provider.values)
def test_the_fields_have_the_names_of_the_provider(log: Log, provider: str) -> None:
    audience = log.page_of(provider, Reason.WRONG_AUDIENCE)
    address = log.page_of(provider, Reason.WRONG_ADDRESS)
    fields = {
        "azure": ("Identifier (Entity ID)", "Reply URL (Assertion Consumer Service URL)"),
        "okta": ("Audience URI (SP Entity ID)", "Single sign-on URL"),
        "onelogin": ("Audience (EntityID)", "ACS (Consumer) URL"),
        "google": ("into Entity ID at Google", "ACS URL"),
        "auth0": ("remove audience", "Application Callback URL"),
        "aws": ("Application SAML audience", "Application ACS URL"),
        "other": ("often called Audience or Identifier", "often called Reply, Callback or ACS URL"),
    }[provider]
    assert fields[0] in audience
    assert fields[1] in address


@pytest.mark.parametrize("code", STATUS_CODES)
def test_the_standards_status_codes_are_explained(log: Log, code: str) -> None:
    received = f"{STATUS}Responder, {STATUS}{code}"
    for provider in Provider.values:
        text = log.page_of(provider, Reason.DECLINED, "status", f"{STATUS}Success", received, detail="No.")
        assert STATUS_CODES[code].meaning in text
        assert STATUS_CODES[code].remedy in text
        assert "What the response said No." in text
        assert_no_word_of_another(text, provider)


def test_a_code_without_a_message_and_an_unknown_one(log: Log) -> None:
    text = log.page_of("okta", Reason.DECLINED, "status", f"{STATUS}Success", f"{STATUS}Requester", detail="NoPassive")
    assert STATUS_CODES["NoPassive"].meaning in text
    text = log.page_of("okta", Reason.DECLINED, "status", f"{STATUS}Success", "urn:example:nonsense", detail="No.")
    assert ADVICE[Reason.DECLINED].meaning in text
    assert "Assignments" in text


def test_codes_of_entra_are_explained_on_its_connections_only(log: Log) -> None:
    said = "AADSTS50105: The signed in user is not assigned to a role."
    known = explain(said)
    assert known is not None
    received = f"{STATUS}Responder, {STATUS}RequestDenied"
    for provider in Provider.values:
        text = log.page_of(provider, Reason.DECLINED, "status", f"{STATUS}Success", received, detail=said)
        assert said in text
        assert (f"AADSTS50105: {known.meaning}" in text) == (provider == "azure")
        assert (known.fix in text) == (provider == "azure")
        assert (STATUS_CODES["RequestDenied"].meaning in text) == (provider != "azure")


@pytest.mark.parametrize(
    ("reason", "check", "expected", "received", "said"),
    [
        (Reason.UNTRUSTED, "signature_places", "one signature", "no signature", "Neither the response nor the asser"),
        (Reason.UNTRUSTED, "signature_places", "one signature", "Issuer", "not where the standard requires it"),
        (Reason.UNTRUSTED, "toolkit", "accepted", "It objects.", "but the second library, which has to agree, did not"),
        (
            Reason.TOO_LARGE,
            "limits",
            "at most 4,000 values of claims",
            "4,100 values of claims; the claim groups has 4,001 values",
            "(at most 4,000 values of claims). The claim with the most values is groups: it has 4,001.",
        ),
        (
            Reason.TOO_LARGE,
            "base64",
            "at most 9 bytes",
            "10 bytes; the claim r has 900 values",
            "values is r: it has 900",
        ),
        (Reason.TOO_LARGE, "size", "at most 9 characters", "10 characters", "exceeds one of our limits"),
        (Reason.INCOMPLETE, "schema", "valid", "Element 'x' is not expected.", "the error is shown below"),
        (Reason.INCOMPLETE, "name_id", "text", "0 characters", "The name ID is empty"),
        (Reason.INCOMPLETE, "bearer", "a bearer", "no confirmation", "no confirmation by bearer"),
        (Reason.INCOMPLETE, "conditions", "one", "0", "The assertion has no conditions"),
        (Reason.WRONG_ISSUER, "tenant", "a", "b", "The claim tenantid names another directory"),
        (Reason.WRONG_ADDRESS, "recipient", "https://a.example/acs", "http://a.example/acs", "http and https"),
        (Reason.WRONG_ADDRESS, "destination", "https://a.example/acs", "https://a.example/acs/", "only by a slash"),
        (Reason.WRONG_AUDIENCE, "audience", "https://a.example/1", "https://A.example/1", "capital and small letters"),
        (
            Reason.OUT_OF_TIME,
            "session_time",
            "later",
            "2026-11-29T10:00:00Z",
            "session at the identity provider has ended",
        ),
    ],
)
def test_what_was_found_decides(log: Log, reason: Reason, check: str, expected: str, received: str, said: str) -> None:
    assert check in list(CheckName)
    for provider in (Provider.AZURE, Provider.OTHER):
        text = log.page_of(provider, reason, check, expected, received)
        assert said in text
        assert "What to do: " in text
        assert_no_word_of_another(text, provider)


def test_what_is_hostile_is_not_called_a_setting(log: Log) -> None:
    text = log.page_of("other", Reason.UNSAFE, "signature_places", "one signature", "two")
    assert ADVICE[Reason.UNSAFE].meaning in text
    assert "itself" not in text


@pytest.mark.parametrize("provider", Provider.values)
def test_weak_encryption_can_also_be_turned_off(log: Log, provider: str) -> None:
    text = log.page_of(provider, Reason.WEAK_ENCRYPTION, "encryption", "AES and RSA-OAEP", "RSA 1.5")
    assert re.search("turn encryption off", text, re.IGNORECASE)
    assert_no_word_of_another(text, provider)


@pytest.mark.parametrize("received", ["2026-11-29T10:00:00Z", "2026-11-29T10:00:00.1234567Z", "absent"])
def test_a_time_in_utc_is_not_called_anything_else(received: str) -> None:
    assert advice_on(Found("validity", "now", received, "", 0)) is None


def test_a_wrong_clock_is_named(log: Log) -> None:
    check = ("issue_instant", "now", "2026-11-29T10:00:00Z")
    assert "The clocks of the identity provider and of Amplisso differ" in log.page_of(
        "other", Reason.OUT_OF_TIME, *check, clock_skew=400
    )
    for skew in (2, 200, -300):
        text = log.page_of("other", Reason.OUT_OF_TIME, *check, clock_skew=skew)
        assert "The clocks of" not in text, "five minutes are allowed for, and refuse nothing"
    assert "The clocks of" not in log.page_of("other", Reason.PROVIDER_BUG, *check, clock_skew=400)


@pytest.mark.parametrize("provider", Provider.values)
def test_the_rest_of_the_page_is_about_this_provider(log: Log, provider: str) -> None:
    claims = {"name_id": "ada@a.example", "attributes": {"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
                                                         "emailaddress": ["b@b.example"]}}  # fmt: skip
    text = log.page_of(provider, Reason.OTHER_SUBJECT, claims=claims, clock_skew=400)
    assert "name different addresses" in text
    assert guide_of(provider).send_address in text
    assert_no_word_of_another(text, provider)


@pytest.mark.parametrize("provider", Provider.values)
def test_a_sign_in_without_an_answer_speaks_of_this_providers_pages(log: Log, provider: str) -> None:
    organization = log.configuration.connection.organization
    organization.connections.update(provider=provider)
    row = log.sign_in_row(log.configuration, "started")
    text = words(page(log.browser.get(f"/o/{organization.slug}/settings/sign-ins/{row.reference}")))
    assert "Ask the user what that page said." in text
    assert ("AADSTS" in text) == (provider == "azure")
    assert ("app_not_enabled_for_user" in text) == (provider == "google")


@pytest.mark.parametrize("provider", Provider.values)
def test_what_sha1_is_accepted_for_is_about_this_provider(log: Log, provider: str) -> None:
    organization = log.configuration.connection.organization
    organization.connections.update(provider=provider)
    document = page(log.browser.get(f"/o/{organization.slug}/settings/access"))
    text = words(document.get_element_by_id("waiver-sha1"))
    assert_no_word_of_another(text, provider)
    assert ("can sign with SHA-256, so you don't need this." in text) == (provider != "other")
