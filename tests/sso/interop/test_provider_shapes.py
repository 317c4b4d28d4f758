"""Nine products as their admins meet them: who gets in, what the log says, and how a renewed certificate goes."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client

from orgs.models import Membership, Organization, User
from sso.models import Configuration, SignIn, SignInState
from sso.providers import guide_of, remedy_for
from sso.reasons import ADVICE, Reason
from tests.attacks.conftest import Siege, frozen, is_anybody_in
from tests.conftest import SignedIn, new_browser
from tests.saml.metadata_files import certificate
from tests.saml.provider import KeyPair
from tests.sso.interop.provider_shapes import ADDRESS, NAMES, PRODUCTS, Product
from tests.sso.views import rows
from tests.sso.views.log.test_advice import assert_no_word_of_another
from tests.sso.views.pages import page, words

__all__ = ["frozen"]
EACH_PRODUCT = pytest.mark.parametrize("product", PRODUCTS.values(), ids=PRODUCTS)


class Customer:
    """An organization with one product as its identity provider, and the admin who reads the log."""

    def __init__(self, organization: Organization, product: Product, admin: Client) -> None:
        self.organization, self.product, self.admin = organization, product, admin

    def upload(self, *pairs: KeyPair) -> Configuration:
        """Save the product's metadata with the certificates of these keys."""
        text = self.product.metadata(*pairs)
        saved = rows.save(self.organization, text, self.product.provider)
        assert saved is not None
        return saved

    def sign_in(self, pair: KeyPair, **options: object) -> SignIn:
        """Let Adele sign in in a new browser; return the row of the log."""
        browser, siege = new_browser(), Siege(self.organization)
        target = siege.ask(browser)
        siege.post(browser, self.product.response(target, pair, **options))
        row = siege.row(target)
        assert is_anybody_in(browser) == (row.state == SignInState.SUCCEEDED)
        return row

    def log_page(self, row: SignIn) -> str:
        """Return what the log's page of a sign-in says."""
        answer = self.admin.get(f"/o/{self.organization.slug}/settings/sign-ins/{row.reference}")
        (main,) = page(answer).xpath("//main")
        return words(main)


def assert_about(product: Product, text: str) -> None:
    """Assert that a page names no other product; addresses are the provider's own, and AWS's begin with "portal"."""
    assert_no_word_of_another(re.sub(r"https?://\S+", "", text), product.provider)


@pytest.fixture
def customer(frozen: None, organization: Organization, admin: User, client_of: SignedIn) -> Callable[..., Customer]:
    """Return a function that makes Contoso the customer of one product."""
    return lambda product: Customer(organization, product, client_of(admin))


@EACH_PRODUCT
def test_it_signs_in_under_its_own_names_for_claims(customer: Callable[..., Customer], product: Product) -> None:
    contoso, pair = customer(product), certificate(cn="old")
    assert contoso.upload(pair).findings == []
    first, second = contoso.sign_in(pair), contoso.sign_in(pair)
    assert [(row.state, row.reason, row.address) for row in (first, second)] == [("succeeded", "", ADDRESS)] * 2
    assert first.user == second.user
    membership = Membership.objects.get(user__email=ADDRESS)
    assert (membership.given_name, membership.family_name) == NAMES
    text = contoso.log_page(first)
    assert "Failed check" not in text
    assert "What to do" not in text
    assert_about(product, text)


@EACH_PRODUCT
def test_a_file_that_is_ahead_of_the_provider(customer: Callable[..., Customer], product: Product) -> None:
    """The new certificate stands in the file before the provider signs with it, and the old one a while after."""
    contoso, old, new = customer(product), certificate(cn="old"), certificate(cn="new")
    contoso.upload(old)
    assert contoso.sign_in(old).state == SignInState.SUCCEEDED
    assert contoso.upload(old, new).state == "active"
    for pair in (old, new, old, new):
        row = contoso.sign_in(pair)
        assert (row.state, row.certificate) == (SignInState.SUCCEEDED, pair.certificate.fingerprint)
    assert contoso.upload(new).state == "active"
    assert contoso.sign_in(new).state == SignInState.SUCCEEDED
    assert contoso.sign_in(old).reason == Reason.UNTRUSTED


@EACH_PRODUCT
def test_a_file_that_is_behind_the_provider(customer: Callable[..., Customer], product: Product) -> None:
    contoso, old, new = customer(product), certificate(cn="old"), certificate(cn="new")
    contoso.upload(old)
    assert contoso.sign_in(old).state == SignInState.SUCCEEDED
    row = contoso.sign_in(new)
    assert row.reason == Reason.UNTRUSTED
    text = contoso.log_page(row)
    is_entra = product.provider == "azure"
    assert (new.certificate.thumbprint if is_entra else new.certificate.fingerprint) in text
    assert "Anyone can write that" in text
    assert_about(product, text)

    # The new file alone waits: it no longer lists what verified the latest sign-in. The log knows whose key it is now.
    assert contoso.upload(new).state == "draft"
    assert contoso.sign_in(old).state == SignInState.SUCCEEDED
    assert "The waiting draft, version 2, has the certificate that did." in contoso.log_page(contoso.sign_in(new))

    # A file that lists both, as products write them during a rollover, needs no test.
    assert contoso.upload(old, new).state == "active"
    assert contoso.sign_in(new).state == SignInState.SUCCEEDED


@EACH_PRODUCT
def test_no_address(customer: Callable[..., Customer], product: Product) -> None:
    contoso, pair = customer(product), certificate(cn="old")
    contoso.upload(pair)
    row = contoso.sign_in(pair, has_address=False)
    assert row.reason == Reason.NO_ADDRESS
    text = contoso.log_page(row)
    name_id = product.name_id if "@" not in product.name_id else "adele"
    assert f"Name ID {name_id} It is not an e-mail address." in text
    for place in ("claims/emailaddress", "emailaddress", "email", "mail", "urn:oid:0.9.2342.19200300.100.1.3"):
        assert f"{place} It was not sent." in text
    remedy = remedy_for(guide_of(product.provider), Reason.NO_ADDRESS) or ADVICE[Reason.NO_ADDRESS].remedy
    assert f"What to do: {remedy}" in text
    assert_about(product, text)


@EACH_PRODUCT
def test_groups_without_end(customer: Callable[..., Customer], product: Product) -> None:
    """A thousand groups get in; more than the limit is refused, with the limit, the claim and what to do."""
    contoso, pair = customer(product), certificate(cn="old")
    contoso.upload(pair)
    groups = tuple(f"Team {number}" for number in range(4100))
    assert contoso.sign_in(pair, groups=groups[:1000]).state == SignInState.SUCCEEDED
    row = contoso.sign_in(pair, groups=groups)
    assert row.reason == Reason.TOO_LARGE
    text = contoso.log_page(row)
    assert f"The claim with the most values is {product.groups}: it has 4,100." in text
    assert "at most " in text
    assert "This may be an attack" not in text
    assert_about(product, text)
