"""One rule for each kind of environment variable: return its value, or say what is wrong and what to write.

A rule raises InvalidValueError with the rest of a sentence that begins with the variable's name. Where a value can hold
a password or a key, the sentence never repeats it.
"""

from __future__ import annotations

import re
from ipaddress import IPv6Address
from typing import Any, Final
from urllib.parse import SplitResult, parse_qs, urlsplit

import dj_database_url
import dj_email_url
from cryptography.fernet import Fernet
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

LOG_LEVELS: Final = ["DEBUG", "INFO", "WARNING", "ERROR"]
_DAYS_OF_LOG: Final = {0, *range(31, 3651)}
_TRUE: Final = {"true", "yes", "on", "1"}
_FALSE: Final = {"false", "no", "off", "0"}
_MIN_KEY_LENGTH: Final = 50  # characters, as Django's check security.W009 asks
_MIN_TOKEN_LENGTH: Final = 32  # characters
_MIN_KEY_CHARACTERS: Final = 8  # different ones; 50 random hexadecimal digits practically never have fewer
_LABEL: Final = r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?"
_HOST: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_MAX_HOST_LENGTH: Final = 253  # characters, RFC 1035 section 2.3.4
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_SENDER: Final = re.compile(r'(?:(?:[^<>@",;:\r\n]+|"[^"\\\r\n]*")\s*<(?P<named>[^<>\s]+)>|(?P<bare>[^<>\s]+))')


class InvalidValueError(Exception):
    """A value that cannot be used; the text follows the variable's name in a sentence."""


def boolean(text: str) -> bool:
    """Return whether the text says yes."""
    if text.lower() not in _TRUE | _FALSE:
        raise InvalidValueError(f"is {_shown(text)}: write true or false.")
    return text.lower() in _TRUE


def whole_number(text: str, *, maximum: int) -> int:
    """Return a number from 0 to `maximum`."""
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) > maximum:
        raise InvalidValueError(f"is {_shown(text)}: write a whole number from 0 to {maximum}.")
    return int(text)


def days_of_log(text: str) -> int:
    """Return for how many days a log is kept: 0 is for ever, and anything else from 31 to 3650.

    Limits, and what can be undone, look back for 30 days.
    """
    if not re.fullmatch(r"[0-9]{1,4}", text) or int(text) not in _DAYS_OF_LOG:
        raise InvalidValueError(f"is {_shown(text)}: write a number of days from 31 to 3650, or 0 to delete nothing.")
    return int(text)


def log_level(text: str) -> str:
    """Return the name of a level in capitals."""
    if text.upper() not in LOG_LEVELS:
        raise InvalidValueError(f"is {_shown(text)}: write DEBUG, INFO, WARNING or ERROR.")
    return text.upper()


def secret_key(text: str) -> str:
    """Return a key that cannot be guessed from its look."""
    if len(text) < _MIN_KEY_LENGTH:
        raise InvalidValueError(_key_advice(f"has {len(text)} characters, but needs at least {_MIN_KEY_LENGTH}"))
    if len(set(text)) < _MIN_KEY_CHARACTERS or _repeats_itself(text):
        raise InvalidValueError(_key_advice("repeats itself"))
    if text.startswith("django-insecure-"):
        raise InvalidValueError(_key_advice("is an example of Django's"))
    return text


def token(text: str) -> str:
    """Return a token that programs send in a header."""
    if not re.fullmatch(r"[A-Za-z0-9._~+/=-]+", text):
        raise InvalidValueError("contains characters that no token has: make one with `openssl rand -hex 32`.")
    if len(text) < _MIN_TOKEN_LENGTH or _repeats_itself(text):
        raise InvalidValueError("can be guessed: make one with `openssl rand -hex 32`.")
    return text


def secret_keys(text: str) -> list[str]:
    """Return several keys, separated by commas."""
    return [secret_key(key) for key in _items(text)]


def encryption_keys(text: str) -> list[str]:
    """Return Fernet keys, separated by commas."""
    keys = _items(text)
    try:
        for key in keys:
            Fernet(key)
    except ValueError:
        problem = "must be a comma-separated list of keys, each 32 random bytes in URL-safe base64"
        raise InvalidValueError(f"{problem}: leave it empty, or create a key with `manage.py keys new`.") from None
    return keys


def web_origin(text: str) -> str:
    """Return scheme, host and port of an http or https address as browsers write them: "https://sso.example.com"."""
    parts = _split(text, "must be a scheme and a host, such as https://sso.example.com")
    problem = _origin_problem(parts)
    origin = f"{parts.scheme}://{parts.netloc}"
    if problem or text.rstrip("/") != origin:
        problem = problem or "browsers write it differently"
        raise InvalidValueError(f"must be a scheme and a host, such as https://sso.example.com: {problem}.")
    return origin


def host_names(text: str) -> list[str]:
    """Return the hosts of a list with commas; ".example.com" stands for all below it, "*" for any."""
    hosts = _items(text)
    if not hosts:
        raise InvalidValueError("is empty: write the served host names, separated by commas.")
    for host in hosts:
        if host != "*" and not _is_host(host.lower().removeprefix(".")):
            raise InvalidValueError(f"contains {_shown(host)}: write host names only, without scheme, port or path.")
    return hosts


def database(text: str) -> dict[str, Any]:
    """Return Django's settings of a PostgreSQL or SQLite database."""
    advice = "must be postgres://user:password@host:5432/name or sqlite:////absolute/path.sqlite3"
    parts = _split(text, advice) if text != "sqlite://:memory:" else None
    if parts and parts.scheme not in {"postgres", "postgresql", "sqlite"}:
        raise InvalidValueError(f"{advice}: it has another scheme.")
    if parts and parts.scheme == "sqlite" and parts.netloc:
        raise InvalidValueError(f"{advice}: write the file after three slashes, or four for an absolute path.")
    if parts and not parts.path.strip("/"):
        raise InvalidValueError(f"{advice}: the database name is missing.")
    return dict(dj_database_url.parse(text, conn_max_age=600))


def redis_url(text: str) -> str:
    """Return the address of a Redis database."""
    advice = "must be redis://host:6379/0, or rediss:// for TLS"
    parts = _split(text, advice)
    if parts.scheme not in {"redis", "rediss"} or not parts.hostname or parts.fragment:
        raise InvalidValueError(f"{advice}.")
    if not re.fullmatch(r"/?[0-9]*", parts.path):
        raise InvalidValueError(f"{advice}: only a database number may follow the host.")
    return text


def mail_server(text: str) -> dict[str, Any]:
    """Return Django's EMAIL_* settings."""
    advice = "must be submission://user:password@host:587 (STARTTLS; TLS with port 465 and ?ssl=True) or smtp://host:25"
    if text == "console:":
        return {**dj_email_url.parse(text), "EMAIL_BACKEND": "amplisso.printed_mail.EmailBackend"}
    parts = _split(text, advice)
    if parts.scheme not in {"submission", "smtp"} or not parts.hostname:
        raise InvalidValueError(f"{advice}.")
    if parts.path.strip("/") or parts.fragment:
        raise InvalidValueError(
            f"{advice}: only ?ssl=True may follow host and port; write / # ? in a password as %2F %23 %3F."
        )
    for name, values in parse_qs(parts.query, keep_blank_values=True).items():
        if name not in {"ssl", "tls"} or values[-1].lower() not in _TRUE | _FALSE:
            raise InvalidValueError(f"{advice}: only ssl=True or tls=True may follow the question mark.")
    return dict(dj_email_url.parse(text))


def sender(text: str) -> str:
    """Return the sender of mails: an address, with or without a name."""
    match = _SENDER.fullmatch(text)
    try:
        validate_email(match and (match["named"] or match["bare"]))
    except ValidationError:
        raise InvalidValueError(f"is {_shown(text)}: write Name <name@example.com>, or the address alone.") from None
    return text


def email_address(text: str) -> str:
    """Return an e-mail address."""
    try:
        validate_email(text)
    except ValidationError:
        raise InvalidValueError(f"is {_shown(text)}: write an e-mail address, such as help@example.com.") from None
    return text


def _shown(text: str) -> str:
    """Return the start of a value that is no secret, on one line."""
    return repr(text[:60])


def _items(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


def _key_advice(problem: str) -> str:
    return f"{problem}: write a long random text, such as the output of `openssl rand -hex 32`."


def _repeats_itself(text: str) -> bool:
    """Return whether the text is a shorter one, written twice or more often; the last time may be cut off."""
    return any(text[period:] == text[:-period] for period in range(1, len(text) // 2 + 1))


def _split(text: str, advice: str) -> SplitResult:
    """Return the parts of a URL whose port is a port. Its password may be what is wrong, so it is not repeated."""
    try:
        parts = urlsplit(text)
        port_is_valid = parts.port != 0
    except ValueError:
        port_is_valid = False
    if not port_is_valid:
        problem = "the host or port is invalid; write : / # ? @ in a password as %3A %2F %23 %3F %40"
        raise InvalidValueError(f"{advice}: {problem}.")
    return parts


def _origin_problem(parts: SplitResult) -> str:
    """Return the first part that does not belong in an origin; "" if there is none."""
    rules = [
        (parts.scheme in _DEFAULT_PORTS, "it does not start with https://"),
        ("@" not in parts.netloc, "it contains a user name or password"),
        (parts.path in {"", "/"}, "it must not have a path"),
        (not parts.query, "it must not have a query"),
        (not parts.fragment, "it must not have a fragment"),
        (_is_host(parts.netloc.removesuffix(f":{parts.port}")), "its host must be a host name in lower case"),
        (parts.port != _DEFAULT_PORTS.get(parts.scheme), f"omit :{parts.port}"),
    ]
    return next((problem for holds, problem in rules if not holds), "")


def _is_host(host: str) -> bool:
    """Return whether this is a host name in lower case, an IPv4 address, or an IPv6 address in brackets."""
    if host.startswith("[") and host.endswith("]"):
        try:
            return bool(IPv6Address(host[1:-1]))
        except ValueError:
            return False
    return len(host) <= _MAX_HOST_LENGTH and bool(_HOST.fullmatch(host))
