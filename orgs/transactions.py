"""One transaction for each service, repeated when the database gives it up."""

from __future__ import annotations

import functools
import random
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection, transaction

from database import faults
from orgs.errors import OutdatedError

P = ParamSpec("P")
T = TypeVar("T")

# Seconds, from and to: long enough for the other transaction to go on, too short to be noticed.
_PAUSE = (0.05, 0.15)


def twice(work: Callable[[], T], *, again: Callable[[], T] | None = None) -> T:
    """Run `work`, a whole transaction; run it, or `again`, once more if it was outdated or the database gave it up.

    This is the only place where a transaction is repeated. A second failure is raised: the page answers 503.
    """
    try:
        return work()
    except OutdatedError:
        pass
    except OperationalError as error:
        if not faults.was_given_up(error):
            raise
        # Row locks are not handed over in the order of arrival: without a pause this transaction can take the freed
        # lock again before the other one has woken up, and both would meet in the same deadlock.
        time.sleep(random.uniform(*_PAUSE))  # noqa: S311 - no secret
    return (again or work)()


def atomic(service: Callable[P, T]) -> Callable[P, T]:
    """Decorate a service: it runs in one transaction, which is tried once more if the database gives it up.

    A service that another one calls is a part of that one's transaction, and is repeated with all of it or not at all.
    """

    @functools.wraps(service)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        def work() -> T:
            with transaction.atomic():
                return service(*args, **kwargs)

        return work() if connection.in_atomic_block else twice(work)

    return run
