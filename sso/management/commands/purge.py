"""`manage.py purge`: delete expired and finished rows. Run it daily."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from audit.services import purge_events
from orgs.services import password_attempts, purging
from orgs.sessions.allauth_list import purge_session_list
from outbox.services import purge_messages
from sso.services import kept_uploads, relinking
from sso.services.sign_in.start import purge_sign_ins, purge_unfinished_sign_ins
from sso.services.sign_out.start import purge_sign_outs


class Command(BaseCommand):
    """Delete rows that are older than audit/retention.py says, in steps that lock few rows for a short time."""

    help = "Delete expired sessions and grants, unfinished sign-ins and old entries of the logs. Run it daily."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        gone = {
            "sessions": purging.purge_sessions(),
            "listed_sessions": purge_session_list(),
            "grants": purging.purge_grants(),
            "recovery_codes": purging.purge_recovery_codes(),
            "password_attempts": password_attempts.purge_attempts(),
            "abandoned_sign_ins": purge_unfinished_sign_ins(),
            "sign_ins": purge_sign_ins(),
            "events": purge_events(),
            "sign_outs": purge_sign_outs(),
            "uploads": kept_uploads.purge_uploads(),
            "relinkings": relinking.purge_relinkings(),
            "cache_entries": purging.purge_cache(),
            "messages": purge_messages(),
            "filled_in_addresses": purging.fill_in_addresses(),
        }
        sentence = (
            "Deleted: {sessions} sessions, {listed_sessions} entries of lists of sessions, {grants} grants, "
            "{recovery_codes} recovery codes, {password_attempts} wrong passwords, {abandoned_sign_ins} unfinished "
            "sign-ins, {sign_ins} old sign-ins, {events} audit events, {sign_outs} sign-outs, {uploads} uploads, "
            "{relinkings} re-linkings, {cache_entries} cache entries, {messages} messages. "
            "Filled in: {filled_in_addresses} addresses of members."
        )
        self.stdout.write(json.dumps(gone) if options["json"] else sentence.format(**gone))
