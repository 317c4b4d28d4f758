"""The mechanical part of the language that CONTRIBUTING asks for: docstrings, pages, messages and documents."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ["amplisso", "audit", "bench", "database", "jobs", "orgs", "outbox", "simulator", "sso", "tests"]
SHOWN = ["amplisso", "audit", "database", "jobs", "orgs", "outbox", "simulator", "sso"]
TEMPLATES = sorted(file for file in (ROOT / "templates").rglob("*") if file.suffix in {".html", ".txt"})
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / ".github").rglob("*.md")])
VAGUE = re.compile(r"\b(somebody|nobody|whoever|everybody|anybody)\b", re.IGNORECASE)
UNFINISHED = re.compile(r"\AThe same\b")
# What pages and messages call a user, a member or an operator by another name, or a thing by a private word.
OFF_PAGES = re.compile(
    r"\b(your people|came? in (by|through)|comes in|let (them|him|her|you) in|lets? (no one|people) in|"
    r"shut out|is mended|judged by)\b",
    re.IGNORECASE,
)
# Lines that name the words themselves.
NAMED = {"requests, not *somebody* or *whoever*"}


def constants_in(source: str) -> Iterator[ast.Constant]:
    """Yield each text of a module that is no docstring, also the parts of f-strings."""
    tree = ast.parse(source)
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node


def docstrings_in(source: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of each docstring in a module."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module):
            text = ast.get_docstring(node)
            if text:
                yield getattr(node, "lineno", 1), text


def vague_docstrings(source: str) -> list[str]:
    """Return the line and the beginning of each docstring with a vague subject, or that does not stand alone."""
    found = docstrings_in(source)
    return [f"{line}: {text[:60]}" for line, text in found if VAGUE.search(text) or UNFINISHED.search(text)]


def vague_messages(source: str) -> list[str]:
    """Return the line and the beginning of each text in a module with a vague subject or a private word."""
    found = sorted((node.lineno, str(node.value)) for node in constants_in(source))
    return [f"{line}: {text[:60]}" for line, text in found if VAGUE.search(text) or OFF_PAGES.search(text)]


def vague_lines(text: str, *patterns: re.Pattern[str]) -> list[str]:
    """Return each line of a template or document in which one of the patterns is found."""
    lines = (line.strip() for line in text.splitlines() if not any(named in line for named in NAMED))
    return [line[:100] for line in lines if any(pattern.search(line) for pattern in patterns)]


def in_folder(folder: str) -> list[Path]:
    """Return the modules of a folder. Migrations are left out: they keep the words of their time."""
    files = sorted((ROOT / folder).rglob("*.py"))
    assert files
    return [file for file in files if "migrations" not in file.parts]


@pytest.mark.parametrize("folder", FOLDERS)
def test_docstrings_name_their_subjects_and_stand_alone(folder: str) -> None:
    files = sorted((ROOT / folder).rglob("*.py"))
    assert files
    found = [f"{file.relative_to(ROOT)}:{each}" for file in files for each in vague_docstrings(file.read_text())]
    assert found == []


@pytest.mark.parametrize("folder", SHOWN)
def test_messages_name_their_subjects(folder: str) -> None:
    files = in_folder(folder)
    found = [f"{file.relative_to(ROOT)}:{each}" for file in files for each in vague_messages(file.read_text())]
    assert found == []


def test_pages_and_mails_name_their_subjects() -> None:
    assert len(TEMPLATES) > 100
    found = {str(file.relative_to(ROOT)): vague_lines(file.read_text(), VAGUE, OFF_PAGES) for file in TEMPLATES}
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_documents_name_their_subjects() -> None:
    found = {str(file.relative_to(ROOT)): vague_lines(file.read_text(), VAGUE) for file in DOCUMENTS}
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_vague_docstrings_are_found() -> None:
    source = '"""What nobody needs."""\ndef f():\n    """The same, but shorter."""\ndef g():\n    """Return one."""\n'
    assert vague_docstrings(source) == ["1: What nobody needs.", "2: The same, but shorter."]


def test_vague_messages_are_found() -> None:
    source = (
        '"""What nobody needs."""\nA = f"Nobody can open {page}."\nB = "Tell your people."\nC = "Tell your members."\n'
    )
    assert vague_messages(source) == ["2: Nobody can open ", "3: Tell your people."]
    assert vague_lines("<p>Nobody</p>\n<p>No member</p>", VAGUE) == ["<p>Nobody</p>"]
