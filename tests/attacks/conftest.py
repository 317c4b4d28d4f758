"""An organization under attack: a real connection, a browser that asked, and the ACS over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client

from audit.actors import COMMAND_LINE
from orgs.models import Membership, Organization, SessionGrant, User
from sso.models import Identity, SignIn, SignInState
from sso.selectors.keys import live_keys, service_provider
from sso.services.sign_in.finish import cookie_name
from sso.services.sign_in.start import start_sign_in
from tests.attacks.messages.target import Target
from tests.conftest import new_browser
from tests.saml.metadata_files import base64_of, entity, key, role, sso
from tests.saml.provider import ISSUER, NOW, KeyPair, key_pair
from tests.sso.conftest import follow_again, request_id_in, upload

LOGIN = "https://login.example.test/saml2"


@dataclass(frozen=True)
class Siege:
    """One organization and the visitors who want to sign in there."""

    organization: Organization

    @property
    def address(self) -> str:
        """The ACS as the browser sees it."""
        return f"/saml/2/acs/{self.organization.number}"

    def ask(self, browser: Client, sign: str = "assertion", **query: str) -> Target:
        """Start a sign-in in a browser, which then has the nonce of the request; its user knows the request's ID.

        Any visitor can do that much: the attacks begin after it.
        """
        answer = browser.get(f"/sso/{self.organization.number}/start", query)
        assert answer.status_code == 302, answer.content
        return Target(sign, service_provider(self.organization.number), request_id_in(answer["Location"]))

    def ask_without_page(self, browser: Client, sign: str) -> Target:
        """Start a sign-in without requesting its start page: faster, for hundreds of attacks on the ACS."""
        configuration = self.organization.connections.get().configurations.get()
        started = start_sign_in(organization=self.organization, actor=COMMAND_LINE, configuration=configuration)
        browser.cookies[cookie_name(self.organization.number)] = started.nonce
        ours = next(iter(live_keys(self.organization)), None)
        certificate = ours.signing_certificate() if ours else None
        return Target(sign, service_provider(self.organization.number), started.sign_in.request_id, certificate)

    def post(self, browser: Client, encoded: str, **fields: str) -> HttpResponse:
        """Post a response the way the provider's page does."""
        return follow_again(browser, self.address, {"SAMLResponse": encoded, **fields})

    def row(self, target: Target) -> SignIn:
        """The log of one request."""
        return SignIn.objects.get(request_id=target.request_id)

    def is_asked_properly(self, answer: HttpResponse) -> bool:
        """Whether the visitor is sent to the provider with a request of our own."""
        return answer.status_code == 302 and answer["Location"].startswith(LOGIN)

    def is_refused(self, answer: HttpResponse) -> bool:
        """Whether the visitor gets the page with a reference code, which says no more."""
        return answer.status_code == 303 and answer["Location"].startswith(f"/sso/{self.organization.number}/refused/")

    def is_shown_the_sign_in_page(self, answer: HttpResponse) -> bool:
        """Whether the visitor gets the organization's sign-in page, where a button begins a sign-in."""
        return answer.status_code == 303 and answer["Location"] == f"/o/{self.organization.slug}/sign-in"


def people() -> tuple[int, ...]:
    """How many accounts, memberships, identities and grants there are: nothing that is refused adds to them."""
    return tuple(model.objects.count() for model in (User, Membership, Identity, SessionGrant))


def is_anybody_in(browser: Client) -> bool:
    """What the product itself says about a browser."""
    return bool(browser.get("/session").status_code != 401)


def succeeded() -> int:
    """How many sign-ins the log calls a success."""
    return SignIn.objects.filter(state=SignInState.SUCCEEDED).count()


def connect(organization: Organization, *pairs: KeyPair, issuer: str = ISSUER, role_id: int | None = 20) -> Siege:
    """Give an organization a connection, through the service that the settings page uses."""
    keys = "".join(key(base64_of(pair)) for pair in pairs or (key_pair(),))
    upload(organization, entity(role(keys + sso(LOGIN)), issuer).encode(), role_id)
    return Siege(organization)


@pytest.fixture
def frozen() -> Iterator[None]:
    """The moment at which every response of these tests is valid."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def siege(frozen: None, organization: Organization) -> Siege:
    """Return Contoso with a connection; users join just in time, so that any successful attack would show."""
    return connect(organization)


@pytest.fixture
def another(frozen: None, make_organization: Callable[..., Organization]) -> Callable[..., Siege]:
    """Return a function that makes further organizations, each with a connection of its own."""

    def make(name: str, *pairs: KeyPair, **options: str) -> Siege:
        return connect(make_organization(name), *pairs, **options)

    return make


@pytest.fixture
def browser(db: None) -> Client:
    """Return a new browser without any session."""
    return new_browser()
