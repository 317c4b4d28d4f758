"""Reading DER (ITU-T X.690), as far as certificates need it: tags and lengths, not what the values mean.

pyca/cryptography refuses a whole certificate because of one letter in a name. Only the key and the dates are
trusted, so they are read here, and the key is then loaded by pyca/cryptography.
"""

from typing import NamedTuple

from sso.saml.errors import CutOffError, NotDERError

SEQUENCE, SET, INTEGER, BIT_STRING, OBJECT_IDENTIFIER = 0x30, 0x31, 0x02, 0x03, 0x06

# No certificate has more values side by side; the limit stops early at a file of a million empty ones.
_MOST_VALUES = 200
# The length of a value takes at most four bytes.
_LONGEST_LENGTH = 4
_LONG_FORM = 0x80
_HIGH_TAG = 0x1F


class Value(NamedTuple):
    """One value: its identifier byte, its content, and as `encoded` both with the length between them."""

    tag: int
    content: bytes
    encoded: bytes


def values(data: bytes) -> list[Value]:
    """Return the values that stand one after the other in `data`. Raise `NotDERError`."""
    found: list[Value] = []
    at = 0
    while at < len(data):
        if len(found) == _MOST_VALUES:
            raise NotDERError("too many values")
        found.append(_value(data, at))
        at += len(found[-1].encoded)
    return found


def children(value: Value, tag: int) -> list[Value]:
    """Return the values inside of `value`, which must have this tag. Raise `NotDERError`."""
    if value.tag != tag:
        raise NotDERError("another kind of value was expected")
    return values(value.content)


def only(data: bytes) -> Value:
    """Return the one value that `data` consists of. Raise `NotDERError`."""
    found = values(data)
    if len(found) != 1:
        raise NotDERError("one value was expected")
    return found[0]


def object_identifier(content: bytes) -> str:
    """Return an object identifier in dotted notation, such as "2.5.4.3" (X.690 8.19)."""
    numbers, number = [], 0
    for byte in content:
        number = number << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(number)
            number = 0
    first = numbers[0] if numbers else 0
    arc = min(first // 40, 2)
    return ".".join(map(str, (arc, first - 40 * arc, *numbers[1:])))


def _value(data: bytes, at: int) -> Value:
    if data[at] & _HIGH_TAG == _HIGH_TAG:
        raise NotDERError("a tag of several bytes")
    begin, length = _length(data, at + 1)
    if begin + length > len(data):
        raise CutOffError("the value is longer than the data")
    return Value(data[at], data[begin : begin + length], data[at : begin + length])


def _length(data: bytes, at: int) -> tuple[int, int]:
    """Return where the content begins and how long it is (X.690 8.1.3)."""
    if at >= len(data):
        raise CutOffError("the data ends before the length")
    if data[at] < _LONG_FORM:
        return at + 1, data[at]
    size = data[at] - _LONG_FORM
    if not 0 < size <= _LONGEST_LENGTH:
        raise NotDERError("a length that is not DER")
    begin = at + 1 + size
    return begin, int.from_bytes(data[at + 1 : begin], "big")
