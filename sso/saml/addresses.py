"""Which addresses of an identity provider a browser may be sent to."""

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from sso.saml.errors import MetadataError, MetadataProblem

_MAX_LENGTH = 2000
_PRINTABLE = re.compile(r"[!-~]+")
_SHOWN = 100


def checked_address(text: str, *, allow_loopback_http: bool) -> str:
    """Return the address without blanks round it. Raises `MetadataError` unless a browser may be sent there.

    https only; http where `allow_loopback_http` and the host is this machine. Never user names or fragments.
    """
    address = text.strip()
    shown = repr(address[:_SHOWN])[1:-1]
    if len(address) > _MAX_LENGTH or not _PRINTABLE.fullmatch(address):
        raise _unsafe(f"The sign-in address in this file can't be used: {shown}.")
    parts = _split(address)
    if parts is None or not parts.hostname or "@" in parts.netloc or parts.fragment:
        raise _unsafe(f"The sign-in address in this file is not a web address: {shown}.")
    if parts.scheme == "https":
        return address
    if parts.scheme == "http" and is_loopback(parts.hostname) and allow_loopback_http:
        return address
    raise _unsafe(f"The sign-in address in this file is not https: {shown}.")


def is_loopback(host: str) -> bool:
    """Whether the host is this machine, by name or by number, without asking a name server."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    number = _number(host)
    return number is not None and number.is_loopback


def is_internal(address: str) -> bool:
    """Whether only browsers inside a company's network can get there, as far as the name tells."""
    host = urlsplit(address).hostname or ""
    number = _number(host)
    if number is not None:
        return not number.is_global and not number.is_loopback
    return not is_loopback(host) and (
        "." not in host or host.endswith((".local", ".internal", ".lan", ".intranet", ".corp"))
    )


def _split(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address)
        _ = parts.port  # a port out of range is only noticed when it is read
    except ValueError:
        return None
    return parts


def _number(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _unsafe(what: str) -> MetadataError:
    return MetadataError(
        MetadataProblem.UNSAFE_ADDRESS,
        f"{what} Ask whoever runs your identity provider for metadata with https addresses.",
    )
