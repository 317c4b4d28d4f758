"""When requests are signed: the metadata asks for it, or an admin does; each change is a version of its own."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from lxml import etree, html

from audit.actors import COMMAND_LINE
from audit.models import Event
from orgs.errors import NotAllowedError
from orgs.services import organizations
from simulator.saml.requests import read_request
from sso.models import Configuration
from sso.selectors.keys import live_keys
from sso.services import connections, keys
from tests.sso.conftest import new_browser, upload

WANTED = b'<IDPSSODescriptor WantAuthnRequestsSigned="true" '


def wanting(data: bytes) -> bytes:
    """Return the metadata changed so that its provider takes signed requests only."""
    root = etree.fromstring(data)
    for role in root.iter("{urn:oasis:names:tc:SAML:2.0:metadata}IDPSSODescriptor"):
        role.set("WantAuthnRequestsSigned", "true")
    return etree.tostring(root)


def save(organization, **changes):
    """Save the settings page."""
    fields = {"provider": "azure", "just_in_time_role": 20, "metadata": None, "metadata_text": "", "by": None}
    fields |= {"require_sso": organization.require_sso, "actor": COMMAND_LINE, **changes}
    saved = connections.save_settings(organization=organization, **fields)
    organization.refresh_from_db()
    return saved


def query(organization, **asked) -> str:
    """The query that a sign-in begins with."""
    return urlsplit(new_browser().get(f"/sso/{organization.number}/start", asked)["Location"]).query


def is_signed_by(query: str, certificate) -> bool:
    import base64

    signed, found, _ = query.partition("&Signature=")
    if not found:
        return False
    value = base64.b64decode(parse_qs(query)["Signature"][0])
    certificate.public_key.verify(value, signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    return True


def test_unsigned_unless_somebody_asks(journey, organization):
    assert "Signature" not in query(organization)
    assert not live_keys(organization).exists()


def test_the_metadata_asks(journey, organization):
    upload(organization, wanting(journey.tenant.metadata(journey.app)))
    (key,) = live_keys(organization)
    assert is_signed_by(query(organization), key.signing_certificate())
    assert b'AuthnRequestsSigned="true"' in new_browser().get(f"/saml/2/metadata/{organization.number}").content
    active = Configuration.objects.get(state="active")
    assert [finding["code"] for finding in active.findings] == ["signed_requests_wanted"]
    assert "so Amplisso signs them" in active.findings[0]["message"]


def test_the_switch_makes_a_version(journey, organization):
    before = Configuration.objects.get(state="active")
    saved = save(organization, sign_requests=True)
    (key,) = live_keys(organization)
    assert is_signed_by(query(organization), key.signing_certificate())
    assert saved.configuration.version == before.version + 1
    kept = ("entity_id", "sso_redirect_url", "certificates", "metadata", "findings")
    assert all(getattr(saved.configuration, name) == getattr(before, name) for name in kept)
    assert Event.objects.filter(name="configuration:activated").latest("id").after["signs_requests"] is True
    assert save(organization, sign_requests=True).configuration is None
    assert save(organization, sign_requests=None).configuration is None
    assert save(organization, sign_requests=False).configuration.version == before.version + 2
    assert "Signature" not in query(organization)


def test_an_upload_keeps_the_switch(journey, organization):
    save(organization, sign_requests=True)
    upload(organization, journey.tenant.metadata(journey.app))
    assert Configuration.objects.get(state="active").sign_requests


def test_while_sso_is_required_the_switch_waits_for_a_test(journey, organization):
    journey.sign_in()
    organizations.set_require_sso(organization=organization, required=True, actor=COMMAND_LINE)
    organization.refresh_from_db()
    saved = save(organization, sign_requests=True)
    assert saved.is_draft
    assert "Signature" not in query(organization)


def test_the_one_in_use_signs(journey, organization):
    save(organization, sign_requests=True)
    first = live_keys(organization).get()
    second = keys.create_key(organization=organization, actor=COMMAND_LINE)
    assert is_signed_by(query(organization), first.signing_certificate())
    keys.promote_key(organization=organization, actor=COMMAND_LINE)
    assert is_signed_by(query(organization), second.signing_certificate())
    first.refresh_from_db()
    keys.retire_key(key=first, actor=COMMAND_LINE)
    second.refresh_from_db()
    with pytest.raises(NotAllowedError, match="Turn Sign requests off first"):
        keys.retire_key(key=second, actor=COMMAND_LINE)


def test_without_a_usable_key_people_get_in_if_the_provider_lets_them(journey, organization, settings, caplog):
    save(organization, sign_requests=True)
    settings.KEY_ENCRYPTION_KEYS = []
    assert "Signature" not in query(organization)
    assert "KEY_ENCRYPTION_KEYS" in caplog.text
    upload(organization, wanting(journey.tenant.metadata(journey.app)))


def test_a_fresh_sign_in_can_be_asked_for(journey, organization):
    def forced(**asked) -> bool:
        (message,) = parse_qs(query(organization, **asked))["SAMLRequest"]
        return read_request(message, deflated=True).force_authn

    assert not forced()
    assert forced(force="1")
    assert not forced(force="0")


class TestPage:
    """The switch on Access & SSO Settings."""

    @pytest.fixture
    def page(self, client_of, admin, organization):
        path = f"/o/{organization.slug}/settings/access"
        browser = client_of(admin)

        def visit(**fields) -> html.HtmlElement:
            if fields:
                answer = browser.post(path, {"provider": "azure", "just_in_time_role": "20", **fields}, follow=True)
            else:
                answer = browser.get(path)
            return html.document_fromstring(answer.content.decode())

        return visit

    def switch(self, page) -> html.HtmlElement:
        return page.get_element_by_id("id_sign_requests")

    def test_on_and_off(self, journey, organization, page):
        assert self.switch(page()).get("checked") is None
        assert self.switch(page(sign_requests="on")).get("checked") is not None
        assert "Signature" in query(organization)
        assert self.switch(page(require_sso="")).get("checked") is None
        assert "Signature" not in query(organization)

    def test_the_metadata_decides(self, journey, organization, page):
        upload(organization, wanting(journey.tenant.metadata(journey.app)))
        assert self.switch(page()).get("disabled") is not None
        assert "always signed" in page().text_content()
        page(just_in_time_role="30")
        assert Configuration.objects.count() == 2, "a disabled switch changes nothing"

    def test_it_says_what_is_missing(self, journey, organization, page, settings):
        settings.KEY_ENCRYPTION_KEYS = []
        assert (
            "KEY_ENCRYPTION_KEYS" in page(sign_requests="on").get_element_by_id("id_sign_requests_error").text_content()
        )
        upload(organization, wanting(journey.tenant.metadata(journey.app)))
        assert "Requests are sent unsigned" in page().text_content()
