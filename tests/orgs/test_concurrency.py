"""Requests that come at the same moment, each on its own connection."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, connections

from audit.actors import COMMAND_LINE
from orgs.errors import NotAllowedError
from orgs.models import Organization
from orgs.services import mail_recovery_code

pytestmark = [
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one writer in at a time anyway"),
]


def at_once(work: Callable[[], None], count: int = 12) -> int:
    """Do the same thing on several threads that wait for each other; return how many were allowed to."""
    gate = Barrier(count)

    def run(_: int) -> bool:
        try:
            gate.wait(30)
            work()
        except NotAllowedError:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(count) as pool:
        return sum(pool.map(run, range(count)))


def test_twelve_requests_for_a_code_get_five(organization: Organization) -> None:
    membership = organization.memberships.get()
    assert at_once(lambda: mail_recovery_code(membership=membership, actor=COMMAND_LINE)) == 5
