"""The result of one rule, in words that fit into a log."""

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
    """A rule's result: whether it is satisfied, what was expected and received, and the `fault` if it is not."""

    passed: bool
    expected: str
    received: str
    fault: Fault | None = None


def passed(expected: str, received: str) -> RuleResult:
    """Return the result of a rule that is satisfied."""
    return RuleResult(passed=True, expected=expected, received=received)


def failed(expected: str, received: str, fault: Fault | None = None) -> RuleResult:
    """Return the result of a rule that is broken."""
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
    """Return a provider's sentence for display on one line; invisible characters become blanks."""
    line = " ".join("".join(each if each.isprintable() else " " for each in text[: 4 * limit]).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def trimmed(text: str) -> str:
    """Return text without the white space of XML around it, as URIs are compared (XML Schema 3.2.17)."""
    return text.strip(_BLANKS)


def equal(expected: str, received: str | None, fault: Fault | None = None) -> RuleResult:
    """Compare with exactly the expected text: no prefix, no other case."""
    if received == expected:
        return passed(shown(expected), shown(received))
    if received is None:
        return failed(shown(expected), "absent", fault)
    return failed(*told_apart(expected, received), fault)


def same_name(expected: str, received: str | None, fault: Fault | None = None) -> RuleResult:
    """Compare with exactly the expected URI or entity ID, except for white space around it."""
    return equal(trimmed(expected), None if received is None else trimmed(received), fault)


def among(ours: str, named: list[str], *, passed: bool, none: str) -> RuleResult:
    """Return the result for names that have to include ours; a refusal shows only the others, or `none`."""
    if passed or not named:
        return RuleResult(passed, shown(ours), shown(", ".join(named)) or none)
    received = [told_apart(ours, each)[1] for each in named[:_MOST_NAMED]]
    more = len(named) - len(received)
    return failed(told_apart(ours, named[0])[0], ", ".join(received) + (f" and {more} more" if more else ""))


def told_apart(expected: str, received: str) -> tuple[str, str]:
    """Return two different texts for a log in such a way that the difference shows.

    Characters outside ASCII that only one of them has are escaped, since they may look like others; of long texts the
    part around the first difference is shown.
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
    """Escape invisible characters as Python does, and, if there is another text, non-ASCII ones that it lacks."""
    return "".join(_escape(letter, other) for letter in text).replace("  ", " \\x20")


def _escape(letter: str, other: str) -> str:
    if letter in _NAMED:
        return _NAMED[letter]
    if letter == "\\" and other:
        return "\\\\"
    if letter.isprintable() and (letter.isascii() or not other or letter in other):
        return letter
    return letter.encode("unicode_escape").decode("ascii")
