"""Services know nothing of requests and pages, and call nothing of those who call them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(path for app in ("orgs", "sso") for path in (ROOT / app).glob("services/**/*.py"))
# Of a request, of a page, or a function that the caller hands down.
_OF_CALLERS = {"Callable", "HttpRequest", "HttpResponse", "HttpResponseBase"}


def public_functions(source: str) -> list[ast.FunctionDef]:
    """Return the functions of a module, given as source, that others may call."""
    found = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    return [each for each in found if not each.name.startswith("_")]


def words_of(node: ast.FunctionDef) -> set[str]:
    """Return every name in the annotations of a function's parameters."""
    annotations = [each.annotation for each in ast.walk(node.args) if isinstance(each, ast.arg) and each.annotation]
    return {name.id for each in annotations for name in ast.walk(each) if isinstance(name, ast.Name)}


def test_there_are_services() -> None:
    assert len([each for path in MODULES for each in public_functions(path.read_text())]) > 50


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_service_is_given_a_request_or_a_function(path: Path) -> None:
    given = {each.name: words_of(each) & _OF_CALLERS for each in public_functions(path.read_text())}
    assert {name: words for name, words in given.items() if words} == {}
