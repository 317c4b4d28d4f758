"""Logging: which lines are written, and in which format."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any, Final

from django.conf import settings
from django.utils.log import ServerFormatter

from amplisso.redaction import TokenFreeFormatter

_LINE: Final = logging.Formatter("{asctime} {levelname} {name} {message}", style="{")
_ACCESS: Final = ServerFormatter("[{server_time}] {message}", style="{")


class PagesOnly(logging.Filter):
    """A filter that leaves out static files that were found, a dozen for each page, and successful health checks."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the line is written; `record` is one of `django.server`."""
        line = record.getMessage()
        is_page = not any(f" {path}" in line for path in (settings.STATIC_URL, "/healthz ", "/readyz "))
        return is_page or getattr(record, "status_code", 0) >= HTTPStatus.BAD_REQUEST


class NoTraceback(logging.Filter):
    """A filter that leaves out the traceback of a suspicious request: any visitor can send one."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return that the line is written, without the traceback of a record of `django.security`."""
        if record.name.startswith("django.security."):
            record.exc_info = record.exc_text = None
        return True


def logging_config(level: str, *, debug: bool) -> dict[str, Any]:
    """Return Django's LOGGING: everything of at least `level` to standard output, a line each, without tokens."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {
            "no_traceback": {"()": "amplisso.logging_config.NoTraceback"},
            "pages": {"()": "amplisso.logging_config.PagesOnly"},
            "one_line": {"()": "amplisso.middleware.unavailable.OneLine"},
        },
        "formatters": {
            "line": {"()": TokenFreeFormatter, "inner": _LINE},
            "access": {"()": TokenFreeFormatter, "inner": _ACCESS},
        },
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["no_traceback"]},
            "access": {"class": "logging.StreamHandler", "formatter": "access", "filters": ["pages"]},
        },
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            # These loggers have no handlers of their own, since each line would be there twice.
            "django": {"level": "INFO"},
            # The worker has a line for a task that failed, not two for each that it did.
            "django_tasks": {"level": "WARNING"},
            "django_tasks_db": {"level": "WARNING"},
            # The development server has a line for each request, with its status.
            "django.request": {"level": "ERROR" if debug else "INFO", "filters": ["one_line"]},
            "django.server": {"handlers": ["access"], "level": "INFO", "propagate": False},
        },
    }
