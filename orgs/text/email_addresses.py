"""The one form in which an e-mail address is stored and compared."""

from __future__ import annotations

import re
import unicodedata

from django.core.exceptions import ValidationError
from email_validator import EmailNotValidError, validate_email

# The same expression is a CHECK on both databases, so it uses only what Python and PostgreSQL read alike.
NORMAL_ADDRESS = r"\A[a-z0-9#$&'*+/=?^_`{|}~.-]{1,64}@([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]*[a-z0-9])?\Z"
NORMAL_DOMAIN = r"\A([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]*[a-z0-9])?\Z"
MAX_LENGTH = 254  # octets: RFC 5321 4.5.3.1.3 less the angle brackets

_NOT_AN_ADDRESS = "This is not a valid e-mail address. Enter an address such as ada@example.com."
_NOT_A_DOMAIN = "This is not a domain. Enter a domain such as example.com."


def normal_address(text: str) -> str:
    """Return the address in its one stored form: ASCII local part in lower case, domain in IDNA form.

    Nothing is folded beyond case: `a.b+c@x.example` and `ab@x.example` stay two people. Raises ValidationError with a
    sentence for the user who typed it. Source: RFC 5321 4.1.2, RFC 5891.
    """
    try:
        checked = validate_email(
            text.strip(), check_deliverability=False, allow_smtputf8=False, test_environment=True, strict=True
        )
    except EmailNotValidError as error:
        raise ValidationError(_NOT_AN_ADDRESS, code="invalid") from error
    address = (checked.ascii_email or "").lower()
    if len(address) > MAX_LENGTH or not re.match(NORMAL_ADDRESS, address) or _is_folded(text, checked.domain):
        raise ValidationError(_NOT_AN_ADDRESS, code="invalid")
    return address


def _is_folded(text: str, domain: str) -> bool:
    """Return whether IDNA mapped other letters: full-width ones, or an ideographic full stop, would reach its owner."""
    written = text.strip().rpartition("@")[2]
    return not written.isascii() and unicodedata.normalize("NFC", written).lower() != domain


def normal_domain(text: str) -> str:
    """Return a domain in its one stored form (IDNA, lower case). Raises ValidationError."""
    try:
        return domain_of(normal_address(f"postmaster@{text.strip().removeprefix('@')}"))
    except ValidationError as error:
        raise ValidationError(_NOT_A_DOMAIN, code="invalid") from error


def domain_of(address: str) -> str:
    """Return the part after the @ of an address in normal form."""
    return address.rpartition("@")[2]
