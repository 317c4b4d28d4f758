"""Many organizations with a connection each. All but some are copies, made inside the database: 100,000 in seconds."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from django.db import transaction
from django.utils import timezone

from audit.actors import COMMAND_LINE
from bench.provider import NUMBER, Material
from bench.rows.copies import analyze, copy_row
from orgs.models import Membership, MembershipSource, Organization, Plan, Role, User
from orgs.services import members, organizations
from sso.models import Configuration, Connection, Identity, SubjectKind
from sso.services.connections import read_upload, save_settings

# A run signs in to this many, so that no certificate is met twice and nothing about one is known already.
OWN_CERTIFICATES = 900


@transaction.atomic
def populate(material: Material, *, connections: int) -> list[int]:
    """Make organizations 10001 and following; return the numbers of those to sign in to, at most OWN_CERTIFICATES."""
    first = _first_organization(material)
    copies = connections - 1
    if copies:
        _copy_organizations(first, copies)
        own = range(NUMBER, NUMBER + min(connections, OWN_CERTIFICATES))
        for number in own[1:]:
            _give_certificate(material, number)
        return list(own)
    return [NUMBER]


def _first_organization(material: Material) -> Organization:
    """Make an organization as the settings page would, with one member who is known to the provider."""
    admin = User.objects.create_user("admin@contoso.example")
    organization = organizations.create_organization(
        name="Contoso", plan=Plan.objects.get(slug="growth"), admin=admin, actor=COMMAND_LINE
    )
    saved = save_settings(
        organization=organization,
        provider="azure",
        just_in_time_role=Role.MEMBER,
        metadata=read_upload(organization=organization, data=material.metadata),
        metadata_text=material.metadata.decode("utf-8-sig"),
        require_sso=False,
        by=None,
        actor=COMMAND_LINE,
    )
    if saved.configuration is None:
        raise RuntimeError("the metadata was not saved")
    member = members.add_member(
        organization=organization,
        user=User.objects.create_user(material.address),
        role=Role.MEMBER,
        source=MembershipSource.INVITED,
        actor=COMMAND_LINE,
    )
    members.note_names(membership=member, **material.names)
    Identity.objects.create(
        connection=saved.configuration.connection,
        provider_entity_id=material.tenant.issuer,
        subject_kind=SubjectKind.OBJECT_IDENTIFIER,
        subject=material.subject,
        user=member.user,
        address=material.address,
        last_used_at=timezone.now(),
    )
    return organization


def _copy_organizations(first: Organization, copies: int) -> None:
    """Copy the organization; the primary keys of copies are far from all others, so that rows can name each other."""
    connection_row, member = Connection.objects.get(), Membership.objects.get(user__identities__isnull=False)
    number = {"number": f"{NUMBER} + each"}
    copy_row(first, copies, {**_far("id"), **number, "slug": "'copy-' || each || slug"})
    copy_row(connection_row, copies, _far("id", "organization_id"))
    copy_row(Configuration.objects.get(), copies, _far("id", "connection_id"))
    copy_row(member.user, copies, {**_far("id"), "email": "'copy-' || each || email"})
    copy_row(member, copies, _far("id", "organization_id", "user_id"))
    copy_row(Identity.objects.get(), copies, _far("id", "connection_id", "user_id"))
    analyze()


def _far(*columns: str) -> dict[str, str]:
    return dict.fromkeys(columns, "1000000 + each")


def _give_certificate(material: Material, number: int) -> None:
    """Give the copy a new certificate for the same key, since making keys takes long."""
    found = Configuration.objects.filter(connection__organization__number=number)
    found.update(certificates=[base64.b64encode(_certificate(material, number)).decode()])


def _certificate(material: Material, number: int) -> bytes:
    key = serialization.load_pem_private_key(material.app.signing_key().private_pem, password=None)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"Organization {number}")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())  # type: ignore[arg-type]
    certificate = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    return certificate.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)  # type: ignore[arg-type]
