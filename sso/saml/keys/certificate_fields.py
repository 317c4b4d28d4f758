"""The fields of an X.509 certificate (RFC 5280 4.1) that we use, read even where its names are malformed.

Certificates in the field have names that their own string types forbid: "*" or "@" in a PrintableString, Latin-1 in an
IA5String. OpenSSL reads them, so providers sign with them.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from sso.saml.errors import NotDERError
from sso.saml.keys.der import (
    BIT_STRING,
    INTEGER,
    OBJECT_IDENTIFIER,
    SEQUENCE,
    SET,
    Value,
    children,
    object_identifier,
    only,
)

_VERSION = 0xA0  # [0], left out by version 1
_EXTENSIONS = 0xA3  # [3], not in versions 1 and 2
_BASIC_CONSTRAINTS = "2.5.29.19"
_BOOLEAN = 0x01
_UTC_TIME, _GENERALIZED_TIME = 0x17, 0x18
# RFC 5280 asks for seconds and a Z. Older certificates leave the seconds out, or name an offset.
_AFTER_THE_YEAR = rb"(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(?:Z|([+-])(\d\d)(\d\d))"
_TIMES = {
    _UTC_TIME: re.compile(rb"(\d\d)" + _AFTER_THE_YEAR),
    _GENERALIZED_TIME: re.compile(rb"(\d{4})" + _AFTER_THE_YEAR),
}
# Two-digit years from this one on belong to the last century (RFC 5280 4.1.2.5.1).
_LAST_CENTURY = 50
# The encoding of a string's content by its tag; all others are Latin-1, in which any bytes are letters.
_UTF8_STRING, _BMP_STRING, _UNIVERSAL_STRING = 0x0C, 0x1E, 0x1C
_ENCODINGS = {_UTF8_STRING: "utf-8", _BMP_STRING: "utf-16-be", _UNIVERSAL_STRING: "utf-32-be"}
# Names as in RFC 4514 3; the others as OpenSSL calls them.
_NAMES = {
    "2.5.4.3": "CN",
    "2.5.4.5": "serialNumber",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.9": "STREET",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "0.9.2342.19200300.100.1.1": "UID",
    "0.9.2342.19200300.100.1.25": "DC",
    "1.2.840.113549.1.9.1": "emailAddress",
}
_SPECIAL = re.compile(r'([\\",+;<>=]|\A[ #]| \Z)')


class Fields(NamedTuple):
    """The fields of one certificate. Dates are aware, in UTC; all others are DER, except for names and an OID.

    `subject` and `issuer` are RFC 4514 text, "" where they can't be read. `signed` is what `signature` was made over.
    """

    subject: str
    issuer: str
    is_authority: bool
    subject_name: bytes
    issuer_name: bytes
    not_before: datetime
    not_after: datetime
    public_key: bytes
    signed: bytes
    signature_algorithm: str
    signature: bytes


def certificate_fields(der: bytes) -> Fields:
    """Read one certificate. Raise `NotDERError` where its structure, its dates or its key can't be read."""
    signed, algorithm, signature = _exactly(only(der), SEQUENCE, SEQUENCE, BIT_STRING)
    fields = children(signed, SEQUENCE)
    if fields and fields[0].tag == _VERSION:
        del fields[0]
    expected = (INTEGER, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE)
    if tuple(field.tag for field in fields[:6]) != expected:
        raise NotDERError("not the fields of a certificate")
    _, _, issuer, validity, subject, public_key = fields[:6]
    not_before, not_after = (_moment(value) for value in _pair(validity))
    return Fields(
        subject=_name(subject),
        issuer=_name(issuer),
        is_authority=_is_authority(fields[6:]),
        subject_name=subject.encoded,
        issuer_name=issuer.encoded,
        not_before=not_before,
        not_after=not_after,
        public_key=public_key.encoded,
        signed=signed.encoded,
        signature_algorithm=_algorithm(algorithm),
        signature=signature.content[1:],
    )


def _exactly(value: Value, *tags: int) -> list[Value]:
    found = children(value, SEQUENCE)
    if tuple(each.tag for each in found) != tags:
        raise NotDERError("not the parts of a certificate")
    return found


def _pair(value: Value) -> list[Value]:
    found = children(value, SEQUENCE)
    if len(found) != 2:  # noqa: PLR2004 - a begin and an end
        raise NotDERError("a validity has two dates")
    return found


def _moment(value: Value) -> datetime:
    pattern = _TIMES.get(value.tag)
    match = pattern.fullmatch(value.content) if pattern else None
    if match is None:
        raise NotDERError("not a date")
    year = int(match[1])
    if value.tag == _UTC_TIME:
        year += 1900 if year >= _LAST_CENTURY else 2000
    month, day, hour, minute, second = (int(part or 0) for part in match.groups()[1:6])
    try:
        written = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        offset = timedelta(hours=int(match[8] or 0), minutes=int(match[9] or 0))
        return written + offset if match[7] == b"-" else written - offset
    except (ValueError, OverflowError) as error:
        raise NotDERError("not a date") from error


def _algorithm(value: Value) -> str:
    found = children(value, SEQUENCE)
    if not found or found[0].tag != OBJECT_IDENTIFIER:
        raise NotDERError("no algorithm")
    return object_identifier(found[0].content)


def _is_authority(rest: list[Value]) -> bool:
    """Return whether the certificate claims that it may issue others (RFC 5280 4.2.1.9); False where unclear."""
    try:
        for extension in (each for value in rest if value.tag == _EXTENSIONS for each in _only_list(value)):
            name, *_, content = children(extension, SEQUENCE)
            if object_identifier(name.content) == _BASIC_CONSTRAINTS:
                return any(value.tag == _BOOLEAN and any(value.content) for value in _only_list(content))
    except (NotDERError, ValueError):
        return False
    return False


def _only_list(value: Value) -> list[Value]:
    return children(only(value.content), SEQUENCE)


def _name(name: Value) -> str:
    """Return a name as RFC 4514 writes it, the last part first; "" where its structure is broken."""
    try:
        parts = ["+".join(map(_part, children(group, SET))) for group in children(name, SEQUENCE)]
    except NotDERError:
        return ""
    return ",".join(reversed(parts))


def _part(pair: Value) -> str:
    found = children(pair, SEQUENCE)
    if len(found) != 2 or found[0].tag != OBJECT_IDENTIFIER:  # noqa: PLR2004 - a type and a value
        raise NotDERError("not a part of a name")
    kind = object_identifier(found[0].content)
    return f"{_NAMES.get(kind, kind)}=" + _SPECIAL.sub(r"\\\1", _text(found[1]))


def _text(value: Value) -> str:
    try:
        text = value.content.decode(_ENCODINGS.get(value.tag, "latin-1"))
    except UnicodeDecodeError:
        text = value.content.decode("latin-1")
    return "".join(each if each.isprintable() else " " for each in text)
