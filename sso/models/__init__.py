"""Models of single sign-on: connections and their configurations, sign-ins, identities."""

from sso.models.connections import (
    Configuration,
    ConfigurationState,
    Connection,
    ConnectionState,
    Provider,
    latest_ends,
)
from sso.models.identities import LONGEST_SUBJECT, Identity, SubjectKind
from sso.models.kept_uploads import OfferedProvider, Upload
from sso.models.keys import KeyState, ServiceProviderKey
from sso.models.relinkings import Relinking
from sso.models.sign_ins import Purpose, SignIn, SignInState, StartedBy
from sso.models.sign_outs import Direction, SignOut, SignOutState
from sso.models.waivers import Waiver

__all__ = [
    "LONGEST_SUBJECT",
    "Configuration",
    "ConfigurationState",
    "Connection",
    "ConnectionState",
    "Direction",
    "Identity",
    "KeyState",
    "OfferedProvider",
    "Provider",
    "Purpose",
    "Relinking",
    "ServiceProviderKey",
    "SignIn",
    "SignInState",
    "SignOut",
    "SignOutState",
    "StartedBy",
    "SubjectKind",
    "Upload",
    "Waiver",
    "latest_ends",
]
