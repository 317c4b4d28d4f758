"""One response under examination: what arrived, whom we expect it from, and what has been established so far."""

import hashlib
from datetime import datetime, timedelta
from functools import cached_property
from typing import cast

from lxml import etree

from sso.saml.certificates import SigningCertificate
from sso.saml.decryption import UndecryptableError, decrypt, in_place
from sso.saml.envelope import PLAINTEXT_RULES, Envelope, Plaintext
from sso.saml.names import BEARER, DS, SAML
from sso.saml.parser import parse_utf8
from sso.saml.signed_bytes import signed_bytes, signed_element
from sso.saml.types import IdentityProvider, PendingRequest, ServiceProvider

# How far a provider's clock may be off, in either direction.
SKEW = timedelta(minutes=3)

_DATA = SAML + "SubjectConfirmationData"


class Case(Envelope):
    """Everything the checks look at. What is unverified says so in its name; the rest is read from signed bytes."""

    def __init__(
        self,
        encoded: str,
        *,
        service_provider: ServiceProvider,
        identity_provider: IdentityProvider,
        request: PendingRequest,
        now: datetime,
    ) -> None:
        super().__init__(encoded)
        self.service_provider = service_provider
        self.identity_provider = identity_provider
        self.request = request
        self.now = now
        # What is over before `earliest` is over, what begins after `latest` has not begun, by any honest clock.
        self.earliest, self.latest = now - SKEW, now + SKEW
        # One certificate for each signature, in the order of `signatures`; the signature check fills it in.
        self.signers: tuple[SigningCertificate, ...] = ()
        # Those of `signatures` of which the digest is good, too; the check for signed content fills it in.
        self.verified: tuple[etree._Element, ...] = ()
        # The assertion of an EncryptedAssertion, a document of its own; the check for decryption fills it in.
        self.decrypted: Plaintext | None = None

    @cached_property
    def signatures(self) -> tuple[etree._Element, ...]:
        """Every ds:Signature of the document, wherever it stands, and of a decrypted assertion."""
        documents = (self.root,) if self.decrypted is None else (self.root, self.decrypted.root)
        return tuple(signature for document in documents for signature in document.iter(DS + "Signature"))

    @cached_property
    def unverified_assertion(self) -> etree._Element:
        """The document's only assertion, once the check for that has passed."""
        if self.decrypted is not None:
            return self.decrypted.root
        return next(self.root.iterchildren(SAML + "Assertion"))

    @cached_property
    def signed_contents(self) -> dict[str, bytes]:
        """The canonical bytes under each signature, by the tag of the signed element."""
        return {str(signed_element(signature).tag): signed_bytes(signature) for signature in self.signatures}

    @cached_property
    def signed_response(self) -> etree._Element | None:
        """The response, parsed again from the bytes that its own signature covers; None if it has none."""
        data = self.signed_contents.get(str(self.root.tag))
        return None if data is None else parse_utf8(data)

    @cached_property
    def assertion(self) -> etree._Element:
        """The assertion, parsed again from signed bytes: its own signature's, else those of the response's."""
        data = self.signed_contents.get(SAML + "Assertion")
        if data is not None:
            return parse_utf8(data)
        if self.signed_response is None:
            raise ValueError("nothing is signed")
        if self.decrypted is not None:
            return self._signed_when_encrypted(self.decrypted)
        return next(self.signed_response.iterchildren(SAML + "Assertion"))

    def _signed_when_encrypted(self, decrypted: Plaintext) -> etree._Element:
        """The response's signature covers the very ciphertext that was decrypted, and so what it says."""
        (arrived,), (signed,) = (
            list(document.iterchildren(SAML + "EncryptedAssertion"))
            for document in (self.root, cast("etree._Element", self.signed_response))
        )
        if etree.tostring(arrived, method="c14n", exclusive=True) != etree.tostring(
            signed, method="c14n", exclusive=True
        ):
            raise ValueError("another assertion is signed")
        return parse_utf8(decrypted.data)

    @cached_property
    def composed(self) -> etree._Element:
        """The response with the decrypted assertion in it, for the schema and for python3-saml."""
        return in_place(self.root, self.unverified_assertion)

    @cached_property
    def name_id(self) -> etree._Element:
        """The one NameID of the signed assertion, after `subject` has passed. Raises UndecryptableError."""
        subject = next(self.assertion.iterchildren(SAML + "Subject"))
        encrypted = subject.find(SAML + "EncryptedID")
        return next(subject.iterchildren(SAML + "NameID")) if encrypted is None else self.opened(encrypted).root

    def opened(self, container: etree._Element) -> Plaintext:
        """Decrypt, and hold what comes out against the rules for every message. Raises UndecryptableError."""
        plaintext = Plaintext(decrypt(container, self.service_provider.keys))
        if not all(rule(plaintext).passed for rule in PLAINTEXT_RULES):
            raise UndecryptableError
        return plaintext

    @cached_property
    def bearers(self) -> list[etree._Element]:
        """The data of every confirmation by bearer."""
        confirmations = self.assertion.iterfind(f"{SAML}Subject/{SAML}SubjectConfirmation")
        return [data for each in confirmations if each.get("Method") == BEARER for data in each.iterchildren(_DATA)]

    @cached_property
    def attributes(self) -> list[etree._Element]:
        """Every attribute that somebody is told by, in the order of the document."""
        return self.assertion.findall(f"{SAML}AttributeStatement/{SAML}Attribute")

    @property
    def response(self) -> etree._Element:
        """The response as far as it is signed, else as it arrived: it may refuse, never vouch."""
        return self.root if self.signed_response is None else self.signed_response

    @property
    def signed(self) -> str:
        """ "assertion", "response", "both", or "" before a signature was verified."""
        if not self.signers:
            return ""
        tags = {signed_element(signature).tag for signature in self.signatures}
        if len(tags) == 2:  # noqa: PLR2004 - a response and its assertion
            return "both"
        return "response" if self.root.tag in tags else "assertion"


def digest_of(data: bytes, name: str) -> bytes:
    """`name` as hashlib knows it."""
    return hashlib.new(name, data, usedforsecurity=True).digest()
