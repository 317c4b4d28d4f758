"""`manage.py sso_rescue`: let an organization's members use their passwords again."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.actors import COMMAND_LINE
from orgs.selectors.organizations import open_organization
from orgs.services import organizations
from orgs.text.visible_text import visible


class Command(BaseCommand):
    """Turn Require SSO off."""

    help = "Turn Require SSO off for an organization whose identity provider does not work."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("number", type=int, help="number of the organization")

    def handle(self, *args: Any, **options: Any) -> None:
        organization = open_organization(options["number"])
        if organization is None:
            raise CommandError(f"There is no open organization {options['number']}.")
        if not organization.require_sso:
            raise CommandError(f"{organization} does not require SSO; nothing was changed.")
        organizations.set_require_sso(organization=organization, required=False, actor=COMMAND_LINE)
        self.stdout.write(f"{visible(str(organization))} no longer requires SSO: members can use their passwords.")
