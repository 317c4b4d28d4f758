"""What is logged, and how a line looks."""

from __future__ import annotations

import logging
from typing import Any, Final

from django.utils.log import ServerFormatter

from amplisso.redaction import TokenFreeFormatter

_LINE: Final = logging.Formatter("{asctime} {levelname} {name} {message}", style="{")
_ACCESS: Final = ServerFormatter("[{server_time}] {message}", style="{")


def log_settings(level: str, *, debug: bool) -> dict[str, Any]:
    """Django's LOGGING: everything of at least `level` to standard output, a line each, without tokens."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {
            "pages": {"()": "amplisso.access_lines.PagesOnly"},
            "one_line": {"()": "amplisso.unavailable.OneLine"},
        },
        "formatters": {
            "line": {"()": TokenFreeFormatter, "inner": _LINE},
            "access": {"()": TokenFreeFormatter, "inner": _ACCESS},
        },
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": "line"},
            "access": {"class": "logging.StreamHandler", "formatter": "access", "filters": ["pages"]},
        },
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            # Without a handler of its own, or each line would be there twice.
            "django": {"level": "INFO"},
            # The development server has a line for each request, with its status.
            "django.request": {"level": "ERROR" if debug else "INFO", "filters": ["one_line"]},
            "django.server": {"handlers": ["access"], "level": "INFO", "propagate": False},
        },
    }
