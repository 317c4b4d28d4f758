"""Second factors: encrypted in the database, tolerant of a clock one step off, and each code good once."""

from __future__ import annotations

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY, format_hotp_value, hotp_value
from cryptography.fernet import Fernet
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client

from audit.models import Event
from orgs.crypto.encryption import decrypt, encrypt
from orgs.errors import LockedKeyError
from orgs.models import User
from orgs.services import second_factors
from tests.conftest import PASSWORD, MakeUser, SignedIn, new_browser
from tests.orgs.accounts.test_accounts import ADA, sign_in, with_totp

pytestmark = pytest.mark.django_db
STEP = 59_000_000  # a step in 2026
PLAIN = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def ada(make_user: MakeUser) -> User:
    return make_user(ADA)


def code_of(secret: str, step: int) -> str:
    return format_hotp_value(hotp_value(secret, step))


def at(step: int, second: float = 15) -> time_machine.travel:
    """The moment `second` seconds into a step."""
    return time_machine.travel(step * 30 + second, tick=False)


class TestAtRest:
    def test_secret_and_seed_are_encrypted(self, ada: User) -> None:
        secret = with_totp(ada)
        codes = RecoveryCodes.activate(ada)
        stored = str(list(Authenticator.objects.values_list("data", flat=True)))
        assert secret not in stored
        assert decrypt(codes.instance.data["seed"]) not in stored
        assert stored.count("fernet:") == 2

    def test_the_secret_of_an_app_that_is_being_set_up_waits_encrypted(self, ada: User, client_of: SignedIn) -> None:
        browser = client_of(ada)
        browser.post("/account/reauthenticate/", {"password": PASSWORD})
        secret = browser.get("/account/2fa/totp/activate/").context["form"].secret
        waiting = browser.session[SECRET_SESSION_KEY]
        assert secret not in waiting
        assert decrypt(waiting) == secret

    def test_a_secret_in_plain_text_is_refused(self, ada: User) -> None:
        Authenticator.objects.create(user=ada, type=Authenticator.Type.TOTP, data={"secret": PLAIN})
        with pytest.raises(LockedKeyError):
            second_factors.use_code(user=ada, code=code_of(PLAIN, STEP))

    def test_rotation(self, ada: User, settings) -> None:
        with_totp(ada)
        RecoveryCodes.activate(ada)
        new = Fernet.generate_key().decode()
        settings.KEY_ENCRYPTION_KEYS = [new, *settings.KEY_ENCRYPTION_KEYS]
        call_command("keys", "reencrypt")
        settings.KEY_ENCRYPTION_KEYS = [new]
        for row in Authenticator.objects.all():
            assert decrypt(row.data.get("secret") or row.data["seed"])
        assert Event.objects.get(name="key:reencrypted").after == {"keys": 0, "second_factors": 2}

    def test_without_encryption_keys_they_come_from_the_secret_key(self, settings) -> None:
        settings.KEY_ENCRYPTION_KEYS = []
        stored = encrypt("secret")
        settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
        settings.SECRET_KEY = "another-secret-key-0123456789-abcdefghijklmnopqrstuvw"
        settings.KEY_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
        assert decrypt(stored) == "secret"
        settings.SECRET_KEY_FALLBACKS = []
        with pytest.raises(LockedKeyError):
            decrypt(stored)

    def test_a_lost_key_is_said_and_nothing_changes(self, ada: User, settings, visitor: Client) -> None:
        with_totp(ada)
        before = Authenticator.objects.get().data
        settings.KEY_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
        with pytest.raises(CommandError, match="add the old key again"):
            call_command("keys", "reencrypt")
        assert Authenticator.objects.get().data == before
        sign_in(visitor)
        answer = visitor.post("/account/2fa/authenticate/", {"code": "123456"})
        assert (answer.status_code, answer["Retry-After"]) == (503, "600")
        assert "Your code is not wrong" in answer.content.decode()


class TestCodes:
    @pytest.mark.parametrize(("now", "second"), [(STEP + 1, 0), (STEP + 1, 29.9), (STEP, 0), (STEP - 1, 0.1)])
    def test_one_step_early_or_late_is_accepted(self, now: int, second: float, ada: User) -> None:
        secret = with_totp(ada)
        with at(now, second):
            assert second_factors.use_code(user=ada, code=code_of(secret, STEP))

    @pytest.mark.parametrize("now", [STEP - 2, STEP + 2])
    def test_two_steps_are_too_many(self, now: int, ada: User) -> None:
        secret = with_totp(ada)
        with at(now):
            assert second_factors.use_code(user=ada, code=code_of(secret, STEP)) is None

    @pytest.mark.parametrize("typed", ["{} ", "{:.3} {:.3}"])
    def test_spaces_do_not_matter(self, typed: str, ada: User) -> None:
        secret = with_totp(ada)
        code = code_of(secret, STEP)
        with at(STEP):
            assert second_factors.use_code(user=ada, code=typed.format(code, code[3:]))

    def test_a_used_code_is_refused_for_its_whole_window(self, ada: User) -> None:
        """Also when the cache has forgotten everything."""
        secret = with_totp(ada)
        with at(STEP - 1):
            assert second_factors.use_code(user=ada, code=code_of(secret, STEP))
        for now in (STEP - 1, STEP, STEP + 1):
            cache.clear()
            with at(now, 29.9):
                assert second_factors.use_code(user=ada, code=code_of(secret, STEP)) is None
                assert second_factors.use_code(user=ada, code=code_of(secret, STEP - 1)) is None
        with at(STEP + 1):
            assert second_factors.use_code(user=ada, code=code_of(secret, STEP + 1))

    def test_the_code_that_set_the_app_up_is_used(self, ada: User, client_of: SignedIn) -> None:
        browser = client_of(ada)
        with at(STEP):
            browser.post("/account/reauthenticate/", {"password": PASSWORD})
            secret = browser.get("/account/2fa/totp/activate/").context["form"].secret
            answer = browser.post("/account/2fa/totp/activate/", {"code": code_of(secret, STEP)})
            assert answer.status_code == 303
            assert second_factors.use_code(user=ada, code=code_of(secret, STEP)) is None
            assert second_factors.use_code(user=ada, code=code_of(secret, STEP + 1))

    def test_sign_in_and_reauthentication_use_a_code_up(self, ada: User, visitor: Client) -> None:
        secret = with_totp(ada)
        with at(STEP):
            sign_in(visitor)
            code = {"code": code_of(secret, STEP)}
            assert visitor.post("/account/2fa/authenticate/", code).status_code == 303
            assert visitor.post("/account/2fa/reauthenticate/", code).status_code == 200
            other = new_browser()
            sign_in(other)
            assert other.post("/account/2fa/authenticate/", code).status_code == 200
            following = {"code": code_of(secret, STEP + 1)}
            assert visitor.post("/account/2fa/reauthenticate/", following).status_code == 303

    def test_a_recovery_code_is_good_once(self, ada: User) -> None:
        with_totp(ada)
        code = RecoveryCodes.activate(ada).get_unused_codes()[0]
        assert second_factors.use_code(user=ada, code=code)
        assert second_factors.use_code(user=ada, code=code) is None
