"""A session that came in by several providers is ended at each of them, whatever any of them does."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.utils import timezone
from lxml import html

from audit.models import Event
from orgs.models import SessionGrant
from simulator import create_app
from simulator.saml import logout
from simulator.saml.requests import read_request
from simulator.saml.responses import encode
from sso.models import Configuration, Connection, SignOut
from tests.sso.conftest import new_browser, save_switches
from tests.sso.sign_out.test_single_logout import at

REFUSED = "urn:oasis:names:tc:SAML:2.0:status:Responder"


@pytest.fixture
def journeys(connect, organization, make_organization):
    """One browser that Ada came in with at Contoso, then at Fabrikam, then at Litware; each wants single logout."""
    found = [connect(each) for each in (organization, make_organization("Fabrikam"), make_organization("Litware"))]
    for each in found:
        each.browser = found[0].browser
        save_switches(each.organization, single_logout=True)
        each.app.logout_url = f"https://amplisso.example/saml/2/slo/{each.organization.number}"
        assert each.sign_in().status_code == 303
    return found


@pytest.fixture
def browser(journeys):
    return journeys[0].browser


@pytest.fixture
def page(browser):
    """The page after the sign-out, which leads to the first provider."""
    return read(browser.get(sign_out(browser)))


def sign_out(browser) -> str:
    answer = browser.post("/account/logout/")
    assert answer.status_code == 303
    assert not SessionGrant.objects.filter(ended_at__isnull=True).exists(), "here it is over before anybody is told"
    return answer["Location"]


def read(answer) -> html.HtmlElement:
    assert answer.status_code == 200, answer.status_code
    return html.document_fromstring(answer.content.decode())


def address_in(page) -> str:
    """Where a page leads by itself; "" if it doesn't."""
    found = page.xpath("//meta[@http-equiv='refresh']/@content")
    return found[0].partition("url=")[2] if found else ""


def told(page) -> dict[str, str]:
    """Organization → what the page says of it."""
    return {
        row.xpath("string(span[1])").partition(",")[0]: row.xpath("string(span[2])")
        for row in page.xpath("//ul[contains(@class, 'sign-outs')]/li")
    }


def issuer_of(address: str) -> str:
    """The number of the organization whose request this is."""
    (message,) = parse_qs(urlsplit(address).query)["SAMLRequest"]
    return read_request(message, deflated=True).issuer.rpartition("/")[2]


def answered(journeys, address: str, **twists: str) -> str:
    """Our address with the response of the provider that `address` leads to."""
    asked = read_request(parse_qs(urlsplit(address).query)["SAMLRequest"][0], deflated=True)
    (journey,) = (each for each in journeys if each.app.identifier == asked.issuer)
    message = logout.response(journey.tenant.issuer, journey.app.logout_url, asked.id, **twists)
    return at(logout.redirect_url(journey.app.logout_url, message))


def test_one_after_the_other_the_newest_first(journeys, browser, page):
    provider = create_app(journeys[0].tenant).test_client()
    asked = []
    while address := address_in(page):
        asked.append(issuer_of(address))
        back = provider.get(at(address)).headers["Location"]
        onwards = browser.get(at(back))
        assert onwards.status_code == 303
        page = read(browser.get(onwards["Location"]))
    assert asked == [str(each.organization.number) for each in reversed(journeys)]
    assert told(page) == {"Litware": "Signed out", "Fabrikam": "Signed out", "Contoso": "Signed out"}
    assert list(SignOut.objects.values_list("state", flat=True)) == ["done"] * 3
    assert "signing_out" not in browser.cookies or browser.cookies["signing_out"].value == ""


def test_the_page_says_where_it_goes_and_what_comes_next(journeys, browser, page):
    assert told(page) == {"Litware": "Now", "Fabrikam": "Next", "Contoso": "Next"}
    assert page.xpath("//h1/text()") == ["You are signed out here"]
    cookie = browser.cookies["signing_out"]
    assert (cookie["samesite"], cookie["secure"], cookie["httponly"], cookie["path"]) == ("None", True, True, "/")
    assert cookie["max-age"] == 600


def test_no_provider_learns_of_another(journeys, page):
    message = address_in(page)
    assert issuer_of(message) == str(journeys[2].organization.number)
    assert "RelayState" not in parse_qs(urlsplit(message).query)
    answer = new_browser().get(answered(journeys, message), follow=True)
    assert answer.redirect_chain[0][0].startswith("/signed-out?"), (
        "who has only the provider's response goes nowhere from it"
    )
    assert "Contoso" not in answer.content.decode()


@pytest.mark.parametrize(
    "failure", ["it says no", "a response that is none", "a response to something else", "by post"]
)
def test_a_provider_that_fails_stops_nobody(journeys, browser, page, failure):
    address = address_in(page)
    slo = f"/saml/2/slo/{journeys[2].organization.number}"
    if failure == "it says no":
        onwards = browser.get(answered(journeys, address, status=REFUSED))
    elif failure == "a response that is none":
        onwards = browser.get(f"{slo}?SAMLResponse=x")
    elif failure == "a response to something else":
        message = logout.response(journeys[2].tenant.issuer, journeys[2].app.logout_url, "_other")
        onwards = browser.get(at(logout.redirect_url(journeys[2].app.logout_url, message)))
    else:
        message = logout.response(journeys[2].tenant.issuer, journeys[2].app.logout_url, "_other")
        onwards = browser.post(slo, {"SAMLResponse": encode(message)})
    assert onwards.status_code == 303
    page = read(browser.get(onwards["Location"]))
    expected = "Did not confirm" if failure == "it says no" else "No response"
    assert told(page) == {"Litware": expected, "Fabrikam": "Now", "Contoso": "Next"}


def test_a_provider_that_never_answers_leaves_the_others_to_the_sign_in_page(journeys, browser, page):
    (link,) = read(browser.get("/sign-in")).xpath("//p[contains(@class, 'alert')]/a/@href")
    page = read(browser.get(link))
    assert told(page) == {"Litware": "No response", "Fabrikam": "Now", "Contoso": "Next"}
    assert told(read(browser.get(link))) == {"Litware": "No response", "Fabrikam": "No response", "Contoso": "Now"}
    page = read(browser.get(link))
    assert told(page) == {"Litware": "No response", "Fabrikam": "No response", "Contoso": "No response"}
    assert address_in(page) == "", "nobody is asked twice"
    assert SignOut.objects.count() == 3
    assert not read(browser.get("/sign-in")).xpath("//p[contains(@class, 'alert')]")


def test_a_late_answer_counts(journeys, browser, page):
    first = address_in(page)
    (link,) = read(browser.get("/sign-in")).xpath("//p[contains(@class, 'alert')]/a/@href")
    browser.get(link)
    onwards = browser.get(answered(journeys, first))
    assert told(read(browser.get(onwards["Location"]))) == {
        "Litware": "Signed out",
        "Fabrikam": "No response",
        "Contoso": "Now",
    }


def test_the_sign_in_page_of_others_says_nothing_of_it(journeys, browser, page):
    assert not read(new_browser().get("/sign-in")).xpath("//p[contains(@class, 'alert')]")
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        assert not read(browser.get("/sign-in")).xpath("//p[contains(@class, 'alert')]")
    browser.cookies["signing_out"] = "made-up"
    assert not read(browser.get("/sign-in")).xpath("//p[contains(@class, 'alert')]")


def test_only_those_that_want_it(journeys, browser):
    Connection.objects.filter(organization=journeys[2].organization).update(single_logout=False)
    page = read(browser.get(sign_out(browser)))
    assert told(page) == {"Fabrikam": "Now", "Contoso": "Next"}


def test_one_that_cannot_be_told_is_left_out(journeys, browser):
    Configuration.objects.filter(connection__organization=journeys[2].organization).update(slo_url="")
    page = read(browser.get(sign_out(browser)))
    assert told(page) == {"Litware": "Not notified", "Fabrikam": "Now", "Contoso": "Next"}
    for _ in range(2):
        page = read(browser.get(browser.get(answered(journeys, address_in(page)))["Location"]))
    assert told(page) == {"Litware": "Not notified", "Fabrikam": "Signed out", "Contoso": "Signed out"}


def test_a_request_of_the_providers_goes_on_nowhere(journeys, browser, page):
    """A provider that ends its sessions meanwhile gets its response, as ever."""
    back = browser.get(at(journeys[0].tenant.logout_request_url(journeys[0].app, "ada")))
    assert back["Location"].startswith(journeys[0].tenant.sso_url)


def test_one_provider_and_a_page_that_is_loaded_again(journeys, browser):
    for each in journeys[1:]:
        save_switches(each.organization, single_logout=False)
    target = sign_out(browser)
    assert told(read(browser.get(target))) == {}
    assert "signing_out" not in browser.cookies
    page = read(browser.get(target))
    assert (address_in(page), told(page)) == ("", {"Contoso": "No response"})
    assert SignOut.objects.count() == 1


def test_each_organization_has_it_in_its_log(journeys, browser, page):
    numbers = set(Event.objects.filter(name="user:signed_out").values_list("organization_number", flat=True))
    assert numbers == {each.organization.number for each in journeys}
