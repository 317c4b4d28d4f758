"""Services that make and change accounts, and the audit events about them beyond one organization."""

from __future__ import annotations

from datetime import datetime

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import update_last_login
from django.db import IntegrityError
from django.utils import timezone

from audit.actors import Actor
from audit.events import EventName, Outcome
from audit.services import Facts, record
from orgs.errors import NotAllowedError, OutdatedError
from orgs.models import GrantKind, Membership, MembershipSource, MembershipState, Organization, Role, SessionGrant, User
from orgs.selectors.organizations import opened_by_password
from orgs.services.grants import create_grant
from orgs.services.superusers import check_may_change, check_may_give_rights, check_superuser_remains
from orgs.transactions import atomic


@atomic
def record_sign_up(*, user: User, actor: Actor) -> None:
    """Record that an account was made."""
    record(EventName.USER_SIGNED_UP, actor=actor, target=user.audit_target)


@atomic
def record_operator(*, user: User, actor: Actor) -> None:
    """Record that an account was made for an operator who may do everything."""
    record_sign_up(user=user, actor=actor)
    nothing = {"is_staff": False, "is_superuser": False}
    after = {"is_staff": user.is_staff, "is_superuser": user.is_superuser}
    record(EventName.OPERATOR_CHANGED, actor=actor, target=user.audit_target, before=nothing, after=after)


@atomic
def create_password_grant(*, session: str, user: User, expires_at: datetime, actor: Actor) -> None:
    """Open a session for an account whose password, and second factor, were right just now.

    The account is held until that is written. Raises NotAllowedError if it has been disabled since it was read.
    """
    if User.objects.select_for_update(no_key=True).filter(pk=user.pk, is_active=True).first() is None:
        raise NotAllowedError("This account is disabled.")
    update_last_login(User, user)
    create_grant(session=session, user=user, kind=GrantKind.PASSWORD, expires_at=expires_at)
    record_for_organizations(EventName.USER_SIGNED_IN, user=user, actor=actor, after={"by": "password"})


@atomic
def record_for_organizations(
    name: EventName, *, user: User, actor: Actor, after: Facts | None = None, outcome: Outcome = Outcome.SUCCESS
) -> None:
    """Record a change of an account's own way in: a password opens several organizations, each with its own log.

    Where it opens none, only the operators' log has it.
    """
    numbers: list[int | None] = [*opened_by_password(user)]
    for number in numbers or [None]:
        record(name, actor=actor, target=user.audit_target.within(number), after=after, outcome=outcome)


@atomic
def create_account(
    *,
    address: str,
    actor: Actor,
    name: str = "",
    password: str | None = None,
    is_confirmed: bool = False,
    is_operator: bool = False,
) -> User:
    """Make an account; without a password its owner sets one through the password mail. Raises ValidationError.

    `is_confirmed` says that the address needs no confirmation by mail. Raises OutdatedError if the address has got an
    account since the caller looked: no lock keeps two organizations, or a sign-up, from making one at the same moment.
    """
    try:
        user = User.objects.create_user(address, password, name=name, is_staff=is_operator, is_superuser=is_operator)
    except IntegrityError as error:
        raise OutdatedError from error
    if is_confirmed:
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    note = record_operator if is_operator else record_sign_up
    note(user=user, actor=actor)
    return user


@atomic
def account_for(*, address: str, actor: Actor) -> User:
    """Return the account of an address (normal form), made now if there is none, without a stranger's unproven data."""
    user = User.objects.filter(email=address).first()
    if user is None:
        return create_account(address=address, actor=actor)
    forget_unproven(user=user, actor=actor)
    return user


@atomic
def forget_unproven(*, user: User, actor: Actor) -> None:
    """Remove the access of a user who typed this address at sign-up but never proved that the mailbox is theirs.

    Called before an operator vouches for the address, so that its owner does not inherit a stranger's password. An
    identity provider's word is not enough for it: any organization's may assert any address. Operators are left alone:
    signing up makes no operator.
    """
    if _may_be_a_strangers(user):
        EmailAddress.objects.filter(user=user).delete()  # the link in the mail of the sign-up is worthless without it
        _forget_password(user, actor)


@atomic
def replace_password(*, user: User, password: str) -> None:
    """Give an account a new password, by what its present one allows: a link to reset it, or typing it.

    `user` is the account as it was when the link or the present password was checked. Only this column is written, and
    only while it is the same: a link is used by the statement that writes, so two requests cannot both use it. Raises
    NotAllowedError if the password has been replaced since.
    """
    encoded = make_password(password)
    if not User.objects.filter(pk=user.pk, password=user.password).update(password=encoded):
        raise NotAllowedError("The password of this account has been changed by another request.")
    user.password = encoded


@atomic
def forget_password_of_sign_up(*, user: User, actor: Actor) -> bool:
    """Remove the password of an account that others made a member before its address was confirmed; return whether.

    Called just before the owner of the mailbox confirms the address in a browser in which that password was not typed:
    it may be a stranger's, who would otherwise get into the owner's organizations with it.
    """
    memberships_by_others = Membership.objects.filter(user=user).exclude(source=MembershipSource.CREATED)
    if not _may_be_a_strangers(user) or not memberships_by_others.exists():
        return False
    _forget_password(user, actor)
    return True


def _may_be_a_strangers(user: User) -> bool:
    is_operator = user.is_staff or user.is_superuser
    return not is_operator and not EmailAddress.objects.filter(user=user, verified=True).exists()


def _forget_password(user: User, actor: Actor) -> None:
    factors, _ = Authenticator.objects.filter(user=user).delete()
    if not factors and not user.has_usable_password():
        return
    user.set_unusable_password()  # the sessions that knew the old one end with it
    user.save(update_fields=["password"])
    # A provider vouched for the grants of single sign-on, not the password.
    grants = SessionGrant.objects.filter(user=user, ended_at__isnull=True).exclude(kind=GrantKind.SSO)
    grants.update(ended_at=timezone.now())
    record(EventName.UNPROVEN_FORGOTTEN, actor=actor, target=user.audit_target)


@atomic
def rename_account(*, user: User, name: str, actor: Actor) -> None:
    """Change the name of an account. Raises NotAllowedError for a superuser whom another operator renames."""
    check_may_change(user=user, actor=actor)
    before = User.objects.values_list("name", flat=True).get(pk=user.pk)
    if before != name:
        User.objects.filter(pk=user.pk).update(name=name)
        record(
            EventName.ACCOUNT_RENAMED,
            actor=actor,
            target=user.audit_target,
            before={"name": before},
            after={"name": name},
        )


@atomic
def set_password(*, user: User, password: str, actor: Actor) -> None:
    """Give an account another password, as a command does, and end all of its sessions."""
    user.set_password(password)
    user.save(update_fields=["password"])
    SessionGrant.objects.filter(user=user, ended_at__isnull=True).update(ended_at=timezone.now())
    record_for_organizations(EventName.PASSWORD_CHANGED, user=user, actor=actor)


@atomic
def disable_account(*, user: User, actor: Actor) -> None:
    """Disable an account in all organizations and end its grants.

    Raises NotAllowedError for an only admin, the only superuser, and a superuser whom another operator would disable.
    """
    _check_not_only_admin(user)  # first, since organizations are locked before accounts
    check_may_change(user=user, actor=actor)
    check_superuser_remains(without=user)
    changed = User.objects.filter(pk=user.pk, is_active=True).update(is_active=False)
    _end_grants_of(user)
    if changed:
        record(
            EventName.ACCOUNT_DISABLED,
            actor=actor,
            target=user.audit_target,
            before={"is_active": True},
            after={"is_active": False},
        )


@atomic
def enable_account(*, user: User, actor: Actor) -> None:
    """Let a user in again, wherever they are still a member; grants from before stay ended.

    Raises NotAllowedError as `disable_account` does.
    """
    check_may_change(user=user, actor=actor)
    _end_grants_of(user)
    if User.objects.filter(pk=user.pk, is_active=False).update(is_active=True):
        record(
            EventName.ACCOUNT_ENABLED,
            actor=actor,
            target=user.audit_target,
            before={"is_active": False},
            after={"is_active": True},
        )


@atomic
def set_operator(*, user: User, is_staff: bool, is_superuser: bool, actor: Actor) -> None:
    """Give or take away the rights of an operator: opening the Django admin, and doing everything there.

    Raises NotAllowedError unless the actor is a superuser, and when no superuser would remain.
    """
    check_may_change(user=user, actor=actor)
    before = dict(User.objects.filter(pk=user.pk).values("is_staff", "is_superuser").get())
    after = {"is_staff": is_staff, "is_superuser": is_superuser}
    if before != after:
        check_may_give_rights(actor=actor)
        if not (is_staff and is_superuser):
            check_superuser_remains(without=user)
        forget_unproven(user=User.objects.get(pk=user.pk), actor=actor)
        User.objects.filter(pk=user.pk).update(**after)
        record(EventName.OPERATOR_CHANGED, actor=actor, target=user.audit_target, before=before, after=after)


@atomic
def record_permissions(*, user: User, before: list[str], actor: Actor) -> None:
    """Record the permissions of an operator before and after, in the transaction that changed them.

    Raises NotAllowedError, which undoes the change, unless the actor is a superuser.
    """
    check_may_give_rights(actor=actor)
    after = permissions_of(user)
    if before != after:
        record(
            EventName.OPERATOR_CHANGED,
            actor=actor,
            target=user.audit_target,
            before={"permissions": before},
            after={"permissions": after},
        )


def permissions_of(user: User) -> list[str]:
    """Return the code names of an operator's own permissions, sorted."""
    return list(user.user_permissions.order_by("codename").values_list("codename", flat=True))


def _end_grants_of(user: User) -> None:
    SessionGrant.objects.filter(user=user, ended_at__isnull=True).update(ended_at=timezone.now())


def _check_not_only_admin(user: User) -> None:
    """Check that every open organization keeps an admin who can sign in; lock the rows for the transaction."""
    administered = Membership.objects.filter(user=user, role=Role.ADMIN, state=MembershipState.ACTIVE)
    organizations = Organization.objects.select_for_update(no_key=True).filter(
        pk__in=administered.values("organization"), closed_at__isnull=True
    )
    for organization in organizations.order_by("pk"):
        others = Membership.objects.filter(
            organization=organization, role=Role.ADMIN, state=MembershipState.ACTIVE, user__is_active=True
        ).exclude(user=user)
        if not others.exists():
            raise NotAllowedError(
                f"{user} is the only admin of {organization}. Make another member an admin first, or close the "
                "organization."
            )
