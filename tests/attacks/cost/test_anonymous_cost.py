"""Anonymous requests cost little, even with the most expensive metadata that is accepted (invariant 7).

The attacker owns the organization, its provider and one of its keys. Everything that a process remembers is forgotten
before each request, as if there were so many organizations that nothing stays.
"""

from __future__ import annotations

import base64
import re
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any
from urllib.parse import quote

import pytest
from django.core.cache import cache
from django.http import HttpResponse
from django.urls import URLPattern, URLResolver, get_resolver
from lxml import etree

from audit.actors import COMMAND_LINE
from orgs.models import EmailDomain, Organization
from sso.crypto import key_encryption
from sso.models import Configuration, SignIn, SignInState
from sso.saml.keys import certificates, key_pairs
from sso.saml.keys.key_rules import MAX_KEYS
from sso.saml.xml.envelope import MAX_ATTRIBUTES_EACH, MAX_DECLARATIONS, MAX_DEPTH, MAX_ELEMENTS
from sso.selectors import keys as keys_selectors
from sso.selectors.keys import live_keys
from sso.services import keys
from tests.attacks.conftest import Siege
from tests.attacks.cost import worst_metadata
from tests.attacks.cost.measure import TRIES, measured, memory
from tests.attacks.cost.worst_metadata import KINDS, METHODS
from tests.conftest import new_browser
from tests.saml import logout_provider
from tests.saml.metadata_files import POST
from tests.saml.provider import EMAIL_CLAIM, SamlResponse, encode, sign
from tests.sso.conftest import upload

MOST_SECONDS = 0.25
MOST_BYTES = 64 * 1024 * 1024

Ask = Callable[[], HttpResponse]
Prepare = Callable[[Siege, str], Ask]


@pytest.fixture(params=[KINDS[0], pytest.param(KINDS[1], marks=pytest.mark.slow)])
def kind(request: pytest.FixtureRequest) -> str:
    """Of which kind the keys in the metadata are."""
    return str(request.param)


@pytest.fixture
def worst(frozen: None, organization: Organization, kind: str) -> Siege:
    """An organization with the most expensive metadata and as many keys of our own as there can be."""
    upload(organization, worst_metadata.metadata(kind))
    keys.create_key(organization=organization, actor=COMMAND_LINE)
    EmailDomain.objects.create(organization=organization, domain="contoso.example", verified_at=organization.created_at)
    return Siege(organization)


def forget_everything() -> None:
    """Forget every key and certificate that this process has read."""
    for kept in (
        certificates._facts,
        key_pairs._private_key,
        key_encryption._decrypt,
        keys_selectors._service_provider,
    ):
        kept.cache_clear()
    cache.clear()


def assert_cheap(prepare: Callable[[], Ask], name: str) -> HttpResponse:
    """Assert that a request takes little processor time and little memory."""
    response = assert_quick(prepare, name)
    assert_small(prepare(), name)
    return response


def assert_quick(prepare: Callable[[], Ask], name: str) -> HttpResponse:
    """Ask until it has taken little processor time once, at most three times."""
    spent = 0.0
    for _ in range(TRIES):
        ask = prepare()
        forget_everything()
        response, spent = measured(ask)
        if spent < MOST_SECONDS:
            break
    assert spent < MOST_SECONDS, f"{name}: {spent:.2f} s of processor time"
    assert response.status_code < 500
    return response


def assert_small(ask: Callable[[], object], name: str) -> None:
    """Assert that a request, or several one after the other, never takes much memory; only Linux tells."""
    if sys.platform == "linux":
        forget_everything()
        _, used = memory(ask)
        assert used < MOST_BYTES, f"{name}: {used >> 20} MB"


# --- Responses ---------------------------------------------------------------------------------------------------


def many_attributes(number: int = 2300) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return so many attributes of one value each; with the number left out, as many as are let through."""
    return (*((f"a{each}", ("x",)) for each in range(number)), (EMAIL_CLAIM, ("adele@contoso.example",)))


def one_attribute(values: int = 3990) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return one attribute with so many values."""
    return ((EMAIL_CLAIM, ("adele@contoso.example",)), ("groups", ("x",) * values))


def extended(inside: str) -> Callable[[str], str]:
    """Return a change that puts extensions into a response before it is signed."""
    return lambda text: text.replace(
        "<samlp:Status>", f"<samlp:Extensions>{inside}</samlp:Extensions><samlp:Status>", 1
    )


NESTED = "<x:a>" * (MAX_DEPTH - 4) + "</x:a>" * (MAX_DEPTH - 4)
PREFIXES = " ".join(f'xmlns:n{number}="urn:{number}"' for number in range(40))
CROWDED = " ".join(f'a{number}="x"' for number in range(MAX_ATTRIBUTES_EACH - 1))
FLOODS = {
    "elements": '<x:b xmlns:x="urn:x">' + "<x:a/>" * (MAX_ELEMENTS - 100) + "</x:b>",
    "depth": '<x:b xmlns:x="urn:x">' + NESTED * 170 + "</x:b>",
    "declarations": "<a xmlns='urn:a'/>" * (MAX_DECLARATIONS - 20),
    "inherited declarations": f"<x:b xmlns:x='urn:x' {PREFIXES}>" + "<x:a/>" * (MAX_ELEMENTS - 100) + "</x:b>",
    "attributes": "<x:b xmlns:x='urn:x'>" + f"<x:a {CROWDED}/>" * 140 + "</x:b>",
    "text": "<x:b xmlns:x='urn:x'>" + "&amp;" * 90_000 + "</x:b>",
}
SLOW = [name for name in FLOODS if name != "inherited declarations"]
RESPONSES: dict[str, dict[str, object]] = {
    "an ordinary one": {},
    "many attributes": {"attributes": many_attributes()},
    "many values": {"attributes": one_attribute()},
    **{name: {"rewritten": extended(inside)} for name, inside in FLOODS.items()},
}


def some_slow(names: Iterable[str]) -> list[Any]:
    """Return names as parameters of a test; CI tries all floods, `make test` one."""
    return [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in names]


def post(siege: Siege, make: Callable[..., str]) -> Ask:
    """Let a browser ask for a sign-in, and return the response that it posts."""
    browser = new_browser()
    encoded = make(siege.ask_without_page(browser, "both"))
    return partial(browser.post, siege.address, {"SAMLResponse": encoded})


@pytest.mark.parametrize("name", some_slow(RESPONSES))
class TestAResponse:
    """What is posted to the ACS by the browser that asked."""

    def test_signed_by_nobody(self, worst: Siege, kind: str, name: str) -> None:
        make = partial(worst_metadata.forged, kind=kind, **RESPONSES[name])
        assert_cheap(partial(post, worst, make), name)
        assert SignIn.objects.latest("id").state == SignInState.REFUSED

    def test_signed_by_the_attackers_own_provider(self, worst: Siege, kind: str, name: str) -> None:
        def make(target: object) -> str:
            return encode(etree.tostring(worst_metadata.response(target, kind, **RESPONSES[name])))

        assert_cheap(partial(post, worst, make), name)
        last = SignIn.objects.latest("id")
        assert last.state == SignInState.SUCCEEDED, last.reason


@pytest.mark.parametrize("attributes", [1, 1200])
@pytest.mark.parametrize("opens", [True, False])
def test_an_encrypted_response(worst: Siege, kind: str, opens: bool, attributes: int) -> None:
    """With the assertion and the name ID in it encrypted, and four encrypted keys to try for each."""
    make = partial(worst_metadata.encrypted, kind=kind, opens=opens, attributes=many_attributes(attributes))
    assert_cheap(partial(post, worst, make), "encrypted")
    last = SignIn.objects.latest("id")
    assert last.state == (SignInState.SUCCEEDED if opens else SignInState.REFUSED), last.reason


def test_a_response_of_twenty_keys(worst: Siege) -> None:
    """Or else the tests above would show nothing."""
    configuration = Configuration.objects.get()
    assert len(configuration.certificates) == len(configuration.signing_certificates()) == MAX_KEYS
    assert len(live_keys(worst.organization)) == 2
    assert len(configuration.sso_redirect_url) == 2000


# --- Logout messages ---------------------------------------------------------------------------------------------


def logout_message(siege: Siege, inside: str = "") -> str:
    """Return a LogoutRequest of the attacker's provider for this organization, with these extensions."""
    address = f"https://amplisso.example/saml/2/slo/{siege.organization.number}"
    text = logout_provider.message(issuer=worst_metadata.ENTITY_ID, destination=address)
    return (
        text.replace("<saml:NameID>", f"<samlp:Extensions>{inside}</samlp:Extensions><saml:NameID>", 1)
        if inside
        else text
    )


def by_redirect(siege: Siege, kind: str, text: str) -> Ask:
    """Return a GET whose signature is by no key."""
    query = f"SAMLRequest={quote(logout_provider.deflated(text), safe='')}&SigAlg={quote(METHODS[kind], safe='')}"
    query += f"&Signature={quote(worst_metadata.rubbish_signature(kind), safe='')}"
    return partial(new_browser().get, f"/saml/2/slo/{siege.organization.number}?{query}")


def by_form(siege: Siege, kind: str, text: str, *, is_forged: bool) -> Ask:
    """Return a POST that is signed in the XML, by the attacker's key or by no key."""
    root = etree.fromstring(text)
    sign(root, SamlResponse(pair=worst_metadata.owned(kind), signature_method=METHODS[kind]))
    if is_forged:
        next(root.iter("{*}SignatureValue")).text = worst_metadata.rubbish_signature(kind)
    fields = {"SAMLRequest": encode(etree.tostring(root))}
    return partial(new_browser().post, f"/saml/2/slo/{siege.organization.number}", fields)


@pytest.mark.parametrize("name", some_slow(["", *FLOODS]))
class TestALogoutMessage:
    """What is sent to the logout address, for which no cookie is needed."""

    def test_by_redirect(self, worst: Siege, kind: str, name: str) -> None:
        text = logout_message(worst, FLOODS.get(name, ""))
        assert assert_cheap(partial(by_redirect, worst, kind, text), name).status_code == 403

    @pytest.mark.parametrize("is_forged", [True, False])
    def test_by_form(self, worst: Siege, kind: str, name: str, is_forged: bool) -> None:
        text = logout_message(worst, FLOODS.get(name, ""))
        assert_cheap(partial(by_form, worst, kind, text, is_forged=is_forged), name)


def test_a_query_that_unpacks_to_much(worst: Siege) -> None:
    packer = zlib.compressobj(wbits=-15)
    packed = base64.b64encode(packer.compress(b"<a>" * 30_000_000) + packer.flush()).decode()
    address = f"/saml/2/slo/{worst.organization.number}?SAMLRequest={quote(packed[:60_000], safe='')}"
    assert_cheap(partial(visit, address), "a query that unpacks to much")


# --- Everything else ---------------------------------------------------------------------------------------------


def addresses(siege: Siege) -> Iterator[str]:
    """Yield every address there is, with this organization where one is named.

    Of the Django admin's, all but these two lead visitors to the second one.
    """
    yield from ("/admin/", "/admin/login/")
    values = {
        "number": str(siege.organization.number),
        "slug": siege.organization.slug,
        "reference": "7KQ4-M2XD-P9TR",
        "kind": "expired-certificates",
        "public_id": "7e0c8a52-3f0b-4b1a-9d6a-0c1f2d3e4b5a",
    }
    for pattern in _patterns(get_resolver()):
        named = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: values.get(found[1], "1"), pattern)
        # Addresses of allauth are regular expressions.
        yield "/" + re.sub(r"\(\?P<[^)]*\)|[\^$]", "1", named).replace("\\Z", "")


def _patterns(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for each in resolver.url_patterns:
        path = prefix + str(each.pattern)
        if isinstance(each, URLPattern):
            yield path
        elif not path.startswith("admin/"):
            yield from _patterns(each, path)


@pytest.mark.parametrize("binding", ["Redirect", "POST"])
def test_starting_a_sign_in(worst: Siege, kind: str, binding: str) -> None:
    if binding == "POST":
        upload(worst.organization, worst_metadata.metadata(kind, POST))
    path = f"/sso/{worst.organization.number}/start"
    answer = assert_cheap(partial(visit, path), path)
    assert answer.status_code == (302 if binding == "Redirect" else 200)


def test_every_other_address(worst: Siege, kind: str) -> None:
    """None of them leads to a sign-in, but all of them read what tenants have stored."""
    if kind != KINDS[0]:
        pytest.skip("the keys make no difference")
    found = list(addresses(worst))
    assert f"/saml/2/metadata/{worst.organization.number}" in found
    assert len(found) > 60
    fields = {"email": "ada@contoso.example", "login": "ada@contoso.example", "password": "x"}
    asks = {f"GET {path}": partial(visit, path) for path in found}
    asks |= {f"POST {path}": partial(send, path, fields) for path in found}
    for name, prepare in asks.items():
        assert_quick(prepare, name)
    # All at once: to weigh each takes ten minutes on a busy machine, since what lies about is tidied up before.
    assert_small(lambda: [prepare()() for prepare in asks.values()], "all addresses")


def visit(path: str) -> Ask:
    """Return a GET of an address by a new browser."""
    return partial(new_browser().get, path)


def send(path: str, fields: dict[str, str]) -> Ask:
    """Return a POST to an address by a new browser."""
    return partial(new_browser().post, path, fields)
