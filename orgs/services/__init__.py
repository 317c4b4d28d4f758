"""What changes who may enter. Each function is one transaction, takes keywords only and writes its audit event."""

from orgs.services.accounts import create_account, record_for_organizations, record_sign_up
from orgs.services.domains import add_domain, remove_domain, unverify_domain, verify_domain
from orgs.services.doors import carry_doors_over, end_door, end_doors, end_doors_of_sessions, end_session, open_door
from orgs.services.invitations import (
    accept_as_newcomer,
    accept_invitation,
    invite,
    resend_invitation,
    revoke_invitation,
    why_not_touch_invitation,
)
from orgs.services.members import (
    accept_membership,
    add_member,
    change_role,
    join_just_in_time,
    note_names,
    remove_member,
    restore_member,
    suspend_member,
    why_not_touch,
)
from orgs.services.organizations import (
    change_plan,
    close_organization,
    create_organization,
    rename_organization,
    reopen_organization,
    set_require_sso,
    set_session_hours,
    set_sso_active,
)
from orgs.services.recovery import mail_recovery_code, open_recovery_door, use_recovery_code

__all__ = [
    "accept_as_newcomer",
    "accept_invitation",
    "accept_membership",
    "add_domain",
    "add_member",
    "carry_doors_over",
    "change_plan",
    "change_role",
    "close_organization",
    "create_account",
    "create_organization",
    "end_door",
    "end_doors",
    "end_doors_of_sessions",
    "end_session",
    "invite",
    "join_just_in_time",
    "mail_recovery_code",
    "note_names",
    "open_door",
    "open_recovery_door",
    "record_for_organizations",
    "record_sign_up",
    "remove_domain",
    "remove_member",
    "rename_organization",
    "reopen_organization",
    "resend_invitation",
    "restore_member",
    "revoke_invitation",
    "set_require_sso",
    "set_session_hours",
    "set_sso_active",
    "suspend_member",
    "unverify_domain",
    "use_recovery_code",
    "verify_domain",
    "why_not_touch",
    "why_not_touch_invitation",
]
