"""Admin pages of connections, their configurations and our own certificates."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join

from audit.admin import LookOnlyAdmin
from orgs.access import actor_of
from orgs.admin.acting import carry_out
from orgs.admin.links import link_to, row_link
from sso.models import Configuration, Connection, ServiceProviderKey
from sso.selectors.connections import waivers_in_force
from sso.services.connections import disable_connection, enable_connection


@admin.register(Connection)
class ConnectionAdmin(LookOnlyAdmin[Connection]):
    """Admin of connections: an organization's admins change theirs, operators switch it off and on."""

    list_display = ("organization", "provider", "state", "just_in_time_role", "created_at")
    list_filter = ("provider", "state", "created_at")
    list_select_related = ("organization",)
    search_fields = ("organization__name", "=organization__number", "configurations__entity_id")
    search_help_text = "Organization, its number, or the entity ID of the provider"
    fields = (
        "organization_link",
        ("provider", "state"),
        ("just_in_time_role", "single_logout"),
        "waivers",
        "versions",
        ("created_at", "public_id"),
    )
    actions = ("disable", "enable")

    organization_link = link_to("organization")

    @admin.display(description="waivers")
    def waivers(self, connection: Connection) -> str:
        """Return the waivers that its admins, or an operator on the command line, have allowed, each with its end."""
        ends = waivers_in_force(connection.organization).items()
        rows = ((each.label, f"{end:%Y-%m-%d}") for each, end in ends)
        return format_html_join("", "<div>{} accepted until {}, end of the day in UTC</div>", rows) or "None"

    @admin.display(description="configurations")
    def versions(self, connection: Connection) -> str:
        """Return every version, the newest first, as links."""
        rows = connection.configurations.select_related("connection__organization").order_by("-version")
        return format_html_join("", "<div>{}: {}</div>", ((row_link(row), row.get_state_display()) for row in rows))

    @admin.action(description="Disable (refuse all sign-ins through it)", permissions=["operate"])
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
    """Admin of configurations. Sign-ins name the one they were judged by, so none is edited."""

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

    connection_link = link_to("connection")

    @admin.display(description="signing certificates")
    def certificate_list(self, configuration: Configuration) -> str:
        """Return each certificate's SHA-256 and last day."""
        certificates = configuration.signing_certificates()
        rows = ((certificate.fingerprint, f"{certificate.not_after:%Y-%m-%d}") for certificate in certificates)
        return format_html_join("", "<div><code>{}</code> valid until {}</div>", rows)

    @admin.display(description="findings")
    def findings_list(self, configuration: Configuration) -> str:
        """Return what the admin was told about the file."""
        messages = ((finding["message"],) for finding in configuration.findings)
        return format_html_join("", "<div>{}</div>", messages) or "-"

    @admin.display(description="metadata")
    def metadata_text(self, configuration: Configuration) -> str:
        """Return the file as it was uploaded."""
        return format_html('<textarea class="vLargeTextField" rows="20" readonly>{}</textarea>', configuration.metadata)


@admin.register(ServiceProviderKey)
class ServiceProviderKeyAdmin(LookOnlyAdmin[ServiceProviderKey]):
    """Admin of our own certificates, one set for each organization, made and retired by its admins."""

    list_display = ("organization", "state", "short_fingerprint", "created_at", "promoted_at", "retired_at")
    list_filter = ("state", "created_at")
    list_select_related = ("organization",)
    search_fields = ("organization__name", "=organization__number")
    fields = ("organization_link", "state", "for_encryption", "fingerprint", "valid_until", "created_at", "retired_at")

    organization_link = link_to("organization")

    @admin.display(description="certificate")
    def short_fingerprint(self, key: ServiceProviderKey) -> str:
        """Return enough of the SHA-256 to tell two apart."""
        return key.fingerprint[:8]

    @admin.display(description="valid until")
    def valid_until(self, key: ServiceProviderKey) -> str:
        """Return the certificate's last day."""
        return f"{key.signing_certificate().not_after:%Y-%m-%d}"
