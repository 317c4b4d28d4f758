"""What the tests of people and organizations share."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client

from audit.actors import COMMAND_LINE
from orgs.models import GrantKind, Organization, User
from orgs.services import organizations
from tests.conftest import activate_sso, open_session

RequireSSO = Callable[[Organization], Organization]


@pytest.fixture
def require_sso() -> RequireSSO:
    """Connect an organization as far as orgs knows, and require single sign-on."""

    def require(organization: Organization) -> Organization:
        activate_sso(organization)
        organizations.set_require_sso(organization=organization, required=True, actor=COMMAND_LINE)
        organization.refresh_from_db()
        return organization

    return require


@pytest.fixture
def recovery_client(db: None) -> Callable[[User, Organization], Client]:
    """A browser whose session has nothing but a recovery grant."""
    return lambda user, organization: open_session(user, GrantKind.RECOVERY, organization)


def link_in(text: str) -> str:
    """The one link to our own pages in a mail, without scheme and host."""
    found = re.findall(r"https://amplisso\.example(/\S+)", text)
    assert len(found) == 1, text
    return str(found[0])
