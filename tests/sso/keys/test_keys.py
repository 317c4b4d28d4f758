"""Our own keys: made on demand, encrypted at rest, rolled over without a gap, published and downloaded."""

from __future__ import annotations

import uuid
from io import StringIO

import pytest
from cryptography import x509
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from lxml import etree, html

from audit.actors import COMMAND_LINE
from audit.models import Event
from orgs.errors import NotAllowedError
from orgs.models import Organization, Plan, Role
from sso.crypto.key_encryption import NOT_SET, LockedKeyError
from sso.models import KeyState, ServiceProviderKey
from sso.selectors.keys import live_keys
from sso.services import keys, plan_check
from tests.sso.conftest import save_switches

USED = "{urn:oasis:names:tc:SAML:2.0:metadata}KeyDescriptor"
BEGIN = "-----BEGIN CERTIFICATE-----"


def made(organization: Organization) -> ServiceProviderKey:
    """One more key."""
    return keys.create_key(organization=organization, actor=COMMAND_LINE)


def states(organization: Organization) -> list[str]:
    """Of every key, oldest first."""
    return list(organization.service_provider_keys.order_by("id").values_list("state", flat=True))


def published(visitor, organization: Organization) -> dict[str, list[str]]:
    """The certificates in our metadata, by use."""
    root = etree.fromstring(visitor.get(f"/saml/2/metadata/{organization.number}").content)
    found: dict[str, list[str]] = {"signing": [], "encryption": []}
    for descriptor in root.iter(USED):
        found[descriptor.get("use")].append(descriptor.findtext(".//{*}X509Certificate"))
    return found


class TestMaking:
    """What a key is, and where its private half is."""

    def test_the_first_is_used_at_once(self, organization):
        key = made(organization)
        assert (key.state, key.promoted_at is not None) == (KeyState.CURRENT, True)
        certificate = x509.load_der_x509_certificate(key.signing_certificate().der)
        assert isinstance(certificate.public_key(), rsa.RSAPublicKey)
        assert certificate.public_key().key_size == 2048
        assert certificate.public_key().public_numbers() == key.key_pair().private_key.public_key().public_numbers()
        assert (key.signing_certificate().not_after - timezone.now()).days == 1094
        assert certificate.subject.rfc4514_string() == f"CN=Amplisso amplisso.example {organization.number}"

    def test_the_private_half_is_stored_encrypted(self, organization, settings):
        key = made(organization)
        assert Fernet(settings.KEY_ENCRYPTION_KEYS[0]).decrypt(key.encrypted_private_key) == key.key_pair().private_der
        assert "private_der" not in repr(key.key_pair())

    def test_a_third_has_to_wait(self, organization):
        made(organization), made(organization)
        with pytest.raises(NotAllowedError, match="already two certificates"):
            made(organization)

    def test_a_plan_without_sso_has_none(self, make_organization):
        with pytest.raises(NotAllowedError, match=plan_check.sentence_about_plans()):
            made(make_organization(plan="starter"))

    def test_nothing_is_kept_without_an_encryption_key(self, organization, settings):
        settings.KEY_ENCRYPTION_KEYS = []
        with pytest.raises(NotAllowedError) as refusal:
            made(organization)
        assert str(refusal.value) == NOT_SET
        assert not ServiceProviderKey.objects.exists()

    def test_it_is_in_the_audit_log_without_the_key(self, organization):
        key = made(organization)
        event = Event.objects.get(name="key:created")
        assert event.organization_number == organization.number
        assert event.after == {"state": "current", "for_encryption": False, "fingerprint": key.fingerprint}


class TestRollover:
    """next, then current, then retired, while the provider knows both."""

    def test_both_are_published_and_open_what_is_encrypted(self, organization, visitor):
        first, second = made(organization), made(organization)
        both = [first.certificate, second.certificate]
        assert published(visitor, organization) == {"signing": both, "encryption": []}
        keys.offer_for_encryption(organization=organization, wanted=True, actor=COMMAND_LINE)
        assert published(visitor, organization) == {"signing": both, "encryption": both}
        keys.promote_key(organization=organization, actor=COMMAND_LINE)
        assert states(organization) == ["previous", "current"]
        assert published(visitor, organization)["encryption"] == both[::-1], "the one in use comes first"
        first.refresh_from_db()
        assert first.key_pair().private_key

    def test_the_previous_one_is_retired_and_forgotten(self, organization, visitor):
        first, second = made(organization), made(organization)
        keys.promote_key(organization=organization, actor=COMMAND_LINE)
        keys.retire_key(key=first, actor=COMMAND_LINE)
        assert states(organization) == ["retired", "current"]
        assert published(visitor, organization)["signing"] == [second.certificate]
        assert (first.encrypted_private_key, first.retired_at is not None) == ("", True)
        assert [event.name for event in Event.objects.filter(name__startswith="key:").order_by("id")] == [
            "key:created",
            "key:created",
            "key:promoted",
            "key:retired",
        ]

    def test_a_next_one_may_be_given_up(self, organization):
        made(organization)
        keys.retire_key(key=made(organization), actor=COMMAND_LINE)
        assert states(organization) == ["current", "retired"]
        keys.retire_key(key=live_keys(organization).get(), actor=COMMAND_LINE)
        assert states(organization) == ["retired", "retired"]

    def test_the_one_in_use_goes_last(self, organization):
        first = made(organization)
        made(organization)
        with pytest.raises(NotAllowedError, match="in use"):
            keys.retire_key(key=first, actor=COMMAND_LINE)

    def test_retiring_twice_changes_nothing(self, organization):
        key = made(organization)
        keys.retire_key(key=key, actor=COMMAND_LINE)
        at = key.retired_at
        keys.retire_key(key=key, actor=COMMAND_LINE)
        assert key.retired_at == at

    def test_there_is_nothing_to_promote(self, organization):
        made(organization)
        with pytest.raises(NotAllowedError, match="no new certificate"):
            keys.promote_key(organization=organization, actor=COMMAND_LINE)

    def test_the_database_knows_one_of_each(self, organization):
        key = made(organization)
        with pytest.raises(IntegrityError), transaction.atomic():
            ServiceProviderKey.objects.create(
                organization=organization, state="current", certificate=key.certificate, encrypted_private_key="x"
            )
        with pytest.raises(IntegrityError), transaction.atomic():
            ServiceProviderKey.objects.filter(pk=key.pk).update(state="retired", retired_at=timezone.now())


class TestOfferingForEncryption:
    """Providers that import our metadata encrypt as soon as it lists a key for that."""

    def test_a_key_for_signed_requests_is_for_signing_only(self, journey, organization, visitor):
        save_switches(organization, sign_requests=True)
        key = live_keys(organization).get()
        assert published(visitor, organization) == {"signing": [key.certificate], "encryption": []}

    def test_it_begins_and_ends_when_an_admin_asks(self, organization, visitor):
        key = made(organization)
        for wanted in (True, True, False):
            keys.offer_for_encryption(organization=organization, wanted=wanted, actor=COMMAND_LINE)
            expected = [key.certificate] if wanted else []
            assert published(visitor, organization) == {"signing": [key.certificate], "encryption": expected}
        events = Event.objects.filter(name__contains="encryption").order_by("id")
        assert [each.name for each in events] == ["key:offered_for_encryption", "key:withdrawn_from_encryption"]
        assert events[0].after["for_encryption"]

    @pytest.mark.parametrize("wanted", [True, False])
    def test_a_new_key_takes_it_over(self, organization, visitor, wanted):
        first = made(organization)
        keys.offer_for_encryption(organization=organization, wanted=wanted, actor=COMMAND_LINE)
        second = made(organization)
        both = [first.certificate, second.certificate] if wanted else []
        assert published(visitor, organization)["encryption"] == both

    def test_there_is_nothing_to_offer(self, organization):
        with pytest.raises(NotAllowedError, match="Create one first"):
            keys.offer_for_encryption(organization=organization, wanted=True, actor=COMMAND_LINE)

    def test_rows_of_the_release_before_stay_offered(self, organization):
        """It names no such column, so the database's default decides."""
        keys.retire_key(key=made(organization), actor=COMMAND_LINE)
        table = ServiceProviderKey._meta.db_table
        with connection.cursor() as cursor:
            columns = [each.name for each in connection.introspection.get_table_description(cursor, table)]
            known = [each for each in columns if each not in ("id", "public_id", "for_encryption")]
            written = ", ".join(known)
            copy = f"INSERT INTO {table} (public_id, {written}) SELECT %s, {written} FROM {table}"  # noqa: S608 - our own
            cursor.execute(copy, [uuid.uuid4().hex])
        assert list(ServiceProviderKey.objects.order_by("id").values_list("for_encryption", flat=True)) == [False, True]


class TestEncryptionKeys:
    """KEY_ENCRYPTION_KEYS changes: new one in front, reencrypt, old one away."""

    def test_rotation(self, organization, settings):
        key = made(organization)
        private, (old,) = key.key_pair().private_der, settings.KEY_ENCRYPTION_KEYS
        new = Fernet.generate_key().decode()
        settings.KEY_ENCRYPTION_KEYS = [new, old]
        output = StringIO()
        call_command("keys", "reencrypt", stdout=output)
        assert output.getvalue().startswith("1 private keys and 0 secrets of second factors are")
        settings.KEY_ENCRYPTION_KEYS = [new]
        key.refresh_from_db()
        assert key.key_pair().private_der == private
        assert Event.objects.get(name="key:reencrypted").after == {"keys": 1, "second_factors": 0}

    def test_a_lost_key_is_told_and_nothing_changes(self, organization, settings):
        key = made(organization)
        stored = key.encrypted_private_key
        settings.KEY_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
        with pytest.raises(LockedKeyError):
            key.key_pair()
        with pytest.raises(CommandError, match="add the old key again"):
            call_command("keys", "reencrypt")
        key.refresh_from_db()
        assert key.encrypted_private_key == stored
        settings.KEY_ENCRYPTION_KEYS = []
        with pytest.raises(LockedKeyError):
            key.key_pair()

    def test_json_and_retired_ones(self, organization):
        keys.retire_key(key=made(organization), actor=COMMAND_LINE)
        output = StringIO()
        call_command("keys", "reencrypt", "--json", stdout=output)
        assert output.getvalue() == '{"reencrypted": 0, "second_factors": 0}\n'
        assert keys.reencrypt_keys(actor=COMMAND_LINE) == (0, 0)

    def test_a_new_one_is_usable(self, settings, organization):
        output = StringIO()
        call_command("keys", "new", stdout=output)
        settings.KEY_ENCRYPTION_KEYS = [output.getvalue().strip()]
        assert made(organization).key_pair()

    def test_the_deployment_check_says_what_is_missing(self, settings, db):
        assert "sso.I001" not in [message.id for message in run_checks(include_deployment_checks=True)]
        settings.KEY_ENCRYPTION_KEYS = []
        (found,) = [m for m in run_checks(include_deployment_checks=True) if m.id == "sso.I001"]
        assert "KEY_ENCRYPTION_KEYS is not set" in found.msg


class TestPage:
    """The certificates on Access & SSO Settings."""

    @pytest.fixture
    def browser(self, client_of, admin):
        return client_of(admin)

    @pytest.fixture
    def path(self, organization):
        return f"/o/{organization.slug}/settings/access"

    def certificates(self, browser, path) -> html.HtmlElement:
        """That part of the page."""
        document = html.document_fromstring(browser.get(path).content.decode())
        return document.find_class("certificates")[0]

    def words(self, element) -> str:
        return " ".join(" ".join(element.itertext()).split())

    def test_making_using_and_retiring(self, browser, path, organization):
        assert "None yet." in self.words(self.certificates(browser, path))
        assert browser.post(f"{path}/keys").status_code == 303
        assert "In use" in self.words(self.certificates(browser, path))
        browser.post(f"{path}/keys")
        part = self.certificates(browser, path)
        assert "New, not in use yet" in self.words(part)
        assert "Create a new certificate" not in self.words(part)
        actions = [button.get("formaction") for button in part.iter("button")]
        following = live_keys(organization).get(state="next")
        retiring = f"{path}/keys/{following.public_id}/retire"
        assert actions == [f"{path}/keys/use", retiring, f"{path}/keys/encryption"]
        assert browser.post(f"{path}/keys/use").status_code == 303
        previous = live_keys(organization).get(state="previous")
        assert "Previous" in self.words(self.certificates(browser, path))
        browser.post(f"{path}/keys/{previous.public_id}/retire")
        assert states(organization) == ["retired", "current"]

    def test_the_download_is_what_entra_takes(self, browser, path, organization):
        key = made(organization)
        answer = browser.get(f"{path}/keys/{key.public_id}/certificate.cer")
        assert answer["Content-Type"] == "application/pkix-cert"
        name = f"amplisso-{organization.number}-{key.fingerprint[:8]}.cer"
        assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
        text = answer.content.decode()
        assert text.startswith(BEGIN)
        assert x509.load_pem_x509_certificate(answer.content).serial_number > 0

    def test_offering_for_encryption(self, browser, path, organization):
        made(organization)
        part = self.certificates(browser, path)
        assert "Not offered for encryption" in self.words(part)
        (button,) = part.xpath(".//button[@name='wanted']")
        answer = browser.post(button.get("formaction"), {"wanted": button.get("value")}, follow=True)
        assert "Our metadata offers your certificate for encryption." in answer.content.decode()
        part = self.certificates(browser, path)
        (button,) = part.xpath(".//button[@name='wanted']")
        assert "Not offered" not in self.words(part)
        browser.post(button.get("formaction"), {"wanted": button.get("value")})
        assert "Not offered for encryption" in self.words(self.certificates(browser, path))

    def test_a_refusal_stands_on_the_page(self, browser, path, organization):
        made(organization), made(organization)
        answer = browser.post(f"{path}/keys", follow=True)
        assert "already two certificates" in answer.content.decode()

    def test_without_encryption_keys_the_page_says_why(self, browser, path, settings):
        settings.KEY_ENCRYPTION_KEYS = []
        part = self.certificates(browser, path)
        assert "KEY_ENCRYPTION_KEYS" in self.words(part)
        assert not list(part.iter("button"))

    def test_a_locked_plan_can_press_nothing(self, browser, path, organization):
        made(organization)
        organization.plan = Plan.objects.get(slug="starter")
        organization.save()
        assert all(button.get("disabled") is not None for button in self.certificates(browser, path).iter("button"))

    def test_only_admins_of_this_organization(self, client_of, member, make_organization, path, organization):
        key = made(organization)
        stranger = client_of(make_organization("Fabrikam").memberships.get(role=Role.ADMIN).user)
        manager = client_of(member(organization, Role.MANAGER).user)
        for browser, code in ((stranger, 404), (manager, 403)):
            assert browser.post(f"{path}/keys").status_code == code
            assert browser.post(f"{path}/keys/use").status_code == code
            assert browser.post(f"{path}/keys/encryption", {"wanted": "yes"}).status_code == code
            assert browser.post(f"{path}/keys/{key.public_id}/retire").status_code == code
            assert browser.get(f"{path}/keys/{key.public_id}/certificate.cer").status_code == code

    def test_a_key_of_another_organization_is_not_there(self, browser, path, make_organization):
        other = made(make_organization("Fabrikam"))
        assert browser.post(f"{path}/keys/{other.public_id}/retire").status_code == 404
        assert browser.get(f"{path}/keys/{other.public_id}/certificate.cer").status_code == 404
        other.refresh_from_db()
        assert other.state == "current"
