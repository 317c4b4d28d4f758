"""Connections, sign-ins and identities, for operators."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join

from audit.admin import LookOnlyAdmin, json_block
from orgs.access import actor_of
from orgs.admin import RELATED, Related
from orgs.admin.acting import carry_out
from orgs.admin.links import row_link
from sso.check_titles import title_of
from sso.models import Configuration, Connection, Identity, ServiceProviderKey, SignIn, SignOut
from sso.selectors import exceptions_in_force
from sso.services import disable_connection, enable_connection, unlink_identity
from sso.services.looks import record_look_at_claims, record_look_at_identity

_CHECK_COLUMNS = ("Check", "Result", "Expected", "Arrived")
_CHECK_ROW = '<tr><th scope="row">{}</th><td>{}</td><td>{}</td><td>{}</td></tr>'
_OF_ORGANIZATION = "connection__organization__id__exact"

RELATED.extend(
    [
        Related("organization", "Connections", "admin:sso_connection_changelist", "organization__id__exact"),
        Related("organization", "Sign-ins", "admin:sso_signin_changelist", "organization__id__exact"),
        Related("organization", "Identities", "admin:sso_identity_changelist", _OF_ORGANIZATION),
        Related("user", "Sign-ins", "admin:sso_signin_changelist", "user__id__exact"),
        Related("user", "Identities", "admin:sso_identity_changelist", "user__id__exact"),
    ]
)


@admin.register(Connection)
class ConnectionAdmin(LookOnlyAdmin[Connection]):
    """One identity provider of one organization. Its admins change it; operators switch it off and on."""

    list_display = ("organization", "provider", "state", "just_in_time_role", "created_at")
    list_filter = ("provider", "state", "created_at")
    list_select_related = ("organization",)
    search_fields = ("organization__name", "=organization__number", "configurations__entity_id")
    search_help_text = "Organization, its number, or an entity ID of the provider"
    fields = (
        "organization_link",
        ("provider", "state"),
        ("just_in_time_role", "single_logout"),
        "exceptions",
        "versions",
        ("created_at", "public_id"),
    )
    actions = ("disable", "enable")

    @admin.display(description="organization")
    def organization_link(self, connection: Connection) -> str:
        """The organization, as a link."""
        return row_link(connection.organization)

    @admin.display(description="exceptions")
    def exceptions(self, connection: Connection) -> str:
        """What its admins, or an operator on the command line, have accepted for a time, and until when."""
        ends = exceptions_in_force(connection.organization).items()
        rows = ((each.label, f"{end:%Y-%m-%d}") for each, end in ends)
        return format_html_join("", "<div>{} accepted until {}, end of the day in UTC</div>", rows) or "None"

    @admin.display(description="configurations")
    def versions(self, connection: Connection) -> str:
        """Every version, the newest first, as links."""
        rows = connection.configurations.select_related("connection__organization").order_by("-version")
        return format_html_join("", "<div>{}: {}</div>", ((row_link(row), row.get_state_display()) for row in rows))

    @admin.action(description="Disable: it lets nobody in", permissions=["operate"])
    def disable(self, request: HttpRequest, connections: QuerySet[Connection]) -> None:
        """Switch the chosen connections off."""
        actor = actor_of(request)
        carry_out(self, request, connections, lambda c: disable_connection(connection=c, actor=actor), "Disabled {}")

    @admin.action(description="Enable", permissions=["operate"])
    def enable(self, request: HttpRequest, connections: QuerySet[Connection]) -> None:
        """Switch the chosen connections on again."""
        actor = actor_of(request)
        carry_out(self, request, connections, lambda c: enable_connection(connection=c, actor=actor), "Enabled {}")


@admin.register(Configuration)
class ConfigurationAdmin(LookOnlyAdmin[Configuration]):
    """Versions of what is known about a provider. Sign-ins say by which they were judged, so none is edited."""

    list_display = ("connection", "version", "state", "entity_id", "created_at", "activated_at", "retired_at")
    list_filter = ("state", "connection__provider", "created_at")
    list_select_related = ("connection__organization",)
    search_fields = ("entity_id", "connection__organization__name", "=connection__organization__number")
    fields = (
        "connection_link",
        ("version", "state"),
        "entity_id",
        ("sso_redirect_url", "sso_post_url"),
        ("slo_url", "slo_response_url"),
        "certificate_list",
        ("wants_signed_requests", "sign_requests", "force_authn", "valid_until"),
        ("expired_certificates_until", "sha1_until"),
        "findings_list",
        ("created_at", "created_by"),
        ("activated_at", "retired_at"),
        "metadata_text",
    )

    @admin.display(description="connection")
    def connection_link(self, configuration: Configuration) -> str:
        """The connection, as a link."""
        return row_link(configuration.connection)

    @admin.display(description="signing certificates")
    def certificate_list(self, configuration: Configuration) -> str:
        """Each certificate's SHA-256 and last day."""
        certificates = configuration.signing_certificates()
        rows = ((certificate.fingerprint, f"{certificate.not_after:%Y-%m-%d}") for certificate in certificates)
        return format_html_join("", "<div><code>{}</code> valid until {}</div>", rows)

    @admin.display(description="findings")
    def findings_list(self, configuration: Configuration) -> str:
        """What the admin was told about the file."""
        messages = ((finding["message"],) for finding in configuration.findings)
        return format_html_join("", "<div>{}</div>", messages) or "-"

    @admin.display(description="metadata")
    def metadata_text(self, configuration: Configuration) -> str:
        """The file as it was uploaded."""
        return format_html('<textarea class="vLargeTextField" rows="20" readonly>{}</textarea>', configuration.metadata)


@admin.register(ServiceProviderKey)
class ServiceProviderKeyAdmin(LookOnlyAdmin[ServiceProviderKey]):
    """Our own certificates, one set for each organization. Its admins make and retire them."""

    list_display = ("organization", "state", "short_fingerprint", "created_at", "promoted_at", "retired_at")
    list_filter = ("state", "created_at")
    list_select_related = ("organization",)
    search_fields = ("organization__name", "=organization__number")
    fields = ("organization_link", "state", "for_encryption", "fingerprint", "valid_until", "created_at", "retired_at")

    @admin.display(description="organization")
    def organization_link(self, key: ServiceProviderKey) -> str:
        """The organization, as a link."""
        return row_link(key.organization)

    @admin.display(description="certificate")
    def short_fingerprint(self, key: ServiceProviderKey) -> str:
        """Enough of the SHA-256 to tell two apart."""
        return key.fingerprint[:8]

    @admin.display(description="valid until")
    def valid_until(self, key: ServiceProviderKey) -> str:
        """The certificate's last day."""
        return f"{key.signing_certificate().not_after:%Y-%m-%d}"


@admin.register(SignIn)
class SignInAdmin(LookOnlyAdmin[SignIn]):
    """Every attempt to come in through a connection. A visitor's reference code finds theirs."""

    list_display = ("reference", "started_at", "organization", "state", "reason", "address", "user", "purpose")
    list_filter = ("state", "purpose", "started_by", "started_at", "reason", "operator_reason")
    list_select_related = ("organization", "user")
    search_fields = (
        "=reference",
        "address",
        "user__email",
        "organization__name",
        "=organization__number",
        "ip_address",
    )
    search_help_text = "Reference code, e-mail address, organization or its number, IP address"
    fields = (
        ("reference", "state", "reason"),
        "operator_reason",
        "detail",
        ("organization_link", "user_link"),
        "configuration_link",
        ("purpose", "started_by", "force_authn"),
        "restart_link",
        ("started_at", "expires_at", "consumed_at"),
        "next_path",
        ("address", "came_from", "user_agent"),
        ("signed", "certificate", "clock_skew"),
        "all_checks",
        "all_claims",
    )

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> Any:
        """Show one sign-in; a look at a member's claims goes into the organization's own audit log."""
        answer = super().change_view(request, object_id, *args, **kwargs)
        sign_in = self.get_object(request, object_id)
        if sign_in is not None and sign_in.claims and answer.status_code == HTTPStatus.OK:
            record_look_at_claims(sign_in=sign_in, actor=actor_of(request))
        return answer

    @admin.display(description="organization")
    def organization_link(self, sign_in: SignIn) -> str:
        """The organization, as a link."""
        return row_link(sign_in.organization)

    @admin.display(description="user")
    def user_link(self, sign_in: SignIn) -> str:
        """The person who came in, as a link."""
        return row_link(sign_in.user)

    @admin.display(description="judged by")
    def configuration_link(self, sign_in: SignIn) -> str:
        """The configuration, as a link."""
        return row_link(sign_in.configuration)

    @admin.display(description="restart of")
    def restart_link(self, sign_in: SignIn) -> str:
        """The attempt that this one follows, as a link."""
        return row_link(sign_in.restart_of)

    @admin.display(description="checks")
    def all_checks(self, sign_in: SignIn) -> str:
        """What was expected and what arrived."""
        heads = format_html_join("", '<th scope="col">{}</th>', ((head,) for head in _CHECK_COLUMNS))
        rows = format_html_join("", _CHECK_ROW, (_check_cells(check) for check in sign_in.checks))
        return format_html("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>", heads, rows) if rows else "-"

    @admin.display(description="IP address")
    def came_from(self, sign_in: SignIn) -> str:
        """Where the browser was."""
        return sign_in.ip_address or "-"

    @admin.display(description="claims")
    def all_claims(self, sign_in: SignIn) -> str:
        """What the provider asserted."""
        return json_block(sign_in.claims)


def _check_cells(check: dict[str, str]) -> tuple[str, ...]:
    outcome = check["outcome"].replace("_", " ")
    return title_of(check["name"]), outcome, check["expected"], check["received"]


@admin.register(Identity)
class IdentityAdmin(LookOnlyAdmin[Identity]):
    """Who is who at which provider. An unlinked person is found by their address at the next sign-in."""

    list_display = ("user", "connection", "subject_kind", "created_at", "last_used_at")  # the rest: change_view
    list_filter = ("subject_kind", "connection__provider", "last_used_at")
    list_select_related = ("user", "connection__organization")
    search_fields = ("user__email", "address", "=subject", "connection__organization__name")
    fields = (
        "user_link",
        "connection_link",
        "provider_entity_id",
        ("subject_kind", "subject"),
        "address",
        ("created_at", "last_used_at"),
    )
    actions = ("unlink",)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Also by organization, which is one step further away than Django expects."""
        return lookup == _OF_ORGANIZATION or super().lookup_allowed(lookup, value, request)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> Any:
        """Show one identity; the look goes into the organization's own audit log."""
        answer = super().change_view(request, object_id, *args, **kwargs)
        identity = self.get_object(request, object_id)
        if identity is not None and answer.status_code == HTTPStatus.OK:
            record_look_at_identity(identity=identity, actor=actor_of(request))
        return answer

    @admin.display(description="user")
    def user_link(self, identity: Identity) -> str:
        """The person, as a link."""
        return row_link(identity.user)

    @admin.display(description="connection")
    def connection_link(self, identity: Identity) -> str:
        """The connection, as a link."""
        return row_link(identity.connection)

    @admin.action(description="Unlink: the next sign-in goes by the address again", permissions=["operate"])
    def unlink(self, request: HttpRequest, identities: QuerySet[Identity]) -> None:
        """Forget the chosen identities."""
        actor = actor_of(request)
        carry_out(self, request, identities, lambda i: unlink_identity(identity=i, actor=actor), "Unlinked {}")


@admin.register(SignOut)
class SignOutAdmin(LookOnlyAdmin[SignOut]):
    """Sign-outs that the provider was told of, or told us of."""

    list_display = ("asked_at", "connection", "direction", "state", "user", "doors_closed")
    list_filter = ("direction", "state", "asked_at")
    list_select_related = ("connection__organization", "user")
    search_fields = ("user__email", "connection__organization__name", "=message_id")
    fields = ("direction", "state", "detail", "connection", "user", "message_id", "doors_closed", "answered_at")
