"""Our own keys. A rollover: make the next one, give it to the provider, use it, and then retire the previous one."""

from __future__ import annotations

import base64
from typing import NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from audit.actors import Actor
from audit.events import EventName
from audit.services import record
from audit.targets import Target
from orgs.errors import NotAllowedError
from orgs.models import Organization
from orgs.services import locks
from orgs.services.second_factors import reencrypt_second_factors
from orgs.transactions import atomic
from sso import saml
from sso.crypto import key_encryption
from sso.models import KeyState, ServiceProviderKey
from sso.selectors.connections import usable_configurations
from sso.selectors.keys import live_keys
from sso.services.plan_check import check_plan

_ONE_IS_WAITING = "There are already two certificates. Complete that change first, or retire one of them."
_NOTHING_WAITS = "There is no new certificate to use. Create one first."
_NOTHING_TO_OFFER = "There is no certificate to offer. Create one first."
_SIGNS = (
    "Requests are signed with this certificate. Turn Sign requests off first, or create a new certificate and use that."
)
_OTHER_FIRST = "This certificate is in use. Use the new one first, or retire the other one."


class Reencrypted(NamedTuple):
    """Numbers of secrets that are encrypted with the first of KEY_ENCRYPTION_KEYS now."""

    private_keys: int
    second_factors: int


@atomic
def create_key(*, organization: Organization, actor: Actor) -> ServiceProviderKey:
    """Make a key: the organization's first is used at once, another one waits as the next. Raises NotAllowedError.

    The first is not offered for encryption; another one is if those that it replaces are.
    """
    organization = locks.hold_organization(organization)
    check_plan(organization)
    others = list(live_keys(organization))
    states = {each.state for each in others}
    if len(states) > 1:
        raise NotAllowedError(_ONE_IS_WAITING)
    now = timezone.now()
    pair = saml.make_key_pair(_common_name(organization), now=now)
    is_first = KeyState.CURRENT not in states
    key = ServiceProviderKey.objects.create(
        organization=organization,
        state=KeyState.CURRENT if is_first else KeyState.NEXT,
        certificate=base64.b64encode(pair.certificate.der).decode(),
        encrypted_private_key=key_encryption.encrypt(pair.private_der),
        promoted_at=now if is_first else None,
        for_encryption=any(each.for_encryption for each in others),
    )
    record(
        EventName.KEY_CREATED,
        actor=actor,
        target=key.audit_target,
        after={"state": key.state, "for_encryption": key.for_encryption, "fingerprint": key.fingerprint},
    )
    return key


@atomic
def promote_key(*, organization: Organization, actor: Actor) -> ServiceProviderKey:
    """Sign with the next key from now on; the one before goes on decrypting until it is retired.

    Raises NotAllowedError.
    """
    locks.hold_organization(organization)
    following = live_keys(organization).filter(state=KeyState.NEXT).first()
    if following is None:
        raise NotAllowedError(_NOTHING_WAITS)
    live_keys(organization).filter(state=KeyState.CURRENT).update(state=KeyState.PREVIOUS)
    following.state, following.promoted_at = KeyState.CURRENT, timezone.now()
    following.save(update_fields=["state", "promoted_at"])
    record(
        EventName.KEY_PROMOTED,
        actor=actor,
        target=following.audit_target,
        after={"state": following.state, "fingerprint": following.fingerprint},
    )
    return following


@atomic
def retire_key(*, key: ServiceProviderKey, actor: Actor) -> None:
    """Withdraw a key and delete its private half for good. Raises NotAllowedError while requests are signed with it."""
    locks.hold_organization(key.organization)
    key.refresh_from_db()
    if key.state == KeyState.RETIRED:
        return
    if key.state == KeyState.CURRENT:
        _check_not_needed(key.organization)
    before = key.state
    key.state, key.encrypted_private_key, key.retired_at = KeyState.RETIRED, "", timezone.now()
    key.save()
    record(
        EventName.KEY_RETIRED,
        actor=actor,
        target=key.audit_target,
        before={"state": before},
        after={"state": key.state, "fingerprint": key.fingerprint},
    )


@atomic
def offer_for_encryption(*, organization: Organization, wanted: bool, actor: Actor) -> None:
    """Let our metadata offer the organization's keys for encryption, or no longer. Raises NotAllowedError without one.

    A provider that imported the metadata before goes on encrypting until it reads it again; every key decrypts.
    """
    organization = locks.hold_organization(organization)
    check_plan(organization)
    if not live_keys(organization).exists():
        raise NotAllowedError(_NOTHING_TO_OFFER)
    name = EventName.KEY_OFFERED if wanted else EventName.KEY_WITHDRAWN
    for key in live_keys(organization).filter(for_encryption=not wanted):
        key.for_encryption = wanted
        key.save(update_fields=["for_encryption"])
        record(
            name,
            actor=actor,
            target=key.audit_target,
            before={"for_encryption": not wanted},
            after={"for_encryption": wanted, "fingerprint": key.fingerprint},
        )


@atomic
def reencrypt_keys(*, actor: Actor) -> Reencrypted:
    """Encrypt every private key and second factor with the first of KEY_ENCRYPTION_KEYS; return how many of both.

    Afterwards the other encryption keys can be thrown away. Raises LockedKeyError, and changes nothing, when one of
    them can't be decrypted with any key.
    """
    keys = ServiceProviderKey.objects.select_for_update().exclude(state=KeyState.RETIRED)
    for key in keys:
        key.encrypted_private_key = key_encryption.reencrypt(key.encrypted_private_key)
        key.save(update_fields=["encrypted_private_key"])
    factors = reencrypt_second_factors()
    after = {"keys": len(keys), "second_factors": factors}
    record(EventName.KEYS_REENCRYPTED, actor=actor, target=Target("key"), after=after)
    return Reencrypted(len(keys), factors)


def _check_not_needed(organization: Organization) -> None:
    if live_keys(organization).count() > 1:
        raise NotAllowedError(_OTHER_FIRST)
    if any(configuration.signs_requests for configuration in usable_configurations(organization)):
        raise NotAllowedError(_SIGNS)


def _common_name(organization: Organization) -> str:
    """Return a name made of the organization's number, which stays when the organization is renamed."""
    return f"Amplisso {urlsplit(settings.BASE_URL).hostname}"[:40] + f" {organization.number}"
