"""Admin pages of connections, sign-ins and identities, for operators."""

from orgs.admin import RELATED, Related
from sso.admin.connections import ConfigurationAdmin, ConnectionAdmin, ServiceProviderKeyAdmin
from sso.admin.identities import IdentityAdmin
from sso.admin.sign_ins import SignInAdmin, SignOutAdmin

__all__ = [
    "ConfigurationAdmin",
    "ConnectionAdmin",
    "IdentityAdmin",
    "ServiceProviderKeyAdmin",
    "SignInAdmin",
    "SignOutAdmin",
]

RELATED.extend(
    [
        Related("organization", "Connections", "admin:sso_connection_changelist", "organization__id__exact"),
        Related("organization", "Sign-ins", "admin:sso_signin_changelist", "organization__id__exact"),
        Related("organization", "Identities", "admin:sso_identity_changelist", "q", "number"),
        Related("user", "Sign-ins", "admin:sso_signin_changelist", "user__id__exact"),
        Related("user", "Identities", "admin:sso_identity_changelist", "user__id__exact"),
    ]
)
