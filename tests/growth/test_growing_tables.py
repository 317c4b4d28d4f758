"""Pages at 100,000 rows: no statement reads a growing table from end to end, and there are few statements."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection
from pytest_django import Settings

from bench.pages import Page, all_pages, browser_of
from bench.rows.crowd import Size, analyze, make_crowd, make_operator
from database.paging import MOST_COUNTED
from orgs.models import User
from tests.growth.plans import scans_of, statements_of

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="the rows are made by PostgreSQL"),
]

# Tables with more rows grow. The 1,000 organizations and what each has once do not count.
GROWING = 25_000
# What counting reads, if it passes over as many rows as it counts, and what a page may read besides.
MOST_READ = 2 * MOST_COUNTED + 5_000
MOST_STATEMENTS = 30


@pytest.fixture
def pages(settings: Settings) -> list[Page]:
    """Return every page that lists rows of growing tables, with 100,000 sign-ins and events."""
    settings.ALLOWED_HOSTS = ["*"]
    organization = make_crowd(Size(members=30_000, sign_ins=100_000, events=100_000))
    operator = make_operator()
    analyze()
    with connection.cursor() as cursor:
        cursor.execute(
            "SET LOCAL max_parallel_workers_per_gather = 0"
        )  # several would read more rows, and no page less
    admin = User.objects.get(email="admin@contoso.example")
    return all_pages(organization, browser_of(admin), browser_of(operator))


def growing_tables() -> set[str]:
    """Return the tables that have grown, as PostgreSQL has just counted."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples > %s", [GROWING])
        return {name for (name,) in cursor.fetchall()}


def faults_of(page: Page, growing: set[str]) -> Iterator[str]:
    """Yield what is wrong with the statements of a page."""
    statements = statements_of(page)
    if len(statements) > MOST_STATEMENTS:
        yield f"{page.name}: {len(statements)} statements"
    for statement in statements:
        for scan in scans_of(statement):
            sees_all = scan.kind == "Seq Scan" and "LIMIT" not in statement
            if scan.table in growing and (sees_all or scan.rows > MOST_READ):
                yield f"{page.name}: {scan.kind} of {scan.table}, {scan.rows} rows: {statement}"


def test_no_page_reads_a_growing_table_from_end_to_end(pages: list[Page]) -> None:
    growing = growing_tables()
    assert {"sso_signin", "audit_event", "orgs_membership", "orgs_user", "orgs_sessiongrant"} <= growing
    faults = [fault for page in pages for fault in faults_of(page, growing)]
    assert faults == [], "\n\n".join(faults)
