"""The environment variables, read and checked: README, 'Configuration', lists them.

A value that cannot be used refuses the start, and all faults are reported together.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from django.core.exceptions import ImproperlyConfigured
from django.http.request import split_domain_port, validate_host
from dotenv import dotenv_values
from dotenv.parser import parse_stream

from amplisso.environment import rules

BASE_DIR: Final = Path(__file__).resolve().parents[2]
VAR_DIR: Final = BASE_DIR / "var"
_LOCALHOST: Final = ["localhost", "127.0.0.1", "[::1]"]
_TEN_YEARS: Final = 315_360_000  # seconds
_MAX_PROXIES: Final = 10
_YEAR: Final = 365  # days
_Value = TypeVar("_Value")


@dataclass(frozen=True)
class Environment:
    """Every setting that differs between machines; keys are empty where development makes its own."""

    debug: bool
    secret_key: str
    secret_key_fallbacks: list[str]
    key_encryption_keys: list[str]
    base_url: str
    allowed_hosts: list[str]
    database: dict[str, Any]
    redis_url: str
    mail: dict[str, Any]
    from_email: str
    support_address: str
    trusted_proxy_count: int
    hsts_seconds: int
    hsts_include_subdomains: bool
    log_level: str
    sign_in_log_days: int
    audit_log_days: int
    metrics_token: str
    simulator_url: str


def read_environment(variables: Mapping[str, str] = os.environ, env_file: Path = BASE_DIR / ".env") -> Environment:
    """Return what the variables say, and the file for names that are not among them.

    Raises ImproperlyConfigured with one sentence on a line of its own for everything that is wrong.
    """
    reader = _Reader({**_read_file(env_file), **variables})
    debug = _read_debug(reader)
    environment = _read(reader, debug=debug)
    reader.problems += _contradictions(environment)
    reader.refuse()
    return environment


def is_debug(variables: Mapping[str, str] = os.environ, env_file: Path = BASE_DIR / ".env") -> bool:
    """Return what DEBUG says, whatever the other variables hold. Raises ImproperlyConfigured as above."""
    return _read_debug(_Reader({**_read_file(env_file), **variables}))


def _read_debug(reader: _Reader) -> bool:
    debug = reader.read("DEBUG", rules.boolean, default=False)
    reader.refuse()  # without DEBUG it is unknown which of the other rules hold
    return debug


class _Reader:
    """A reader that applies the rule of each variable, and collects a sentence for each that breaks its rule."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self.problems: list[str] = []

    def read(self, name: str, rule: Callable[[str], _Value], *, default: _Value) -> _Value:
        """Return the value of a variable; the default where it is not set or empty, or breaks its rule."""
        text = self._variables.get(name, "").strip()
        if not text:
            return default
        try:
            return rule(text)
        except rules.InvalidValueError as error:
            self.problems.append(f"{name} {error}")
            return default

    def require(self, *names: str) -> None:
        """Add one sentence that names those which are not set."""
        missing = [name for name in names if not self._variables.get(name, "").strip()]
        if missing:
            self.problems.append(
                f"Set {_listed(missing)} in the environment or in .env (README, 'Configuration'), "
                "or DEBUG=true for development only."
            )

    def refuse(self) -> None:
        """Raise ImproperlyConfigured if anything is wrong."""
        if self.problems:
            raise ImproperlyConfigured("\n".join(self.problems))


def _read(reader: _Reader, *, debug: bool) -> Environment:
    if not debug:
        reader.require("SECRET_KEY", "BASE_URL", "ALLOWED_HOSTS")
    sqlite = rules.database(f"sqlite:///{VAR_DIR / 'amplisso.sqlite3'}")
    mail = rules.mail_server("console:" if debug else "smtp://localhost:25")
    return Environment(
        debug=debug,
        secret_key=reader.read("SECRET_KEY", rules.secret_key, default=""),
        secret_key_fallbacks=reader.read("SECRET_KEY_FALLBACKS", rules.secret_keys, default=[]),
        key_encryption_keys=reader.read("KEY_ENCRYPTION_KEYS", rules.encryption_keys, default=[]),
        base_url=reader.read("BASE_URL", rules.web_origin, default="http://localhost:8000" if debug else ""),
        allowed_hosts=reader.read("ALLOWED_HOSTS", rules.host_names, default=_LOCALHOST if debug else []),
        database=reader.read("DATABASE_URL", rules.database, default=sqlite),
        redis_url=reader.read("REDIS_URL", rules.redis_url, default=""),
        mail=reader.read("EMAIL_URL", rules.mail_server, default=mail),
        from_email=reader.read("DEFAULT_FROM_EMAIL", rules.sender, default=""),
        support_address=reader.read("SUPPORT_ADDRESS", rules.email_address, default=""),
        trusted_proxy_count=reader.read(
            "TRUSTED_PROXY_COUNT", partial(rules.whole_number, maximum=_MAX_PROXIES), default=0
        ),
        hsts_seconds=reader.read("HSTS_SECONDS", partial(rules.whole_number, maximum=_TEN_YEARS), default=31_536_000),
        hsts_include_subdomains=reader.read("HSTS_INCLUDE_SUBDOMAINS", rules.boolean, default=True),
        metrics_token=reader.read("METRICS_TOKEN", rules.token, default=""),
        log_level=reader.read("LOG_LEVEL", rules.log_level, default="INFO"),
        sign_in_log_days=reader.read("SIGN_IN_LOG_DAYS", rules.days_of_log, default=_YEAR),
        audit_log_days=reader.read("AUDIT_LOG_DAYS", rules.days_of_log, default=3 * _YEAR),
        simulator_url=reader.read("SIMULATOR_URL", rules.web_origin, default=""),
    )


def _contradictions(environment: Environment) -> list[str]:
    """Return a sentence for each pair of values that do not go together; a value that is empty was refused before."""
    url, hosts, deployed = environment.base_url, environment.allowed_hosts, not environment.debug
    host, _ = split_domain_port(url.partition("://")[2])
    sends_no_mail = "smtp" not in environment.mail["EMAIL_BACKEND"]
    conditions = [
        (deployed and url.startswith("http:"), "BASE_URL must begin with https:// unless DEBUG is on."),
        (deployed and "*" in hosts, "ALLOWED_HOSTS must name the hosts: '*' would accept any Host header."),
        (
            url and hosts and not validate_host(host, hosts),
            f"ALLOWED_HOSTS does not contain {host}, the host of BASE_URL: add it, or correct BASE_URL.",
        ),
        (
            deployed and environment.simulator_url,
            "SIMULATOR_URL is for development: leave it empty, the simulator cannot be used with DEBUG off.",
        ),
        (
            deployed and sends_no_mail,
            "EMAIL_URL is console:, which sends no mail and writes links to the log: set a mail server, such as "
            "submission://user:password@host:587.",
        ),
    ]
    return [sentence for holds, sentence in conditions if holds]


def _read_file(path: Path) -> dict[str, str]:
    """Return the variables of a .env file, none if there is no such file. Raises ImproperlyConfigured."""
    try:
        with path.open(encoding="utf-8") as file:
            broken = [line for line in parse_stream(file) if line.error or (line.key and line.value is None)]
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ImproperlyConfigured(f"{path} cannot be read ({error.strerror}): correct its permissions.") from None
    except UnicodeDecodeError:
        raise ImproperlyConfigured(f"{path} is not UTF-8 text: save it as UTF-8.") from None
    if broken:
        text = broken[0].original.string
        number = broken[0].original.line + text.partition(text.strip())[0].count(
            "\n"
        )  # the match begins at the blank lines before
        raise ImproperlyConfigured(f"{path}, line {number}, is not NAME=value: correct it, or start it with #.")
    return {name: value for name, value in dotenv_values(path).items() if value is not None}


def _listed(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
