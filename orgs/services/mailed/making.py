"""The mails with a code or a link: each is made when the mail is sent, so that no row of the outbox holds it."""

from __future__ import annotations

import secrets

from allauth.account.adapter import get_adapter
from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress, get_emailconfirmation_model
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from orgs.crypto.tokens import hash_of_token, token_of_message
from orgs.emails import invitation_mail, recovery_code_mail, sign_in_pages_mail
from orgs.errors import NotAllowedError
from orgs.models import Invitation, Membership, RecoveryCode, User
from orgs.selectors.organizations import organizations_of_address
from orgs.services.locks import hold_organization
from orgs.services.recovery import TRIES, admin_as_it_is_now
from orgs.sessions import lifetimes
from orgs.transactions import atomic
from outbox.encryption import Parameters
from outbox.errors import NotNeededError
from outbox.mails import Mail, makes
from outbox.models import Message
from outbox.selectors import is_waiting


@makes("invitation")
def invitation(message: Message, parameters: Parameters) -> Mail:
    """Make the link of an invitation, the same at each try."""
    token = token_of_message(message.public_id)
    return invitation_mail(_invitation_with(token, message, parameters), token)


@atomic
def _invitation_with(token: str, message: Message, parameters: Parameters) -> Invitation:
    """Let this token accept the invitation, and no earlier one. Raises NotNeededError."""
    found = Invitation.objects.select_related("organization", "invited_by").get(public_id=parameters["invitation"])
    hold_organization(found.organization)
    is_open = Invitation.objects.filter(pk=found.pk, accepted_at__isnull=True, revoked_at__isnull=True)
    # A message that was replaced in this moment must not bring its link back.
    if not is_waiting(message) or not is_open.update(token_hash=hash_of_token(token)):
        raise NotNeededError("The invitation was accepted, revoked or sent again")
    return found


@makes("recovery_code")
def recovery_code(message: Message, parameters: Parameters) -> Mail:
    """Make a six-digit code, another one at each try: a code that was used must not come back."""
    membership = Membership.objects.select_related("organization", "user").get(public_id=parameters["membership"])
    code = f"{secrets.randbelow(1_000_000):06}"
    _keep_code(code, message, membership)
    return recovery_code_mail(membership.organization, code)


@atomic
def _keep_code(code: str, message: Message, membership: Membership) -> None:
    """Replace the last code of this admin. Raises NotNeededError if they are none any more."""
    try:
        membership = admin_as_it_is_now(membership)
    except NotAllowedError as refusal:
        raise NotNeededError(str(refusal)) from refusal
    if not is_waiting(message):
        raise NotNeededError("A newer code was asked for")
    RecoveryCode.objects.update_or_create(
        user=membership.user,
        organization=membership.organization,
        defaults={
            "code_hash": make_password(code),
            "tries_left": TRIES,
            "expires_at": timezone.now() + lifetimes.RECOVERY_CODE,
        },
    )


@makes("sign_in_pages")
def sign_in_pages(message: Message, parameters: Parameters) -> Mail:
    """List the sign-in pages of the organizations of an address, as they are now."""
    organizations = organizations_of_address(message.recipient)
    if not organizations:
        raise NotNeededError("There is no organization that has this address as a member")
    return sign_in_pages_mail(organizations)


@makes("password_reset")
def password_reset(message: Message, parameters: Parameters) -> Mail:
    """Make the link that sets a new password. Its hour begins now; a new password or sign-in ends it, at each try."""
    user = User.objects.filter(email=message.recipient, is_active=True).first()
    if user is None:
        raise NotNeededError("There is no account of this address that may sign in")
    key = f"{user_pk_to_url_str(user)}-{default_token_generator.make_token(user)}"
    link = get_adapter().get_reset_password_from_key_url(key)
    return _from_template("password_reset_key", message, password_reset_url=link)


@makes("email_confirmation")
def email_confirmation(message: Message, parameters: Parameters) -> Mail:
    """Make the link that confirms an address."""
    address = EmailAddress.objects.filter(pk=parameters["email_address"], verified=False).first()
    if address is None:
        raise NotNeededError("The address has been confirmed, or its account is gone")
    link = get_adapter().get_email_confirmation_url(None, get_emailconfirmation_model().create(address))
    return _from_template("email_confirmation", message, activate_url=link)


@makes("account_already_exists")
def account_already_exists(message: Message, parameters: Parameters) -> Mail:
    """Tell the owner of an account that a visitor tried to sign up with its address."""
    return _from_template("account_already_exists", message)


def _from_template(name: str, message: Message, **context: str) -> Mail:
    """Return a mail made of allauth's templates, which are in templates/account/email/."""
    everything = {"email": message.recipient, "base_url": settings.BASE_URL, **context}
    mail = get_adapter().render_mail(f"account/email/{name}", message.recipient, everything)
    return Mail(str(mail.subject), str(mail.body))
