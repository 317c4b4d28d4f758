"""Services: changing connections and signing users in."""

from sso.services.connections import (
    Saved,
    disable_connection,
    discard_draft,
    enable_connection,
    read_upload,
    save_settings,
    unlink_identity,
)
from sso.services.earlier_sessions import end_earlier_sessions
from sso.services.kept_uploads import forget_uploads, keep_upload, offer_providers, purge_uploads
from sso.services.keys import create_key, offer_for_encryption, promote_key, reencrypt_keys, retire_key
from sso.services.relinking import purge_relinkings, relink_members, undo_relinking
from sso.services.sign_in.finish import cookie_name, finish_sign_in
from sso.services.sign_in.outcomes import Finished, Refused, Repeated, UnsolicitedResponse
from sso.services.sign_in.repeats import count_restart
from sso.services.sign_in.start import (
    NotConnectedError,
    Started,
    TooManyStartsError,
    keep_next_path,
    purge_sign_ins,
    start_sign_in,
    take_next_path,
)
from sso.services.sign_in.subjects import normalize_subjects
from sso.services.sign_in.switch import token_of, waiting
from sso.services.sign_out.start import SignedOut, ask_provider_to_sign_out, purge_sign_outs, take_logout_message
from sso.services.suspension import suspend_all_flawed, suspend_if_flawed
from sso.services.upload_limits import TooManyUploadsError, count_upload, note_refused_upload
from sso.services.waivers import allow_waiver, end_waiver

__all__ = [
    "Finished",
    "NotConnectedError",
    "Refused",
    "Repeated",
    "Saved",
    "SignedOut",
    "Started",
    "TooManyStartsError",
    "TooManyUploadsError",
    "UnsolicitedResponse",
    "allow_waiver",
    "ask_provider_to_sign_out",
    "cookie_name",
    "count_restart",
    "count_upload",
    "create_key",
    "disable_connection",
    "discard_draft",
    "enable_connection",
    "end_earlier_sessions",
    "end_waiver",
    "finish_sign_in",
    "forget_uploads",
    "keep_next_path",
    "keep_upload",
    "normalize_subjects",
    "note_refused_upload",
    "offer_for_encryption",
    "offer_providers",
    "promote_key",
    "purge_relinkings",
    "purge_sign_ins",
    "purge_sign_outs",
    "purge_uploads",
    "read_upload",
    "reencrypt_keys",
    "relink_members",
    "retire_key",
    "save_settings",
    "start_sign_in",
    "suspend_all_flawed",
    "suspend_if_flawed",
    "take_logout_message",
    "take_next_path",
    "token_of",
    "undo_relinking",
    "unlink_identity",
    "waiting",
]
