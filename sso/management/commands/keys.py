"""`manage.py keys`: what private keys are encrypted with, and changing it."""

from __future__ import annotations

import json
from typing import Any

from cryptography.fernet import Fernet
from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.actors import COMMAND_LINE
from orgs.errors import NotAllowedError
from sso.key_encryption import LockedKeyError
from sso.services import reencrypt_keys

_LOCKED = (
    "A private key was encrypted with a key that is not in KEY_ENCRYPTION_KEYS any more. Nothing was changed: put the "
    "old one back behind the new one, separated by a comma, and try again."
)
_NOT_SET = "Set KEY_ENCRYPTION_KEYS first; `manage.py keys new` makes one."


class Command(BaseCommand):
    """Make a key for KEY_ENCRYPTION_KEYS, or encrypt everything again with the first one."""

    help = "Change what the private keys of organizations are encrypted with."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("new", help="Print a new key for KEY_ENCRYPTION_KEYS.")
        action = actions.add_parser("reencrypt", help="Encrypt all private keys with the first of KEY_ENCRYPTION_KEYS.")
        action.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["action"] == "new":
            self.stdout.write(Fernet.generate_key().decode())
            return
        try:
            count = reencrypt_keys(actor=COMMAND_LINE)
        except LockedKeyError as error:
            raise CommandError(_LOCKED) from error
        except NotAllowedError as error:
            raise CommandError(_NOT_SET) from error
        sentence = f"{count} private keys are encrypted with the first of KEY_ENCRYPTION_KEYS; the others can go."
        self.stdout.write(json.dumps({"reencrypted": count}) if options["json"] else sentence)
