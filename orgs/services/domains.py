"""Services for e-mail domains, by which /sign-in finds the organization of an address."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.actors import Actor
from audit.events import EventName
from audit.services import record
from orgs.errors import NotAllowedError
from orgs.models import EmailDomain, Organization
from orgs.text.email_addresses import normal_domain
from orgs.transactions import atomic


@atomic
def add_domain(*, organization: Organization, domain: str, actor: Actor) -> EmailDomain:
    """Record that an organization calls a domain its own; it is not used before it is verified.

    Raises ValidationError for what is not a domain.
    """
    found, created = EmailDomain.objects.get_or_create(organization=organization, domain=normal_domain(domain))
    if created:
        record(EventName.DOMAIN_ADDED, actor=actor, target=found.audit_target)
    return found


@atomic
def verify_domain(*, domain: EmailDomain, actor: Actor) -> None:
    """Confirm that a domain is the organization's own. Raises NotAllowedError if another one already owns it."""
    try:
        with transaction.atomic():
            changed = EmailDomain.objects.filter(pk=domain.pk, verified_at__isnull=True).update(
                verified_at=timezone.now()
            )
    except IntegrityError as error:
        raise NotAllowedError(f"{domain.domain} is already verified for another organization.") from error
    if changed:
        record(EventName.DOMAIN_VERIFIED, actor=actor, target=domain.audit_target)


@atomic
def unverify_domain(*, domain: EmailDomain, actor: Actor) -> None:
    """Take the confirmation back; /sign-in no longer routes by this domain."""
    if EmailDomain.objects.filter(pk=domain.pk, verified_at__isnull=False).update(verified_at=None):
        record(EventName.DOMAIN_UNVERIFIED, actor=actor, target=domain.audit_target)


@atomic
def remove_domain(*, domain: EmailDomain, actor: Actor) -> None:
    """Forget a domain."""
    record(EventName.DOMAIN_REMOVED, actor=actor, target=domain.audit_target)
    domain.delete()
