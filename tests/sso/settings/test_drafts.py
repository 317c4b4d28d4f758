"""A draft that was given up never becomes active, however late its test comes back (invariant 9)."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from audit.actors import COMMAND_LINE
from orgs.models import Role
from orgs.services import organizations
from sso.crypto.encrypted_params import TokenPurpose, encrypt
from sso.errors import NoDraftError
from sso.models import ConfigurationState
from sso.selectors.connections import active_configuration
from sso.services import connections
from tests.sso.settings.test_connections import new_file, save


@pytest.fixture
def draft(journey):
    """A file that waits for its test while another one is active."""
    organizations.set_require_sso(organization=journey.organization, required=True, actor=COMMAND_LINE)
    journey.organization.refresh_from_db()
    return save(journey, **new_file(journey)).configuration


def test_a_draft_read_before_it_was_given_up_stays_given_up(journey, draft):
    before = active_configuration(journey.organization)
    connections.discard_draft(organization=journey.organization, actor=COMMAND_LINE)
    assert draft.state == ConfigurationState.DRAFT, "as the other request still believes"
    with pytest.raises(NoDraftError), transaction.atomic():
        connections.activate(configuration=draft, actor=COMMAND_LINE)
    draft.refresh_from_db()
    assert draft.state == ConfigurationState.RETIRED
    assert active_configuration(journey.organization) == before


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one writer in at a time anyway")
def test_giving_up_and_testing_wait_for_each_other(journey, draft):
    """Both lock the organization's row before they look at the draft."""
    with CaptureQueriesContext(connection) as statements:
        connections.discard_draft(organization=journey.organization, actor=COMMAND_LINE)
    assert locks_in(statements) == 1
    draft = save(journey, **new_file(journey)).configuration
    request_id = journey.start(test=encrypt(TokenPurpose.TEST, draft.public_id.hex))
    with CaptureQueriesContext(connection) as statements:
        journey.post(journey.answer("ada", request_id, name_id=admin_of(journey).email))
    assert journey.last().state == "succeeded"
    assert locks_in(statements) == 1


def locks_in(statements) -> int:
    return sum("FOR NO KEY UPDATE" in query["sql"] and "orgs_organization" in query["sql"] for query in statements)


def admin_of(journey):
    return journey.organization.memberships.get(role=Role.ADMIN).user
