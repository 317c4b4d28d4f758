"""A directory with its users and applications; it writes the metadata and signs the responses."""

import dataclasses
import datetime as dt
import json
import os
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Unpack

from simulator.apps import App, Signing
from simulator.saml import claims, decisions, logout, responses
from simulator.saml.keys import PLATFORM_SUBJECT, SigningKey
from simulator.saml.metadata import Document
from simulator.saml.metadata import write as write_metadata
from simulator.saml.requests import SamlRequest
from simulator.saml.responses import Twists
from simulator.users import User, default_users

STATE_FILE: Final = "tenant.json"
DEFAULT_BASE_URL: Final = "http://127.0.0.1:8001"


@dataclass
class Tenant:
    """One directory. `users` by alias, `apps` by application ID; `base_url` ends without slash."""

    name: str
    base_url: str
    users: dict[str, User]
    key_bits: int = 2048
    apps: dict[str, App] = field(default_factory=dict)
    platform_keys: list[SigningKey] = field(default_factory=list, repr=False)
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @classmethod
    def create(cls, base_url: str = DEFAULT_BASE_URL, name: str = "Contoso", key_bits: int = 2048) -> "Tenant":
        """Return a new directory in memory, with the usual users and no application."""
        return cls(name, base_url.rstrip("/"), default_users(), key_bits)

    @property
    def issuer(self) -> str:
        """Return the entity ID: same shape as https://sts.windows.net/<tid>/, on our own host."""
        return f"{self.base_url}/{self.id}/".lower()

    @property
    def sso_url(self) -> str:
        return f"{self.base_url}/{self.id}/saml2"

    def metadata_url(self, app: App) -> str:
        """Return where the application's own metadata document can be fetched."""
        path = "federationmetadata/2007-06/federationmetadata.xml"
        return f"{self.base_url}/{self.id}/{path}?appid={app.id}"

    def register(
        self,
        name: str,
        identifier: str = "",
        reply_url: str = "",
        sign_on_url: str = "",
        name_id_source: str = "user.userprincipalname",
        signing: Signing = "assertion",
    ) -> App:
        """Add a new application with an active and an inactive key, most users assigned.

        Raises ValueError if another application has this identifier.
        """
        self.refuse_taken(identifier)
        app = App(name, identifier, reply_url, sign_on_url)
        app.name_id_source = name_id_source
        app.signing = signing
        # The inactive certificate comes first, so that trusting only one of them is found out.
        app.keys = [SigningKey.create(bits=self.key_bits) for _ in range(2)]
        app.active = 1
        app.assigned = {user.alias for user in self.users.values() if user.assigned_by_default}
        self.apps[app.id] = app
        return app

    def refuse_taken(self, identifier: str, besides: App | None = None) -> None:
        """Raise ValueError if an application other than `besides` has this identifier."""
        other = self.app_with_identifier(identifier)
        if other is not None and other is not besides:
            raise ValueError(f"'{other.name}' already has the identifier {identifier}")

    def app_with_identifier(self, identifier: str) -> App | None:
        """Return the application with exactly this identifier; None for '' or an unknown one."""
        matching = (app for app in self.apps.values() if app.identifier == identifier)
        return next(matching, None) if identifier else None

    def metadata(self, app: App) -> bytes:
        """Return the application's federation metadata, signed with its own active key."""
        return write_metadata(self._document(app.keys, app.signing_key()))

    def tenant_metadata(self) -> bytes:
        """Return the document without an application: platform keys, which sign no SAML response."""
        keys = self._platform_keys()
        return write_metadata(self._document(keys, keys[0]))

    def common_metadata(self) -> bytes:
        """Return the document for no tenant in particular, with its literal `{tenantid}`."""
        keys = self._platform_keys()
        document = self._document(keys, keys[0])
        common = f"{self.base_url}/common"
        return write_metadata(
            dataclasses.replace(
                document,
                entity_id=f"{self.base_url}/{{tenantid}}/",
                sso_url=f"{common}/saml2",
                passive_url=f"{common}/wsfed",
            )
        )

    def _document(self, keys: list[SigningKey], signed_by: SigningKey) -> Document:
        passive_url = f"{self.base_url}/{self.id}/wsfed"
        return Document(self.issuer, self.sso_url, passive_url, keys, signed_by)

    def _platform_keys(self) -> list[SigningKey]:
        if not self.platform_keys:
            create = SigningKey.create
            self.platform_keys = [create(PLATFORM_SUBJECT, bits=self.key_bits) for _ in range(2)]
        return self.platform_keys

    def respond(
        self,
        app: App,
        user: User | str,
        *,
        request: SamlRequest | None = None,
        in_response_to: str = "",
        now: dt.datetime | None = None,
        **twists: Unpack[Twists],
    ) -> str:
        """Return a signed Response (base64) for this user, to `request` or unsolicited.

        `user` may be an alias. All times follow `now`. Twists: see `responses.Twists`.
        Raises Refusal 501241 if the name ID's source is empty.
        """
        person = self.users[user] if isinstance(user, str) else user
        asked = request or SamlRequest(id=in_response_to, issuer=app.identifier)
        answer = decisions.usual(app, self.issuer, asked, now or dt.datetime.now(dt.UTC))
        told = claims.default_claims(person, tenant_id=self.id, issuer=self.issuer)
        answer = dataclasses.replace(answer, claims=told)
        if "name_id" not in twists:
            answer = decisions.named(answer, app, person, asked.name_id_format)
        return responses.write(decisions.twisted(answer, twists))

    def logout_request_url(
        self, app: App, user: User | str, *, session_indexes: Sequence[str] = (), relay_state: str | None = None
    ) -> str:
        """Return the signed address that tells the application, by way of the browser, that a session has ended."""
        person = self.users[user] if isinstance(user, str) else user
        value, name_format = claims.name_id(app, person, "")
        message = logout.request(
            self.issuer,
            app.logout_url,
            value,
            session_indexes=session_indexes,
            name_id_format=name_format or "",
        )
        return logout.redirect_url(app.logout_url, message, key=app.signing_key(), relay_state=relay_state)

    def logout_response_url(self, app: App, asked: SamlRequest, relay_state: str | None = None) -> str:
        """Return the response to an application's LogoutRequest: from the other issuer, and unsigned."""
        message = logout.response(logout.login_issuer(self.sso_url), app.logout_url, asked.id)
        return logout.redirect_url(app.logout_url, message, relay_state=relay_state)

    def decline(
        self,
        app: App,
        code: int,
        text: str,
        *,
        in_response_to: str = "",
        reply_url: str = "",
        now: dt.datetime | None = None,
    ) -> str:
        """Return an unsigned Response (base64) that says no, with an AADSTS text and nested status."""
        asked = SamlRequest(id=in_response_to, issuer=app.identifier, acs_url=reply_url)
        answer = decisions.usual(app, self.issuer, asked, now or dt.datetime.now(dt.UTC))
        answer = decisions.declined(answer, code, text)
        return responses.encode(responses.response_element(answer))

    def save(self, folder: Path | str) -> None:
        """Write JSON and PEM files into `folder`, readable for their owner only."""
        place = Path(folder)
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        for file_name, key in self._key_files().items():
            if not (place / file_name).exists():
                key.write(place / file_name)
        _write_private(place / STATE_FILE, json.dumps(self._settings(), indent=2))

    def _settings(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "base_url": self.base_url,
            "key_bits": self.key_bits,
            "users": [dataclasses.asdict(user) for user in self.users.values()],
            "platform_keys": [_key_file(key) for key in self.platform_keys],
            "apps": [app.settings() | {"keys": [_key_file(key) for key in app.keys]} for app in self.apps.values()],
        }

    def _key_files(self) -> dict[str, SigningKey]:
        of_apps = [key for app in self.apps.values() for key in app.keys]
        return {_key_file(key): key for key in (*of_apps, *self.platform_keys)}

    @classmethod
    def load(cls, folder: Path | str) -> "Tenant":
        """Return the directory that `save` left in `folder`. Raises FileNotFoundError if there is none."""
        place = Path(folder)
        settings = json.loads((place / STATE_FILE).read_text())
        apps = [_load_app(place, kept) for kept in settings.pop("apps")]
        users = [User(**kept) for kept in settings.pop("users")]
        platform_keys = _load_keys(place, settings.pop("platform_keys"))
        return cls(
            **settings,
            users={user.alias: user for user in users},
            apps={app.id: app for app in apps},
            platform_keys=platform_keys,
        )


def _key_file(key: SigningKey) -> str:
    return f"{key.thumbprint}.pem"


def _load_keys(folder: Path, file_names: list[str]) -> list[SigningKey]:
    return [SigningKey.read(folder / name) for name in file_names]


def _load_app(folder: Path, kept: dict[str, Any]) -> App:
    return App.from_settings(kept, _load_keys(folder, kept["keys"]))


def _write_private(file: Path, text: str) -> None:
    fresh = file.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(text)
    # A reader in another process sees the old file or the new one, never half of one.
    fresh.replace(file)
