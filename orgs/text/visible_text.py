"""Text of others, shown so that it does not change the text around it and hides nothing."""

from __future__ import annotations

import re
from typing import Final

from django.core.exceptions import ValidationError

# Controls but for tab and line feed, bidirectional controls, and what takes no room on a page. Not U+200C and U+200D:
# Persian, several Indic scripts and emoji need them (Unicode 16, section 23.2).
_HIDDEN: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f]"
)
# Every character at which str.splitlines or a reader begins another line.
_LINE_BREAK: Final = re.compile("[\t\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_ADDRESS: Final = re.compile("@|://")
# Dots of host names (UTS #46 maps the others to the first) before what may begin a label, which software makes a link.
_DOT_IN_HOST: Final = re.compile("([.\u3002\uff0e\uff61\u2024])(?=[^\\W\\d]|[\u200c\u200d])")


def visible(text: str) -> str:
    """Return a text in which every hidden character is written as its code point, such as ⟨U+202E⟩.

    A bidirectional control would turn round the text after it, also text of ours (Unicode, UAX #9).
    """
    return _HIDDEN.sub(lambda found: f"⟨U+{ord(found.group()):04X}⟩", text)


def without_hidden(text: str) -> str:
    """Return a name on one line, without hidden characters; directories hold many that were pasted by accident."""
    return _HIDDEN.sub("", " ".join(_LINE_BREAK.sub(" ", text).split()))


def unlinked(text: str) -> str:
    """Return a name in which no mail program finds an address: "contoso.com" becomes "contoso. com".

    Our mails would otherwise carry links that the owner of an organization chose.
    """
    return _DOT_IN_HOST.sub(r"\1 ", visible(text)).replace("@", " @ ").replace("://", ": // ")


def validate_name(name: str) -> None:
    """Check a name that a user types. Raises ValidationError."""
    if _LINE_BREAK.search(name):
        raise ValidationError("Enter the name on one line.")
    if hidden := _HIDDEN.search(name):
        raise ValidationError(f"The name contains an invisible character ({visible(hidden.group())}). Enter it again.")
    if _ADDRESS.search(name):
        raise ValidationError("Enter the name without an e-mail or web address.")
