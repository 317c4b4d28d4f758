"""Admin pages of sign-ins and sign-outs."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join

from audit.admin import LookOnlyAdmin, json_block
from orgs.access import actor_of
from orgs.admin.links import link_to
from sso.models import SignIn, SignOut
from sso.services import operator_views
from sso.wording.check_titles import title_of

_CHECK_COLUMNS = ("Check", "Result", "Expected", "Received")
_CHECK_ROW = '<tr><th scope="row">{}</th><td>{}</td><td>{}</td><td>{}</td></tr>'


@admin.register(SignIn)
class SignInAdmin(LookOnlyAdmin[SignIn]):
    """Admin of sign-ins: every attempt to sign in through a connection, found by the visitor's reference code."""

    list_display = ("reference", "started_at", "organization", "state", "reason", "address", "user", "purpose")
    list_filter = ("state", "purpose", "started_at", "reason", "operator_reason")
    list_select_related = ("organization", "user")
    search_fields = (
        "=reference",
        "=ip_address",
        "=organization__number",
        "^user__email",
        "^address",
        "organization__name",
    )
    search_within = {"^address": Q(user=None) & ~Q(address="")}  # noqa: RUF012  read by LongList
    search_help_text = "Reference code, beginning of an e-mail address, organization or its number, IP address"
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
        """Show one sign-in; if a member's claims are shown, record that in the organization's own audit log."""
        answer = super().change_view(request, object_id, *args, **kwargs)
        sign_in = self.get_object(request, object_id)
        if sign_in is not None and sign_in.claims and answer.status_code == HTTPStatus.OK:
            operator_views.record_claims_viewed(sign_in=sign_in, actor=actor_of(request))
        return answer

    organization_link = link_to("organization")
    user_link = link_to("user")
    configuration_link = link_to("configuration", "checked against")
    restart_link = link_to("restart_of", "restart of")

    @admin.display(description="checks")
    def all_checks(self, sign_in: SignIn) -> str:
        """Return the checks, with what was expected and what was received."""
        heads = format_html_join("", '<th scope="col">{}</th>', ((head,) for head in _CHECK_COLUMNS))
        rows = format_html_join("", _CHECK_ROW, (_check_cells(check) for check in sign_in.checks))
        return format_html("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>", heads, rows) if rows else "-"

    @admin.display(description="IP address")
    def came_from(self, sign_in: SignIn) -> str:
        """Return where the browser was."""
        return sign_in.ip_address or "-"

    @admin.display(description="claims")
    def all_claims(self, sign_in: SignIn) -> str:
        """Return what the provider asserted."""
        return json_block(sign_in.claims)


def _check_cells(check: dict[str, str]) -> tuple[str, ...]:
    outcome = check["outcome"].replace("_", " ")
    return title_of(check["name"]), outcome, check["expected"], check["received"]


@admin.register(SignOut)
class SignOutAdmin(LookOnlyAdmin[SignOut]):
    """Admin of sign-outs that the provider was told of, or told us of."""

    list_display = ("asked_at", "connection", "direction", "state", "user", "grants_ended")
    list_filter = ("state", "asked_at")
    list_select_related = ("connection__organization", "user")
    search_fields = ("^user__email", "connection__organization__name")
    fields = ("direction", "state", "detail", "connection", "user", "message_id", "grants_ended", "answered_at")
