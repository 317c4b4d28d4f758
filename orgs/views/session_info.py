"""/session, which front ends ask for the session: JSON, no page."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from orgs.access import expiry, grants_of, open_memberships
from orgs.models import Membership, Role, SessionGrant


@login_not_required
@require_safe
@never_cache
def session(request: HttpRequest) -> JsonResponse:
    """Say who is signed in, and which organizations this session may enter.

    200 with `{"email": str, "organizations": [{"number": int, "slug": str, "name": str, "role": "viewer" | "member" |
    "manager" | "admin", "grant": {"id": UUID as str, "kind": "password" | "sso", "until": ISO 8601 in UTC}}]}`;
    401 with `{"error": str}` when no user is signed in.
    """
    if not grants_of(request):
        return JsonResponse({"error": "Not signed in."}, status=401)
    organizations = [_entry(membership, grant) for membership, grant in open_memberships(request)]
    return JsonResponse({"email": str(request.user), "organizations": organizations})


def _entry(membership: Membership, grant: SessionGrant) -> dict[str, object]:
    return {
        "number": membership.organization.number,
        "slug": membership.organization.slug,
        "name": membership.organization.name,
        "role": Role(membership.role).slug,
        "grant": {"id": str(grant.public_id), "kind": grant.kind, "until": expiry(grant, membership).isoformat()},
    }
