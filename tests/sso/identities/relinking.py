"""Members whom the provider begins to call by another kind of identifier."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from audit.actors import COMMAND_LINE
from orgs.models import EmailDomain, Membership, Organization, Role, User
from orgs.services import domains
from sso.models import Identity, SignIn, SignInState
from sso.reasons import Reason
from sso.services import relinking
from tests.attacks.conftest import Siege
from tests.sso.identities.test_other_subject import AN_ADDRESS, EMAIL, PERSISTENT, Sent, arrive

DOMAIN = "contoso.example"


def verify(organization: Organization, domain: str = DOMAIN) -> EmailDomain:
    """Make a domain the organization's own."""
    made = domains.add_domain(organization=organization, domain=domain, actor=COMMAND_LINE)
    domains.verify_domain(domain=made, actor=COMMAND_LINE)
    return made


def address_of(name: str, domain: str = DOMAIN) -> str:
    return f"{name}@{domain}"


def known_as(name: str, domain: str = DOMAIN) -> Sent:
    return (address_of(name, domain), EMAIL, "")


def lasting(name: str) -> Sent:
    return (f"lasting/{name}", PERSISTENT, "")


@dataclass(frozen=True)
class Changing:
    """An organization whose provider changes what it sends."""

    siege: Siege

    @property
    def organization(self) -> Organization:
        return self.siege.organization

    @property
    def by(self) -> Membership:
        """The admin who acts."""
        return Membership.objects.filter(organization=self.organization, role=Role.ADMIN).order_by("pk")[0]

    def known(self, name: str, role: Role = Role.MEMBER, domain: str = DOMAIN) -> User:
        """Sign in by e-mail address, as before the change."""
        address = address_of(name, domain)
        row = arrive(self.siege, known_as(name, domain), address)
        assert row.state == SignInState.SUCCEEDED, row.reason
        Membership.objects.filter(organization=self.organization, user=row.user).update(role=role)
        assert row.user is not None
        return row.user

    def refused(self, name: str, sent: Sent | None = None, domain: str = DOMAIN) -> SignIn:
        """Come under another identifier: a lasting one unless another is given."""
        row = arrive(self.siege, sent or lasting(name), address_of(name, domain))
        assert row.reason == Reason.OTHER_SUBJECT, row.reason
        return row

    def changed(self, name: str, role: Role = Role.MEMBER) -> SignIn:
        """Return the refused sign-in of a member who was known before."""
        self.known(name, role)
        return self.refused(name)

    def relink(self, *rows: SignIn, **options: Any) -> list[User]:
        """Let the admin re-link what these sign-ins show."""
        given = {"by": self.by, "has_second_factor": False, "organization": self.organization} | options
        return relinking.relink_members(references=[row.reference for row in rows], actor=COMMAND_LINE, **given)

    def subjects(self) -> dict[str, list[str]]:
        """Return how each member is known at the provider."""
        found: dict[str, list[str]] = {}
        for each in Identity.objects.filter(connection__organization=self.organization).order_by("id"):
            found.setdefault(each.user.email, []).append(each.subject)
        return found


def later(days: float) -> Any:
    """Return a moment so many days from now."""
    return timezone.now() + timedelta(days=days)


__all__ = ["AN_ADDRESS", "DOMAIN", "Changing", "address_of", "known_as", "lasting", "later", "verify"]
