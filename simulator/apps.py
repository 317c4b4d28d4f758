"""Enterprise applications: the settings that an administrator has made for one service provider."""

import datetime as dt
import uuid
from dataclasses import dataclass, field
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from simulator.saml.keys import SigningKey, UploadedCertificate

Signing = Literal["assertion", "response", "both", "none"]
Algorithm = Literal["sha256", "sha1"]
SOURCES = (
    "user.userprincipalname",
    "user.mail",
    "user.localuserprincipalname",
    "user.objectid",
    "user.displayname",
)
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
REPLY_URL_LENGTH = 256
FORBIDDEN_IN_REPLY_URL = "!$'(),;"


@dataclass
class App:
    """One application. `keys` holds its signing keys, `active` says which of them signs."""

    name: str
    identifier: str = ""
    reply_url: str = ""
    sign_on_url: str = ""
    relay_state: str = ""
    logout_url: str = ""
    more_reply_urls: list[str] = field(default_factory=list)
    name_id_source: str = "user.userprincipalname"
    signing: Signing = "assertion"
    algorithm: Algorithm = "sha256"
    # PEM; empty: assertions are not encrypted.
    encryption_certificate: str = ""
    # Requests are verified with these, the newest last; only looked at where signed requests are required.
    verification_certificates: list[UploadedCertificate] = field(default_factory=list)
    requires_signed_requests: bool = False
    allows_sha1_requests: bool = False
    assigned: set[str] = field(default_factory=set)
    keys: list[SigningKey] = field(default_factory=list, repr=False)
    active: int = 0
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def reply_urls(self) -> list[str]:
        """Return every registered Reply URL; the first one serves sign-ins that the provider starts."""
        return [url for url in (self.reply_url, *self.more_reply_urls) if url]

    @property
    def audience(self) -> str:
        """Return the identifier as tokens name it: one that is no URI gets `spn:` in front."""
        return self.identifier if ":" in self.identifier else f"spn:{self.identifier}"

    def signing_key(self, now: dt.datetime | None = None) -> SigningKey:
        """Return the active key; once it has expired, an inactive one that is still valid."""
        moment = now or dt.datetime.now(dt.UTC)
        active = self.keys[self.active]
        valid = [key for key in (active, *self.keys) if key.expires > moment]
        return valid[0] if valid else active

    def activate(self, thumbprint: str) -> None:
        """Sign with this certificate from now on. Raises LookupError for an unknown one."""
        for position, key in enumerate(self.keys):
            if key.thumbprint == thumbprint:
                self.active = position
                return
        raise LookupError(thumbprint)

    def settings(self) -> dict[str, Any]:
        """Return everything but the keys, ready for JSON."""
        kept = {name: value for name, value in vars(self).items() if name != "keys"}
        pems = [certificate.certificate_pem.decode() for certificate in self.verification_certificates]
        return kept | {"assigned": sorted(self.assigned), "verification_certificates": pems}

    @classmethod
    def from_settings(cls, settings: dict[str, Any], keys: list[SigningKey]) -> "App":
        """Return the application that `settings` described."""
        # A folder that was left by an older version has no verification certificates.
        certificates = [UploadedCertificate(pem.encode()) for pem in settings.get("verification_certificates", [])]
        kept = {"assigned": set(settings["assigned"]), "keys": keys, "verification_certificates": certificates}
        return cls(**settings | kept)


def reply_url_problem(url: str) -> str:
    """Return what Entra dislikes about this Reply URL, '' if nothing."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        return "The reply URL must begin with https:// (http:// only for localhost)."
    if len(url) > REPLY_URL_LENGTH:
        return f"The reply URL may have {REPLY_URL_LENGTH} characters at most."
    if any(character in url for character in FORBIDDEN_IN_REPLY_URL):
        return f"The reply URL may not contain any of {' '.join(FORBIDDEN_IN_REPLY_URL)}"
    return ""


def as_signing(text: str) -> Signing:
    """Return one of the three signing options of the portal. Raises ValueError."""
    for option in get_args(Signing)[:3]:
        if option == text:
            return option  # type: ignore[no-any-return]
    raise ValueError(text)


def as_algorithm(text: str) -> Algorithm:
    """Return one of the two signing algorithms of the portal. Raises ValueError."""
    for option in get_args(Algorithm):
        if option == text:
            return option  # type: ignore[no-any-return]
    raise ValueError(text)
