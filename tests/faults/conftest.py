"""What tests of faults have in common."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection

from tests.faults.proxy import Proxy, proxy_to
from tests.sso.conftest import connect, journey, tenant  # noqa: F401  fixtures


@pytest.fixture
def proxy(transactional_db: None) -> Iterator[Proxy]:
    """A proxy through which this thread's connection leads."""
    own = connection.settings_dict
    before = own["HOST"], own["PORT"]
    with proxy_to(str(own["HOST"]), int(own["PORT"])) as running:
        connection.close()
        own["HOST"], own["PORT"] = "127.0.0.1", running.port
        try:
            yield running
        finally:
            connection.close()
            own["HOST"], own["PORT"] = before
