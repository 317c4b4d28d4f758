"""The access lines of the development server, so that mails and pages can be found among them."""

from __future__ import annotations

import logging
from http import HTTPStatus

from django.conf import settings


class PagesOnly(logging.Filter):
    """Leave out static files that were found: each page has a dozen."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is written; `record` is one of `django.server`."""
        is_file = f" {settings.STATIC_URL}" in record.getMessage()
        return not is_file or getattr(record, "status_code", 0) >= HTTPStatus.BAD_REQUEST
