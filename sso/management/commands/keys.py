"""`manage.py keys`: make and change the keys that encrypt private keys and second factors."""

from __future__ import annotations

import json
from typing import Any

from cryptography.fernet import Fernet
from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.actors import COMMAND_LINE
from orgs.errors import NotAllowedError
from sso.crypto.key_encryption import LockedKeyError
from sso.services import keys

_LOCKED = (
    "A private key or a second factor was encrypted with a key that is no longer in KEY_ENCRYPTION_KEYS. Nothing "
    "was changed: add the old key again after the new one, separated by a comma, and try again."
)
_NOT_SET = "Set KEY_ENCRYPTION_KEYS first; `manage.py keys new` creates one."


class Command(BaseCommand):
    """Make a key for KEY_ENCRYPTION_KEYS, or encrypt everything again with the first one."""

    help = "Manage the keys that encrypt private keys and second factors."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("new", help="Print a new key for KEY_ENCRYPTION_KEYS.")
        action = actions.add_parser(
            "reencrypt", help="Encrypt all of them again with the first of KEY_ENCRYPTION_KEYS."
        )
        action.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["action"] == "new":
            self.stdout.write(Fernet.generate_key().decode())
            return
        try:
            done = keys.reencrypt_keys(actor=COMMAND_LINE)
        except LockedKeyError as error:
            raise CommandError(_LOCKED) from error
        except NotAllowedError as error:
            raise CommandError(_NOT_SET) from error
        sentence = (
            f"{done.private_keys} private keys and {done.second_factors} secrets of second factors are encrypted "
            "with the first key. The other keys can be removed."
        )
        facts = {"reencrypted": done.private_keys, "second_factors": done.second_factors}
        self.stdout.write(json.dumps(facts) if options["json"] else sentence)
