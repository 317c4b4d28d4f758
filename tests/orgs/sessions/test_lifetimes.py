"""When a grant of single sign-on and the cookie of its session end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from orgs.sessions.lifetimes import cookie_seconds, end_of_sso_grant

NOW = datetime(2026, 7, 1, 8, tzinfo=UTC)
HOURS, MINUTE = timedelta(hours=12), timedelta(minutes=1)


@pytest.mark.parametrize(
    ("provider", "expected"),
    [
        (None, HOURS),
        (timedelta(hours=1), timedelta(hours=1)),
        (timedelta(days=2), HOURS),
        (timedelta(seconds=5), MINUTE),
        (-timedelta(hours=1), MINUTE),
    ],
)
def test_a_provider_makes_a_session_shorter_only(provider: timedelta | None, expected: timedelta) -> None:
    provider_end = None if provider is None else NOW + provider
    assert end_of_sso_grant(NOW, length=HOURS, provider_end=provider_end) == NOW + expected


@pytest.mark.parametrize(("grant", "cookie"), [(timedelta(hours=1), HOURS), (timedelta(days=30), timedelta(days=30))])
def test_a_cookie_outlives_a_carried_over_password_grant(grant: timedelta, cookie: timedelta) -> None:
    assert cookie_seconds(NOW, grant_end=NOW + grant) == cookie.total_seconds()
