"""`manage.py demo`: load the demo, as often as you like."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse

from orgs.emails import absolute
from orgs.models import Organization
from sso import saml
from sso.management import demo
from sso.selectors.connections import active_configuration, connection_of
from sso.selectors.keys import service_provider

Facts = dict[str, Any]


class Command(BaseCommand):
    """Load the demo organizations."""

    help = "Load three demo organizations and their users. Works with DEBUG on only."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--metadata", type=Path, metavar="FILE", help="connects Fabrikam with this metadata XML")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("The passwords of the demo are public: it can be loaded only with DEBUG on.")
        try:
            loaded = demo.load(_read(options["metadata"]))
        except saml.MetadataError as error:
            raise CommandError(str(error)) from error
        facts = _facts(loaded)
        self.stdout.write(json.dumps(facts) if options["json"] else _sentences(facts))


def _read(file: Path | None) -> bytes | None:
    try:
        return file.read_bytes() if file else None
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}.") from error


def _facts(loaded: demo.Demo) -> Facts:
    return {
        "password": demo.PASSWORD,
        "operator": demo.OPERATOR,
        "operator_pages": absolute(reverse("admin:index")),
        "organizations": [
            _organization_facts(loaded.contoso, demo.CONTOSO),
            _organization_facts(loaded.fabrikam, demo.FABRIKAM),
            _organization_facts(loaded.initech, demo.INITECH),
        ],
    }


def _organization_facts(organization: Organization, cast: demo.Cast) -> Facts:
    us = service_provider(organization.number)
    return {
        "name": organization.name,
        "number": organization.number,
        "slug": organization.slug,
        "plan": organization.plan.slug,
        "admin": demo.admin_of(cast),
        "is_connected": active_configuration(organization) is not None,
        "state": _state(organization),
        "entity_id": us.entity_id,
        "acs_url": us.acs_url,
        "sign_on_url": absolute(reverse("start_sign_in", args=[organization.number])),
        "sign_in_page": absolute(reverse("organization_sign_in", args=[organization.slug])),
        "settings_page": absolute(reverse("settings_access", args=[organization.slug])),
    }


def _state(organization: Organization) -> str:
    """Return the state of an organization's single sign-on, in a few words."""
    if not organization.is_open:
        return "closed"
    if not organization.plan.sso:
        return f"on {organization.plan}, without single sign-on"
    if active_configuration(organization) is not None:
        return "connected, and requires single sign-on" if organization.require_sso else "connected"
    return "disconnected" if connection_of(organization) else "not connected yet: follow the nine steps"


def _sentences(facts: Facts) -> str:
    lines = [
        "{name} ({number}, {plan}), {state}: {settings_page} as {admin}".format(**organization)
        for organization in facts["organizations"]
    ]
    lines.append("Operators: {operator_pages} as {operator}\nPassword of all users: {password}".format(**facts))
    return "\n".join(lines)
