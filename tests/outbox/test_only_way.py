"""Only the outbox sends: every other module posts a row."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = ("amplisso", "audit", "jobs", "orgs", "outbox", "sso")
# The one that sends, and the backend that prints.
MAY = {"outbox/mails.py", "amplisso/printed_mail.py"}
FILES = [path for folder in OURS for path in sorted((ROOT / folder).rglob("*.py"))]


def ways_to_send(source: str) -> Iterator[str]:
    """Yield what a module uses that sends mails."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("django.core.mail", "smtplib")):
            yield from (f"{node.module}.{each.name}" for each in node.names if not _is_error(each.name))
        elif isinstance(node, ast.ImportFrom) and node.module == "django.core":
            yield from (f"django.core.{each.name}" for each in node.names if each.name == "mail")
        elif isinstance(node, ast.Import):
            yield from (each.name for each in node.names if each.name.startswith(("django.core.mail", "smtplib")))
        elif isinstance(node, ast.Attribute) and node.attr in {"email_user", "mail_admins", "mail_managers"}:
            yield node.attr
        elif isinstance(node, ast.Attribute) and node.attr == "send_mail" and ast.unparse(node.value) == "super()":
            yield "allauth's send_mail"


def _is_error(name: str) -> bool:
    return name.startswith("SMTP") and name not in {"SMTP", "SMTP_SSL"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_other_module_sends_mails(path: Path) -> None:
    if str(path.relative_to(ROOT)) not in MAY:
        assert list(ways_to_send(path.read_text())) == []


@pytest.mark.parametrize(
    "source",
    [
        "from django.core.mail import send_mail",
        "from django.core import mail",
        "import django.core.mail",
        "from smtplib import SMTP",
        "user.email_user('a', 'b')",
        "class A(B):\n    def send_mail(self): super().send_mail()",
    ],
)
def test_the_test_knows_the_ways(source: str) -> None:
    assert list(ways_to_send(source))
