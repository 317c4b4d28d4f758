"""The page for a browser that has posted a response again: a double click, Back or Reload (invariant 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from orgs.access import grants_of, opening_grant
from orgs.selectors.organizations import membership_in
from orgs.views.responses import see_other
from sso.models import SignIn, SignInState
from sso.selectors.repeats import answered_sign_in, was_closed
from sso.services.sign_in.outcomes import UnsolicitedResponse
from sso.services.sign_in.repeats import count_restart
from sso.views.protocol import redirect_after_sign_in, restart
from sso.views.request_cookies import nonce_of

if TYPE_CHECKING:
    from orgs.models import User


@login_not_required
@require_GET
@never_cache
def repeated_response(request: HttpRequest, number: int, reference: str) -> HttpResponse:
    """Lead on by what the first response left in this browser; open nothing, and bring nothing back.

    Another browser has no nonce for the reference, and learns not even whether there is such a sign-in.
    """
    sign_in = answered_sign_in(number, reference, nonce_of(request, number))
    if sign_in is None:
        return see_other("sign_in")
    if sign_in.state == SignInState.REFUSED:
        return see_other("sign_in_refused", number, reference)
    if _is_open_here(request, sign_in):
        return redirect_after_sign_in(sign_in)
    if was_closed(sign_in, grants_of(request)) or not count_restart(sign_in=sign_in):
        query = {"next": sign_in.next_path} if sign_in.next_path else None
        return see_other("organization_sign_in", sign_in.organization.slug, query=query)
    # The browser gave the first response up before the session's cookie had come.
    return restart(UnsolicitedResponse(sign_in.organization, sign_in))


def _is_open_here(request: HttpRequest, sign_in: SignIn) -> bool:
    """Return whether the grant of exactly this sign-in is in this session, and still opens the organization."""
    grants = [grant for grant in grants_of(request) if grant.public_id == sign_in.grant]
    membership = membership_in(sign_in.organization.slug, cast("User", request.user)) if grants else None
    return membership is not None and opening_grant(grants, membership) is not None
