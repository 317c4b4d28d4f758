"""What the log says of requests that any visitor can send."""

from __future__ import annotations

import io
import logging
import logging.config
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client

from amplisso.logging_config import logging_config


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """The output of the log of a deployment."""
    stream = io.StringIO()
    logging.config.dictConfig(logging_config("INFO", debug=False))
    (handler,) = [each for each in logging.getLogger().handlers if type(each) is logging.StreamHandler]
    handler.setStream(stream)
    yield stream
    logging.config.dictConfig(settings.LOGGING)


def test_a_request_that_is_too_big_is_one_line(visitor: Client, log: io.StringIO) -> None:
    answer = visitor.post(
        "/saml/2/acs/10001", "SAMLResponse=" + "x" * 3_000_000, content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 400
    lines = [line for line in log.getvalue().splitlines() if "django.security" in line]
    assert len(lines) == 1
    assert "Traceback" not in log.getvalue()
