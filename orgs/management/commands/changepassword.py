"""`manage.py changepassword`: asks as Django's own does, leaves an audit event and ends the account's sessions."""

from __future__ import annotations

from getpass import getpass
from typing import Any

from django.contrib.auth.management.commands import changepassword
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from audit.actors import COMMAND_LINE
from orgs.models import User
from orgs.services import accounts

_TRIES = 3


class Command(changepassword.Command):
    """Change the password of an account."""

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email=(options["username"] or "").strip().lower()).first()
        if user is None:
            raise CommandError(f"There is no account with the address {options['username']}.")
        accounts.set_password(user=user, password=self._asked_for(user), actor=COMMAND_LINE)
        self.stdout.write(f"{user} has a new password and has been signed out everywhere.")

    def _asked_for(self, user: User) -> str:
        """Return a good password that was typed twice. Raises CommandError after three tries."""
        for _ in range(_TRIES):
            password, again = getpass("Password: "), getpass("Password (again): ")
            problems = ["The two passwords differ."] if password != again else _problems(password, user)
            if not problems:
                return password
            self.stderr.write("\n".join(problems))
        raise CommandError("Nothing was changed after three attempts.")


def _problems(password: str, user: User) -> list[str]:
    try:
        validate_password(password, user)
    except ValidationError as error:
        return list(error.messages)
    return []
