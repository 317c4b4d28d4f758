"""Estimating how far a provider's clock is from ours, as far as one response shows."""

from datetime import datetime

from sso.saml.types import PendingRequest


def clock_skew(written: datetime, request: PendingRequest, now: datetime) -> int:
    """Return by how many seconds the provider's clock is ahead of ours at least; below 0 if it is behind, 0 if it fits.

    A response is written after its request was made and before it arrives. A moment between the two fits a clock that
    is right, and how long it was on its way can't be told; a moment outside has only the clock to explain it. What is
    less than a second is left out, since many providers cut their moments to whole ones. All three are aware.
    """
    if written > now:
        return int((written - now).total_seconds())
    made = request.issued_at
    return 0 if made is None or written >= made else int((written - made).total_seconds())
