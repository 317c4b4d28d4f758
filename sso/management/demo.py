"""The demo of `make run`: three organizations, one for each thing there is to see. Through services only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from audit.actors import COMMAND_LINE
from orgs.models import EmailDomain, MembershipSource, Organization, Plan, Role, User
from orgs.services import accounts, domains, organizations
from orgs.services.members import add_member
from sso import saml
from sso.models import Provider
from sso.selectors.connections import active_configuration
from sso.services import connections, imports

# The password is public, so the demo loads under DEBUG only.
PASSWORD: Final = "amplisso-demo"  # noqa: S105
OPERATOR: Final = "operator@amplisso.example"


@dataclass(frozen=True, slots=True)
class Cast:
    """One organization of the demo: `members` are (name, local part of the address, role), the first an admin."""

    name: str
    plan: str
    domain: str
    members: tuple[tuple[str, str, Role], ...]


CONTOSO: Final = Cast(
    "Contoso",
    "growth",
    "contoso.example",
    (
        ("Ada Osei", "ada", Role.ADMIN),
        ("Tomas Ruiz", "tomas", Role.MANAGER),
        ("June Park", "june", Role.MEMBER),
        ("Kofi Mensah", "kofi", Role.VIEWER),
    ),
)
FABRIKAM: Final = Cast("Fabrikam", "enterprise", "fabrikam.example", (("Mira Novak", "mira", Role.ADMIN),))
INITECH: Final = Cast("Initech", "starter", "initech.example", (("Lena Vogel", "lena", Role.ADMIN),))


@dataclass(frozen=True, slots=True)
class Demo:
    """The loaded demo: Contoso to walk the nine steps in, Fabrikam connected, Initech on a plan without SSO."""

    contoso: Organization
    fabrikam: Organization
    initech: Organization


def load(metadata: bytes | None = None) -> Demo:
    """Create the missing parts of the demo and leave the rest alone; connect Fabrikam if its metadata is given.

    Raises saml.MetadataError.
    """
    _account(OPERATOR, "Olu Operator", is_operator=True)
    demo = Demo(_organization(CONTOSO), _organization(FABRIKAM), _organization(INITECH))
    if metadata is not None:
        _connect(demo.fabrikam, metadata)
    return demo


def admin_of(cast: Cast) -> str:
    """Return the address of the admin of one of the organizations."""
    return f"{cast.members[0][1]}@{cast.domain}"


def _organization(cast: Cast) -> Organization:
    """Return the one that its admin made: by now it may have another name, and the admin may have joined others."""
    admin = _account(admin_of(cast), cast.members[0][0])
    made = Organization.objects.filter(memberships__user=admin, memberships__source=MembershipSource.CREATED)
    return made.select_related("plan").order_by("number").first() or _create(cast, admin)


def _create(cast: Cast, admin: User) -> Organization:
    organization = organizations.create_organization(
        name=cast.name, plan=Plan.objects.get(slug=cast.plan), admin=admin, actor=COMMAND_LINE
    )
    for name, local_part, role in cast.members[1:]:
        user = _account(f"{local_part}@{cast.domain}", name)
        add_member(organization=organization, user=user, role=role, source=MembershipSource.INVITED, actor=COMMAND_LINE)
    _own(organization, cast.domain)
    return organization


def _own(organization: Organization, name: str) -> None:
    """Verify the domain, unless another organization has taken it in the meantime."""
    domain = domains.add_domain(organization=organization, domain=name, actor=COMMAND_LINE)
    if not EmailDomain.objects.filter(domain=domain.domain, verified_at__isnull=False).exists():
        domains.verify_domain(domain=domain, actor=COMMAND_LINE)


def _account(address: str, name: str, *, is_operator: bool = False) -> User:
    existing = User.objects.filter(email=address).first()
    return existing or accounts.create_account(
        address=address,
        name=name,
        password=PASSWORD,
        is_confirmed=True,
        is_operator=is_operator,
        actor=COMMAND_LINE,
    )


def _connect(organization: Organization, data: bytes) -> None:
    """Connect to the simulator, unless it is connected to the same provider with the same certificates."""
    offered, active = connections.read_upload(organization=organization, data=data), active_configuration(organization)
    if active is not None and _is_same(active.identity_provider(), offered):
        return
    imports.import_metadata(organization=organization, data=data, provider=Provider.AZURE, actor=COMMAND_LINE)


def _is_same(known: saml.IdentityProvider, offered: saml.IdpMetadata) -> bool:
    """Compare two providers by content: each copy of a file is signed anew, so its text says nothing."""
    return (known.entity_id, known.certificates, known.sso_redirect_url, known.sso_post_url) == (
        offered.entity_id,
        offered.certificates,
        offered.sso_redirect_url,
        offered.sso_post_url,
    )
