"""Who made a signature that no certificate in use verifies: said only after a stored key has verified it."""

from __future__ import annotations

import base64

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from sso.models import Configuration, SignIn
from sso.reasons import Reason
from sso.saml import SigningCertificate, UnknownSignature
from sso.selectors.versions import works
from tests.saml.provider import expired_key_pair
from tests.sso.conftest import upload
from tests.sso.views.choices import typed

UNSIGNED_BY_US = "None of the certificates in the uploaded metadata made this signature."


@pytest.fixture
def log_page(journey, admin, client_of):
    """Return what the log says of the newest sign-in."""

    def read() -> str:
        path = f"/o/{journey.organization.slug}/settings/sign-ins/{journey.last().reference}"
        return client_of(admin).get(path).content.decode()

    return read


def stranger(journey, name="stranger"):
    """Return another application of the same directory, with a key of its own."""
    identifier = f"urn:{name}"
    found = journey.tenant.app_with_identifier(identifier)
    return found or journey.tenant.register(name, identifier, "https://other.example/acs")


def renew(journey, name="renewed") -> None:
    """Save metadata with another certificate than the provider signs with."""
    upload(journey.organization, journey.tenant.metadata(stranger(journey, name)))


def refuse(journey, **twists) -> None:
    """Sign in, and expect that the signature is not known."""
    journey.sign_in(**twists)
    assert journey.last().reason == Reason.UNTRUSTED


def test_the_version_that_was_replaced_today(journey, log_page):
    renew(journey)
    refuse(journey)
    row = journey.last()
    assert row.signer["version"] == 1
    said = log_page()
    assert f"{UNSIGNED_BY_US} It was made with a certificate of version 1, which was replaced today." in said
    assert "claims to be" not in said


def test_without_key_info_the_last_version_is_tried(journey, log_page):
    renew(journey)
    refuse(journey, drop=("KeyInfo",))
    assert journey.last().signer == {"version": 1, "claimed": None}
    assert "a certificate of version 1, which was replaced today" in log_page()


def test_the_draft_that_waits(journey, log_page):
    good = journey.tenant.metadata(journey.app)
    renew(journey)
    type(journey.organization).objects.update(require_sso=True)
    journey.organization.refresh_from_db()
    upload(journey.organization, good)
    refuse(journey)
    type(journey.organization).objects.update(require_sso=False)
    said = log_page()
    assert "The waiting draft, version 3, has the certificate that did." in said
    assert "Test the draft" in said


def test_a_certificate_that_is_only_claimed(journey, log_page):
    """The certificate of version 1 is public: every attacker can put it into a message that another key signs."""
    public = Configuration.objects.get().signing_certificates()
    renew(journey)
    refuse(journey, key=stranger(journey).keys[0], certificate=journey.app.keys[0])
    assert journey.last().signer["version"] is None
    said = log_page()
    assert any(each.thumbprint in said for each in public)
    assert "Anyone can write that" in said
    assert "was replaced" not in said


def test_a_known_certificate_that_did_not_make_the_signature(journey, log_page):
    refuse(journey, key=stranger(journey).keys[0], certificate=journey.app.keys[0])
    assert "the key of that certificate did not make its signature: it is damaged or forged" in log_page()


def test_an_unknown_certificate(journey, log_page):
    refuse(journey, key=stranger(journey).keys[0], certificate=stranger(journey).keys[0])
    said = log_page()
    assert "claims to be signed" in said
    # Nothing on the page trusts what arrived.
    assert 'method="post" action="/o/' not in said.partition("<main")[2]


def test_content_that_was_changed_names_no_version(journey):
    def change(root):
        next(root.iter("{urn:oasis:names:tc:SAML:2.0:assertion}NameID")).text = "mallory@contoso.example"

    renew(journey)
    refuse(journey, after_signing=change)
    assert journey.last().signer["version"] is None


def test_nothing_is_known_without_key_info(journey):
    refuse(journey, key=stranger(journey).keys[0], drop=("KeyInfo",))
    assert journey.last().signer is None


def test_a_success_and_other_refusals_have_no_signer(journey):
    journey.sign_in()
    assert journey.last().signer is None
    journey.sign_in(audience="https://other.example")
    assert (journey.last().reason, journey.last().signer) == (Reason.WRONG_AUDIENCE, None)


@pytest.mark.parametrize("drop", [(), ("KeyInfo",)])
def test_at_most_four_keys_are_tried(journey, monkeypatch, drop):
    tried = []
    monkeypatch.setattr(UnknownSignature, "signer_among", lambda _, certificates: tried.extend(certificates))
    for number in range(8):
        renew(journey, f"{number}")
    refuse(journey, drop=drop)
    assert 1 <= len(tried) <= 4


def test_a_subject_with_a_nul_in_it_is_stored(journey, monkeypatch):
    monkeypatch.setattr(SigningCertificate, "subject", property(lambda _: "CN=a\x00b"))
    refuse(journey, key=stranger(journey).keys[0], certificate=stranger(journey).keys[0])
    assert journey.last().signer["claimed"]["subject"] == "CN=ab"


class TestDroppedCertificate:
    """Metadata without the certificate of the latest successful sign-in."""

    def test_it_waits_as_a_draft_and_says_why(self, journey, admin, client_of):
        journey.sign_in()
        file = journey.tenant.metadata(stranger(journey))
        path = f"/o/{journey.organization.slug}/settings/access"
        browser = client_of(admin)
        response = browser.post(path, typed(metadata_file=SimpleUploadedFile("m.xml", file)), follow=True)
        said = " ".join(response.content.decode().split())
        assert "The new metadata no longer lists the certificate that verified the latest sign-in." in said
        assert "is saved as a draft, and members sign in as before" in said
        assert "The draft no longer lists the certificate that verified the latest sign-in" in said
        assert [each.state for each in Configuration.objects.order_by("version")] == ["active", "draft"]
        journey.sign_in()
        assert journey.last().state == "succeeded"

    def test_a_file_that_keeps_it_is_active_at_once(self, journey):
        journey.sign_in()
        upload(journey.organization, journey.tenant.metadata(journey.app))
        assert Configuration.objects.get(version=2).state == "active"

    def test_before_the_first_sign_in_every_file_is_active_at_once(self, journey):
        renew(journey)
        assert Configuration.objects.get(version=2).state == "active"

    def test_as_before_is_said_only_where_the_latest_success_would_pass_again(self, journey):
        assert not works(Configuration.objects.get())
        journey.sign_in()
        first = Configuration.objects.get()
        assert works(first)
        first.entity_id = "https://other.example/"
        assert not works(first)
        renew(journey)
        assert not works(Configuration.objects.get(version=2))

    def test_as_before_is_not_said_once_the_provider_signs_with_another_key(self, journey):
        journey.sign_in()
        active = Configuration.objects.get()
        assert works(active)
        refuse(journey, key=stranger(journey).keys[0], certificate=stranger(journey).keys[0])
        assert not works(active)
        journey.sign_in()
        assert works(active)

    def test_as_before_is_not_said_for_another_certificate_that_is_in_date(self, journey):
        """The one that verified the latest sign-in has to be: others may never be used."""
        journey.sign_in()
        ended, active = expired_key_pair().certificate, Configuration.objects.get()
        active.certificates = [*active.certificates, base64.b64encode(ended.der).decode()]
        assert works(active)
        SignIn.objects.update(certificate=ended.fingerprint)
        assert active.accepts_signatures_at(timezone.now())
        assert not works(active)
