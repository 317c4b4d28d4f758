"""The mechanical part of the language that CONTRIBUTING asks for: what docstrings may not say."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ["amplisso", "audit", "bench", "database", "orgs", "simulator", "sso", "tests"]
VAGUE = re.compile(r"\A(The same\b)|\b(somebody|nobody|whoever|everybody|anybody)\b", re.IGNORECASE)


def docstrings_in(source: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of each docstring in a module."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module):
            text = ast.get_docstring(node)
            if text:
                yield getattr(node, "lineno", 1), text


def vague_docstrings(source: str) -> list[str]:
    """Return the line and the beginning of each docstring with a vague subject, or that does not stand alone."""
    return [f"{line}: {text[:60]}" for line, text in docstrings_in(source) if VAGUE.search(text)]


@pytest.mark.parametrize("folder", FOLDERS)
def test_docstrings_name_their_subjects_and_stand_alone(folder: str) -> None:
    files = sorted((ROOT / folder).rglob("*.py"))
    assert files
    found = [f"{file.relative_to(ROOT)}:{each}" for file in files for each in vague_docstrings(file.read_text())]
    assert found == []


def test_vague_docstrings_are_found() -> None:
    source = '"""What nobody needs."""\ndef f():\n    """The same, but shorter."""\ndef g():\n    """Return one."""\n'
    assert vague_docstrings(source) == ["1: What nobody needs.", "2: The same, but shorter."]
