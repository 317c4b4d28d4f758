"""Access & SSO Settings reads its connection once and hands it on: how many statements a whole request asks for.

Statements of the session and of the middleware count, and so do locks. What begins, nests or ends a transaction does
not.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.actors import COMMAND_LINE
from orgs.models import Organization, SessionGrant, User
from orgs.services import organizations
from sso.connection_view import connection_view
from sso.models import Configuration, Connection, ConnectionState
from sso.services import keys
from tests.sso.views import rows
from tests.sso.views.choices import typed
from tests.sso.views.conftest import MakeSignIn, Upload
from tests.sso.views.files import certificate, descriptor, federation, uploaded
from tests.sso.views.pages import page

MOST_TO_SHOW = 10
MOST_TO_SAVE = 18
# Counting the upload under the lock of its own, writing a version and putting it in use, forgetting what waited.
MOST_TO_UPLOAD = 26

_TRANSACTION = ("BEGIN", "COMMIT", "RELEASE", "ROLLBACK", "SAVEPOINT")


def statements(request: Callable[[], HttpResponse], status: int) -> list[str]:
    """Send a request and return its statements."""
    with CaptureQueriesContext(connection) as captured:
        response = request()
    assert response.status_code == status
    return [query["sql"] for query in captured if not query["sql"].startswith(_TRANSACTION)]


@pytest.fixture
def form(browser: Client, path: str) -> Callable[..., dict[str, object]]:
    """Open the page and return what it sends with some choices, as a browser does that has been there before."""

    def fill_in(**fields: object) -> dict[str, object]:
        browser.get(path)
        snapshot = page(browser.get(path)).xpath("//input[@name='snapshot']/@value")[0]
        return typed(snapshot=snapshot, **fields)

    return fill_in


@pytest.fixture
def by_sso(required: Organization, browser: Client) -> Organization:
    """Contoso, where SSO is required and the admin came in by it."""
    browser.get("/")
    provider = Connection.objects.get(organization=required)
    SessionGrant.objects.update(kind="sso", organization=required, connection=provider.public_id)
    return required


def _nothing(organization: Organization, admin: User) -> None:
    """Leave it without a connection."""


def _connected(organization: Organization, admin: User) -> None:
    configuration = rows.upload(organization)
    used = configuration.signing_certificates()[0].fingerprint
    rows.sign_in_row(configuration, user=admin, address=admin.email, certificate=used)


def _with_key(organization: Organization, admin: User) -> None:
    _connected(organization, admin)
    keys.create_key(organization=organization, actor=COMMAND_LINE)
    Configuration.objects.update(sign_requests=True)


def _with_single_logout(organization: Organization, admin: User) -> None:
    _connected(organization, admin)
    Connection.objects.update(single_logout=True)


def _with_draft(organization: Organization, admin: User) -> None:
    _with_key(organization, admin)
    rows.upload(organization, descriptor(certificates=(certificate(100),)))
    assert connection_view(organization).draft is not None


def _suspended(organization: Organization, admin: User) -> None:
    _connected(organization, admin)
    organizations.set_require_sso(organization=organization, required=True, actor=COMMAND_LINE)
    Configuration.objects.update(state="retired", retired_at=timezone.now(), certificates=[])
    assert connection_view(organization).suspended is not None


def _disabled(organization: Organization, admin: User) -> None:
    _connected(organization, admin)
    Connection.objects.update(state=ConnectionState.DISABLED)


STATES = [_nothing, _connected, _with_key, _with_single_logout, _with_draft, _suspended, _disabled]


@pytest.mark.parametrize("state", STATES)
def test_showing_the_page(
    organization: Organization, admin: User, browser: Client, path: str, state: Callable[[Organization, User], None]
) -> None:
    state(organization, admin)
    browser.get(path)
    asked = statements(lambda: browser.get(path), 200)
    assert len(asked) <= MOST_TO_SHOW, "\n".join(asked)


def test_showing_it_where_sso_is_required(by_sso: Organization, browser: Client, path: str) -> None:
    rows.save(by_sso, descriptor(certificates=(certificate(100),)), require=True)
    assert connection_view(by_sso).draft is not None
    asked = statements(lambda: browser.get(path), 200)
    assert len(asked) <= MOST_TO_SHOW, "\n".join(asked)


def test_showing_it_after_a_test(by_sso: Organization, browser: Client, path: str, sign_in_row: MakeSignIn) -> None:
    sign_in_row(rows.active(by_sso), grant=SessionGrant.objects.get().public_id, purpose="test", claims={})
    response: list[HttpResponse] = []
    asked = statements(lambda: response.append(browser.get(f"{path}?tested=1")) or response[0], 200)
    assert "Your test sign-in worked" in response[0].content.decode()
    assert len(asked) <= MOST_TO_SHOW, "\n".join(asked)


@pytest.mark.parametrize(
    "choices",
    [
        {},
        {"provider": "okta", "just_in_time_role": "10"},
        {"force_authn": "on"},
        {"provider": "okta", "force_authn": "on"},
        {"require_sso": "on"},
    ],
    ids=lambda choices: "+".join(choices) or "nothing",
)
def test_saving_choices(
    organization: Organization,
    admin: User,
    browser: Client,
    path: str,
    form: Callable[..., dict[str, object]],
    choices: dict[str, str],
) -> None:
    _connected(organization, admin)
    fields = form(**choices)
    asked = statements(lambda: browser.post(path, fields), 303)
    assert len(asked) <= MOST_TO_SAVE, "\n".join(asked)


def test_saving_from_a_stale_page(connected: Organization, browser: Client, path: str) -> None:
    browser.get(path)
    asked = statements(lambda: browser.post(path, typed(snapshot="{}")), 409)
    assert len(asked) <= MOST_TO_SAVE, "\n".join(asked)


@pytest.mark.parametrize("state", [_nothing, _connected, _with_draft, _suspended])
def test_saving_a_file(
    organization: Organization,
    admin: User,
    browser: Client,
    path: str,
    form: Callable[..., dict[str, object]],
    state: Callable[[Organization, User], None],
) -> None:
    state(organization, admin)
    organization.refresh_from_db()
    fields = form(metadata_file=uploaded(descriptor()), **({"require_sso": "on"} if organization.require_sso else {}))
    asked = statements(lambda: browser.post(path, fields), 303)
    assert len(asked) <= MOST_TO_UPLOAD, "\n".join(asked)


@pytest.mark.parametrize(("file", "status"), [(federation(), 303), ("<no metadata>", 422)])
def test_a_file_that_is_not_saved_yet(
    connected: Organization, browser: Client, path: str, form: Callable[..., dict[str, object]], file: str, status: int
) -> None:
    fields = form(metadata_file=uploaded(file))
    asked = statements(lambda: browser.post(path, fields), status)
    assert len(asked) <= MOST_TO_UPLOAD, "\n".join(asked)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("wished", [True, False])
def test_the_view_says_of_require_sso_what_the_guard_of_pages_asks(
    organization: Organization, admin: User, state: Callable[[Organization, User], None], wished: bool
) -> None:
    state(organization, admin)
    Organization.objects.update(require_sso=wished)
    organization.refresh_from_db()
    assert connection_view(organization).requires_sso == organization.requires_sso


def test_a_view_has_the_organization_as_it_is_stored(connected: Organization) -> None:
    organizations.set_require_sso(organization=Organization.objects.get(), required=True, actor=COMMAND_LINE)
    assert not connected.require_sso
    assert connection_view(connected).organization.require_sso


def test_a_view_without_a_version_has_the_connection(organization: Organization, upload: Upload) -> None:
    upload(organization)
    Configuration.objects.all().delete()
    view = connection_view(organization)
    assert view.connection == Connection.objects.get()
    assert (view.active, view.draft, view.suspended, view.usable) == (None, None, None, ())
