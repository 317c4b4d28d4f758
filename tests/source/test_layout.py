"""Where things are defined and how they are imported, as docs/design.md says."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("app", ["orgs", "sso"])
def test_services_are_imported_from_their_modules(app: str) -> None:
    """The package passes no name on, so each service has one address."""
    statements = ast.parse((ROOT / app / "services/__init__.py").read_text()).body
    assert [type(statement) for statement in statements] == [ast.Expr]


# Exceptions that are defined elsewhere, since these programs start without Django or belong to no app.
ELSEWHERE = {"amplisso/environment/rules.py", "bench/protocol.py", "simulator/refusals.py"}


def sources() -> list[Path]:
    """Return every module of ours but the tests."""
    rooms = [package.parent for package in ROOT.glob("*/__init__.py") if package.parent.name != "tests"]
    return [path for room in rooms for path in sorted(room.rglob("*.py"))]


def classes() -> Iterator[tuple[Path, str, set[str]]]:
    """Yield the file, the name and the bases of every class."""
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                yield path, node.name, {ast.unparse(base).rpartition(".")[2] for base in node.bases}


def homes_of_exceptions() -> set[str]:
    """Return the files that define an exception: a class of a built-in one, or of another one of ours."""
    names = {name for name, kind in vars(builtins).items() if isinstance(kind, type) and issubclass(kind, Exception)}
    found, rest = set(), list(classes())
    while new := [entry for entry in rest if entry[2] & names]:
        names |= {name for _, name, _ in new}
        found |= {str(path.relative_to(ROOT)) for path, _, _ in new}
        rest = [entry for entry in rest if entry not in new]
    return found


def test_exceptions_are_defined_in_errors() -> None:
    """Each app has one `errors.py`, and so has the protocol."""
    apps = {"audit/errors.py", "orgs/errors.py", "outbox/errors.py", "sso/errors.py", "sso/saml/errors.py"}
    assert homes_of_exceptions() == apps | ELSEWHERE


# Choices with a fixed number of values: states, and what a rule or a constraint names one by one.
CLOSED = {
    *("kind", "role", "state", "just_in_time_role", "subject_kind", "purpose", "started_by", "direction"),
    *("risk", "outcome"),
}


def test_choices_that_grow_are_functions() -> None:
    """A new event, reason, provider or source of members so needs no migration."""
    models = [
        model for app in ("audit", "jobs", "orgs", "outbox", "sso") for model in apps.get_app_config(app).get_models()
    ]
    fields = [field for model in models for field in model._meta.local_fields if field.choices]
    assert {field.name for field in fields if not callable(field.deconstruct()[3]["choices"])} == CLOSED


def test_no_folder_has_more_files_than_a_reader_takes_in_at_once() -> None:
    folders = {path.parent for path in (*sources(), *(ROOT / "tests").rglob("*.py"))}
    full = {str(each.relative_to(ROOT)): number for each in folders if (number := len(list(each.glob("*.py")))) > 15}
    assert full == {}
