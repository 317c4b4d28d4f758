"""Reading an organization's own side of a connection: addresses and keys."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

from django.conf import settings
from django.db.models import Case, QuerySet, When
from django.urls import reverse

from orgs.models import Organization
from sso import saml
from sso.crypto.key_encryption import LockedKeyError
from sso.models import (
    KeyState,
    ServiceProviderKey,
)
from sso.selectors.connections import active_configuration

_log = logging.getLogger(__name__)


def service_provider(number: int) -> saml.ServiceProvider:
    """Return our side as the identity provider of organization `number` knows it."""
    return _service_provider(settings.BASE_URL, number)


@lru_cache(maxsize=4096)
def _service_provider(base: str, number: int) -> saml.ServiceProvider:
    """Return our addresses, cached because they never change (invariant 3)."""
    return saml.ServiceProvider(
        entity_id=base + reverse("saml_metadata", args=[number]),
        acs_url=base + reverse("saml_acs", args=[number]),
        slo_url=base + reverse("saml_slo", args=[number]),
    )


def published_service_provider(organization: Organization) -> saml.ServiceProvider:
    """Return the service provider with what our metadata says about keys."""
    keys = list(live_keys(organization))
    active = active_configuration(organization) if keys else None
    return replace(
        service_provider(organization.number),
        certificates=tuple(key.signing_certificate() for key in keys),
        encryption_certificates=tuple(key.signing_certificate() for key in keys if key.for_encryption),
        signs_requests=active is not None and active.signs_requests,
    )


def decrypting_service_provider(organization: Organization) -> saml.ServiceProvider:
    """Return the service provider with our keys, for a response in which something is encrypted."""
    return replace(service_provider(organization.number), keys=opened(live_keys(organization)))


def live_keys(organization: Organization) -> QuerySet[ServiceProviderKey]:
    """Return our keys that the provider may use; the one in use first, since some providers read no further."""
    in_use_first = Case(When(state=KeyState.CURRENT, then=0), default=1)
    return (
        ServiceProviderKey.objects.select_related("organization")
        .filter(organization=organization)
        .exclude(state=KeyState.RETIRED)
        .order_by(in_use_first, "id")
    )


def signing_key(organization: Organization) -> saml.KeyPair | None:
    """Return the key that signs our messages; None if there is none, or none that can be decrypted here."""
    return next(iter(opened(live_keys(organization).filter(state=KeyState.CURRENT))), None)


def opened(keys: Iterable[ServiceProviderKey]) -> tuple[saml.KeyPair, ...]:
    """Decrypt what can be decrypted. A lost key must not break the sign-ins that don't need it."""
    pairs = []
    for key in keys:
        try:
            pairs.append(key.key_pair())
        except LockedKeyError:
            _log.error("%s can't be decrypted: its encryption key is no longer in KEY_ENCRYPTION_KEYS", key)
    return tuple(pairs)


def key_by_public_id(organization: Organization, public_id: uuid.UUID) -> ServiceProviderKey | None:
    """Return one key of this organization that is not retired."""
    return live_keys(organization).filter(public_id=public_id).first()
