"""Encrypted assertions over HTTP: with the simulator and pysaml2; a visitor is not told why one was refused."""

from __future__ import annotations

from functools import partial
from ssl import DER_cert_to_PEM_cert

import pytest

from audit.actors import COMMAND_LINE
from simulator.saml.encryption import KEY_BYTES, OAEP, OAEP_MGF1P, RSA_1_5, XENC
from sso.models import SignIn, SignInState
from sso.selectors.keys import live_keys
from sso.services import keys
from tests.sso.conftest import new_browser, upload
from tests.sso.test_pysaml2 import answer, key_files, provider, xmlsec1  # noqa: F401


def pem(key) -> str:
    """The certificate as an admin uploads it."""
    return DER_cert_to_PEM_cert(key.signing_certificate().der)


@pytest.fixture
def key(organization):
    """Contoso's certificate."""
    return keys.create_key(organization=organization, actor=COMMAND_LINE)


@pytest.fixture
def offered_key(organization, key):
    """Contoso's certificate, which our metadata offers for encryption."""
    keys.offer_for_encryption(organization=organization, wanted=True, actor=COMMAND_LINE)
    return key


@pytest.mark.parametrize("content", [method for method in KEY_BYTES if "tripledes" not in method])
@pytest.mark.parametrize("transport", [OAEP, OAEP_MGF1P])
def test_somebody_signs_in(journey, key, content, transport):
    done = journey.sign_in(encrypt_for=pem(key), content_encryption=content, key_transport=transport)
    assert (done.status_code, journey.last().state) == (303, SignInState.SUCCEEDED), journey.last().checks
    assert journey.last().claims["name_id"]


@pytest.mark.parametrize("signing", ["assertion", "response", "both"])
def test_whatever_is_signed(journey, key, signing):
    journey.sign_in(encrypt_for=pem(key), encrypt_name_id_for=pem(key), signing=signing)
    assert (journey.last().state, journey.last().signed) == (SignInState.SUCCEEDED, signing)


def test_a_rollover_leaves_no_gap(journey, organization, key):
    following = keys.create_key(organization=organization, actor=COMMAND_LINE)
    for each in (key, following):
        journey.sign_in(encrypt_for=pem(each))
        assert journey.last().state == SignInState.SUCCEEDED
    keys.promote_key(organization=organization, actor=COMMAND_LINE)
    journey.sign_in(encrypt_for=pem(key))
    assert journey.last().state == SignInState.SUCCEEDED
    keys.retire_key(key=live_keys(organization).get(state="previous"), actor=COMMAND_LINE)
    journey.sign_in(encrypt_for=pem(key))
    assert (journey.last().state, journey.last().reason) == (SignInState.REFUSED, "encrypted")


def test_the_key_of_another_organization_opens_nothing(journey, make_organization):
    other = keys.create_key(organization=make_organization("Fabrikam"), actor=COMMAND_LINE)
    journey.sign_in(encrypt_for=pem(other))
    assert (journey.last().state, journey.last().reason) == (SignInState.REFUSED, "encrypted")


def test_weak_encryption_has_a_reason_of_its_own(journey, key):
    for twists in ({"key_transport": RSA_1_5}, {"content_encryption": f"{XENC}tripledes-cbc"}):
        journey.sign_in(encrypt_for=pem(key), **twists)
        assert (journey.last().state, journey.last().reason) == (SignInState.REFUSED, "weak_encryption")


def test_a_lost_encryption_key_refuses_and_breaks_nothing(journey, key, settings):
    settings.KEY_ENCRYPTION_KEYS = []
    journey.sign_in()
    assert journey.last().state == SignInState.SUCCEEDED
    journey.sign_in(encrypt_for=pem(key))
    assert journey.last().reason == "encrypted"


def test_the_outside_learns_nothing(journey, key):
    """A wrong key, a broken signature inside and an unsigned assertion look the same."""

    def page(**twists) -> tuple[int, str, str]:
        refused = journey.sign_in(**{"encrypt_for": pem(key), **twists})
        shown = journey.browser.get(refused["Location"])
        reference = journey.last().reference
        return (
            refused.status_code,
            refused["Location"].replace(reference, ""),
            shown.content.decode().replace(reference, ""),
        )

    from simulator.saml.keys import SigningKey

    eve = SigningKey.create()
    pages = {
        page(encrypt_for=eve.certificate_pem.decode()),
        page(key=eve),
        page(signing="none"),
        page(key_transport=RSA_1_5),
    }
    assert len(pages) == 1


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("sign_assertion", "sign_response", "signed"),
    [(True, False, "assertion"), (False, True, "response"), (True, True, "both")],
)
@pytest.mark.parametrize("method", ["aes256-cbc", "aes128-gcm"])
def test_pysaml2_encrypts(
    organization,
    offered_key,
    provider,  # noqa: F811
    sign_assertion,
    sign_response,
    signed,
    method,
    monkeypatch,
):
    """It takes our certificate from our metadata, and xmlsec1 encrypts."""
    from saml2.sigver import pre_encryption_part

    name = next(each for each in KEY_BYTES if each.endswith(method))
    monkeypatch.setattr("saml2.entity.pre_encryption_part", partial(pre_encryption_part, msg_enc=name))
    monkeypatch.setattr(
        provider.sec,
        "encrypt_assertion",
        partial(type(provider.sec).encrypt_assertion, provider.sec, key_type=f"aes-{method[3:6]}"),
    )
    done, row = through_pysaml2(
        organization, provider, sign_assertion=sign_assertion, sign_response=sign_response, encrypt_assertion=True
    )
    failed = [check for check in row.checks if check["outcome"] == "failed"]
    assert (row.state, row.reason, failed) == (SignInState.SUCCEEDED, "", [])
    assert (done.status_code, row.signed) == (303, signed)


@pytest.mark.filterwarnings("ignore")
def test_what_pysaml2_does_by_itself_is_refused(organization, offered_key, provider):  # noqa: F811
    """Triple DES, without a word about it in its configuration."""
    _, row = through_pysaml2(organization, provider, sign_assertion=True, sign_response=False, encrypt_assertion=True)
    assert (row.state, row.reason) == (SignInState.REFUSED, "weak_encryption")


def through_pysaml2(organization, provider, **options):  # noqa: F811
    """Sign in through it and return the ACS's answer and the row of the log."""
    from saml2.metadata import entity_descriptor

    upload(organization, str(entity_descriptor(provider.config)).encode())
    browser = new_browser()
    location = browser.get(f"/sso/{organization.number}/start")["Location"]
    encoded = answer(provider, location, **options)
    done = browser.post(f"/saml/2/acs/{organization.number}", {"SAMLResponse": encoded})
    return done, SignIn.objects.get()
