"""Endpoints for identity providers, and for browsers on their way to or from one."""

from __future__ import annotations

from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET

from orgs.access import actor_of, grants_of, keep_session_name
from orgs.models import Organization, SessionGrant
from orgs.selectors.grants import other_user_in
from orgs.selectors.organizations import open_organization
from orgs.sessions.lifetimes import cookie_seconds
from orgs.sessions.names import session_name
from orgs.views.responses import not_allowed, see_other
from sso import saml
from sso.acs_sql.read import sign_in_by_relay_state
from sso.crypto.encrypted_params import TokenPurpose, decrypt, encrypt
from sso.errors import NotConnectedError, TooManyStartsError
from sso.models import Configuration, ConfigurationState, SignIn, StartedBy
from sso.redirects import page_of_organization, safe_next_path
from sso.selectors.connections import configuration_by_public_id
from sso.selectors.keys import published_service_provider
from sso.services import suspension
from sso.services.sign_in.finish import finish_sign_in
from sso.services.sign_in.outcomes import Finished, Repeated, UnsolicitedResponse
from sso.services.sign_in.start import STARTS_COUNTED_FOR, Started, keep_next_path, start_sign_in, take_next_path
from sso.services.sign_in.switch import switch_token
from sso.views.request_cookies import bind_to_browser, brings_cookie, nonce_of
from sso.views.sign_in import refused_page

# Encrypted where there is no sign-in to name.
_UNASKED = "unsolicited"
_BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
# Browsers send the session cookie to the ACS only when the provider is on our own site; nothing here relies on it.


@login_not_required
@require_GET
def saml_metadata(request: HttpRequest, number: int) -> HttpResponse:
    """Return our own metadata, found at the Entity ID (SAML metadata 2.4.4). It exists before any connection."""
    organization = _organization(number)
    document = saml.build_sp_metadata(published_service_provider(organization))
    return HttpResponse(document, content_type="application/samlmetadata+xml")


@login_not_required
@require_GET
@never_cache
def start(request: HttpRequest, number: int) -> HttpResponse:
    """Send the browser to the organization's identity provider (profiles 4.1.4.1); the Sign-on URL of the My Apps tile.

    Query: `next` a path of ours to go to afterwards, `hint` an encrypted e-mail address, `test` the encrypted
    configuration that an admin tests, `again` an encrypted response that could not be used, `force=1` to have the
    provider ask for password or second factor again.
    """
    organization = _organization(number)
    if not _is_navigation(request):
        return render(request, "sso/not_a_page.html", {"organization": organization}, status=403)
    again = _asked_again(request, organization)
    tested = _configuration_to_test(request, organization)
    try:
        started = start_sign_in(
            organization=organization,
            actor=actor_of(request),
            session=session_name(request) if grants_of(request) else "",
            next_path=again.next_path if again else safe_next_path(request.GET.get("next", "")),
            login_hint=decrypt(TokenPurpose.LOGIN_HINT, request.GET.get("hint", "")),
            configuration=again.draft if again else _if_draft(tested),
            restart_of=again.restart_of if again else None,
            started_by=StartedBy.PROVIDER if again and not again.restart_of else StartedBy.VISITOR,
            force_authn=request.GET.get("force") == "1",
            is_test=tested is not None,
            nonce=nonce_of(request, number),
        )
    except TooManyStartsError:
        return _too_many(request)
    except NotConnectedError:
        suspension.suspend_if_flawed(organization=organization, actor=actor_of(request))
        return render(request, "sso/not_connected.html", {"organization": organization}, status=404)
    return _send(request, organization, started)


@login_not_required
@csrf_exempt
@never_cache
def acs(request: HttpRequest, number: int) -> HttpResponse:
    """Take the provider's response (bindings 3.5.4).

    Answers 303, so that Reload posts nothing twice. A visitor who opens the address by hand is told how to sign in,
    whether there is such an organization or not.
    """
    if request.method != "POST":
        return not_allowed(request, "POST", "sso/for_providers.html", {"number": number})
    outcome = finish_sign_in(
        number=number,
        encoded=request.POST.get("SAMLResponse", ""),
        relay_state=request.POST.get("RelayState", ""),
        cookies=request.COOKIES,
        actor=actor_of(request),
    )
    if isinstance(outcome, Finished):
        if other_user_in(outcome.sign_in.session, outcome.grant.user):
            return _ask_to_switch(outcome)
        make_session(request, outcome.grant)
        return redirect_after_sign_in(outcome.sign_in)
    if outcome is None:
        raise Http404
    if isinstance(outcome, UnsolicitedResponse):
        return restart(outcome, _keep_relay_state(request, outcome))
    if isinstance(outcome, Repeated):
        # Cross-site posts bring no session; a page of our own sees what is open in this browser.
        return see_other("repeated_response", number, outcome.sign_in.reference)
    return HttpResponseRedirect(refused_page(outcome.sign_in, brings_cookie=brings_cookie(request, number)), status=303)


def _organization(number: int) -> Organization:
    organization = open_organization(number)
    if organization is None:
        raise Http404
    return organization


def _is_navigation(request: HttpRequest) -> bool:
    """Return whether a browser opens this address as a page that its user sees (W3C Fetch Metadata, section 2).

    An image, a frame or a speculative request of another page never leads to a sign-in, and must not fill the log.
    Browsers that do not send these headers are served like all others.
    """
    return request.headers.get("Sec-Fetch-Dest", "document") == "document" and "Sec-Purpose" not in request.headers


def _configuration_to_test(request: HttpRequest, organization: Organization) -> Configuration | None:
    """Return the configuration of this organization that a value encrypted by the settings page names."""
    public_id = decrypt(TokenPurpose.TEST, request.GET.get("test", ""))
    return configuration_by_public_id(organization, public_id) if public_id else None


def _if_draft(configuration: Configuration | None) -> Configuration | None:
    """Return a draft; None for what is in use or retired by now, so that the active configuration is tested."""
    return configuration if configuration and configuration.state == ConfigurationState.DRAFT else None


def _send(request: HttpRequest, organization: Organization, started: Started) -> HttpResponse:
    """Let the browser carry the request: by redirect, or by a form where the provider takes nothing else."""
    if started.request.binding == saml.Binding.REDIRECT:
        response: HttpResponse = HttpResponseRedirect(started.request.url)
    else:
        response = render(request, "sso/post_to_provider.html", {"saml": started.request, "organization": organization})
        _allow_form_to(response, started.request.url)
    bind_to_browser(response, started)
    return response


def _allow_form_to(response: HttpResponse, url: str) -> None:
    """Let this page's form post to the provider; the policy of all other pages allows only ourselves."""
    response._csp_update = {"form-action": [saml.origin_of(url)]}  # type: ignore[attr-defined]


def restart(unsolicited: UnsolicitedResponse, kept: SignIn | None = None) -> HttpResponse:
    """Answer what we did not ask for, or no longer wait for, by asking properly (invariant 4).

    By way of the start page, where the browser sends its session along, so that a signed-in user is recognized.
    `kept` is the row that says where an unsolicited response leads.
    """
    named = unsolicited.restart_of or kept
    token = encrypt(TokenPurpose.AGAIN, named.public_id.hex if named else _UNASKED)
    return see_other("start_sign_in", unsolicited.organization.number, query={"again": token})


def _asked_again(request: HttpRequest, organization: Organization) -> UnsolicitedResponse | None:
    """Return the response that the ACS could not use, so that it is asked for here; None if there was none."""
    public_id = decrypt(TokenPurpose.AGAIN, request.GET.get("again", ""))
    if not public_id:
        return None
    found = sign_in_by_relay_state(organization.number, public_id)
    if found is not None and found.is_kept_path:
        return UnsolicitedResponse(organization, None, take_next_path(sign_in=found))
    return UnsolicitedResponse(organization, found)


def _keep_relay_state(request: HttpRequest, unsolicited: UnsolicitedResponse) -> SignIn | None:
    """Keep the RelayState of an unsolicited response, if it names a page of this organization; in a row, not in a URL.

    Entra sends what its field Relay State holds. Nothing is kept for a frame or a script of another page, which could
    post as often as it likes and use up the starts of its visitor's network.
    """
    if unsolicited.restart_of is not None or not _is_navigation(request):
        return None
    page = page_of_organization(request.POST.get("RelayState", ""), unsolicited.organization.slug)
    return (
        keep_next_path(organization=unsolicited.organization, actor=actor_of(request), next_path=page) if page else None
    )


def make_session(request: HttpRequest, grant: SessionGrant) -> None:
    """Begin a new session, against session fixation: the grants of the old one were carried over, or ended.

    A process that ends before this leaves a used request and no session. Its browser sends the response again, and the
    page for repeated responses begins a new sign-in.
    """
    request.session.flush()
    login(request, grant.user, backend=_BACKEND)
    keep_session_name(request, grant)
    request.session.set_expiry(cookie_seconds(timezone.now(), grant_end=grant.expires_at))
    request.session.save()


def redirect_after_sign_in(sign_in: SignIn) -> HttpResponse:
    """Redirect the user whom a sign-in let in to the page that it began at."""
    page = sign_in.next_path or reverse("organization_home", args=[sign_in.organization.slug])
    return HttpResponseRedirect(page, status=303)


def _ask_to_switch(finished: Finished) -> HttpResponse:
    """Ask before switching users: else the owner of a provider could sign others in to their account (login CSRF)."""
    return see_other("switch", finished.sign_in.organization.number, query={"token": switch_token(finished)})


def _too_many(request: HttpRequest) -> HttpResponse:
    """Answer like every other limit does, with the time after which trying again helps."""
    response = render(request, "429.html", {"minutes": STARTS_COUNTED_FOR.seconds // 60}, status=429)
    response["Retry-After"] = str(int(STARTS_COUNTED_FOR.total_seconds()))
    return response
