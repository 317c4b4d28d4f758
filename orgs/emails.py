"""The mails that Amplisso itself writes. Addresses in them come from BASE_URL, never from a request."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.text import Truncator

from orgs.models import Invitation, Membership, Organization, User
from orgs.selectors import admin_addresses
from orgs.text.visible_text import visible

MOST_IN_SUBJECT = 100  # characters

logger = logging.getLogger(__name__)


def absolute(path: str) -> str:
    """Return the public address of one of our paths."""
    return f"{settings.BASE_URL}{path}"


def send_invitation(invitation: Invitation, token: str) -> None:
    """Mail the link that makes the invited person a member."""
    link = absolute(reverse("invitation", args=[token]))
    _send("invitation", [invitation.email], {"invitation": invitation, "link": link})


def send_recovery_code(membership: Membership, code: str) -> None:
    """Mail the code that opens Access & SSO Settings."""
    _send("recovery_code", [membership.user.email], {"organization": membership.organization, "code": code})


def tell_admins_of_recovery(membership: Membership, means: str) -> None:
    """Tell every admin that the recovery grant was used, and by what: "mailed code" or "second factor"."""
    context = {"membership": membership, "organization": membership.organization, "means": means}
    for address in admin_addresses(membership.organization):
        _send("recovery_opened", [address], context)


def tell_admins_of_suspension(organization: Organization, reason: str) -> None:
    """Tell every admin that single sign-on was turned off by the rules for metadata; `reason` is a sentence."""
    for address in admin_addresses(organization):
        _send("sso_suspended", [address], {"organization": organization, "reason": reason})


def tell_of_relinking(organization: Organization, by: User, users: Sequence[User], *, undone: bool) -> None:
    """Tell members and every admin that `by` tied the members to other identifiers, or took that back (`undone`).

    The identifiers themselves are the provider's text and stay out of the mails.
    """
    context = {"organization": organization, "by": by, "users": users, "undone": undone}
    for user in users:
        _send("relinked", [user.email], context)
    for address in admin_addresses(organization):
        _send("members_relinked", [address], context)


def send_sign_in_pages(address: str, organizations: Sequence[Organization]) -> None:
    """Mail a user the sign-in pages of their organizations."""
    pages = [
        (organization.name, absolute(reverse("organization_sign_in", args=[organization.slug])))
        for organization in organizations
    ]
    _send("sign_in_pages", [address], {"pages": pages})


def _on_one_line(subject: str) -> str:
    """Return a name for a subject on one line, so that no break begins another header, and short enough."""
    return Truncator(visible(" ".join(subject.split()))).chars(MOST_IN_SUBJECT)


def _send(name: str, to: list[str], context: dict[str, Any]) -> None:
    """Send one mail; a mail server that fails must not undo or break what has already been committed."""
    text = render_to_string(f"orgs/mail/{name}.txt", {"base_url": settings.BASE_URL, **context})
    subject, _, body = text.partition("\n")
    try:
        EmailMessage(subject=_on_one_line(subject), body=visible(body.lstrip("\n")), to=to).send()
    except OSError:
        logger.exception("The e-mail '%s' could not be sent", name)
