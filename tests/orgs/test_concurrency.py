"""Requests that come at the same moment, each on its own connection."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.db import connection, connections

from audit.actors import COMMAND_LINE
from orgs.errors import NotAllowedError
from orgs.models import Organization
from orgs.services import organizations, recovery, second_factors
from tests.conftest import MakeOrganization, MakeUser
from tests.orgs.accounts.test_accounts import with_totp

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
    assert at_once(lambda: recovery.mail_recovery_code(membership=membership, actor=COMMAND_LINE)) == 5


def test_one_code_of_an_authenticator_app_is_used_once(make_user: MakeUser) -> None:
    user = make_user()
    code = format_hotp_value(hotp_value(with_totp(user), int(time.time()) // 30))

    def use() -> None:
        if second_factors.use_code(user=user, code=code) is None:
            raise NotAllowedError

    assert at_once(use) == 1


def test_an_address_taken_at_the_same_moment_is_not_given_to_a_new_organization(
    make_organization: MakeOrganization, make_user: MakeUser
) -> None:
    renamed, admin = make_organization("Alpha"), make_user()
    turns = itertools.count()

    def take_the_address() -> None:
        if next(turns) % 2:
            organizations.rename_organization(organization=renamed, name="Beta", slug="beta", actor=COMMAND_LINE)
        else:
            organizations.create_organization(name="Beta", admin=admin, actor=COMMAND_LINE)

    assert at_once(take_the_address) >= 6, "renaming may be refused, creating may not"
    assert len(set(Organization.objects.values_list("slug", flat=True))) == Organization.objects.count() == 7
