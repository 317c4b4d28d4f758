"""Reading the versions of a connection: their certificates, and what the latest successful sign-in says of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Min
from django.utils import timezone

from orgs.models import GrantKind
from orgs.selectors.grants import SessionCounts, count_grants, live_grants_into
from sso.models import Configuration, ConfigurationState, Connection, SignIn, SignInState
from sso.reasons import Reason

# Retired versions whose certificates are compared with one that a message names.
_MOST_VERSIONS = 20
# Refused for one of these, the provider signs all users' responses in a way that is not accepted.
_REFUSE_EVERYONE = (Reason.UNTRUSTED, Reason.CERTIFICATE_EXPIRED, Reason.WEAK_ALGORITHM, Reason.WRONG_ISSUER)


def other_versions_of(configuration: Configuration, *, all_of_them: bool) -> list[tuple[int, list[str]]]:
    """Return (version, certificates) of a connection's other versions: what is active, the draft, then the newest.

    With `all_of_them` the last 20 retired ones, otherwise the one that was retired last after it had been in use.
    """
    others = Configuration.objects.filter(connection=configuration.connection_id).exclude(pk=configuration.pk)
    retired = others.filter(state=ConfigurationState.RETIRED).order_by("-version")
    if not all_of_them:
        retired = retired.filter(activated_at__isnull=False).order_by("-retired_at", "-version")
    found = [others.exclude(state=ConfigurationState.RETIRED).order_by("state", "-version")]
    found.append(retired[: _MOST_VERSIONS if all_of_them else 1])
    return [row for rows in found for row in rows.values_list("version", "certificates")]


def configuration_of_version(connection: Connection, version: int) -> Configuration | None:
    """Return one version of a connection's configuration."""
    return Configuration.objects.filter(connection=connection, version=version).defer("metadata", "findings").first()


def last_success(connection: Connection) -> SignIn | None:
    """Return the latest sign-in through any version of a connection that succeeded, with the key that verified it."""
    found = SignIn.objects.select_related("configuration").filter(
        organization=connection.organization_id, connection=connection, state=SignInState.SUCCEEDED
    )
    without_files = found.defer("configuration__metadata", "configuration__findings")
    return without_files.exclude(certificate="").order_by("-started_at", "-id").first()


def dropped_success(before: Configuration | None, after: Configuration) -> SignIn | None:
    """Return the latest successful sign-in if its certificate is in one version and no longer in the next one."""
    if before is None:
        return None
    had, has = ({each.fingerprint for each in version.signing_certificates()} for version in (before, after))
    last = last_success(after.connection) if had - has else None
    return last if last is not None and last.certificate in had - has else None


def works(configuration: Configuration) -> bool:
    """Return whether sign-ins through a version go on working, as far as the log can tell.

    The latest successful one was by the same provider, its certificate is still accepted, and nothing that was signed
    by another key, or sent by another provider, has been refused since.
    """
    last = last_success(configuration.connection)
    if last is None or last.configuration.entity_id != configuration.entity_id:
        return False
    accepted = {each.fingerprint for each in configuration.certificates_accepted_at(timezone.now())}
    return last.certificate in accepted and not _refused_since(last)


def _refused_since(success: SignIn) -> bool:
    later = SignIn.objects.filter(
        organization=success.organization_id,
        connection=success.connection_id,
        configuration__state=ConfigurationState.ACTIVE,
        started_at__gt=success.started_at,
        reason__in=_REFUSE_EVERYONE,
    )
    return later.exists()


@dataclass(frozen=True, slots=True)
class Replaced:
    """The identity provider that a connection had before the present one: its entity ID, and when it was replaced."""

    connection: Connection
    entity_id: str
    at: datetime


def replaced_provider(active: Configuration | None) -> Replaced | None:
    """Return the provider that was in use before that of the active configuration; None if it is the first.

    Versions of one provider, with other certificates or switches, replace nothing.
    """
    if active is None:
        return None
    used = Configuration.objects.filter(connection=active.connection_id, activated_at__isnull=False)
    last = used.exclude(entity_id=active.entity_id).order_by("-activated_at").first()
    since = used.filter(activated_at__gt=last.activated_at).aggregate(at=Min("activated_at"))["at"] if last else None
    return Replaced(active.connection, last.entity_id, since) if last and since else None


def count_earlier_sessions(replaced: Replaced, *, but_session: str, most: int | None = None) -> SessionCounts:
    """Count the members, and their sessions, who signed in through the replaced provider and are still signed in.

    With `most`, only so many grants are looked at.
    """
    connection = replaced.connection
    grants = live_grants_into(connection.organization, GrantKind.SSO).filter(
        connection=connection.public_id, opened_at__lt=replaced.at
    )
    return count_grants(grants.exclude(session=but_session), most=most)
