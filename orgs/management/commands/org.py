"""`manage.py org`: organizations from the command line, through the same services as the pages."""

from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.db.models import Count, Q
from django.urls import reverse

from audit.actors import COMMAND_LINE
from orgs.emails import absolute
from orgs.models import MembershipSource, MembershipState, Organization, Plan, User
from orgs.selectors.organizations import open_organization
from orgs.services import accounts
from orgs.services.organizations import create_organization, sign_everyone_out
from orgs.text.email_addresses import normal_address
from orgs.text.visible_text import validate_name, visible

Facts = dict[str, Any]
_SIGNED_OUT = "Everyone is signed out of {name}; members: {members}, sessions: {sessions}."


class Command(BaseCommand):
    """Create and list organizations, and sign everyone out of one."""

    help = "Create an organization with its first admin, list them all, or sign everyone out of one."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        create = actions.add_parser("create", help="Create an organization with its first admin.")
        create.add_argument("name")
        create.add_argument("--plan", required=True, help="starter, plus, growth, enterprise or scholarship")
        create.add_argument("--admin", required=True, metavar="ADDRESS", help="e-mail address of the first admin")
        every = actions.add_parser("list", help="List all organizations.")
        sign_out = actions.add_parser("sign-everyone-out", help="End every session in an organization.")
        sign_out.add_argument("number", type=int, help="number of the organization")
        for action in (create, every, sign_out):
            action.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["action"] == "create":
            facts = _create(options["name"], options["plan"], options["admin"])
            if namesakes := _namesakes(facts):
                self.stderr.write(f"Another organization has the name {facts['name']}, too: {namesakes}.")
            self.stdout.write(json.dumps(facts) if options["json"] else _created_sentence(facts))
        elif options["action"] == "sign-everyone-out":
            facts = _sign_everyone_out(options["number"])
            self.stdout.write(json.dumps(facts) if options["json"] else visible(_SIGNED_OUT.format(**facts)))
        else:
            rows = _list()
            self.stdout.write(json.dumps(rows) if options["json"] else "\n".join(map(_line, rows)))


@transaction.atomic
def _create(name: str, plan: str, admin: str) -> Facts:
    user, is_new = _find_or_create_account(admin)
    organization = create_organization(
        name=_checked_name(name),
        plan=_plan(plan),
        admin=user,
        actor=COMMAND_LINE,
        source=MembershipSource.OPERATOR,
    )
    return {
        "number": organization.number,
        "name": organization.name,
        "slug": organization.slug,
        "plan": organization.plan.slug,
        "admin": user.email,
        "admin_is_new": is_new,
        "set_password_at": absolute(reverse("account_reset_password")),
        "home": absolute(reverse("organization_home", args=[organization.slug])),
    }


def _checked_name(name: str) -> str:
    name, longest = name.strip(), Organization._meta.get_field("name").max_length
    if not name or (longest is not None and len(name) > longest):
        raise CommandError(f"The name of an organization must have 1 to {longest} characters.")
    try:
        validate_name(name)
    except ValidationError as error:
        raise CommandError(error.messages[0]) from error
    return name


def _plan(slug: str) -> Plan:
    plan = Plan.objects.filter(slug=slug.lower()).first()
    if plan is None:
        known = ", ".join(Plan.objects.values_list("slug", flat=True))
        raise CommandError(f"There is no plan '{slug}'. Plans: {known}.")
    return plan


def _find_or_create_account(address: str) -> tuple[User, bool]:
    try:
        address = normal_address(address)
    except ValidationError as error:
        raise CommandError(error.messages[0]) from error
    is_new = not User.objects.filter(email=address).exists()
    return accounts.account_for(address=address, actor=COMMAND_LINE), is_new


def _created_sentence(facts: Facts) -> str:
    sentence = "{name} is organization {number} on {plan}: {home}".format(**facts)
    if facts["admin_is_new"]:
        sentence += "\n{admin} has no password yet and can set one at {set_password_at}".format(**facts)
    return sentence


def _namesakes(facts: Facts) -> str:
    """Return the numbers of other organizations of this name, one of which may be what was meant."""
    others = Organization.objects.filter(name__iexact=facts["name"]).exclude(number=facts["number"]).order_by("number")
    return ", ".join(map(str, others.values_list("number", flat=True)))


def _sign_everyone_out(number: int) -> Facts:
    organization = open_organization(number)
    if organization is None:
        raise CommandError(f"There is no open organization {number}.")
    ended = sign_everyone_out(organization=organization, actor=COMMAND_LINE)
    return {
        "number": organization.number,
        "name": organization.name,
        "members": ended.members,
        "sessions": ended.sessions,
    }


def _list() -> list[Facts]:
    active = Count("memberships", filter=Q(memberships__state=MembershipState.ACTIVE))
    organizations = Organization.objects.select_related("plan").annotate(members=active).order_by("number")
    return [
        {
            "number": organization.number,
            "name": organization.name,
            "slug": organization.slug,
            "plan": organization.plan.slug,
            "members": organization.members,
            "is_open": organization.is_open,
            "is_connected": organization.sso_active,
            "requires_sso": organization.requires_sso,
        }
        for organization in organizations
    ]


def _line(row: Facts) -> str:
    marks = [row["plan"], f"{row['members']} member{'' if row['members'] == 1 else 's'}"]
    marks += ["connected"] if row["is_connected"] else []
    marks += ["requires SSO"] if row["requires_sso"] else []
    marks += [] if row["is_open"] else ["closed"]
    return f"{row['number']}  {visible(row['name'])}: {', '.join(marks)}"
