"""The file formats of keys and certificates, recognized by the structure of their bytes."""

from enum import Enum

from sso.saml.errors import NotDERError
from sso.saml.keys.certificate_fields import certificate_fields
from sso.saml.keys.der import BIT_STRING, INTEGER, OBJECT_IDENTIFIER, SEQUENCE, Value, children, only, values

_CONTEXT_0 = 0xA0
_OCTET_STRING = 0x04
# These first bytes of the content identify each kind; they are there even where only part of a large file is read.
_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
_PKCS12 = bytes.fromhex("02010330")
_PRIVATE_KEYS = tuple(map(bytes.fromhex, ("02010030", "02010130", "02010002", "02010104")))  # PKCS #8, PKCS #1, SEC 1
_SHORTEST = 12


class DERKind(Enum):
    """A kind of DER document. PKCS12 (.pfx, .p12) holds a private key beside its certificate."""

    CERTIFICATE = "a certificate"
    PKCS7 = "a PKCS #7 file"
    PKCS12 = "a PKCS #12 file"
    PRIVATE_KEY = "a private key"
    PUBLIC_KEY = "a public key"
    REQUEST = "a certificate request"


def kind_of(der: bytes) -> DERKind | None:
    """Return the kind of DER document, recognized by the first bytes; None for anything else."""
    inside = _inside(der)
    if inside.startswith(_SIGNED_DATA):
        return DERKind.PKCS7
    if inside.startswith(_PKCS12):
        return DERKind.PKCS12
    if inside.startswith(_PRIVATE_KEYS):
        return DERKind.PRIVATE_KEY
    return _kind_by_parts(der) if inside[:1] == bytes([SEQUENCE]) else None


def certificates_of_pkcs7(der: bytes) -> list[bytes]:
    """Return the certificates in a PKCS #7 SignedData (RFC 2315 9.1), in DER. Raise `NotDERError`."""
    _, wrapped = children(only(der), SEQUENCE)[:2]
    (signed_data,) = values(wrapped.content)
    held = [value for value in children(signed_data, SEQUENCE) if value.tag == _CONTEXT_0]
    return [certificate.encoded for value in held for certificate in values(value.content)]


def _inside(der: bytes) -> bytes:
    """Return the beginning of a SEQUENCE's content, b"" for anything else; the end may be missing."""
    if len(der) < _SHORTEST or der[0] != SEQUENCE:
        return b""
    return der[2 + (der[1] - 0x80 if der[1] > 0x80 else 0) :][:_SHORTEST]  # noqa: PLR2004 - the long form of a length


def _kind_by_parts(der: bytes) -> DERKind | None:
    """Tell a certificate, a certificate request and two kinds of keys apart, all of which begin with a SEQUENCE."""
    try:
        parts = children(only(der), SEQUENCE)
        first = _tags(parts[0])
    except NotDERError:
        return None
    if first == (INTEGER, SEQUENCE, SEQUENCE, _CONTEXT_0):
        return DERKind.REQUEST
    if _tags_of(parts) == (SEQUENCE, SEQUENCE, BIT_STRING):
        return DERKind.CERTIFICATE if _is_certificate(der) else None
    if first[:1] == (OBJECT_IDENTIFIER,):
        return {BIT_STRING: DERKind.PUBLIC_KEY, _OCTET_STRING: DERKind.PRIVATE_KEY}.get(parts[-1].tag)
    return None


def _is_certificate(der: bytes) -> bool:
    try:
        certificate_fields(der)
    except NotDERError:
        return False
    return True


def _tags(value: Value) -> tuple[int, ...]:
    return _tags_of(children(value, SEQUENCE))


def _tags_of(found: list[Value]) -> tuple[int, ...]:
    return tuple(value.tag for value in found)
