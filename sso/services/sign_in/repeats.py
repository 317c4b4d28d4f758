"""Beginning again after a response that was sent twice."""

from __future__ import annotations

from django.db.models import F

from sso.models import SignIn

# The first response may have been cut off on its way back, with the session's cookie. A second loss is no accident.
MOST_RESTARTS = 1


def count_restart(*, sign_in: SignIn) -> bool:
    """Count one more restart in the row of a sign-in; return False, and count nothing, if it has had its last one.

    One UPDATE on the row's own columns, which one of many concurrent requests wins. A restart begins with the count of
    what it restarts, so no chain of them goes on.
    """
    left = SignIn.objects.filter(pk=sign_in.pk, repeat_restarts__lt=MOST_RESTARTS)
    return left.update(repeat_restarts=F("repeat_restarts") + 1) == 1
