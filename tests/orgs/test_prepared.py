"""Statements that are put together once do what the ORM's own do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orgs.models import Door, DoorKind, Membership, User
from orgs.prepared import PreparedQuery, insert, update

pytestmark = pytest.mark.django_db


def with_organization(organization: int, email: str):
    return Membership.objects.select_related("organization__plan", "user").filter(
        organization=organization, user__email=email, state="active"
    )


def test_the_same_row_with_what_is_beside_it(organization, admin, make_user):
    prepared = PreparedQuery(with_organization, organization=int, email=str)
    for _ in range(2):
        found = prepared.first(organization=organization.pk, email=admin.email)
        with CaptureQueriesContext(connection) as captured:
            assert found == Membership.objects.get(user=admin)
            assert (found.user, found.organization.plan) == (admin, organization.plan)
            assert found.created_at == admin.memberships.get().created_at
        assert len(captured) == 2, "only the two that it is compared with"
        assert prepared.first(organization=organization.pk, email=make_user().email) is None


def test_one_row_of_many(make_user):
    for _ in range(3):
        make_user()
    prepared = PreparedQuery(lambda above: User.objects.filter(pk__gt=above).order_by("pk"), above=int)
    assert prepared.first(above=0) == User.objects.order_by("pk").first()


def test_quotes_and_percent_signs_stay_values(organization, make_user):
    prepared = PreparedQuery(with_organization, organization=int, email=str)
    assert prepared.first(organization=organization.pk, email="%s' OR ''='") is None


def door(user: User) -> Door:
    now = timezone.now()
    later = now + timedelta(hours=1)
    return Door(session="name", user=user, kind=DoorKind.PASSWORD, opened_at=now, expires_at=later)


def test_a_row_is_written_with_every_field(make_user):
    written = door(make_user())
    insert(written)
    read = Door.objects.get(pk=written.pk)
    assert {f.attname: getattr(read, f.attname) for f in Door._meta.concrete_fields} == {
        f.attname: getattr(written, f.attname) for f in Door._meta.concrete_fields
    }
    written.session = "another"
    written.save()
    assert Door.objects.get().session == "another"


def test_a_row_changes_once_under_a_condition(make_user):
    written = door(make_user())
    insert(written)
    written.ended_at, written.session = timezone.now(), "not named"
    assert update(written, "ended_at", only_if="ended_at IS NULL")
    assert not update(written, "ended_at", only_if="ended_at IS NULL")
    assert Door.objects.values_list("session", "ended_at").get() == ("name", written.ended_at)
