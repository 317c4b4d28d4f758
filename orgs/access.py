"""Decide which request may open which page: the only authorization code.

Every page is closed unless it says otherwise. `login_not_required` (Django's) marks the public ones;
`organization_page` opens an organization's pages by a live grant that leads there; `any_grant` opens the pages that
every signed-in person has; all the rest (account-wide settings, the Django admin) wants a password grant (invariant 1).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import datetime
from typing import Any, cast

from allauth.account.adapter import get_adapter
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.functional import SimpleLazyObject

from audit.actors import Actor
from orgs.models import GrantKind, Membership, Role, SessionGrant, User
from orgs.selectors.grants import live_grants
from orgs.selectors.organizations import membership_in, memberships_of
from orgs.sessions.names import SESSION_NAME, session_name

View = Callable[..., HttpResponseBase]


class PersonRequest(HttpRequest):
    """A request whose session has at least one live grant."""

    user: User
    grants: list[SessionGrant]


class OrganizationRequest(PersonRequest):
    """A request that may see an organization's page: the membership that allows it and the grant that opens it."""

    membership: Membership
    grant: SessionGrant


class GrantMiddleware:
    """Put the live grants on the request, and keep every page closed that no decorator has opened."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        cast(PersonRequest, request).grants = cast(list[SessionGrant], SimpleLazyObject(lambda: _read_grants(request)))
        response = self.get_response(request)
        # A page that never looked at the session is alike for all visitors, and is left alone.
        if request.session.accessed and grants_of(request):
            add_never_cache_headers(response)
        return response

    def process_view(
        self, request: HttpRequest, view: View, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        """Let public and guarded views decide for themselves; require a password grant for any other view."""
        if not getattr(view, "login_required", True) or getattr(view, "is_guarded", False):
            return None
        if has_password_grant(request):
            return None
        if not grants_of(request):
            return redirect_to_login(request.get_full_path())
        return render(request, "orgs/refused/password_needed.html", status=403)


def organization_page(
    minimum: Role, *, to_change: Role | None = None, recovery: bool = False
) -> Callable[[View], View]:
    """Open a view under /o/<slug>/ to members of at least this role; `to_change` says which role a POST takes.

    The view gets an OrganizationRequest and no slug. Strangers get 404, visitors without any grant a 404 with a
    sign-in form (whether the slug exists or not), members 403 when their role or their grant does not suffice.
    `recovery` lets an admin's recovery grant in, too (invariant 9).
    """

    def guard(view: View) -> View:
        @functools.wraps(view)
        def guarded(request: HttpRequest, slug: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
            needed = minimum if request.method in {"GET", "HEAD"} else (to_change or minimum)
            refusal = _enter(request, slug, needed, recovery=recovery)
            return refusal or view(request, *args, **kwargs)

        return _mark(guarded)

    return guard


def recovery_page(view: View) -> View:
    """Open a view under /o/<slug>/ to admins with a password grant, also where SSO is required (invariant 9).

    The view gets the membership on the request, no grant and no slug. A visitor is led to the password page, whether
    the slug exists or not: the e-mail-first form would lead to the very provider that fails. Other users get 404.
    """

    @functools.wraps(view)
    def guarded(request: HttpRequest, slug: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not grants_of(request):
            return redirect_to_login(request.get_full_path(), reverse("account_login"))
        membership = membership_in(slug, cast(User, request.user))
        is_admin = membership is not None and membership.role == Role.ADMIN and membership.accepted_at is not None
        if membership is None or not is_admin or not has_password_grant(request):
            return render(request, "404.html", status=404)
        if _is_signed_out(request, membership):
            return render(request, "orgs/refused/everyone_signed_out.html", {"membership": membership}, status=403)
        cast(OrganizationRequest, request).membership = membership
        return view(request, *args, **kwargs)

    return _mark(guarded)


def sign_in_page(view: View) -> View:
    """Serve allauth's sign-in pages, which redirect signed-in users, to users without a password grant.

    A user of single sign-on may add their password to the session; for this page they are anonymous.
    """

    @functools.wraps(view)
    def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not has_password_grant(request):
            request.user = AnonymousUser()
        return view(request, *args, **kwargs)

    return opened


def any_grant(view: View) -> View:
    """Open a view to every signed-in user, by whichever method; ask other visitors to sign in."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not grants_of(request):
            return redirect_to_login(request.get_full_path())
        return view(request, *args, **kwargs)

    return _mark(guarded)


def _mark(view: View) -> View:
    view.is_guarded = True  # type: ignore[attr-defined]
    return view


def _enter(request: HttpRequest, slug: str, minimum: Role, *, recovery: bool) -> HttpResponse | None:
    """Put membership and grant on the request, or return the refusal."""
    grants = grants_of(request)
    if not grants:
        next_page = {"next": request.get_full_path()}
        return render(request, "orgs/refused/sign_in_to_continue.html", next_page, status=404)
    membership = membership_in(slug, cast(User, request.user))
    if membership is None:
        return render(request, "404.html", status=404)
    grant = opening_grant(grants, membership, recovery=recovery)
    if grant is None:
        return _refuse_grants(request, membership)
    if membership.role < minimum:
        context = {"membership": membership, "minimum": minimum}
        return render(request, "orgs/refused/role_too_low.html", context, status=403)
    entered = cast(OrganizationRequest, request)
    entered.membership, entered.grant = membership, grant
    return None


def _refuse_grants(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Say what would open the page, but only to a user who has proven by password that the account is theirs."""
    if not has_password_grant(request):
        return render(request, "404.html", status=404)
    name = _what_is_needed(request, membership)
    return render(request, f"orgs/refused/{name}.html", {"membership": membership}, status=403)


def _what_is_needed(request: HttpRequest, membership: Membership) -> str:
    if membership.accepted_at is None:
        return "acceptance_needed"
    if membership.organization.requires_sso:
        return "sso_needed"
    return "everyone_signed_out" if _is_signed_out(request, membership) else "way_in_ended"


def _is_signed_out(request: HttpRequest, membership: Membership) -> bool:
    """Return whether everyone was signed out after a password was last typed in this session."""
    typed = max(grant.opened_at for grant in grants_of(request) if grant.kind == GrantKind.PASSWORD)
    signed_out = membership.organization.sessions_ended_at
    return signed_out is not None and signed_out >= typed


def opening_grant(grants: list[SessionGrant], membership: Membership, *, recovery: bool = False) -> SessionGrant | None:
    """Return the grant that opens a membership's pages, the one that lasts longest; None if there is none.

    SSO grants open their own organization; a password grant opens accepted memberships where SSO is not required; a
    recovery grant opens only what asks for it. An organization's session length holds for every kind.
    """
    fitting = [grant for grant in grants if _opens(grant, membership, recovery=recovery)]
    return max(fitting, key=lambda grant: expiry(grant, membership), default=None)


def expiry(grant: SessionGrant, membership: Membership) -> datetime:
    """Return when a grant stops, or stopped, opening this membership's pages."""
    organization = membership.organization
    ends = grant.end_in(organization)
    signed_out = organization.sessions_ended_at
    return min(ends, signed_out) if signed_out and signed_out >= grant.opened_at else ends


def _opens(grant: SessionGrant, membership: Membership, *, recovery: bool) -> bool:
    organization = membership.organization
    if grant.user_id != membership.user_id or expiry(grant, membership) <= timezone.now():
        return False
    if grant.kind == GrantKind.SSO:
        return grant.organization_id == organization.pk
    if grant.kind == GrantKind.RECOVERY:
        return recovery and grant.organization_id == organization.pk and membership.role == Role.ADMIN
    return membership.accepted_at is not None and not organization.requires_sso


def open_memberships(request: HttpRequest) -> list[tuple[Membership, SessionGrant]]:
    """Return the organizations that this session may enter, each with the grant that opens it."""
    grants = grants_of(request)
    if not grants:
        return []
    found = ((membership, opening_grant(grants, membership)) for membership in memberships_of(cast(User, request.user)))
    return [(membership, grant) for membership, grant in found if grant is not None]


def visible_memberships(request: HttpRequest) -> list[Membership]:
    """Return the memberships that this session may know of: all with a password, otherwise those that it opens.

    A provider may assert the address of any account, so its session must learn nothing of other organizations
    (invariant 1).
    """
    if has_password_grant(request):
        return list(memberships_of(cast(User, request.user)))
    return [membership for membership, _ in open_memberships(request)]


def grants_of(request: HttpRequest) -> list[SessionGrant]:
    """Return the live grants of this session."""
    return cast(PersonRequest, request).grants


def has_password_grant(request: HttpRequest) -> bool:
    """Return whether this session was opened with the user's own password or passkey."""
    return any(grant.kind == GrantKind.PASSWORD for grant in grants_of(request))


def _read_grants(request: HttpRequest) -> list[SessionGrant]:
    name = session_name(request)
    if not name or not request.user.is_authenticated:
        return []
    return list(live_grants(name, request.user))


def keep_session_name(request: HttpRequest, grant: SessionGrant) -> None:
    """Give this session the name under which `grant` was just made."""
    request.session[SESSION_NAME] = grant.session
    cast(PersonRequest, request).grants = [grant]


def actor_of(request: HttpRequest, user: User | None = None) -> Actor:
    """Return who makes this request, and from where, for the log. Forwarded addresses count only from trusted proxies.

    `user` is a user who is just making their account, or about to be signed in.
    """
    user = user or cast(User, request.user)
    try:
        address = get_adapter(request).get_client_ip(request)
    except PermissionDenied:  # allauth's way to say that there is no address, as behind a Unix socket
        address = ""
    return Actor(
        user_id=user.pk,
        email=user.email if user.is_authenticated else "",
        address=address,
        user_agent=request.headers.get("User-Agent", "").replace("\0", "")[:400],
    )
