"""The copy of an account's address that memberships are sorted by."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps

from orgs.models import Membership, Organization, Role
from tests.conftest import MakeMember

pytestmark = pytest.mark.django_db


def addresses() -> list[tuple[str, str]]:
    """Return the copy and the account's address of each membership."""
    return list(Membership.objects.order_by("pk").values_list("email", "user__email"))


def test_a_new_membership_has_it(organization: Organization, member: MakeMember) -> None:
    member(organization, Role.VIEWER)
    assert [copy == address for copy, address in addresses()] == [True, True]


def test_the_migration_fills_it_in_and_can_be_run_again(organization: Organization, member: MakeMember) -> None:
    member(organization, Role.VIEWER)
    before = addresses()
    Membership.objects.update(email="")
    fill = import_module("orgs.migrations.0006_fill_membership_email").fill
    for _ in range(2):
        fill(apps, None)
        assert addresses() == before
