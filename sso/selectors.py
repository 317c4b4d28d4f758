"""Reading connections, sign-ins and identities."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db.models import Case, Count, Q, QuerySet, When
from django.urls import reverse
from django.utils import timezone

from orgs.models import GrantKind, Organization, SessionGrant, User
from orgs.tokens import hash_of_token
from sso import saml
from sso.key_encryption import LockedKeyError
from sso.models import (
    Configuration,
    ConfigurationState,
    Connection,
    ConnectionState,
    Identity,
    KeyState,
    OfferedProvider,
    ServiceProviderKey,
    SignIn,
    SignInState,
    Upload,
    Waiver,
    latest_ends,
)

# Sign-ins of one person that may still have a live grant, with much to spare.
_RECENT = 200
# Sign-ins that fit into a cookie: one for each organization that somebody was in at once.
_MOST_TO_END = 40

_log = logging.getLogger(__name__)


def service_provider(number: int) -> saml.ServiceProvider:
    """We, as the identity provider of organization `number` knows us."""
    return _service_provider(settings.BASE_URL, number)


@lru_cache(maxsize=4096)
def _service_provider(base: str, number: int) -> saml.ServiceProvider:
    """Kept, because the addresses never change (invariant 3)."""
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
    """The same with our keys, for a response in which something is encrypted."""
    return replace(service_provider(organization.number), keys=opened(live_keys(organization)))


def live_keys(organization: Organization) -> QuerySet[ServiceProviderKey]:
    """Our keys that this organization's provider may use; the one in use first, since some read no further."""
    in_use_first = Case(When(state=KeyState.CURRENT, then=0), default=1)
    return (
        ServiceProviderKey.objects.select_related("organization")
        .filter(organization=organization)
        .exclude(state=KeyState.RETIRED)
        .order_by(in_use_first, "id")
    )


def signing_key(organization: Organization) -> saml.KeyPair | None:
    """The key that signs our messages; None if there is none, or none that can be decrypted here."""
    return next(iter(opened(live_keys(organization).filter(state=KeyState.CURRENT))), None)


def opened(keys: Iterable[ServiceProviderKey]) -> tuple[saml.KeyPair, ...]:
    """Decrypt what can be decrypted. A key that was lost must not take the sign-ins along that don't need it."""
    pairs = []
    for key in keys:
        try:
            pairs.append(key.key_pair())
        except LockedKeyError:
            _log.error("%s can't be decrypted: its encryption key is no longer in KEY_ENCRYPTION_KEYS", key)
    return tuple(pairs)


def key_by_public_id(organization: Organization, public_id: uuid.UUID) -> ServiceProviderKey | None:
    """One key of this organization that is not retired."""
    return live_keys(organization).filter(public_id=public_id).first()


def connection_of(organization: Organization) -> Connection | None:
    """The organization's connection. The model allows several; today's pages make one."""
    return Connection.objects.filter(organization=organization).order_by("id").first()


def active_configuration(organization: Organization) -> Configuration | None:
    """The configuration by which sign-ins are judged now; none while the connection is disabled."""
    return (
        _configurations(organization, ConfigurationState.ACTIVE)
        .filter(connection__state=ConnectionState.ENABLED)
        .first()
    )


def active_configurations() -> Iterator[Configuration]:
    """Yield what sign-ins of all open organizations go through, without the text of the files."""
    active = Configuration.objects.select_related("connection__organization").defer("metadata", "findings")
    open_ones = active.filter(state=ConfigurationState.ACTIVE, connection__organization__closed_at__isnull=True)
    return open_ones.order_by("connection__organization__number").iterator(chunk_size=500)


def flawed_configurations() -> list[Configuration]:
    """Return the active configurations that no sign-in can go through."""
    return [each for each in active_configurations() if each.flaw]


def draft_configuration(organization: Organization) -> Configuration | None:
    """The configuration that waits for an admin's test sign-in."""
    return _configurations(organization, ConfigurationState.DRAFT).first()


def usable_configurations(organization: Organization) -> QuerySet[Configuration]:
    """What sign-ins go through now, and what may be next."""
    return _configurations(organization).filter(state__in=[ConfigurationState.ACTIVE, ConfigurationState.DRAFT])


def waivable_configurations(organization: Organization) -> list[Configuration]:
    """Those of them that a waiver is made for: a draft of another provider than the one in use gets none."""
    usable = list(usable_configurations(organization))
    in_use = {each.entity_id for each in usable if each.state == ConfigurationState.ACTIVE}
    return [each for each in usable if not in_use or each.entity_id in in_use]


def configuration_by_public_id(organization: Organization, public_id: uuid.UUID | str) -> Configuration | None:
    """One configuration of this organization."""
    return _configurations(organization).filter(public_id=public_id).first()


def _configurations(organization: Organization, state: ConfigurationState | None = None) -> QuerySet[Configuration]:
    found = Configuration.objects.select_related("connection__organization__plan", "created_by").filter(
        connection__organization=organization
    )
    return found.filter(state=state) if state else found


def has_signed_in_through(configuration: Configuration, user: User) -> bool:
    """Whether this person came in through exactly this configuration (invariant 9)."""
    return SignIn.objects.filter(configuration=configuration, user=user, state=SignInState.SUCCEEDED).exists()


def like_versions_signed_in_through(configuration: Configuration, user: User) -> set[int]:
    """Return the ids of the versions with the same provider, addresses and certificates that this user came in through.

    A user may require SSO only if the configuration itself is in the result; other versions only change what the page
    says.
    """
    alike = Configuration.objects.filter(
        connection=configuration.connection_id,
        entity_id=configuration.entity_id,
        sso_redirect_url=configuration.sso_redirect_url,
        sso_post_url=configuration.sso_post_url,
        certificates=configuration.certificates,
    )
    found = SignIn.objects.filter(configuration__in=alike, user=user, state=SignInState.SUCCEEDED)
    return set(found.order_by().values_list("configuration_id", flat=True).distinct())


def sign_ins_of(organization: Organization, *, state: str = "", search: str = "") -> QuerySet[SignIn]:
    """Return the sign-in log, newest first; `search` looks at the address and the reference code.

    A row that only keeps where an unsolicited response leads (`is_kept_path`) is no sign-in yet.
    """
    found = SignIn.objects.select_related("user", "connection", "configuration").filter(organization=organization)
    found = found.exclude(nonce_hash="")
    if state:
        found = found.filter(state=state)
    if search:
        found = found.filter(
            Q(address__icontains=search) | Q(user__email__icontains=search) | Q(reference=_as_reference(search))
        )
    return found


def _as_reference(text: str) -> str:
    """A code as it is stored, however it was typed: 7kq4 m2xd p9tr is 7KQ4-M2XD-P9TR."""
    letters = "".join(letter for letter in text.upper() if letter.isalnum())
    return "-".join(letters[at : at + 4] for at in range(0, len(letters), 4))


def sign_in_by_reference(organization: Organization, reference: str) -> SignIn | None:
    """One row of the log, by the code that the visitor saw."""
    return (
        SignIn.objects.select_related("user", "connection", "configuration__connection", "restart_of")
        .filter(organization=organization, reference=reference.upper())
        .first()
    )


def identities_of_address(organization: Organization, address: str) -> QuerySet[Identity]:
    """How the person with this address is known at the organization's identity providers."""
    return Identity.objects.select_related("connection__organization", "user").filter(
        connection__organization=organization, user__email=address
    )


def sign_in_of_grants(grants: Iterable[SessionGrant]) -> SignIn | None:
    """The newest sign-in through a connection that opened one of these grants."""
    ids = [grant.public_id for grant in grants if grant.kind == GrantKind.SSO]
    found = SignIn.objects.select_related("connection").filter(grant__in=ids)
    return found.order_by("-id").first() if ids else None


def sign_ins_to_end(grants: Iterable[SessionGrant]) -> list[SignIn]:
    """The sign-ins behind these grants whose providers want to be told of a sign-out, the newest first."""
    ids = [grant.public_id for grant in grants if grant.kind == GrantKind.SSO]
    found = SignIn.objects.select_related("organization").filter(grant__in=ids, connection__single_logout=True)
    return list(found.order_by("-id")[:_MOST_TO_END]) if ids else []


def may_sign_out_at_provider(sign_in: SignIn) -> Configuration | None:
    """By which configuration the provider is told of a sign-out; None if it isn't, or the grant is still live."""
    if not sign_in.connection.single_logout or not sign_in.provider_session or sign_in.grant is None:
        return None
    if SessionGrant.objects.filter(public_id=sign_in.grant, ended_at__isnull=True).exists():
        return None
    active = active_configuration(sign_in.organization)
    if active is None or active.connection_id != sign_in.connection_id:
        return None
    return active if active.identity_provider().slo_url else None


def grants_of_provider_session(
    connection: Connection, name_id: str, session_indexes: tuple[str, ...]
) -> list[uuid.UUID]:
    """The grants that a provider's session opened, whatever format its name ID is said to have this time.

    Entra has other formats at sign-out than at sign-in; a session index that we don't know means all of the person's.
    """
    found = SignIn.objects.filter(
        connection=connection, name_id_hash=hash_of_token(name_id), grant__isnull=False, state=SignInState.SUCCEEDED
    ).values_list("grant", "provider_session")[:_RECENT]
    opened = [(grant, session) for grant, session in found if grant is not None]
    named = [grant for grant, session in opened if set(session_indexes) & _session_indexes(session)]
    return named or [grant for grant, _ in opened]


def _session_indexes(provider_session: dict[str, Any]) -> set[str]:
    return {provider_session.get("session_index", ""), *provider_session.get("other_session_indexes", ())}


def waivers_in_force(organization: Organization) -> dict[Waiver, datetime]:
    """What is accepted for a time by what sign-ins go through now, or may go through next; each with its end."""
    return latest_ends(usable_configurations(organization))


def upload_by_public_id(organization: Organization, public_id: uuid.UUID) -> Upload | None:
    """An upload of this organization that waits for a choice."""
    return _waiting_uploads(organization).filter(public_id=public_id).first()


def upload_to_choose_from(organization: Organization, user: User) -> Upload | None:
    """The file with several providers that this admin uploaded and left without choosing one."""
    several = _waiting_uploads(organization).annotate(offered=Count("providers")).filter(offered__gt=1)
    return several.filter(created_by=user).first()


def offered_provider(organization: Organization, public_id: str) -> OfferedProvider | None:
    """One provider of an upload of this organization that still waits; whatever else the text is finds none."""
    try:
        wanted = uuid.UUID(public_id)
    except ValueError:
        return None
    found = OfferedProvider.objects.select_related("upload").filter(upload__in=_waiting_uploads(organization))
    return found.filter(public_id=wanted).first()


def _waiting_uploads(organization: Organization) -> QuerySet[Upload]:
    return Upload.objects.filter(organization=organization, is_ready=True, expires_at__gt=timezone.now())
