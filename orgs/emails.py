"""The mails that Amplisso itself writes. Addresses in them come from BASE_URL, never from a request.

Notices are written when what they tell of happens, in its transaction. Mails with a code or a link have a maker in
`orgs.services.mailed.making`, which calls `invitation_mail` and the like when one is sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.text import Truncator

from orgs.models import Invitation, Membership, Organization, User
from orgs.selectors.organizations import admin_addresses
from orgs.text.visible_text import visible
from outbox.mails import Mail
from outbox.services import post_mail

MOST_IN_SUBJECT = 100  # characters


def absolute(path: str) -> str:
    """Return the public address of one of our paths."""
    return f"{settings.BASE_URL}{path}"


def invitation_mail(invitation: Invitation, token: str) -> Mail:
    """Return the mail with the link that makes the invited person a member."""
    link = absolute(reverse("invitation", args=[token]))
    return _written("invitation", {"invitation": invitation, "link": link})


def recovery_code_mail(organization: Organization, code: str) -> Mail:
    """Return the mail with the code that opens Access & SSO Settings."""
    return _written("recovery_code", {"organization": organization, "code": code})


def sign_in_pages_mail(organizations: Sequence[Organization]) -> Mail:
    """Return the mail to a user with the sign-in pages of their organizations."""
    pages = [
        (organization.name, absolute(reverse("organization_sign_in", args=[organization.slug])))
        for organization in organizations
    ]
    return _written("sign_in_pages", {"pages": pages})


def tell_admins_of_recovery(membership: Membership, means: str) -> None:
    """Tell every admin that the recovery grant was used, and by what: "mailed code" or "second factor"."""
    context = {"membership": membership, "organization": membership.organization, "means": means}
    _tell_admins("recovery_opened", membership.organization, context)


def tell_admins_of_suspension(organization: Organization, reason: str) -> None:
    """Tell every admin that single sign-on was turned off by the rules for metadata; `reason` is a sentence."""
    _tell_admins("sso_suspended", organization, {"reason": reason})


def tell_of_relinking(organization: Organization, by: User, users: Sequence[User], *, undone: bool) -> None:
    """Tell members and every admin that `by` tied the members to other identifiers, or took that back (`undone`).

    The identifiers themselves are the provider's text and stay out of the mails.
    """
    context = {"by": by, "users": users, "undone": undone}
    for user in users:
        _tell("relinked", user.email, organization, context, about=about_relinking(organization, user.pk))
    _tell_admins("members_relinked", organization, context)


def about_relinking(organization: Organization, user_id: int) -> str:
    """Return what the outbox calls the re-linking of a member."""
    return f"relinking:{organization.number}:{user_id}"


def _tell_admins(name: str, organization: Organization, context: dict[str, Any]) -> None:
    for address in admin_addresses(organization):
        _tell(name, address, organization, context)


def _tell(name: str, to: str, organization: Organization, context: dict[str, Any], about: str = "") -> None:
    mail = _written(name, {"organization": organization, **context})
    parameters = {"subject": mail.subject, "body": mail.body}
    post_mail(name=name, to=to, parameters=parameters, organization_number=organization.number, about=about)


def _written(name: str, context: dict[str, Any]) -> Mail:
    text = render_to_string(f"orgs/mail/{name}.txt", {"base_url": settings.BASE_URL, **context})
    subject, _, body = text.partition("\n")
    return Mail(_on_one_line(subject), visible(body.lstrip("\n")))


def _on_one_line(subject: str) -> str:
    """Return a name for a subject on one line, so that no break begins another header, and short enough."""
    return Truncator(visible(" ".join(subject.split()))).chars(MOST_IN_SUBJECT)
