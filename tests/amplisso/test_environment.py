"""Environment variables are judged: what cannot be used is refused with one sentence each, without its secrets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from amplisso.environment.read import Environment, read_environment

NO_FILE = Path("/nonexistent/.env")
KEY = "only-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz"
DEPLOYMENT = {
    "DEBUG": "false",
    "SECRET_KEY": KEY,
    "BASE_URL": "https://sso.example.com",
    "ALLOWED_HOSTS": "sso.example.com",
}
DEVELOPMENT = {"DEBUG": "true"}
SECRET = "pa55word"  # stands in values that are wrong, and in no sentence


def read(base: dict[str, str] = DEPLOYMENT, /, **changes: str) -> Environment:
    """Read this environment with some changes, and no file."""
    return read_environment(base | changes, NO_FILE)


def refusals(base: dict[str, str] = DEPLOYMENT, /, **changes: str) -> list[str]:
    """The sentences with which this environment is refused."""
    with pytest.raises(ImproperlyConfigured) as refusal:
        read(base, **changes)
    return str(refusal.value).splitlines()


WRONG = [
    ("DEBUG", "maybe", "is 'maybe': write true or false."),
    ("DEBUG", "2", "is '2': write true or false."),
    ("HSTS_INCLUDE_SUBDOMAINS", "some", "is 'some': write true or false."),
    ("LOG_LEVEL", "LOUD", "is 'LOUD': write DEBUG, INFO, WARNING or ERROR."),
    ("METRICS_TOKEN", "short", "can be guessed: make one with `openssl rand -hex 32`."),
    ("METRICS_TOKEN", "ab" * 16, "can be guessed"),
    ("METRICS_TOKEN", f"{SECRET} " * 4, "contains characters that no token has"),
    ("LOG_LEVEL", "10", "is '10': write DEBUG, INFO, WARNING or ERROR."),
    ("HSTS_SECONDS", "-5", "is '-5': write a whole number from 0 to 315360000."),
    ("HSTS_SECONDS", "1 year", "is '1 year': write a whole number"),
    ("HSTS_SECONDS", "9" * 5000, "write a whole number"),
    ("HSTS_SECONDS", "٣", "write a whole number"),
    ("SIGN_IN_LOG_DAYS", "30", "is '30': write a number of days from 31 to 3650, or 0 to delete nothing."),
    ("AUDIT_LOG_DAYS", "3651", "write a number of days from 31 to 3650"),
    ("AUDIT_LOG_DAYS", "1 year", "write a number of days from 31 to 3650"),
    ("TRUSTED_PROXY_COUNT", "-1", "is '-1': write a whole number from 0 to 10."),
    ("TRUSTED_PROXY_COUNT", "11", "is '11': write a whole number from 0 to 10."),
    ("TRUSTED_PROXY_COUNT", "1.0", "is '1.0': write a whole number"),
    ("DATABASE_URL", "nonsense", "must be postgres://user:password@host:5432/name or sqlite:"),
    ("DATABASE_URL", f"mysql://u:{SECRET}@host/name", "it has another scheme."),
    ("DATABASE_URL", f"postgres://u:{SECRET}@host", "the database name is missing."),
    ("DATABASE_URL", f"postgres://u:{SECRET}@host:99999/name", "the host or port is invalid"),
    ("DATABASE_URL", f"postgres://u:{SECRET}#1@host/name", "write : / # ? @ in a password as"),
    ("DATABASE_URL", f"postgres://u:{SECRET}@[host/name", "the host or port is invalid"),
    ("DATABASE_URL", "sqlite://data.sqlite3", "write the file after three slashes"),
    ("DATABASE_URL", "sqlite:///", "the database name is missing."),
    ("REDIS_URL", "nonsense", "must be redis://host:6379/0"),
    ("REDIS_URL", f"http://:{SECRET}@host:6379/0", "must be redis://host:6379/0"),
    ("REDIS_URL", "redis://", "must be redis://host:6379/0"),
    ("REDIS_URL", f"redis://:{SECRET}@host:none/0", "the host or port is invalid"),
    ("REDIS_URL", f"redis://:{SECRET}@host:6379/first", "only a database number may follow the host."),
    ("EMAIL_URL", "mail.example.com", "must be submission://"),
    ("EMAIL_URL", "submission:", "must be submission://"),
    ("EMAIL_URL", "memory:", "must be submission://"),
    ("EMAIL_URL", f"smtps://me:{SECRET}@mail.example.com", "must be submission://"),
    ("EMAIL_URL", f"smtp://me:{SECRET}@mail.example.com:0", "the host or port is invalid"),
    ("EMAIL_URL", f"smtp://me:{SECRET}/1@mail.example.com", "write : / # ? @ in a password as"),
    ("EMAIL_URL", "smtp://mail.example.com/inbox", "only ?ssl=True may follow host and port; write"),
    ("EMAIL_URL", "smtp://mail.example.com?ssl=ture", "only ssl=True or tls=True may follow"),
    ("EMAIL_URL", "smtp://mail.example.com?sll=True", "only ssl=True or tls=True may follow"),
    ("EMAIL_URL", "console:", "is console:, which sends no mail"),
    ("SUPPORT_ADDRESS", "x", "is 'x': write an e-mail address"),
    ("SUPPORT_ADDRESS", "Help <help@example.com>", "write an e-mail address"),
    ("DEFAULT_FROM_EMAIL", "Amplisso", "is 'Amplisso': write Name <name@example.com>"),
    ("DEFAULT_FROM_EMAIL", "Amplisso <no-reply>", "write Name <name@example.com>"),
    ("DEFAULT_FROM_EMAIL", "a@example.com, b@example.com", "write Name <name@example.com>"),
    ("DEFAULT_FROM_EMAIL", "Amplisso <a@example.com>\nBcc: <b@example.com>", "write Name <name@example.com>"),
    ("SECRET_KEY", SECRET, "has 8 characters, but needs at least 50"),
    ("SECRET_KEY", "a" * 64, "repeats itself: write a long random text"),
    ("SECRET_KEY", "abcdabcd" * 8, "repeats itself"),
    ("SECRET_KEY", (SECRET + "qrstu") * 4 + SECRET, "repeats itself"),
    ("SECRET_KEY", f"django-insecure-{KEY}", "is an example of Django's"),
    ("SECRET_KEY_FALLBACKS", SECRET, "has 8 characters, but needs at least 50"),
    ("SECRET_KEY_FALLBACKS", f"{KEY},{SECRET * 8}", "repeats itself"),
    ("KEY_ENCRYPTION_KEYS", SECRET, "32 random bytes"),
    ("KEY_ENCRYPTION_KEYS", "b25seS1mb3ItdGVzdHM=", "32 random bytes"),
    ("KEY_ENCRYPTION_KEYS", "ключ", "32 random bytes"),
    ("BASE_URL", "sso.example.com", "it does not start with https://."),
    ("BASE_URL", "ftp://sso.example.com", "it does not start with https://."),
    ("BASE_URL", "http://sso.example.com", "must begin with https:// unless DEBUG is on."),
    ("BASE_URL", f"https://me:{SECRET}@sso.example.com", "it contains a user name or password."),
    ("BASE_URL", "https://me@sso.example.com", "it contains a user name or password."),
    ("BASE_URL", "https://@sso.example.com", "it contains a user name or password."),
    ("BASE_URL", "https://sso.example.com/app", "it must not have a path."),
    ("BASE_URL", f"https://sso.example.com?token={SECRET}", "it must not have a query."),
    ("BASE_URL", "https://sso.example.com?", "browsers write it differently."),
    ("BASE_URL", "https://sso.example.com#top", "it must not have a fragment."),
    ("BASE_URL", "https://sso.example.com:443", "omit :443."),
    ("BASE_URL", "https://sso.example.com:0", "the host or port is invalid"),
    ("BASE_URL", "https://sso.example.com:65536", "the host or port is invalid"),
    ("BASE_URL", "https://sso.example.com:https", "the host or port is invalid"),
    ("BASE_URL", "https://sso.example.com:", "its host must be a host name in lower case."),
    ("BASE_URL", "https://sso.example.com:08443", "its host must be a host name in lower case."),
    ("BASE_URL", "https://SSO.example.com", "its host must be a host name in lower case."),
    ("BASE_URL", "HTTPS://sso.example.com", "browsers write it differently."),
    ("BASE_URL", "https://sso.example.com.", "its host must be a host name in lower case."),
    ("BASE_URL", "https://sso..example.com", "its host must be a host name in lower case."),
    ("BASE_URL", "https://sso example.com", "its host must be a host name in lower case."),
    ("BASE_URL", "https://sso\texample.com", "browsers write it differently."),
    ("BASE_URL", "https://müller.example", "its host must be a host name in lower case."),
    ("BASE_URL", "https://[::g]", "the host or port is invalid"),
    ("BASE_URL", "https://", "its host must be a host name in lower case."),
    ("BASE_URL", f"https://{'a.' * 130}example", "its host must be a host name in lower case."),
    ("ALLOWED_HOSTS", ",", "is empty: write the served"),
    ("ALLOWED_HOSTS", "*", "must name the hosts"),
    ("ALLOWED_HOSTS", "sso.example.com,*", "must name the hosts"),
    ("ALLOWED_HOSTS", "https://sso.example.com", "contains 'https://sso.example.com': write host names only"),
    ("ALLOWED_HOSTS", "sso.example.com:443", "contains 'sso.example.com:443': write host names only"),
    ("ALLOWED_HOSTS", "*.example.com", "contains '*.example.com': write host names only"),
    ("ALLOWED_HOSTS", "sso.example.com www.example.com", "write host names only"),
    ("ALLOWED_HOSTS", "other.example.com", "does not contain sso.example.com, the host of BASE_URL"),
    ("SIMULATOR_URL", "http://127.0.0.1:8001", "is for development: leave it empty"),
    ("SIMULATOR_URL", "127.0.0.1:8001", "must be a scheme and a host"),
]


@pytest.mark.parametrize(("name", "value", "words"), WRONG, ids=[f"{name}-{value[:24]}" for name, value, _ in WRONG])
def test_a_wrong_value_is_refused_with_one_sentence(name: str, value: str, words: str) -> None:
    sentences = refusals(**{name: value})
    assert len(sentences) == 1
    assert sentences[0].startswith(f"{name} ")
    assert words in sentences[0]
    assert sentences[0].endswith(".")
    assert SECRET not in sentences[0]


RIGHT = [
    ("DEBUG", "No", "debug", False),
    ("HSTS_INCLUDE_SUBDOMAINS", "0", "hsts_include_subdomains", False),
    ("LOG_LEVEL", "warning", "log_level", "WARNING"),
    ("HSTS_SECONDS", "0", "hsts_seconds", 0),
    ("SIGN_IN_LOG_DAYS", "0", "sign_in_log_days", 0),
    ("AUDIT_LOG_DAYS", "31", "audit_log_days", 31),
    ("TRUSTED_PROXY_COUNT", " 2 ", "trusted_proxy_count", 2),
    ("BASE_URL", "https://sso.example.com/", "base_url", "https://sso.example.com"),
    ("BASE_URL", "https://sso.example.com:8443", "base_url", "https://sso.example.com:8443"),
    ("ALLOWED_HOSTS", " sso.example.com , www.example.com,", "allowed_hosts", ["sso.example.com", "www.example.com"]),
    ("ALLOWED_HOSTS", ".example.com", "allowed_hosts", [".example.com"]),
    ("ALLOWED_HOSTS", "SSO.example.com,[::1],127.0.0.1", "allowed_hosts", ["SSO.example.com", "[::1]", "127.0.0.1"]),
    (
        "SECRET_KEY",
        "0f1e2d3c4b5a69788796a5b4c3d2e1f0" + "fedc" * 5,
        "secret_key",
        "0f1e2d3c4b5a69788796a5b4c3d2e1f0" + "fedc" * 5,
    ),
    ("SECRET_KEY_FALLBACKS", f"{KEY}, ,{KEY}x", "secret_key_fallbacks", [KEY, f"{KEY}x"]),
    ("REDIS_URL", "rediss://user:pw@redis:6379", "redis_url", "rediss://user:pw@redis:6379"),
    (
        "DEFAULT_FROM_EMAIL",
        "Ämplisso GmbH <no-reply@example.com>",
        "from_email",
        "Ämplisso GmbH <no-reply@example.com>",
    ),
    ("DEFAULT_FROM_EMAIL", '"Amplisso, Inc." <a@example.com>', "from_email", '"Amplisso, Inc." <a@example.com>'),
    ("DEFAULT_FROM_EMAIL", "a@example.com", "from_email", "a@example.com"),
    ("SUPPORT_ADDRESS", "help@example.com", "support_address", "help@example.com"),
]


@pytest.mark.parametrize(("name", "value", "field", "expected"), RIGHT)
def test_a_right_value_is_taken(name: str, value: str, field: str, expected: object) -> None:
    assert getattr(read(**{name: value}), field) == expected


@pytest.mark.parametrize(
    ("url", "name", "host"),
    [
        ("postgres://u:p%23@db:5432/amplisso", "amplisso", "db"),
        ("postgresql:///amplisso", "amplisso", ""),
        ("sqlite:////srv/amplisso.sqlite3", "/srv/amplisso.sqlite3", ""),
    ],
)
def test_a_database_is_read(url: str, name: str, host: str) -> None:
    database = read(DATABASE_URL=url).database
    assert (database["NAME"], database["HOST"]) == (name, host)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    wrong = {"LOG_LEVEL": "LOUD", "HSTS_SECONDS": "-5", "SUPPORT_ADDRESS": "x", "ALLOWED_HOSTS": ",", "SECRET_KEY": "x"}
    assert {sentence.split()[0] for sentence in refusals(**wrong)} == set(wrong)


def test_what_is_missing_is_one_sentence() -> None:
    start = "in the environment or in .env (README, 'Configuration'), or DEBUG=true for development only."
    assert refusals({}) == [f"Set SECRET_KEY, BASE_URL and ALLOWED_HOSTS {start}"]
    assert refusals(SECRET_KEY="", BASE_URL=" ") == [f"Set SECRET_KEY and BASE_URL {start}"]
    assert refusals(ALLOWED_HOSTS="") == [f"Set ALLOWED_HOSTS {start}"]


def test_development_needs_nothing() -> None:
    environment = read(DEVELOPMENT)
    assert environment.base_url == "http://localhost:8000"
    assert environment.mail["EMAIL_BACKEND"] == "amplisso.printed_mail.EmailBackend"


def test_development_may_what_a_deployment_may_not() -> None:
    changes = {"BASE_URL": "http://[::1]:8000", "SIMULATOR_URL": "http://127.0.0.1:8001/", "ALLOWED_HOSTS": "*"}
    assert read(DEVELOPMENT, **changes).simulator_url == "http://127.0.0.1:8001"


def test_the_host_of_development_has_to_be_allowed_too() -> None:
    assert refusals(DEVELOPMENT, BASE_URL="http://amplisso.test:8000") == [
        "ALLOWED_HOSTS does not contain amplisso.test, the host of BASE_URL: add it, or correct BASE_URL."
    ]


# --- The file ----------------------------------------------------------------------------------------------------


def test_the_environment_counts_more_than_the_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("# ours\nDEBUG=true\nexport LOG_LEVEL='error'\nSUPPORT_ADDRESS=a@example.com\n\n")
    environment = read_environment({"SUPPORT_ADDRESS": "b@example.com"}, file)
    assert (environment.debug, environment.log_level) == (True, "ERROR")
    assert environment.support_address == "b@example.com"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (f"DEBUG=true\n\n{SECRET} 1 2\n".encode(), "line 3, is not NAME=value"),
        (b"# ours\nDEBUG\n", "line 2, is not NAME=value"),
        (f"SECRET_KEY='{SECRET}\n".encode(), "line 1, is not NAME=value"),
        (b"SECRET_KEY=\xff\xfe\n", "is not UTF-8 text"),
    ],
)
def test_a_malformed_file_is_refused_with_one_sentence(tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / ".env"
    file.write_bytes(content)
    with pytest.raises(ImproperlyConfigured) as refusal:
        read_environment(DEPLOYMENT, file)
    assert words in str(refusal.value)
    assert re.fullmatch(r"[^\n]+\.", str(refusal.value))
    assert SECRET not in str(refusal.value)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"cannot be read \(Is a directory\)"):
        read_environment(DEPLOYMENT, tmp_path)
