"""Mails with a link to an address that any visitor may type: all of them are posted alike, with or without an account.

So neither the response nor its time reveals whether there is one: that is asked when the mail is made
(`orgs.services.mailed.making`).
"""

from __future__ import annotations

from datetime import timedelta

from allauth.account import app_settings
from allauth.account.models import EmailAddress
from django.utils import timezone

from audit.actors import Actor
from audit.events import EventName
from audit.services import record
from audit.targets import Target
from orgs.sessions import lifetimes
from orgs.transactions import atomic
from outbox.services import post_mail


@atomic
def ask_for_reset(*, address: str, actor: Actor) -> None:
    """Post the mail that sets a new password to an address (normal form), and record that it was asked for."""
    record(EventName.PASSWORD_RESET_ASKED, actor=actor, target=Target("user", label=address))
    _post("password_reset", address, lifetimes.PASSWORD_RESET_LINK)


@atomic
def ask_for_sign_in_pages(*, address: str) -> None:
    """Post the mail with the sign-in pages of the organizations of an address (normal form)."""
    _post("sign_in_pages", address, lifetimes.PASSWORD_RESET_LINK)


@atomic
def post_confirmation(*, address: EmailAddress) -> None:
    """Post the mail with the link that confirms an address; one that still waits is not sent."""
    post_mail(
        name="email_confirmation",
        to=address.email,
        parameters={"email_address": address.pk},
        about=f"confirmation:{address.pk}",
        replaces=True,
        expires_at=timezone.now() + timedelta(days=app_settings.EMAIL_CONFIRMATION_EXPIRE_DAYS),
    )


def _post(name: str, address: str, life: timedelta) -> None:
    post_mail(
        name=name,
        to=address,
        parameters={},
        about=f"{name}:{address}",
        replaces=True,
        expires_at=timezone.now() + life,
    )
