"""Limits on wrong passwords for an account."""

from __future__ import annotations

from datetime import datetime
from math import ceil
from typing import Final

from django.utils import timezone
from django.utils.crypto import salted_hmac

from audit import retention
from database.batches import delete_in_batches
from orgs.errors import NotAllowedError
from orgs.models import PasswordAttempt

# A wrong password counts for as long as its row is kept.
WINDOW: Final = retention.PASSWORD_ATTEMPTS
FROM_ONE_CLIENT: Final = 10
FROM_UNKNOWN_CLIENTS: Final = 100


def begin_attempt(*, address: str, client: str, known_browser: str = "") -> PasswordAttempt:
    """Count an attempt before the password is checked. Raises NotAllowedError, which says when to try again.

    `address` is an e-mail address as it was typed. `known_browser` is the number of a browser that has signed in to
    this account, "" if it has not: such a browser has a limit of its own, so that strangers cannot lock it out. The row
    is written before the rows are counted, so that of many attempts at once no more than the limit are checked.
    """
    attempt = PasswordAttempt.objects.create(
        account=_account(address),
        client=known_browser or client,
        is_known_browser=bool(known_browser),
        at=timezone.now(),
    )
    refused_until = max(_full_until(attempt), default=None)
    if refused_until is not None:
        attempt.delete()
        minutes = max(ceil((refused_until - timezone.now()).total_seconds() / 60), 1)
        raise NotAllowedError(
            f"Too many wrong passwords for this address. Try again in {minutes} minutes, or reset your password."
        )
    return attempt


def forget_attempt(*, attempt: PasswordAttempt) -> None:
    """Stop counting an attempt, because its password was right."""
    attempt.delete()


def forget_attempts(*, address: str) -> None:
    """Forget the wrong passwords of an account, because it has a new one."""
    PasswordAttempt.objects.filter(account=_account(address)).delete()


def purge_attempts() -> int:
    """Delete attempts that no longer count; return how many."""
    limit = timezone.now() - retention.PASSWORD_ATTEMPTS
    return delete_in_batches(PasswordAttempt.objects.filter(at__lte=limit), by="pk")


def _full_until(attempt: PasswordAttempt) -> list[datetime]:
    """Return, for each limit that this attempt exceeds, when the next attempt is taken."""
    counted = PasswordAttempt.objects.filter(
        account=attempt.account, is_known_browser=attempt.is_known_browser, at__gt=attempt.at - WINDOW
    ).order_by("-at", "-pk")
    limits = [(counted.filter(client=attempt.client), FROM_ONE_CLIENT)]
    if not attempt.is_known_browser:
        limits.append((counted, FROM_UNKNOWN_CLIENTS))
    # The oldest of the newest `most` + 1 rows, this attempt's among them, must leave the window first.
    oldest = (list(rows.values_list("at", flat=True)[most : most + 1]) for rows, most in limits)
    return [at + WINDOW for found in oldest for at in found]


def _account(address: str) -> str:
    return salted_hmac("orgs.password_attempts", address.strip().lower(), algorithm="sha256").hexdigest()
