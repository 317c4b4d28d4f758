"""The rules for addresses of an identity provider to which a browser may be sent."""

import ipaddress
import re
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from sso.saml.errors import DOWNLOAD_AGAIN, MetadataError, MetadataProblem

_MAX_LENGTH = 2000
_PRINTABLE = re.compile(r"[!-~]+")
_BLANK = re.compile(r"\s")
# Chats and mail programs write a link as [text](address) or <address>.
_MARKED_UP = re.compile(r"\]\(|[<>]")
_SHOWN = 100
_HTTPS = "Ask the operator of your identity provider for metadata with https addresses."
_CORRECT = "Correct the address at your identity provider and download the file again."

# Names that only a company's own name servers know. RFC 6761 6.2 and 6.3 (test), RFC 6762 3 and appendix G, RFC 8375,
# and others that are not in the root zone and that companies use all the same.
_INTERNAL = (
    *("test", "local", "intranet", "internal", "private", "corp", "home", "lan", "home.arpa"),
    *("localdomain", "intern", "intra"),
)
# Names that are kept for examples, so that no server has them (RFC 6761 6.4 and 6.5).
_RESERVED = ("invalid", "example", "example.com", "example.net", "example.org")
# A host and perhaps a port (RFC 3986 3.2.2), without the characters that it allows and no name has: hosts stand in our
# Content-Security-Policy, where a semicolon or a comma would begin a rule of its own.
_PLAIN_HOST = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?")


class Flaw(NamedTuple):
    """Why an address can't be used, as the end of a sentence, and a sentence with what to do."""

    what: str
    advice: str


_LOOPBACK = Flaw(
    "leads to the visitor's own computer",
    "At your identity provider, set the address that your members use, with https, and download the file again.",
)


def flaw_of(address: str, *, allow_loopback_http: bool) -> Flaw | None:
    """Return why no browser may be sent to an address, None if it may be. Surrounding blanks are ignored.

    https only; http where `allow_loopback_http` and the host is this machine. Never user names or fragments.
    """
    address = address.strip()
    if len(address) > _MAX_LENGTH:
        return Flaw(f"is longer than {_MAX_LENGTH:,} characters", _CORRECT)
    if _BLANK.search(address) or _MARKED_UP.search(address):
        return Flaw("has been changed: it has a blank or the marks of a link in it", DOWNLOAD_AGAIN)
    if not _PRINTABLE.fullmatch(address):
        return Flaw("has letters that an address must write in ASCII (as xn--\u2026 or %\u2026)", _CORRECT)
    return _flaw_of_parts(_split(address), allow_loopback_http=allow_loopback_http)


def _flaw_of_parts(parts: SplitResult | None, *, allow_loopback_http: bool) -> Flaw | None:
    if parts is None or not parts.hostname:
        return Flaw("is not a web address", _HTTPS)
    if "@" in parts.netloc:
        return Flaw("has a user name in it", _CORRECT)
    if not _PLAIN_HOST.fullmatch(parts.netloc):
        return Flaw("has a host with characters that no host name has", _CORRECT)
    if parts.fragment:
        return Flaw("has a part behind #, which browsers don't send", _CORRECT)
    return _flaw_of_scheme(parts.scheme, parts.hostname, allow_loopback_http=allow_loopback_http)


def _flaw_of_scheme(scheme: str, host: str, *, allow_loopback_http: bool) -> Flaw | None:
    if scheme == "https":
        return None
    if scheme == "http" and is_loopback(host):
        return None if allow_loopback_http else _LOOPBACK
    return Flaw("is not https", _HTTPS)


def unsafe_address(text: str, flaw: Flaw) -> MetadataError:
    """Return the error for a sign-in address that can't be used."""
    return MetadataError(
        MetadataProblem.UNSAFE_ADDRESS,
        f"The sign-in address in this file {flaw.what}: {shown_address(text)}. {flaw.advice}",
    )


def shown_address(text: str) -> str:
    """Return an address as a message shows it: not too long, and with anything invisible escaped."""
    address = text.strip()
    return repr(address[:_SHOWN])[1:-1] + ("\u2026" if len(address) > _SHOWN else "")


def is_web_address(address: str) -> bool:
    """Return whether a browser may be sent to a stored address by today's rules, http to this machine included."""
    return flaw_of(address, allow_loopback_http=True) is None


def origin_of(address: str) -> str:
    """Return scheme, host and port of an address as a Content-Security-Policy names them.

    Raise ValueError for an address that no browser may be sent to.
    """
    if not is_web_address(address):
        raise ValueError("not a web address")
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def is_loopback(host: str) -> bool:
    """Return whether the host is this machine, by name or by number, without a DNS query."""
    name = host.rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    number = _number(host)
    return number is not None and number.is_loopback


def is_internal(host: str) -> bool:
    """Return whether only browsers inside a company's network can reach the host, as far as the name shows."""
    number = _number(host)
    if number is not None:
        return not number.is_global and not number.is_loopback
    name = host.rstrip(".")
    return not is_loopback(name) and ("." not in name or is_in(name, _INTERNAL))


def is_reserved(host: str) -> bool:
    """Return whether the name is reserved for examples, so that no browser can reach it."""
    return is_in(host, _RESERVED)


def host_of(address: str) -> str:
    """Return the host of an address in lower case, "" if it has none."""
    parts = _split(address)
    return (parts.hostname if parts else "") or ""


def is_in(host: str, domains: tuple[str, ...]) -> bool:
    """Return whether a host is one of these domains, or in one of them."""
    name = host.rstrip(".")
    return name in domains or name.endswith(tuple(f".{domain}" for domain in domains))


def _split(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address)
        _ = parts.port  # A port out of range is only noticed when it is read.
    except ValueError:
        return None
    return parts


def _number(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
