"""Where things are defined and how they are imported, as docs/design.md says."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("app", ["orgs", "sso"])
def test_services_are_imported_from_their_modules(app: str) -> None:
    """The package passes no name on, so each service has one address."""
    statements = ast.parse((ROOT / app / "services/__init__.py").read_text()).body
    assert [type(statement) for statement in statements] == [ast.Expr]
