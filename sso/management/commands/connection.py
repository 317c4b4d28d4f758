"""`manage.py connection`: what the settings page does with an identity provider, from the command line."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse

from audit.actors import COMMAND_LINE
from orgs.emails import absolute
from orgs.errors import NotAllowedError
from orgs.models import Organization
from orgs.selectors.organizations import open_organization
from orgs.text.visible_text import visible
from sso import saml
from sso.days import day_in_words
from sso.models import Provider, Waiver
from sso.selectors.keys import service_provider
from sso.services import imports, suspension, waivers
from sso.services.connections import Saved

Facts = dict[str, Any]
_MOST_NAMED = 20
_REQUIRED = "SSO is required, so the file waits as a draft until an admin has tested it in the settings."
_DROPPED = (
    "the file no longer lists the certificate that verified the latest sign-in, so it waits as a draft until an admin "
    "has tested it in the settings."
)
_WAIVERS = {kind.value.replace("_", "-"): kind for kind in Waiver}


class Command(BaseCommand):
    """Import a metadata file; allow a waiver until a day, and end it; suspend what breaks a rule."""

    help = "Connect an organization to its identity provider, and manage waivers."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        _add_import(actions)
        allow = actions.add_parser("allow", help="Allow a waiver until a date.")
        end = actions.add_parser("end", help="End a waiver immediately.")
        for action in (allow, end):
            action.add_argument("number", type=int, help="number of the organization")
            action.add_argument("waiver", choices=list(_WAIVERS))
            action.add_argument("--json", action="store_true", help="print JSON")
        suspend = actions.add_parser(
            "suspend", help="Suspend connections that no sign-in can use, and notify the admins."
        )
        suspend.add_argument("--json", action="store_true", help="print JSON")
        allow.add_argument("--until", metavar="DAY", type=_day, required=True, help="last day, UTC, such as 2026-12-05")

    def handle(self, *args: Any, **options: Any) -> None:
        do = {"import": _import, "allow": _allow, "end": _end, "suspend": _suspend}[options["action"]]
        try:
            facts, sentence = do(options)
        except (saml.MetadataError, NotAllowedError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(facts) if options["json"] else visible(sentence))


def _add_import(actions: Any) -> None:
    action = actions.add_parser("import", help="Import the provider's metadata XML.")
    action.add_argument("number", type=int, help="number of the organization")
    action.add_argument("file", help="metadata XML; - reads standard input")
    action.add_argument("--provider", required=True, choices=Provider.values)
    action.add_argument("--entity-id", metavar="ID", help="entity ID of the provider, if the file describes several")
    action.add_argument("--json", action="store_true", help="print JSON")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("write the day as year, month and day, such as 2026-12-05") from None


def _import(options: dict[str, Any]) -> tuple[Facts, str]:
    organization = _organization(options["number"])
    try:
        saved = imports.import_metadata(
            organization=organization,
            data=_read(organization, options["file"], options["entity_id"]),
            provider=options["provider"],
            entity_id=options["entity_id"],
            actor=COMMAND_LINE,
        )
    except saml.SeveralProviders as error:
        raise CommandError(f"{error} Name it with --entity-id: {_which(error.entity_ids)}") from error
    facts = _facts(organization, saved)
    return facts, _sentence(facts)


def _allow(options: dict[str, Any]) -> tuple[Facts, str]:
    organization = _organization(options["number"])
    kind = _WAIVERS[options["waiver"]]
    until = waivers.allow_waiver(
        organization=organization, kind=kind, last_day=options["until"], by=None, actor=COMMAND_LINE
    )
    sentence = f"{kind.label} of {organization.name}'s provider are accepted until {day_in_words(until)}."
    return _waiver_facts(organization, options) | {"until": until.isoformat(timespec="seconds")}, sentence


def _end(options: dict[str, Any]) -> tuple[Facts, str]:
    organization = _organization(options["number"])
    kind = _WAIVERS[options["waiver"]]
    if not waivers.end_waiver(organization=organization, kind=kind, by=None, actor=COMMAND_LINE):
        raise CommandError(f"{kind.label} of {organization.name}'s provider are not accepted; nothing was changed.")
    sentence = f"{kind.label} of {organization.name}'s provider are no longer accepted."
    return _waiver_facts(organization, options) | {"until": None}, sentence


def _suspend(options: dict[str, Any]) -> tuple[Facts, str]:
    suspended = []
    for configuration in suspension.suspend_all_flawed(actor=COMMAND_LINE):
        organization = configuration.connection.organization
        suspended.append({"number": organization.number, "name": organization.name, "reason": configuration.flaw})
    lines = [f"{each['name']} ({each['number']}) is suspended. {each['reason']}" for each in suspended]
    return {"suspended": suspended}, "\n".join(lines) or "Every connection can be used; nothing was changed."


def _waiver_facts(organization: Organization, options: dict[str, Any]) -> Facts:
    return {"number": organization.number, "name": organization.name, "waiver": options["waiver"]}


def _organization(number: int) -> Organization:
    organization = open_organization(number)
    if organization is None:
        raise CommandError(f"There is no open organization {number}.")
    return organization


def _read(organization: Organization, file: str, entity_id: str | None) -> bytes:
    """Return the file; of one that is too large to be read in one go, the part about the provider that is wanted."""
    with _opened(file) as stream:
        data = stream.read(saml.MAX_METADATA_BYTES + 1)
        if len(data) <= saml.MAX_METADATA_BYTES:
            return data
        stream.seek(0)
        us = service_provider(organization.number)
        return saml.provider_document(stream, our_entity_id=us.entity_id, entity_id=entity_id)


@contextmanager
def _opened(file: str) -> Iterator[BinaryIO]:
    """Open a file so that it can be read twice, which standard input can't."""
    try:
        with TemporaryFile() if file == "-" else Path(file).open("rb") as stream:
            if file == "-":
                shutil.copyfileobj(sys.stdin.buffer, stream)
                stream.seek(0)
            yield stream
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}.") from error


def _which(entity_ids: Sequence[str]) -> str:
    """Return the entity IDs in words; beyond the first few only how many more there are."""
    more = len(entity_ids) - _MOST_NAMED
    return ", ".join(entity_ids[:_MOST_NAMED]) + (f", and {more:,} more" if more > 0 else "")


def _facts(organization: Organization, saved: Saved) -> Facts:
    us, configuration = service_provider(organization.number), saved.configuration
    return {
        "number": organization.number,
        "name": organization.name,
        "state": "draft" if saved.is_draft else "active",
        "version": configuration.version if configuration else None,
        "provider_entity_id": configuration.entity_id if configuration else None,
        "drops_latest_certificate": saved.dropped is not None,
        "findings": [finding["message"] for finding in configuration.findings] if configuration else [],
        "entity_id": us.entity_id,
        "acs_url": us.acs_url,
        "sign_in_page": absolute(reverse("organization_sign_in", args=[organization.slug])),
    }


def _sentence(facts: Facts) -> str:
    outcome = "{name} signs in through {provider_entity_id}: {sign_in_page}"
    if facts["state"] == "draft":
        outcome = "{name}: " + (_DROPPED if facts["drops_latest_certificate"] else _REQUIRED)
    return "\n".join([outcome.format(**facts), *facts["findings"]])
