"""SQL is written by hand in few, named places; everywhere else it is Django's."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Not `database`, which passes the statements of others on.
APPS = ("amplisso", "audit", "jobs", "orgs", "outbox", "simulator", "sso")
# Calls by which text of ours reaches a database.
RAW = frozenset({"RawSQL", "callproc", "cursor", "execute", "executemany", "extra", "raw"})
PLACES = {
    "orgs/services/locks.py": "FOR SHARE, which Django lacks",
    "orgs/services/purging.py": "the table of the cache, which is no model",
    "sso/acs_sql/read.py": "what every sign-in reads",
    "sso/acs_sql/write.py": "what every sign-in writes",
}


def raw_calls(source: str) -> Iterator[str]:
    """Yield the name of each call in a module's source that hands SQL to a database."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
            if name in RAW:
                yield name


def modules() -> Iterator[Path]:
    """Yield every module of ours, but for migrations."""
    found = (path for app in APPS for path in (ROOT / app).rglob("*.py"))
    return (path for path in found if "migrations" not in path.parts)


def test_sql_is_written_by_hand_in_the_named_places_only() -> None:
    found = {str(path.relative_to(ROOT)) for path in modules() if any(raw_calls(path.read_text()))}
    assert found == set(PLACES)


def test_each_way_to_write_sql_is_noticed() -> None:
    ways = [
        "connection.cursor()",
        "cursor.execute('')",
        "cursor.executemany('', [])",
        "cursor.callproc('')",
        "Row.objects.raw('')",
        "rows.extra(where=[''])",
        "RawSQL('', [])",
        "expressions.RawSQL('', [])",
    ]
    assert [way for way in ways if not list(raw_calls(way))] == []
