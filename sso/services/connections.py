"""The settings of a connection. Each upload is a new configuration; the last one stays what it was (invariant 9)."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Max
from django.utils import timezone

from audit.actors import Actor
from audit.events import EventName
from audit.services import record
from orgs.errors import NotAllowedError
from orgs.models import Organization, User
from orgs.services import grants, locks, organizations
from orgs.transactions import atomic
from sso import saml
from sso.connection_view import ConnectionView, connection_view
from sso.crypto.key_encryption import can_encrypt
from sso.errors import NoDraftError
from sso.models import Configuration, ConfigurationState, Connection, ConnectionState, Identity, Provider, SignIn
from sso.selectors.connections import connection_of
from sso.selectors.keys import live_keys, service_provider
from sso.selectors.sign_ins import has_signed_in_through
from sso.selectors.versions import dropped_success
from sso.services.kept_uploads import forget_uploads
from sso.services.keys import create_key
from sso.services.plan_check import check_plan
from sso.services.settings_snapshot import check_unchanged
from sso.services.versions import new_version, summary_of

DISABLED_BY_OPERATOR = (
    "An operator has disabled this connection, so nothing can be changed here. Members can sign in with passwords "
    "until the operator of Amplisso enables it again."
)
TRY_IT_FIRST = (
    "Sign in with single sign-on once yourself before you require it, so that no member is locked out. Save "
    "without Require SSO, use Test sign-in, then turn it on."
)


@dataclass(frozen=True, slots=True)
class Saved:
    """The result of saving the settings: the configuration it made, if any, and whether that one waits for a test.

    `dropped` is the latest successful sign-in if the configuration no longer has its certificate. `before` and `after`
    are the connection as the transaction found and left it.
    """

    configuration: Configuration | None
    is_draft: bool
    dropped: SignIn | None
    before: ConnectionView
    after: ConnectionView


def read_upload(*, organization: Organization, data: bytes, entity_id: str | None = None) -> saml.IdpMetadata:
    """Read an uploaded metadata file for this organization; `entity_id` chooses one of several providers in it.

    Raises saml.MetadataError with a sentence for the admin, and saml.SeveralProviders when they have to choose.
    """
    us, now = service_provider(organization.number), timezone.now()
    return saml.in_own_thread(
        lambda: saml.read_idp_metadata(
            data,
            our_entity_id=us.entity_id,
            now=now,
            allow_loopback_http=settings.DEBUG,
            entity_id=entity_id,
        )
    )


@atomic
def save_settings(
    *,
    organization: Organization,
    provider: str,
    just_in_time_role: int | None,
    metadata: saml.IdpMetadata | None,
    metadata_text: str,
    require_sso: bool,
    sign_requests: bool | None = None,
    force_authn: bool | None = None,
    single_logout: bool | None = None,
    snapshot: str = "",
    by: User | None,
    actor: Actor,
) -> Saved:
    """Save the Access & SSO Settings. A valid file turns SSO on at once (AM-23); while SSO is required it is a draft.

    It is a draft, too, if it no longer lists the certificate of the latest successful sign-in.
    So does a change of `sign_requests` or `force_authn`; None leaves them alone, and `single_logout`, too. `by` is the
    admin who asks; None is an operator. `snapshot` is what their page was made from.
    Raises NotAllowedError, SettingsChangedError.
    """
    view = _held(organization, snapshot)
    wanted = {"provider": provider, "just_in_time_role": just_in_time_role, "single_logout": single_logout}
    connection = _save_connection(view, wanted, actor)
    switches = {"sign_requests": sign_requests, "force_authn": force_authn}
    version = new_version(connection, view, metadata=metadata, text=metadata_text, switches=switches)
    is_draft, dropped = _save_version(view, version, by, actor) if version else (False, None)
    active = view.active if version is None or is_draft else version
    _save_requirement(view.organization, active, required=require_sso, by=by, actor=actor)
    if metadata is not None and by is not None:
        forget_uploads(organization=organization, by=by)
    after = connection_view(view.organization, for_page=False)
    return Saved(version, is_draft, dropped, before=view, after=after)


def _held(organization: Organization, snapshot: str) -> ConnectionView:
    """Lock the organization until this transaction ends, read its connection, and check that it may be changed now."""
    view = connection_view(locks.hold_organization(organization), for_page=False)
    check_plan(view.organization)
    check_unchanged(view, snapshot)
    if view.connection is not None and view.connection.state == ConnectionState.DISABLED:
        # Only operators switch a connection off, and an upload must not undo that.
        raise NotAllowedError(DISABLED_BY_OPERATOR)
    return view


def _save_connection(view: ConnectionView, wanted: dict[str, Any], actor: Actor) -> Connection:
    """Write what was chosen; None leaves a switch as it is, and as the role admits only invited users."""
    connection = copy(view.connection) or Connection(organization=view.organization, provider=Provider.OTHER)
    before = _facts(connection) if connection.pk else {}
    for name, value in wanted.items():
        if value is not None or name == "just_in_time_role":
            setattr(connection, name, value)
    if before != _facts(connection):
        connection.save()
        record(
            EventName.CONNECTION_CHANGED,
            actor=actor,
            target=connection.audit_target,
            before=before,
            after=_facts(connection),
        )
    return connection


def _facts(connection: Connection) -> dict[str, Any]:
    return {
        "provider": connection.provider,
        "just_in_time_role": connection.just_in_time_role,
        "single_logout": connection.single_logout,
    }


def _save_version(
    view: ConnectionView, configuration: Configuration, by: User | None, actor: Actor
) -> tuple[bool, SignIn | None]:
    """Write a version; return whether it is a draft, and the latest successful sign-in if it drops its certificate."""
    connection = configuration.connection
    if view.draft is not None:
        connection.configurations.filter(state=ConfigurationState.DRAFT).update(
            state=ConfigurationState.RETIRED, retired_at=timezone.now()
        )
    configuration.version = 1 + (connection.configurations.aggregate(last=Max("version"))["last"] or 0)
    configuration.created_by = by
    configuration.save()
    _make_key_for(configuration, view.organization, actor)
    # The wish counts, not what holds now: an untested file must not bring a suspended requirement back.
    dropped = dropped_success(view.active, configuration)
    if view.organization.require_sso or dropped:
        record(
            EventName.CONFIGURATION_DRAFTED,
            actor=actor,
            target=connection.audit_target,
            after=summary_of(configuration),
        )
        return True, dropped
    _activate(configuration, view.active, actor)
    return False, None


def _make_key_for(configuration: Configuration, organization: Organization, actor: Actor) -> None:
    """Make the key without which requests can't be signed; where none can be kept, the page says what is missing."""
    if configuration.signs_requests and can_encrypt() and not live_keys(organization).exists():
        create_key(organization=organization, actor=actor)


def activate(*, configuration: Configuration, actor: Actor) -> None:
    """Make a draft the configuration that sign-ins are judged by; call inside the transaction of what made it so.

    The caller holds the settings, and has made sure that it is a draft. Raises NoDraftError.
    """
    active = configuration.connection.configurations.filter(state=ConfigurationState.ACTIVE).first()
    _activate(configuration, active, actor)


def _activate(configuration: Configuration, active: Configuration | None, actor: Actor) -> None:
    """Put a draft in the place of the active configuration, which the caller has read under the lock."""
    connection, now = configuration.connection, timezone.now()
    if active is not None:
        connection.configurations.filter(pk=active.pk).update(state=ConfigurationState.RETIRED, retired_at=now)
    draft = connection.configurations.filter(pk=configuration.pk, state=ConfigurationState.DRAFT)
    if not draft.update(state=ConfigurationState.ACTIVE, activated_at=now):
        raise NoDraftError(configuration)
    configuration.state, configuration.activated_at = ConfigurationState.ACTIVE, now
    before = summary_of(active) if active else {}
    record(
        EventName.CONFIGURATION_ACTIVATED,
        actor=actor,
        target=connection.audit_target,
        before=before,
        after=summary_of(configuration),
    )


def _save_requirement(
    organization: Organization, active: Configuration | None, *, required: bool, by: User | None, actor: Actor
) -> None:
    if required == organization.require_sso:
        return
    if required:
        _check_tried(active, by)
    organizations.set_require_sso(organization=organization, required=required, actor=actor)


def _check_tried(active: Configuration | None, by: User | None) -> None:
    if active is None:
        raise NotAllowedError("Connect an identity provider first: upload its Metadata XML and save.")
    if by is None or not has_signed_in_through(active, by):
        raise NotAllowedError(TRY_IT_FIRST)


@atomic
def discard_draft(*, organization: Organization, actor: Actor) -> None:
    """Discard a draft; the active configuration stays active."""
    locks.hold_organization(organization)
    connection = connection_of(organization)
    if connection is None:
        return
    drafts = connection.configurations.filter(state=ConfigurationState.DRAFT)
    if drafts.update(state=ConfigurationState.RETIRED, retired_at=timezone.now()):
        record(EventName.CONFIGURATION_DISCARDED, actor=actor, target=connection.audit_target)


@atomic
def disable_connection(*, connection: Connection, actor: Actor) -> None:
    """Refuse every sign-in through a connection until it is enabled again, and end the grants that it opened.

    Disabling a disabled connection closes them as well.
    """
    locks.hold_organization(connection.organization)
    grants.end_grants(organization=connection.organization, connection=connection.public_id)
    if not Connection.objects.filter(pk=connection.pk, state=ConnectionState.ENABLED).update(
        state=ConnectionState.DISABLED
    ):
        return
    record(EventName.CONNECTION_DISABLED, actor=actor, target=connection.audit_target)


@atomic
def enable_connection(*, connection: Connection, actor: Actor) -> None:
    """Let a disabled connection sign users in again; a grant from before it was disabled stays ended."""
    locks.hold_organization(connection.organization)
    if not Connection.objects.filter(pk=connection.pk, state=ConnectionState.DISABLED).update(
        state=ConnectionState.ENABLED
    ):
        return
    grants.end_grants(organization=connection.organization, connection=connection.public_id)
    record(EventName.CONNECTION_ENABLED, actor=actor, target=connection.audit_target)


@atomic
def unlink_identity(*, identity: Identity, actor: Actor) -> None:
    """Delete a user's identity at a provider; the next sign-in finds them by their address again."""
    locks.hold_organization(identity.connection.organization)
    if not Identity.objects.filter(pk=identity.pk).exists():
        return
    record(
        EventName.IDENTITY_UNLINKED,
        actor=actor,
        target=identity.audit_target,
        before={"subject_kind": identity.subject_kind, "subject": identity.subject},
    )
    grants.end_grants(
        organization=identity.connection.organization,
        user=identity.user,
        connection=identity.connection.public_id,
    )
    identity.delete()
