"""Pages that end the other sessions of an account: the password page, and the offer after adding a second factor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from allauth.account import views as account_views
from allauth.mfa.webauthn import views as passkey_views
from allauth.usersessions import views as session_views
from allauth.usersessions.internal.flows.sessions import end_other_sessions as forget_other_sessions
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from orgs.authentication.second_factors import ActivateTOTP
from orgs.selectors.grants import names_of_sessions
from orgs.sessions.names import session_name
from orgs.views.responses import page_of, see_other

if TYPE_CHECKING:
    from orgs.models import User

_CODES = "codes"


class ChangePassword(account_views.PasswordChangeView):  # type: ignore[misc]  # allauth ships no types
    """Change the password, which ends all other sessions of the account, as the page says."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add how many sessions will end."""
        return {**super().get_context_data(**kwargs), "other_sessions": _count_others(self.request)}


class _OffersToEndOtherSessions:
    """A view that adds a second factor, and then offers to end the sessions that were opened without it."""

    request: HttpRequest
    did_generate_recovery_codes: bool

    def get_success_url(self) -> str:
        """Return the address of the offer, or of the page that follows where there is no other session."""
        if not _count_others(self.request):
            return _page_after(with_codes=self.did_generate_recovery_codes)
        query = f"?{_CODES}=1" if self.did_generate_recovery_codes else ""
        return reverse("end_other_sessions") + query


class SetUpApp(_OffersToEndOtherSessions, ActivateTOTP):
    """Set up an authenticator app."""


class AddPasskey(_OffersToEndOtherSessions, passkey_views.AddWebAuthnView):  # type: ignore[misc]
    """Add a passkey or a security key."""


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def other_sessions(request: HttpRequest) -> HttpResponse:
    """Offer to end the account's other sessions; POST does it. `?codes=1`: new recovery codes are shown next."""
    after = _page_after(with_codes=_CODES in request.GET)
    if request.method != "POST":
        context = {"other_sessions": _count_others(request), "after": after}
        return render(request, "orgs/other_sessions.html", context)
    forget_other_sessions(request, cast("User", request.user))
    messages.success(request, "You are now signed in only in this browser.")
    return see_other("mfa_view_recovery_codes" if _CODES in request.GET else "mfa_index")


class Sessions(session_views.ListUserSessionsView):  # type: ignore[misc]
    """List the browsers in which the account is signed in, a page of them at a time; POST ends all but this one."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the sessions of this page of the list, those used last first; allauth would read them all."""
        rows = UserSession.objects.filter(user=self.request.user.pk)
        page = page_of(self.request, rows.order_by("-last_seen_at", "-pk"))
        alive = [each for each in page if not each.purge()]
        context = super(session_views.ListUserSessionsView, self).get_context_data(**kwargs)
        count = 1 + _count_others(self.request)
        return {**context, "page": page, "sessions": alive, "session_count": count, "show_last_seen_at": True}


def _page_after(*, with_codes: bool) -> str:
    return reverse("mfa_view_recovery_codes" if with_codes else "mfa_index")


def _count_others(request: HttpRequest) -> int:
    return len(names_of_sessions(cast("User", request.user), but=session_name(request)))


change_password = ChangePassword.as_view()
set_up_app = SetUpApp.as_view()
add_passkey = AddPasskey.as_view()
sessions = Sessions.as_view()
