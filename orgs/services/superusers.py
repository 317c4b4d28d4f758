"""Rules for superusers: only they change one of them, and one who can open the Django admin always remains."""

from __future__ import annotations

from audit.actors import Actor
from orgs.errors import NotAllowedError
from orgs.models import User

_SUPERUSERS_ONLY = "Only superusers can change the account or the rights of a superuser."
_RIGHTS_ONLY = "Only superusers can grant or withdraw operators' rights."
_LAST = "This is the only superuser who can sign in. Make another user a superuser first."


def check_may_change(*, user: User, actor: Actor) -> None:
    """Raise NotAllowedError if the account is a superuser's and the actor is neither a superuser nor a command.

    Locks the rows of all superusers until the transaction ends, so that two of them change each other in turn.
    """
    superusers = _locked_superusers()
    if user.pk in superusers and not _is_superuser(actor, superusers):
        raise NotAllowedError(_SUPERUSERS_ONLY)


def check_may_give_rights(*, actor: Actor) -> None:
    """Raise NotAllowedError if the actor is neither a superuser nor a command; locks as `check_may_change` does."""
    if not _is_superuser(actor, _locked_superusers()):
        raise NotAllowedError(_RIGHTS_ONLY)


def check_superuser_remains(*, without: User) -> None:
    """Raise NotAllowedError if this is the only superuser who can open the Django admin.

    Call it before the account loses a right or is disabled, after `check_may_change` or `check_may_give_rights`.
    """
    able = {user.pk for user in _locked_superusers().values() if user.is_active and user.is_staff}
    if able == {without.pk}:
        raise NotAllowedError(_LAST)


def _locked_superusers() -> dict[int, User]:
    """Lock superusers without FOR UPDATE's conflict with foreign keys, so that no sign-in waits (PostgreSQL 13.3.2)."""
    superusers = User.objects.select_for_update(no_key=True).filter(is_superuser=True).order_by("pk")
    return {user.pk: user for user in superusers}


def _is_superuser(actor: Actor, superusers: dict[int, User]) -> bool:
    """Return whether the user is a superuser now, behind the lock; a command has no user and is run on the machine."""
    if actor.user_id is None:
        return True
    user = superusers.get(actor.user_id)
    return user is not None and user.is_active
