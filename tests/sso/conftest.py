"""Organizations connected to the simulator, and browsers on their way through a sign-in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

import simulator
from audit.actors import COMMAND_LINE
from orgs.models import Organization
from simulator.saml.requests import read_request
from sso.models import Connection, SignIn
from sso.selectors.keys import service_provider
from sso.services import connections
from sso.services.connections import Saved


@pytest.fixture(scope="session")
def tenant() -> simulator.Tenant:
    """One directory for all tests; its keys are made once."""
    return simulator.Tenant.create()


def new_browser() -> Client:
    """A browser that has never been here."""
    client = Client(headers={"host": "amplisso.example"})
    client.defaults["wsgi.url_scheme"] = "https"
    return client


@dataclass
class Journey:
    """One browser at one organization's provider."""

    organization: Organization
    tenant: simulator.Tenant
    app: simulator.App
    browser: Client = field(default_factory=new_browser)

    def start(self, **query: str) -> str:
        """Ask for a sign-in and return the ID of the request that the browser carries."""
        answer = self.browser.get(f"/sso/{self.organization.number}/start", query)
        assert answer.status_code == 302, answer.content
        return request_id_in(answer["Location"])

    def answer(self, alias: str, request_id: str, **twists: object) -> str:
        """What the provider posts for one of its people."""
        return self.tenant.respond(self.app, self.tenant.users[alias], in_response_to=request_id, **twists)

    def post(self, encoded: str, browser: Client | None = None, **fields: str) -> HttpResponse:
        """Post a response to the ACS, as the provider's page does; if it is to be asked for again, ask."""
        path = f"/saml/2/acs/{self.organization.number}"
        return follow_again(browser or self.browser, path, {"SAMLResponse": encoded, **fields})

    def sign_in(self, alias: str = "ada", **twists: object) -> HttpResponse:
        """Walk the whole way and return the ACS's answer."""
        return self.post(self.answer(alias, self.start(), **twists))

    def last(self) -> SignIn:
        """The newest row of the log."""
        return SignIn.objects.filter(organization=self.organization).latest("id")


def follow_again(browser: Client, path: str, fields: dict[str, str]) -> HttpResponse:
    """Post, and go where a response leads that was not asked for, or has been sent before: to pages that ask again."""
    answer = browser.post(path, fields)
    for _ in range(2):
        if any(page in answer.get("Location", "") for page in ("/start?again=", "/start/repeated/")):
            answer = browser.get(answer["Location"])
    return answer


def request_id_in(location: str) -> str:
    """Return the ID of the AuthnRequest in a redirect's address."""
    (encoded,) = parse_qs(urlsplit(location).query)["SAMLRequest"]
    return read_request(encoded, deflated=True).id


Connect = Callable[..., Journey]


@pytest.fixture
def connect(db: None, tenant: simulator.Tenant, settings: Settings) -> Connect:
    """Connect an organization to the simulator, through the services that the settings page uses."""
    settings.DEBUG = True  # the simulator speaks http, on the loopback address

    def make(organization: Organization, role: int | None = 20, **app_options: str) -> Journey:
        us = service_provider(organization.number)
        app = _app(tenant, us.entity_id, us.acs_url, **app_options)
        upload(organization, tenant.metadata(app), role)
        return Journey(organization, tenant, app)

    return make


def _app(tenant: simulator.Tenant, identifier: str, reply_url: str, **options: Any) -> simulator.App:
    """Return the application of an identifier, reused so that no test waits for new keys, with this test's options."""
    app = tenant.app_with_identifier(identifier) or tenant.register("Amplisso", identifier, reply_url)
    app.name_id_source = options.get("name_id_source", "user.mail")
    app.signing = options.get("signing", "assertion")
    return app


def upload(organization: Organization, data: bytes, role: int | None = 20) -> Connection:
    """Save a metadata file as an operator would from the command line."""
    saved = connections.save_settings(
        organization=organization,
        provider="azure",
        just_in_time_role=role,
        metadata=connections.read_upload(organization=organization, data=data),
        metadata_text=data.decode("utf-8-sig"),
        require_sso=organization.require_sso,
        by=None,
        actor=COMMAND_LINE,
    )
    organization.refresh_from_db()
    assert saved.configuration is not None
    return saved.configuration.connection


def save_switches(organization: Organization, **switches: bool | None) -> Saved:
    """Save the settings page without a file, with these switches turned."""
    saved = connections.save_settings(
        organization=organization,
        provider="azure",
        just_in_time_role=20,
        metadata=None,
        metadata_text="",
        require_sso=organization.require_sso,
        by=None,
        actor=COMMAND_LINE,
        **switches,
    )
    organization.refresh_from_db()
    return saved


@pytest.fixture
def journey(connect: Connect, organization: Organization) -> Journey:
    """Contoso, connected."""
    return connect(organization)
