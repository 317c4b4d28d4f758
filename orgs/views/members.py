"""Settings, Members: members, invitations, and roles."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.views.decorators.http import require_safe

from database.paging import keyset_page
from orgs import access
from orgs.errors import NotAllowedError
from orgs.forms import PeopleFilterForm, RoleForm, role_choices
from orgs.models import Role
from orgs.selectors.organizations import (
    BY_ADDRESS,
    LATEST_SENT_FIRST,
    count_members,
    member_of,
    members_found,
    members_of,
    open_invitations_of,
)
from orgs.services import invitations, members
from orgs.views.responses import post_to, see_other, show
from outbox.progress import Progress, progress_of
from outbox.selectors import latest_about

if TYPE_CHECKING:
    from orgs.models import Invitation, Membership
    from outbox.models import Message

Change = Callable[["access.OrganizationRequest", "Membership"], str]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list, whether the reader may change it, and where the mail of an invitation is."""

    entry: Membership | Invitation
    may_change: bool
    mail: Progress | None = None


@access.organization_page(Role.VIEWER)
@require_safe
def list_members(request: access.OrganizationRequest) -> HttpResponse:
    """List the members of the organization; `?view=pending` lists the invited (AM-62)."""
    by, organization = request.membership, request.membership.organization
    form = PeopleFilterForm(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    is_pending = request.GET.get("view") == "pending"
    context = {
        "section": "members",
        "form": form,
        "counts": count_members(organization),
        "is_pending": is_pending,
        "may_manage": by.role >= Role.MANAGER,
        "roles": role_choices(by),
        "query": _query_of(request),
    }
    listed = _pending(request, wanted) if is_pending else _joined(request, wanted)
    return show(request, "orgs/members.html", context | listed)


def _joined(request: access.OrganizationRequest, wanted: dict[str, Any]) -> dict[str, Any]:
    by = request.membership
    people = members_of(by.organization, role=wanted.get("role"))
    page = keyset_page(people, BY_ADDRESS, request.GET, any_of=members_found(wanted.get("search", "")))
    return {"page": page, "rows": [Row(member, not members.why_not_touch(member, by)) for member in page]}


def _pending(request: access.OrganizationRequest, wanted: dict[str, Any]) -> dict[str, Any]:
    by = request.membership
    found = open_invitations_of(by.organization, search=wanted.get("search", ""))
    page = keyset_page(found, LATEST_SENT_FIRST, request.GET)
    mails = latest_about([invitations.about_invitation(each) for each in page])
    return {"page": page, "rows": [_pending_row(each, by, mails) for each in page]}


def _pending_row(invitation: Invitation, by: Membership, mails: Mapping[str, Message]) -> Row:
    mail = progress_of(mails.get(invitations.about_invitation(invitation)))
    return Row(invitation, not invitations.why_not_touch_invitation(invitation, by), mail)


@access.organization_page(Role.MANAGER)
@post_to("settings_members", "slug")
def member_change(request: access.OrganizationRequest, public_id: uuid.UUID) -> HttpResponse:
    """Change a member: `action` is role (with `role`), suspend, restore or remove."""
    organization = request.membership.organization
    member = member_of(organization, public_id)
    change = _CHANGES.get(request.POST.get("action", ""))
    if member is None or change is None:
        raise Http404
    try:
        messages.success(request, change(request, member))
    except NotAllowedError as refusal:
        messages.error(request, str(refusal))
    return see_other("settings_members", organization.slug, query=dict(_back_to(request)))


def _give_role(request: access.OrganizationRequest, member: Membership) -> str:
    form = RoleForm(request.POST)
    if not form.is_valid():
        raise NotAllowedError("Choose one of the roles.")
    role: Role = form.cleaned_data["role"]
    members.change_role(membership=member, role=role, by=request.membership, actor=access.actor_of(request))
    return f"{member.user.email} is now {role.label}."


def _suspend(request: access.OrganizationRequest, member: Membership) -> str:
    members.suspend_member(membership=member, by=request.membership, actor=access.actor_of(request))
    return f"{member.user.email} was suspended and signed out of this organization."


def _restore(request: access.OrganizationRequest, member: Membership) -> str:
    members.restore_member(membership=member, by=request.membership, actor=access.actor_of(request))
    return f"{member.user.email} was restored and can sign in again."


def _remove(request: access.OrganizationRequest, member: Membership) -> str:
    members.remove_member(membership=member, by=request.membership, actor=access.actor_of(request))
    return f"{member.user.email} was removed and signed out of this organization."


_CHANGES: dict[str, Change] = {"role": _give_role, "suspend": _suspend, "restore": _restore, "remove": _remove}


def _query_of(request: access.OrganizationRequest) -> str:
    """Return the query string of this page of the list, for the forms on it to come back to."""
    return request.GET.urlencode()


def _back_to(request: access.OrganizationRequest) -> Iterator[tuple[str, str]]:
    came_from = QueryDict(request.POST.get("query", "")[:1000])
    return ((name, came_from[name]) for name in ("view", "search", "role", "after", "before") if name in came_from)
