"""Removal of tokens and signed values from the logs, so that a reader of a log cannot use the links of visitors."""

from __future__ import annotations

import logging
import re
from typing import Final

_HIDDEN: Final = "[hidden]"
# Query strings hold SAML messages with their signatures, encrypted values (hint, again, token, test) and addresses.
_QUERY: Final = re.compile(r'(?<=[^\s"?])\?[^\s"]+')
# Every path with a token in it; a test compares them with the addresses of all pages.
_TOKEN: Final = re.compile(
    r'((?:(?<!/settings)/invitations|/account/confirm-email|/account/password/reset/key)/)[^\s"?]+'
)


def without_tokens(text: str) -> str:
    """Return a text in which no path has a query string, and none its token."""
    return _QUERY.sub(f"?{_HIDDEN}", _TOKEN.sub(rf"\1{_HIDDEN}", text))


class TokenFreeFormatter(logging.Formatter):
    """A formatter that formats a record as another one does, with its traceback, and then hides the tokens in it."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        """Return the line or lines that are written."""
        return without_tokens(self._inner.format(record))
