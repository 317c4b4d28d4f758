"""How long rows are kept: one constant for each kind that `manage.py purge` deletes, and one for a reservation.

Each purge reads its constant here when it runs. The table *What ends when* in docs/design.md lists them all. Settings
say how long the logs are kept. Invitations and configurations are kept for ever.
"""

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.utils import timezone

# Long enough to answer "who was in last month?" from the table itself.
SESSION_GRANTS: Final = timedelta(days=90)

# Rows of the page that lists sessions. Longer than any session lives; one that is still used gets another row with its
# next page.
SESSION_LIST: Final = timedelta(days=90)

# An expired code opens nothing, and its hash is of six digits only.
RECOVERY_CODES: Final = timedelta(0)

# The limits on wrong passwords count them for as long.
PASSWORD_ATTEMPTS: Final = timedelta(hours=1)

# A sign-in without a response says only that a visitor came, and any visitor can begin many.
UNFINISHED_SIGN_INS: Final = timedelta(days=30)

# Longer than any message is taken, so that a copy always meets the row of the original (replay). Access & SSO Settings
# counts the sign-outs that were not confirmed for as long.
SIGN_OUTS: Final = timedelta(days=30)

# A file waits while its admin chooses a provider or corrects the page.
UPLOADS: Final = timedelta(hours=1)

# The former identities of a member, kept for as long as an admin can undo the re-linking.
RELINKINGS: Final = timedelta(days=30)

# Long enough to answer "did the mail go out?", counted from when a message was sent, or given up.
MESSAGES: Final = timedelta(days=30)

# A former address of an organization's pages, which no other organization can take for so long: its users may still
# have it in bookmarks. Purge leaves the row: after this time it reserves nothing.
FORMER_SLUGS: Final = timedelta(days=365)


def oldest_sign_in() -> datetime | None:
    """Return when the oldest sign-in that is kept may have started: SIGN_IN_LOG_DAYS ago; None if all are kept."""
    return _days_ago(settings.SIGN_IN_LOG_DAYS)


def oldest_event() -> datetime | None:
    """Return when the oldest audit event that is kept may have happened: AUDIT_LOG_DAYS ago; None if all are kept."""
    return _days_ago(settings.AUDIT_LOG_DAYS)


def _days_ago(days: int) -> datetime | None:
    return timezone.now() - timedelta(days=days) if days else None
