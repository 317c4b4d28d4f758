"""`manage.py createsuperuser`: Django's own, which also says what the new operator will be asked for."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.management.commands import createsuperuser

_NEXT = (
    "At the first sign-in, Amplisso confirms the e-mail address by mail and asks for a second factor (a passkey "
    "or an authenticator app). The operators' pages require one."
)


class Command(createsuperuser.Command):
    """Make an operator who may do everything in the Django admin."""

    def handle(self, *args: Any, **options: Any) -> None:
        super().handle(*args, **options)
        if options["verbosity"] >= 1:
            self.stdout.write(_NEXT)
