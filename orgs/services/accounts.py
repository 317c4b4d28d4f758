"""Accounts that somebody gets without signing up: from the command line."""

from __future__ import annotations

from django.db import transaction

from audit.actors import Actor
from orgs.models import User
from orgs.services.people import record_sign_up


@transaction.atomic
def create_account(
    *,
    address: str,
    actor: Actor,
    name: str = "",
    password: str | None = None,
    is_confirmed: bool = False,
    is_operator: bool = False,
) -> User:
    """Make an account; without a password its owner sets one through the password mail. Raises ValidationError.

    `is_confirmed` says that nobody has to ask the address whether it is theirs.
    """
    user = User.objects.create_user(address, password, name=name, is_staff=is_operator, is_superuser=is_operator)
    if is_confirmed:
        user.emailaddress_set.create(email=user.email, verified=True, primary=True)
    record_sign_up(user=user, actor=actor)
    return user
