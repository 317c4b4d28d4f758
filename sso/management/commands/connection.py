"""`manage.py connection`: an identity provider's metadata from the command line, as the settings page takes it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse

from audit.actors import COMMAND_LINE
from orgs.errors import NotAllowedError
from orgs.letters import absolute
from orgs.models import Organization
from orgs.selectors import open_organization
from sso import saml
from sso.models import Provider
from sso.selectors import service_provider
from sso.services import Saved
from sso.services.imports import import_metadata

# One more than is accepted, so that a file that is too large is told so without being read to its end.
Facts = dict[str, Any]


class Command(BaseCommand):
    """Import a metadata file."""

    help = "Connect an organization to its identity provider."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        action = actions.add_parser("import", help="Import the provider's metadata XML.")
        action.add_argument("number", type=int, help="number of the organization")
        action.add_argument("file", help="metadata XML; - reads standard input")
        action.add_argument("--provider", required=True, choices=Provider.values)
        action.add_argument("--entity-id", metavar="ID", help="which one, if the file describes several")
        action.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        organization = _organization(options["number"])
        data = _read(options["file"])
        try:
            saved = import_metadata(
                organization=organization,
                data=data,
                provider=options["provider"],
                entity_id=options["entity_id"],
                actor=COMMAND_LINE,
            )
        except saml.SeveralProviders as error:
            raise CommandError(f"{error} Name it with --entity-id: {', '.join(error.entity_ids)}") from error
        except (saml.MetadataError, NotAllowedError) as error:
            raise CommandError(str(error)) from error
        facts = _facts(organization, saved)
        self.stdout.write(json.dumps(facts) if options["json"] else _sentence(facts))


def _organization(number: int) -> Organization:
    organization = open_organization(number)
    if organization is None:
        raise CommandError(f"There is no open organization {number}.")
    return organization


def _read(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read(saml.MAX_METADATA_BYTES + 1)
    try:
        with Path(file).open("rb") as stream:
            return stream.read(saml.MAX_METADATA_BYTES + 1)
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}.") from error


def _facts(organization: Organization, saved: Saved) -> Facts:
    us, configuration = service_provider(organization.number), saved.configuration
    return {
        "number": organization.number,
        "name": organization.name,
        "state": "draft" if saved.is_draft else "active",
        "version": configuration.version if configuration else None,
        "provider_entity_id": configuration.entity_id if configuration else None,
        "findings": [finding["message"] for finding in configuration.findings] if configuration else [],
        "entity_id": us.entity_id,
        "acs_url": us.acs_url,
        "sign_in_page": absolute(reverse("organization_sign_in", args=[organization.slug])),
    }


def _sentence(facts: Facts) -> str:
    outcome = "{name} signs in through {provider_entity_id}: {sign_in_page}"
    if facts["state"] == "draft":
        outcome = "{name} requires SSO, so the file waits as a draft until an admin has tested it in the settings."
    return "\n".join([outcome.format(**facts), *facts["findings"]])
