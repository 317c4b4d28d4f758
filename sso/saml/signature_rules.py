"""Who signed, whether that key may still be trusted, and that what is read afterwards is what was signed."""

import hmac

from lxml import etree

from sso.saml import toolkit
from sso.saml.case import SKEW, Case, digest_of
from sso.saml.certificates import SigningCertificate
from sso.saml.observation import COMPLAINT, Observation, refused, shown
from sso.saml.signature_value import signer_of
from sso.saml.signed_bytes import SignedInfo, signed_element
from sso.saml.signed_info import DIGESTS
from sso.saml.verdict import Fault


def schema(case: Case) -> Observation:
    """The standard's own schema, before any signature is looked at."""
    complaint = toolkit.schema_complaint(case.root if case.decrypted is None else case.composed)
    return Observation(
        not complaint, "valid by the SAML schema", shown(complaint, COMPLAINT) or "valid", Fault.PROVIDER_BUG
    )


def signature(case: Case) -> Observation:
    """Each signature by one of the keys from the metadata, in whatever order they are listed there."""
    certificates = case.identity_provider.certificates
    both = zip(case.signatures, case.signed_infos, strict=True)
    found = [signer_of(signature, info, certificates) for signature, info in both]
    signers = tuple(each for each in found if each is not None)
    expected = f"by one of {len(certificates)} certificates: " + ", ".join(
        each.fingerprint[:8] for each in certificates[:8]
    )
    if len(signers) != len(found):
        return refused(expected, "not signed by any of them")
    case.signers = signers
    return Observation(bool(signers), expected, ", ".join(each.fingerprint[:8] for each in signers))


def certificate_dates(case: Case) -> Observation:
    """The key is as good after its certificate's end, but Entra's gallery asks to refuse it.

    An admin may allow it until a date.
    """
    until = case.identity_provider.expired_certificates_until
    excepted = until is not None and case.now < until
    outside = [each for each in case.signers if not _is_valid(each, case, expired=excepted)]
    received = ", ".join(f"{each.not_before.date()} to {each.not_after.date()}" for each in case.signers)
    return Observation(
        not outside,
        f"valid on {case.now.date()}" + (f", or expired, accepted until {until:%Y-%m-%d}" if excepted else ""),
        received,
    )


def _is_valid(certificate: SigningCertificate, case: Case, *, expired: bool) -> bool:
    """`expired`: it may be over, but it must have begun."""
    return certificate.not_before - SKEW <= case.now and (expired or case.now <= certificate.not_after)


def signed_content(case: Case) -> Observation:
    """Our own canonical bytes have the digest that was signed: from here on only they are read."""
    both = zip(case.signatures, case.signed_infos, strict=True)
    same = all(digest_matches(case, signature, info) for signature, info in both)
    case.verified = case.signatures if same else ()
    expected = "the content that was signed, by its digest"
    if not same:
        received = "other content: the signature is good, and the message was changed after it was signed"
        return refused(expected, received, Fault.MODIFIED)
    return Observation(bool(case.signatures) and case.assertion is not None, expected, "the same")


def digest_matches(case: Case, signature_element: etree._Element, info: SignedInfo) -> bool:
    """Whether the bytes we made for a signature that signed_info.py let through have the digest it holds."""
    content = case.signed_contents[str(signed_element(signature_element).tag)]
    return hmac.compare_digest(digest_of(content, DIGESTS[info.digest_method]), info.digest)


def toolkit_agrees(case: Case) -> Observation:
    """python3-saml, strict, has the last word: it parses the response itself, and xmlsec verifies each signature.

    Last, because xmlsec does what a signature asks for before it knows who signed: it only sees what has passed all of
    our own rules.
    """
    until = case.identity_provider.sha1_until
    complaint = toolkit.complaint(
        case.encoded,
        service_provider=case.service_provider,
        identity_provider=case.provider_of_signers,
        request_id=case.request.id,
        now=case.now,
        allow_sha1=until is not None and case.now < until,
        decrypted=None if case.decrypted is None else case.decrypted.data,
    )
    return Observation(not complaint, "accepted by python3-saml", shown(complaint, COMPLAINT) or "accepted")
