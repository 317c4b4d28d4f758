"""The access lines of the development server, so that mails and pages can be found among them."""

from __future__ import annotations

import logging
from http import HTTPStatus

from django.conf import settings


class PagesOnly(logging.Filter):
    """Leave out static files that were found, each page has a dozen, and health checks that went well."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is written; `record` is one of `django.server`."""
        line = record.getMessage()
        is_page = f" {settings.STATIC_URL}" not in line and " /healthz " not in line
        return is_page or getattr(record, "status_code", 0) >= HTTPStatus.BAD_REQUEST
