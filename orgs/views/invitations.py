"""Pages that invite users, and resend or revoke invitations."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.views.decorators.http import require_http_methods

from orgs import access
from orgs.errors import NotAllowedError
from orgs.forms import InvitationForm
from orgs.models import Role
from orgs.selectors.organizations import invitation_of
from orgs.services import invitations
from orgs.views.responses import post_to, see_other, show

if TYPE_CHECKING:
    from orgs.models import Invitation

NAMED = 5  # addresses in a message, before it only counts


@access.organization_page(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: access.OrganizationRequest) -> HttpResponse:
    """Invite several addresses at once (AM-63)."""
    form = InvitationForm(request.POST or None, by=request.membership)
    if request.method == "POST" and form.is_valid() and _send(request, form):
        return see_other("settings_members", request.membership.organization.slug, query={"view": "pending"})
    return show(request, "orgs/invite.html", {"section": "members", "form": form})


def _send(request: access.OrganizationRequest, form: InvitationForm) -> bool:
    addresses: list[str] = form.cleaned_data["addresses"]
    try:
        sent = invitations.invite(
            organization=request.membership.organization,
            addresses=addresses,
            role=form.cleaned_data["role"],
            by=request.membership,
            actor=access.actor_of(request),
        )
    except NotAllowedError as refusal:
        form.add_error("addresses", str(refusal))
        return False
    _tell(request, addresses, sent)
    return True


def _tell(request: access.OrganizationRequest, addresses: list[str], sent: list[Invitation]) -> None:
    invited = [invitation.email for invitation in sent]
    already = [address for address in addresses if address not in invited]
    if invited:
        messages.success(request, f"Invited: {_in_words(invited)}.")
    if already:
        messages.info(request, f"Not invited, because they are already members: {_in_words(already)}.")


def _in_words(addresses: list[str]) -> str:
    first = ", ".join(addresses[:NAMED])
    return first if len(addresses) <= NAMED else f"{first} and {len(addresses) - NAMED} more"


@access.organization_page(Role.MANAGER)
@post_to("settings_members", "slug", query={"view": "pending"})
def invitation_change(request: access.OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Change an open invitation: `action` is resend or revoke."""
    organization = request.membership.organization
    invitation = invitation_of(organization, public_id)
    action = request.POST.get("action")
    if invitation is None or action not in {"resend", "revoke"}:
        raise Http404
    change = invitations.resend_invitation if action == "resend" else invitations.revoke_invitation
    try:
        change(invitation=invitation, by=request.membership, actor=access.actor_of(request))
    except NotAllowedError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _done(action, invitation))
    return see_other("settings_members", organization.slug, query={"view": "pending"})


def _done(action: str, invitation: Invitation) -> str:
    if action == "resend":
        return f"A new e-mail is on its way to {invitation.email}. The old link no longer works."
    return f"The invitation of {invitation.email} was revoked. Its link no longer works."
