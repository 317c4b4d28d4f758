"""Every address of ours, with odd values in its path and query: a page, a refusal or 404, never an error (invariant 7).

tests/admin/test_bad_addresses.py does so for the Django admin, tests/sso/test_bad_input.py for the fields of forms.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from orgs.models import GrantKind, Organization, User
from tests.conftest import MakeUser, new_browser, open_session
from tests.sso.conftest import Connect, connect, tenant  # noqa: F401  fixtures
from tests.sso.test_bad_input import status_of
from tests.test_access import ADDRESSES, Address

OURS = [address for address in ADDRESSES if not address.name.startswith("admin")]
VALUES = [
    "9" * 30,
    "0",
    "-1",
    "9223372036854775808",
    "%00",
    "%ff",
    "%ED%A0%80",
    "%D9%A3",
    "..%2f..%2f",
    "x" * 3000,
    "z" * 40,
    "00000000-0000-0000-0000-000000000000",
]
# One finds what expects another type; CI tries the others, too.
EACH_VALUE = [VALUES[0], *(pytest.param(value, marks=pytest.mark.slow) for value in VALUES[1:])]
PARAMETERS = [
    "again",
    "codes",
    "force",
    "hint",
    "name",
    "next",
    "note",
    "of",
    "page",
    "period",
    "q",
    "risk",
    "role",
    "search",
    "sent",
    "state",
    "test",
    "tested",
    "url",
    "view",
    "SAMLRequest",
    "SAMLResponse",
    "RelayState",
    "SigAlg",
    "Signature",
]


@pytest.fixture
def browsers(organization: Organization, admin: User, make_user: MakeUser, connect: Connect) -> list[Client]:  # noqa: F811
    """A stranger, an admin and an operator."""
    connect(organization)
    operator = make_user(is_staff=True, is_superuser=True)
    return [
        new_browser(),
        open_session(admin, GrantKind.PASSWORD),
        open_session(operator, GrantKind.PASSWORD),
    ]


def failures(browsers: list[Client], paths: list[str]) -> list[str]:
    """Return what ends with a server error, in any browser and by either method."""
    return [
        f"{number} {method} {path[:200]}"
        for number, browser in enumerate(browsers)
        for path in paths
        for method in ("get", "post")
        if status_of(browser, method, path, {}) >= 500
    ]


def odd_paths(address: Address, organization: Organization, value: str) -> Iterator[str]:
    """Return the path of an address with the value in the place of each argument, all others being real."""
    real = {"slug": organization.slug, "number": str(organization.number)}
    for argument in address.arguments:
        yield address.path_with({**real, argument: value})


@pytest.mark.parametrize("value", EACH_VALUE, ids=range(len(EACH_VALUE)))
def test_paths(value: str, organization: Organization, browsers: list[Client]) -> None:
    paths = [path for address in OURS for path in odd_paths(address, organization, value)]
    assert len(paths) > 60
    assert failures(browsers, paths) == []


@pytest.mark.parametrize("value", EACH_VALUE, ids=range(len(EACH_VALUE)))
def test_queries(value: str, organization: Organization, browsers: list[Client]) -> None:
    query = "&".join(f"{name}={value}" for name in PARAMETERS)
    paths = [f"{path}?{query}" for path in real_paths(organization)]
    assert failures(browsers, paths) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", PARAMETERS)
def test_one_parameter(name: str, organization: Organization, browsers: list[Client]) -> None:
    admin = browsers[1]
    paths = [
        f"{path}?{name}={value}&{name}={value}" for path in real_paths(organization) for value in ("9" * 30, "%ff", "x")
    ]
    assert [path for path in paths if status_of(admin, "get", path, {}) >= 500] == []


def real_paths(organization: Organization) -> list[str]:
    real = {"slug": organization.slug, "number": str(organization.number)}
    return list(dict.fromkeys(address.path_with(real) for address in OURS))
