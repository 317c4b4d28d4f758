"""Second factors: using a code up, and encrypting the stored secrets."""

from __future__ import annotations

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time

from orgs.crypto.encryption import decrypt, encrypt
from orgs.models import User
from orgs.transactions import atomic

# Where an authenticator's data holds a secret, by its type.
_SECRETS = {Authenticator.Type.TOTP: "secret", Authenticator.Type.RECOVERY_CODES: "seed"}
_LAST_STEP = "last_step"


@atomic
def use_code(*, user: User, code: str) -> Authenticator | None:
    """Use up a code of the user's authenticator app, or a recovery code; return its authenticator, None if it is wrong.

    A code of an authenticator app is good in its own step of 30 seconds, one step earlier and one later (RFC 6238,
    5.2). The row keeps the last step that was used, behind a lock: one of two requests with the same code succeeds, and
    no earlier code is good any more. Raises LockedKeyError.
    """
    for authenticator in Authenticator.objects.select_for_update().filter(user=user, type__in=_SECRETS).order_by("pk"):
        is_app = authenticator.type == Authenticator.Type.TOTP
        if _use_step(authenticator, code) if is_app else authenticator.wrap().validate_code(code):
            return authenticator
    return None


def _use_step(authenticator: Authenticator, code: str) -> bool:
    step = _step_of(decrypt(authenticator.data["secret"]), code)
    if step <= authenticator.data.get(_LAST_STEP, 0):
        return False
    authenticator.data[_LAST_STEP] = step
    authenticator.save(update_fields=["data"])
    return True


def _step_of(secret: str, code: str) -> int:
    """Return the number of the step that a code belongs to, counted from 1970; 0 if it is not good now."""
    steps = yield_hotp_counters_from_time()
    codes = {step: format_hotp_value(hotp_value(secret, step)) for step in steps}
    return max((step for step in codes if compare_user_code(actual=code, expected=codes[step])), default=0)


@atomic
def reencrypt_second_factors() -> int:
    """Encrypt the secret of every second factor with the first key; return how many there are.

    Raises LockedKeyError, and changes nothing, when no key decrypts one of them.
    """
    authenticators = Authenticator.objects.select_for_update().filter(type__in=_SECRETS).order_by("pk")
    return sum(_encrypt_secret(authenticator) for authenticator in authenticators)


def _encrypt_secret(authenticator: Authenticator) -> bool:
    field = _SECRETS[authenticator.type]
    authenticator.data[field] = encrypt(decrypt(authenticator.data[field]))
    authenticator.save(update_fields=["data"])
    return True
