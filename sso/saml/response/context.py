"""The context of one response: the message, the expected provider, and what has been established so far."""

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import cast

from lxml import etree

from sso.saml.errors import UndecryptableError
from sso.saml.keys.certificates import SigningCertificate
from sso.saml.rule_result import trimmed
from sso.saml.types import IdentityProvider, PendingRequest, ServiceProvider
from sso.saml.verdict import Fault
from sso.saml.xml.decryption import decrypt, in_place
from sso.saml.xml.envelope import PLAINTEXT_RULES, Envelope, Plaintext
from sso.saml.xml.instants import parse_instant
from sso.saml.xml.names import BEARER, DS, SAML
from sso.saml.xml.parsing import parse_utf8
from sso.saml.xml.signed_bytes import SignedInfo, signed_bytes, signed_element

# How far a provider's clock may be off, in either direction.
SKEW = timedelta(minutes=5)

_SUBJECT = SAML + "Subject"
_CONFIRMATION = SAML + "SubjectConfirmation"
_DATA = SAML + "SubjectConfirmationData"
_CONDITIONS = SAML + "Conditions"
_AUTHN_STATEMENT = SAML + "AuthnStatement"
_ATTRIBUTE_STATEMENT = SAML + "AttributeStatement"
_ATTRIBUTE = SAML + "Attribute"


class ResponseContext(Envelope):
    """Everything the checks look at. Unverified parts are named so; all others are read from signed bytes."""

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
        # With clocks off by SKEW, an end before `earliest` has passed and a beginning after `latest` has not come.
        self.earliest, self.latest = now - SKEW, now + SKEW
        # One certificate for each signature, in the order of `signatures`; the signature check fills it in.
        self.signers: tuple[SigningCertificate, ...] = ()
        # Those of `signatures` whose digest is good, too; the check for signed content fills it in.
        self.verified: tuple[etree._Element, ...] = ()
        # The assertion's IssueInstant, as far as it can be read; the check for that fills it in.
        self.issued: datetime | None = None
        # The fault of the check that failed; the checklist fills it in.
        self.fault: Fault | None = None
        # The assertion of an EncryptedAssertion, a document of its own; the check for decryption fills it in.
        self.decrypted: Plaintext | None = None

    @property
    def provider_of_signers(self) -> IdentityProvider:
        """Return the provider with only those of its keys that made the signatures, for the second verifier.

        It digests the whole message once more for every key that it tries, and with fewer keys it can only refuse more.
        """
        certificates = tuple(dict.fromkeys(self.signers)) or self.identity_provider.certificates
        return replace(self.identity_provider, certificates=certificates)

    @cached_property
    def signatures(self) -> tuple[etree._Element, ...]:
        """Return every ds:Signature of the document, wherever it stands, and of a decrypted assertion."""
        documents = (self.root,) if self.decrypted is None else (self.root, self.decrypted.root)
        return tuple(signature for document in documents for signature in document.iter(DS + "Signature"))

    @cached_property
    def signed_infos(self) -> tuple[SignedInfo, ...]:
        """Return the SignedInfo of each of `signatures`, after signed_info.py has checked how to make their bytes."""
        return tuple(SignedInfo.of(signature) for signature in self.signatures)

    @cached_property
    def unverified_assertion(self) -> etree._Element:
        """Return the document's only assertion, once the check for that has passed."""
        if self.decrypted is not None:
            return self.decrypted.root
        return next(self.root.iterchildren(SAML + "Assertion"))

    @cached_property
    def signed_contents(self) -> dict[str, bytes]:
        """Return the canonical bytes under each signature, by the tag of the signed element."""
        both = zip(self.signatures, self.signed_infos, strict=True)
        return {str(signed_element(signature).tag): signed_bytes(signature, info) for signature, info in both}

    @cached_property
    def signed_response(self) -> etree._Element | None:
        """Return the response, parsed again from the bytes that its own signature covers; None if it has none."""
        data = self.signed_contents.get(str(self.root.tag))
        return None if data is None else parse_utf8(data)

    @cached_property
    def assertion(self) -> etree._Element:
        """Return the assertion, parsed again from its own signature's bytes, else from those of the response's."""
        data = self.signed_contents.get(SAML + "Assertion")
        if data is not None:
            return parse_utf8(data)
        if self.signed_response is None:
            raise ValueError("nothing is signed")
        if self.decrypted is not None:
            return self._signed_when_encrypted(self.decrypted)
        return next(self.signed_response.iterchildren(SAML + "Assertion"))

    def _signed_when_encrypted(self, decrypted: Plaintext) -> etree._Element:
        """Return whether the response's signature covers the ciphertext that was decrypted, and so its content."""
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
        """Return the response with the decrypted assertion in it, for the schema."""
        return in_place(self.root, self.unverified_assertion)

    @cached_property
    def name_id(self) -> etree._Element:
        """Return the one NameID of the signed assertion, after `subject` has passed. Raise UndecryptableError."""
        subject = next(self.assertion.iterchildren(SAML + "Subject"))
        encrypted = subject.find(SAML + "EncryptedID")
        return next(subject.iterchildren(SAML + "NameID")) if encrypted is None else self.opened(encrypted).root

    def opened(self, container: etree._Element) -> Plaintext:
        """Decrypt, and check the plaintext by the rules for every message. Raise UndecryptableError."""
        plaintext = Plaintext(decrypt(container, self.service_provider.keys))
        if not all(rule(plaintext).passed for rule in PLAINTEXT_RULES):
            raise UndecryptableError
        return plaintext

    @cached_property
    def confirmations(self) -> list[etree._Element]:
        """Return every SubjectConfirmation."""
        subjects = self.assertion.iterchildren(_SUBJECT)
        return [each for subject in subjects for each in subject.iterchildren(_CONFIRMATION)]

    @cached_property
    def bearers(self) -> list[etree._Element]:
        """Return the SubjectConfirmationData of every bearer confirmation."""
        by_bearer = [each for each in self.confirmations if each.get("Method") == BEARER]
        return [data for each in by_bearer for data in each.iterchildren(_DATA)]

    @cached_property
    def addressed(self) -> list[etree._Element]:
        """Return those of `bearers` that name our ACS."""
        ours = self.service_provider.acs_url
        return [each for each in self.bearers if trimmed(each.get("Recipient", "")) == ours]

    @cached_property
    def for_this_request(self) -> list[etree._Element]:
        """Return those of `addressed` that answer this request."""
        return [each for each in self.addressed if each.get("InResponseTo") == self.request.id]

    @cached_property
    def timely_ends(self) -> list[datetime]:
        """Return the NotOnOrAfter of those of `for_this_request` that are not over and have no NotBefore."""
        written = [each.get("NotOnOrAfter", "") for each in self.for_this_request if each.get("NotBefore") is None]
        return [end for text in written if (end := parse_instant(text)) is not None and end > self.earliest]

    @cached_property
    def conditions(self) -> list[etree._Element]:
        """Return every Conditions element; one, once the check for that has passed."""
        return list(self.assertion.iterchildren(_CONDITIONS))

    @cached_property
    def authn_statements(self) -> list[etree._Element]:
        """Return every AuthnStatement; at least one, once the check for that has passed."""
        return list(self.assertion.iterchildren(_AUTHN_STATEMENT))

    @cached_property
    def attribute_statements(self) -> list[etree._Element]:
        """Return every AttributeStatement; several are read as one."""
        return list(self.assertion.iterchildren(_ATTRIBUTE_STATEMENT))

    @cached_property
    def authn_instants(self) -> list[str | None]:
        """Return when the user signed in, as each AuthnStatement says."""
        return [each.get("AuthnInstant") for each in self.authn_statements]

    @cached_property
    def attributes(self) -> list[etree._Element]:
        """Return every attribute of the statements, in the order of the document."""
        return [each for statement in self.attribute_statements for each in statement.iterchildren(_ATTRIBUTE)]

    @property
    def response(self) -> etree._Element:
        """Return the response as signed, else as it arrived, which may only be a reason to refuse."""
        return self.root if self.signed_response is None else self.signed_response

    @property
    def signed(self) -> str:
        """Return "assertion", "response", "both", or "" before a signature was verified."""
        if not self.signers:
            return ""
        tags = {signed_element(signature).tag for signature in self.signatures}
        if len(tags) == 2:  # noqa: PLR2004 - a response and its assertion
            return "both"
        return "response" if self.root.tag in tags else "assertion"


def digest_of(data: bytes, name: str) -> bytes:
    """Return the digest of `data` by an algorithm that hashlib knows as `name`."""
    return hashlib.new(name, data, usedforsecurity=True).digest()
