"""What a check saw, in words that fit into a log."""

import re
from itertools import takewhile
from typing import NamedTuple

from sso.saml.verdict import Fault

_SHOWN = 200
# Parsers' and schemas' sentences are long, and their point is at the end.
COMPLAINT = 1000
_MOST_NAMED = 5
# White space in XML; no other blank is ever left out where two texts are compared.
_BLANKS = " \t\r\n"
_BLANK_AT_AN_END = re.compile("^ | $")
_NAMED = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}


class RuleResult(NamedTuple):
    """Whether a rule is satisfied, what it asks for and what was there; `fault`: what is behind it if it is broken."""

    passed: bool
    expected: str
    received: str
    fault: Fault | None = None


def passed(expected: str, received: str) -> RuleResult:
    """The rule holds."""
    return RuleResult(passed=True, expected=expected, received=received)


def failed(expected: str, received: str, fault: Fault | None = None) -> RuleResult:
    """The rule is broken."""
    return RuleResult(passed=False, expected=expected, received=received, fault=fault)


def shown(text: str | None, limit: int = _SHOWN) -> str:
    """Return text for a log: one line of at most `limit` characters, without the blanks around it.

    What can't be seen (line ends, direction marks, zero-width characters) is written as an escape.
    """
    if text is None:
        return "absent"
    if len(text) <= limit and text.isprintable():
        return text.strip(_BLANKS)
    line = _escaped(text[:limit].strip(_BLANKS), "")
    return line if max(len(text), len(line)) <= limit else line[: limit - 1] + "…"


def one_line(text: str, limit: int) -> str:
    """Return a sentence of the provider's for people; what cannot be seen becomes a blank."""
    line = " ".join("".join(each if each.isprintable() else " " for each in text[: 4 * limit]).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def trimmed(text: str) -> str:
    """Return text without the white space of XML around it, as URIs are compared (XML Schema 3.2.17)."""
    return text.strip(_BLANKS)


def equal(expected: str, received: str | None, fault: Fault | None = None) -> RuleResult:
    """Exactly the expected text: no prefix, no other case."""
    if received == expected:
        return passed(shown(expected), shown(received))
    if received is None:
        return failed(shown(expected), "absent", fault)
    return failed(*told_apart(expected, received), fault)


def same_name(expected: str, received: str | None, fault: Fault | None = None) -> RuleResult:
    """Exactly the expected URI or entity ID, but for white space around it."""
    return equal(trimmed(expected), None if received is None else trimmed(received), fault)


def among(ours: str, named: list[str], *, passed: bool, none: str) -> RuleResult:
    """Show what stands where our own name has to be, on a refusal only what is not that; `none` if nothing does."""
    if passed or not named:
        return RuleResult(passed, shown(ours), shown(", ".join(named)) or none)
    received = [told_apart(ours, each)[1] for each in named[:_MOST_NAMED]]
    more = len(named) - len(received)
    return failed(told_apart(ours, named[0])[0], ", ".join(received) + (f" and {more} more" if more else ""))


def told_apart(expected: str, received: str) -> tuple[str, str]:
    """Return two different texts for a log in such a way that the difference shows.

    Characters outside ASCII that only one of them has are escaped, since they may look like others; of long texts the
    part round the first difference is shown.
    """
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(expected, received, strict=False)))
    begin = 0 if max(len(expected), len(received)) <= _SHOWN // 2 else max(0, same - _SHOWN // 4)
    return _part(expected, received, begin), _part(received, expected, begin)


def _part(text: str, other: str, begin: int) -> str:
    if not text:
        return "empty"
    part = text[begin : begin + _SHOWN // 2]
    line = _BLANK_AT_AN_END.sub("\\\\x20", _escaped(part, other))
    return ("…" if begin else "") + line + ("…" if len(text) > begin + len(part) else "")


def _escaped(text: str, other: str) -> str:
    """Write as Python does what is invisible, and, if there is another text, what is outside ASCII and not in that."""
    return "".join(_escape(letter, other) for letter in text).replace("  ", " \\x20")


def _escape(letter: str, other: str) -> str:
    if letter in _NAMED:
        return _NAMED[letter]
    if letter == "\\" and other:
        return "\\\\"
    if letter.isprintable() and (letter.isascii() or not other or letter in other):
        return letter
    return letter.encode("unicode_escape").decode("ascii")
