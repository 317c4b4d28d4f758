"""The users of the simulated directory: members and guests, all fictional."""

import uuid
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["member", "entra guest", "microsoft account"]


def _guid() -> str:
    return str(uuid.uuid4())


@dataclass(frozen=True)
class User:
    """One account. `mail` may be empty; `upn` is the user principal name in this directory."""

    alias: str
    given_name: str
    surname: str
    upn: str
    mail: str = ""
    kind: Kind = "member"
    mfa: bool = True
    assigned_by_default: bool = True
    object_id: str = field(default_factory=_guid)
    home_tenant_id: str = field(default_factory=_guid)

    @property
    def display_name(self) -> str:
        return f"{self.given_name} {self.surname}"

    @property
    def is_guest(self) -> bool:
        return self.kind != "member"

    @property
    def sign_in_name(self) -> str:
        """Return the name to type at sign-in: a guest's own address, a member's UPN."""
        return self.mail if self.is_guest else self.upn

    @property
    def hint(self) -> str:
        """Return the special trait of this account, for a developer who tries it out."""
        if self.kind == "entra guest":
            return "Guest from another tenant"
        if self.kind == "microsoft account":
            return "Guest with a Microsoft account"
        if not self.mail:
            return "Member without a mail address"
        if self.mail != self.upn:
            return f"Member, mail {self.mail}"
        return "Member"


def default_users() -> dict[str, User]:
    """Return the users of a new tenant, by alias."""
    return {user.alias: user for user in (*_members(), *_guests())}


def _members() -> list[User]:
    return [
        _member("ada", "Osei", "contoso.example"),
        _member("grace", "Lindqvist", "contoso.example"),
        _member("mira", "Novak", "fabrikam.example"),
        User(
            "alan",
            "Alan",
            "Ferreira",
            "alan@contoso.onmicrosoft.example",
            "alan.ferreira@contoso.example",
            mfa=False,
        ),
        User("noor", "Noor", "Haddad", "noor@contoso.example"),
        User(
            "ivan",
            "Ivan",
            "Castellan",
            "ivan@contoso.example",
            "ivan@contoso.example",
            assigned_by_default=False,
        ),
    ]


def _member(alias: str, surname: str, domain: str) -> User:
    address = f"{alias}@{domain}"
    return User(alias, alias.title(), surname, address, address)


def _guests() -> list[User]:
    return [
        User(
            "petra",
            "Petra",
            "Winter",
            "petra_northwind.example#EXT#@contoso.onmicrosoft.example",
            "petra@northwind.example",
            "entra guest",
        ),
        User(
            "oscar",
            "Oscar",
            "Delgado",
            "oscar_outlook.example#EXT#@contoso.onmicrosoft.example",
            "oscar@outlook.example",
            "microsoft account",
        ),
    ]
