"""Several AuthnStatements in one response: each SessionIndex ends the session, and ours are all named when we ask."""

from __future__ import annotations

import zlib
from base64 import b64decode
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from lxml import etree, html

from orgs.models import Organization
from tests.attacks.conftest import Siege, frozen, is_anybody_in
from tests.conftest import new_browser
from tests.saml.logout_provider import message, query
from tests.saml.metadata_files import REDIRECT, base64_of, endpoint, entity, key, role, sso
from tests.saml.provider import ISSUER, key_pair, stamp
from tests.sso.conftest import save_switches, upload

__all__ = ["frozen"]
LOGIN = "https://login.example.test/saml2"
INDEXES = ("_a1", "_second", "_third")  # the first is what SamlResponse writes


@pytest.fixture
def contoso(frozen: None, organization: Organization) -> Siege:
    """Connected to a provider that takes part in single logout."""
    addresses = endpoint("SingleLogoutService", REDIRECT, LOGIN + "/out") + sso(LOGIN)
    upload(organization, entity(role(key(base64_of(key_pair())) + addresses), ISSUER).encode())
    save_switches(organization, single_logout=True)
    return Siege(organization)


def come_in(siege: Siege, *more: str) -> Client:
    """Let Adele sign in by a response with one more AuthnStatement for each of these indexes."""
    browser = new_browser()
    extra = "".join(
        f'<AuthnStatement AuthnInstant="{stamp(-1)}" SessionIndex="{index}"><AuthnContext><AuthnContextClassRef>'
        "urn:oasis:names:tc:SAML:2.0:ac:classes:Password</AuthnContextClassRef></AuthnContext></AuthnStatement>"
        for index in more
    )
    siege.post(browser, siege.ask(browser).answer(extra=extra).encoded())
    assert is_anybody_in(browser)
    return browser


@pytest.mark.parametrize("index", INDEXES)
def test_each_index_ends_the_session_and_no_other(contoso: Siege, index: str) -> None:
    number = contoso.organization.number
    several = come_in(contoso, *INDEXES[1:])
    # The one index of the other session is renamed on its row: both would be _a1.
    other = come_in(contoso, "_other")
    latest = contoso.organization.sign_ins.latest("id")
    latest.provider_session["session_index"] = "_also_other"
    latest.save(update_fields=["provider_session"])
    request = message(destination=f"https://amplisso.example/saml/2/slo/{number}", indexes=(index,))
    answer = new_browser().get(f"/saml/2/slo/{number}?{query(request)}")
    assert answer.status_code == 302
    assert (is_anybody_in(several), is_anybody_in(other)) == (False, True)


def test_our_own_request_names_every_index(contoso: Siege) -> None:
    browser = come_in(contoso, *INDEXES[1:])
    between = browser.get(browser.post("/account/logout/")["Location"], follow=True)
    (refresh,) = html.document_fromstring(between.content.decode()).xpath("//meta[@http-equiv='refresh']/@content")
    (encoded,) = parse_qs(urlsplit(refresh.partition("url=")[2]).query)["SAMLRequest"]
    request = etree.fromstring(zlib.decompress(b64decode(encoded), -zlib.MAX_WBITS))
    assert tuple(each.text for each in request.iter("{*}SessionIndex")) == INDEXES
