"""`manage.py check`: Django's, which looks into the database as well unless it is told which ones to look into."""

from __future__ import annotations

from django.core.management.base import CommandParser
from django.core.management.commands import check
from django.db import DEFAULT_DB_ALIAS


class Command(check.Command):
    """Check the installation, and what is stored against rules that are newer (checks.py)."""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(databases=[DEFAULT_DB_ALIAS])
