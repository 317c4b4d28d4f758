"""Lifetimes of sessions, grants, links and codes, with the reason for each; and the functions that compute an end.

A grant ends at the soonest of its own end, the length of sessions of the organization whose page is asked for, and a
sign-out. The table *What ends when* in docs/design.md lists the constants. The greatest age of SAML messages is in
`sso.saml`, and how long rows are kept in `audit.retention`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

# Sessions

# The length that an organization begins with: a working day.
SESSION_DEFAULT: Final = timedelta(hours=12)
# The bounds of what its admins can choose. With shorter sessions users would sign in all day long; with longer ones a
# user who has left the company, and whom no provider signs out, would stay signed in for as long.
SESSION_SHORTEST: Final = timedelta(hours=1)
SESSION_LONGEST: Final = timedelta(days=30)

# A password grant and, as SESSION_COOKIE_AGE, the cookie of its session. An organization may end it sooner on its own
# pages, never later.
PASSWORD_SESSION: Final = timedelta(hours=12)

# A provider may shorten a session by SessionNotOnOrAfter, but one that is over before the first page is shown would
# send its user round in circles.
SSO_SESSION_SHORTEST: Final = timedelta(minutes=1)

# Long enough to repair Access & SSO Settings by a password, which SSO has replaced otherwise.
RECOVERY_GRANT: Final = timedelta(hours=1)

# Links, codes and proofs

# As long as a mail server may hold a mail back; the code has six digits and five tries.
RECOVERY_CODE: Final = timedelta(minutes=10)
# The setting PASSWORD_RESET_TIMEOUT.
PASSWORD_RESET_LINK: Final = timedelta(hours=1)
# Invited users may be on vacation.
INVITATION_LINK: Final = timedelta(days=14)
# A second factor opens a recovery once it is this old: by then its user has read the mail that told of a new one.
SECOND_FACTOR_SETTLES: Final = timedelta(days=7)
# How long ago a second factor may have been used by an admin who re-links admins and managers.
SECOND_FACTOR_FRESH: Final = timedelta(minutes=15)
# A browser that has signed in with the password has a limit on wrong ones of its own.
KNOWN_BROWSER: Final = timedelta(days=180)
# An encrypted value in a URL: as long as a started sign-in waits.
ENCRYPTED_PARAM: Final = timedelta(minutes=10)


def end_of_sso_grant(now: datetime, *, length: timedelta, provider_end: datetime | None) -> datetime:
    """Return when a grant ends that single sign-on opens now, in an organization with sessions of a length.

    `provider_end` is the earliest SessionNotOnOrAfter (core 2.7.2), which makes it shorter, never longer, and never
    shorter than SSO_SESSION_SHORTEST.
    """
    end = now + length
    return max(min(end, provider_end or end), now + SSO_SESSION_SHORTEST)


def cookie_seconds(now: datetime, *, grant_end: datetime) -> int:
    """Return how long the cookie of a session lasts whose newest grant ends at `grant_end`.

    At least as long as a password session, since a password grant may have been carried over to it.
    """
    return max(seconds(grant_end - now), seconds(PASSWORD_SESSION))


def seconds(duration: timedelta) -> int:
    """Return the whole seconds of a duration, as cookies and settings count."""
    return int(duration.total_seconds())


def hours(duration: timedelta) -> int:
    """Return the whole hours of a duration, as organizations count the length of sessions."""
    return duration // timedelta(hours=1)


def in_words(duration: timedelta) -> str:
    """Return a duration as pages say it, in its largest unit that is whole: "14 days", "one hour", "10 minutes"."""
    units = {"day": timedelta(days=1), "hour": timedelta(hours=1), "minute": timedelta(minutes=1)}
    unit, length = next(each for each in units.items() if not duration % each[1])
    return f"one {unit}" if duration == length else f"{duration // length} {unit}s"
