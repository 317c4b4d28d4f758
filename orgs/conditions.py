"""Facts that access depends on and that apps above this one know, as conditions for queries.

Each app adds its own when it starts. They are asked in the query that needs them, each time: nothing is copied, so that
nothing can be out of date.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce
from operator import or_

from django.db.models import Exists, Q

# Conditions on organizations: users can sign in through an identity provider of it now.
SSO_WORKS: list[Callable[[], Exists]] = []
# Conditions on grants of single sign-on: the connection that opened it exists and is enabled.
CONNECTION_ENABLED: list[Callable[[], Exists]] = []


def sso_works() -> Q:
    """Return the condition that an organization has an identity provider that works."""
    return _any(SSO_WORKS)


def connection_enabled() -> Q:
    """Return the condition that the connection behind a grant of single sign-on is enabled."""
    return _any(CONNECTION_ENABLED)


def _any(conditions: Iterable[Callable[[], Exists]]) -> Q:
    return reduce(or_, (Q(make()) for make in conditions), Q(pk__in=[]))
