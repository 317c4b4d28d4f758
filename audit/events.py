"""The names of all events, and the risk of each."""

from django.db import models


class Risk(models.TextChoices):
    """How closely an event deserves to be looked at."""

    LOW = "low", "Low"
    MEDIUM = "medium", "Medium"
    HIGH = "high", "High"


class Outcome(models.TextChoices):
    """Whether the action took effect."""

    SUCCESS = "success", "Done"
    REFUSED = "refused", "Refused"


class EventName(models.TextChoices):
    """The name of an event, as `subject:action`."""

    ORGANIZATION_CREATED = "organization:created", "Organization created"
    ORGANIZATION_RENAMED = "organization:renamed", "Name or address changed"
    ORGANIZATION_PLAN_CHANGED = "organization:plan_changed", "Plan changed"
    ORGANIZATION_CLOSED = "organization:closed", "Organization closed"
    ORGANIZATION_REOPENED = "organization:reopened", "Organization reopened"
    SESSION_LENGTH_CHANGED = "organization:session_length_changed", "Session length changed"
    EVERYONE_SIGNED_OUT = "organization:everyone_signed_out", "Everyone signed out"

    SSO_REQUIRED = "sso:required", "Require SSO turned on"
    SSO_NOT_REQUIRED = "sso:not_required", "Require SSO turned off"
    EARLIER_SESSIONS_ENDED = "sso:earlier_sessions_ended", "Sessions of the earlier identity provider ended"
    CONNECTION_CHANGED = "connection:changed", "Identity provider settings changed"
    CONNECTION_DISABLED = "connection:disabled", "Connection disabled"
    CONNECTION_ENABLED = "connection:enabled", "Connection enabled"
    METADATA_UPLOADED = "metadata:uploaded", "Metadata file received"
    METADATA_REFUSED = "metadata:refused", "Metadata file refused"
    CONFIGURATION_DRAFTED = "configuration:drafted", "Metadata uploaded as a draft"
    CONFIGURATION_ACTIVATED = "configuration:activated", "Metadata in use"
    CONFIGURATION_SUSPENDED = "configuration:suspended", "Metadata no longer accepted"
    CONFIGURATION_DISCARDED = "configuration:discarded", "Draft discarded"
    WAIVER_ALLOWED = "waiver:allowed", "Waiver allowed until a date"
    WAIVER_ENDED = "waiver:ended", "Waiver ended"
    KEY_CREATED = "key:created", "Certificate created"
    KEY_PROMOTED = "key:promoted", "New certificate in use"
    KEY_RETIRED = "key:retired", "Certificate retired"
    KEY_OFFERED = "key:offered_for_encryption", "Certificate offered for encryption"
    KEY_WITHDRAWN = "key:withdrawn_from_encryption", "Certificate no longer offered for encryption"
    KEYS_REENCRYPTED = "key:reencrypted", "Private keys encrypted again"
    IDENTITY_LINKED = "identity:linked", "User linked to the identity provider"
    CLAIMS_VIEWED = "sign_in:claims_viewed", "Claims of a sign-in viewed by an operator"
    IDENTITY_VIEWED = "identity:viewed", "Identity of a member viewed by an operator"
    IDENTITY_UNLINKED = "identity:unlinked", "User unlinked from the identity provider"
    IDENTITY_RELINKED = "identity:relinked", "Member re-linked to another identifier"
    RELINKING_UNDONE = "identity:relinking_undone", "Re-linking of a member undone"

    DOMAIN_ADDED = "domain:added", "E-mail domain added"
    DOMAIN_REMOVED = "domain:removed", "E-mail domain removed"
    DOMAIN_VERIFIED = "domain:verified", "E-mail domain verified"
    DOMAIN_UNVERIFIED = "domain:unverified", "E-mail domain no longer verified"

    INVITATION_SENT = "invitation:sent", "Invitation sent"
    INVITATION_RESENT = "invitation:resent", "Invitation sent again"
    INVITATION_REVOKED = "invitation:revoked", "Invitation revoked"
    INVITATION_ACCEPTED = "invitation:accepted", "Invitation accepted"
    MEMBER_ADDED = "member:added", "Member added"
    MEMBER_ACCEPTED = "member:accepted", "Membership accepted"
    MEMBER_ROLE_CHANGED = "member:role_changed", "Role changed"
    MEMBER_ADMIN_CHANGED = "member:admin_changed", "Admin role granted or revoked"
    MEMBER_SUSPENDED = "member:suspended", "Member suspended"
    MEMBER_RESTORED = "member:restored", "Member restored"
    MEMBER_REMOVED = "member:removed", "Member removed"

    USER_SIGNED_UP = "user:signed_up", "Account created"
    USER_SIGNED_IN = "user:signed_in", "Signed in"
    USER_SIGN_IN_REFUSED = "user:sign_in_refused", "Sign-in refused"
    USER_SIGNED_OUT = "user:signed_out", "Signed out"
    SIGN_OUT_REFUSED = "user:sign_out_refused", "Provider's sign-out refused"
    PASSWORD_CHANGED = "password:changed", "Password changed"
    PASSWORD_SET = "password:set", "First password set"
    PASSWORD_RESET_ASKED = "password:reset_asked", "Password reset requested"
    PASSWORD_RESET = "password:reset", "Password reset by e-mail"
    SECOND_FACTOR_ADDED = "second_factor:added", "Second factor or passkey added"
    SECOND_FACTOR_REMOVED = "second_factor:removed", "Second factor or passkey removed"
    RECOVERY_CODES_RENEWED = "second_factor:codes_renewed", "Recovery codes regenerated"
    UNPROVEN_FORGOTTEN = "account:unproven_forgotten", "Password of an unconfirmed account removed"
    SESSION_GRANT_ENDED = "session_grant:ended", "Session ended by an operator"
    ACCOUNT_RENAMED = "account:renamed", "Account's name changed by an operator"
    ACCOUNT_DISABLED = "account:disabled", "Account disabled by an operator"
    ACCOUNT_ENABLED = "account:enabled", "Account enabled by an operator"
    OPERATOR_CHANGED = "account:operator_changed", "Operator rights changed"
    PLAN_EDITED = "plan:edited", "Plan features changed"
    RECOVERY_REQUESTED = "recovery:requested", "Recovery code sent"
    RECOVERY_REFUSED = "recovery:refused", "Recovery refused"
    MESSAGE_SENT_AGAIN = "message:sent_again", "Message sent again by an operator"
    RECOVERY_OPENED = "recovery:opened", "Access & SSO Settings opened for recovery"


_HIGH = {
    EventName.ORGANIZATION_CLOSED,
    EventName.EVERYONE_SIGNED_OUT,
    EventName.OPERATOR_CHANGED,
    EventName.PLAN_EDITED,
    EventName.RECOVERY_OPENED,
    EventName.WAIVER_ALLOWED,
    EventName.CONFIGURATION_SUSPENDED,
    EventName.IDENTITY_RELINKED,
}
_LOW = {
    EventName.MESSAGE_SENT_AGAIN,
    EventName.METADATA_UPLOADED,
    EventName.METADATA_REFUSED,
    EventName.MEMBER_ACCEPTED,
    EventName.USER_SIGNED_UP,
    EventName.USER_SIGNED_IN,
    EventName.USER_SIGN_IN_REFUSED,
    EventName.USER_SIGNED_OUT,
    EventName.SIGN_OUT_REFUSED,
    EventName.PASSWORD_RESET_ASKED,
    EventName.PASSWORD_RESET,
    EventName.IDENTITY_LINKED,
}


def event_choices() -> list[tuple[str, str]]:
    """Return the (value, label) pairs of every event name.

    The model takes this function instead of the list, so that a new event needs no migration (Django, "Field.choices").
    """
    return EventName.choices


def risk_of(name: EventName) -> Risk:
    """Return low for signing in and out, medium for what changes who may enter, high for what can shut out or let in
    everyone, or another person in the place of a member.
    """
    if name in _HIGH:
        return Risk.HIGH
    return Risk.LOW if name in _LOW else Risk.MEDIUM
