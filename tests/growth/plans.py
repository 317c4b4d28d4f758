"""How PostgreSQL carries out the statements of a page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.db import connection
from django.test.utils import CaptureQueriesContext

from bench.pages import Page


class Scan(NamedTuple):
    """One table that a statement reads: by which kind of scan, and how many of its rows, kept or not."""

    table: str
    kind: str
    rows: int


def statements_of(page: Page) -> list[str]:
    """Request a page and return what it asked the database, without locks and changes."""
    with CaptureQueriesContext(connection) as captured:
        response = page.browser.get(page.path)
    assert response.status_code == 200, page
    return [query["sql"] for query in captured if query["sql"].startswith("SELECT") and "FOR " not in query["sql"]]


def scans_of(statement: str) -> list[Scan]:
    """Run a statement again and return what it reads."""
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, TIMING off, FORMAT json) " + statement.replace("%", "%%"), [])
        ((found,),) = cursor.fetchall()
    return list(_scans(found[0]["Plan"] if isinstance(found, list) else json.loads(found)[0]["Plan"]))


def _scans(node: dict[str, Any]) -> Iterator[Scan]:
    if "Relation Name" in node:
        left_out = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
        rows = (node["Actual Rows"] + left_out) * node["Actual Loops"]
        yield Scan(node["Relation Name"], node["Node Type"], int(rows))
    for inner in node.get("Plans", ()):
        yield from _scans(inner)
