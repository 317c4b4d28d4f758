"""After signing out here: on to the providers the user signed in by, if their organizations use single logout."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest
from django.urls import reverse

from orgs.access import actor_of, grants_of
from orgs.services import grants
from sso.selectors.sign_ins import sign_ins_to_end
from sso.services.sign_out.chain import token_of_chain

# In a session: the grants that wait for its user to choose an account.
WAITING_GRANTS = "waiting_grants"


def page_after_sign_out(request: HttpRequest) -> str:
    """Return the page that goes on to the providers, "" for the ordinary one. It only reads: nothing stops it."""
    sign_ins = sign_ins_to_end(grants_of(request))
    if not sign_ins:
        return ""
    token = urlencode({"of": token_of_chain(sign_ins)})
    return f"{reverse('sign_out_at_provider', args=[sign_ins[0].organization.number])}?{token}"


@receiver(user_logged_out)
def end_waiting_grants(request: HttpRequest, **kwargs: Any) -> None:
    """End the grants that wait: a user who signs out has not become the other one that a provider asserted."""
    waiting = [uuid.UUID(hex=each) for each in request.session.get(WAITING_GRANTS, [])]
    if waiting:
        grants.end_grants_of_sessions(grants=waiting, by="the signed-in user", actor=actor_of(request))
