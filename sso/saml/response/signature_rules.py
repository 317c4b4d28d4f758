"""The rules for signatures: the signer, whether its key may still be trusted, and that only signed bytes are read."""

import hmac

from lxml import etree

from sso.saml.keys.certificates import SigningCertificate
from sso.saml.response.context import SKEW, ResponseContext, digest_of
from sso.saml.rule_result import COMPLAINT, RuleResult, failed, shown
from sso.saml.toolkit import second_verifier
from sso.saml.verdict import Fault
from sso.saml.xml.signature_value import signer_of
from sso.saml.xml.signed_bytes import SignedInfo, signed_element
from sso.saml.xml.signed_info import DIGESTS


def schema(context: ResponseContext) -> RuleResult:
    """Check the message against the standard's schema, before any signature is looked at."""
    complaint = second_verifier.schema_complaint(context.root if context.decrypted is None else context.composed)
    return RuleResult(
        not complaint, "valid by the SAML schema", shown(complaint, COMPLAINT) or "valid", Fault.PROVIDER_BUG
    )


def signature(context: ResponseContext) -> RuleResult:
    """Check that each signature was made by one of the metadata's keys, in whatever order they are listed."""
    certificates = context.identity_provider.certificates
    both = zip(context.signatures, context.signed_infos, strict=True)
    found = [signer_of(signature, info, certificates) for signature, info in both]
    signers = tuple(each for each in found if each is not None)
    expected = f"by one of {len(certificates)} certificates: " + ", ".join(
        each.fingerprint[:8] for each in certificates[:8]
    )
    if len(signers) != len(found):
        return failed(expected, "not signed by any of them")
    context.signers = signers
    return RuleResult(bool(signers), expected, ", ".join(each.fingerprint[:8] for each in signers))


def certificate_dates(context: ResponseContext) -> RuleResult:
    """Check the dates of the signers' certificates; an admin may waive the end until a date.

    The key is as good after its certificate's end, but Entra's gallery asks to refuse it.
    """
    until = context.identity_provider.expired_certificates_until
    excepted = until is not None and context.now < until
    outside = [each for each in context.signers if not _is_valid(each, context, expired=excepted)]
    received = ", ".join(f"{each.not_before.date()} to {each.not_after.date()}" for each in context.signers)
    return RuleResult(
        not outside,
        f"valid on {context.now.date()}" + (f", or expired, accepted until {until:%Y-%m-%d}" if excepted else ""),
        received,
    )


def _is_valid(certificate: SigningCertificate, context: ResponseContext, *, expired: bool) -> bool:
    """Return whether a certificate has begun and is not over; with `expired` it may be over."""
    return certificate.not_before - SKEW <= context.now and (expired or context.now <= certificate.not_after)


def signed_content(context: ResponseContext) -> RuleResult:
    """Check that our own canonical bytes have the digest that was signed: from here on only they are read."""
    both = zip(context.signatures, context.signed_infos, strict=True)
    same = all(digest_matches(context, signature, info) for signature, info in both)
    context.verified = context.signatures if same else ()
    expected = "the content that was signed, by its digest"
    if not same:
        received = "other content: the signature is good, and the message was changed after it was signed"
        return failed(expected, received, Fault.MODIFIED)
    return RuleResult(bool(context.signatures) and context.assertion is not None, expected, "the same")


def digest_matches(context: ResponseContext, signature_element: etree._Element, info: SignedInfo) -> bool:
    """Return whether our canonical bytes have the digest in a signature that signed_info.py let through."""
    content = context.signed_contents[str(signed_element(signature_element).tag)]
    return hmac.compare_digest(digest_of(content, DIGESTS[info.digest_method]), info.digest)


def toolkit_agrees(context: ResponseContext) -> RuleResult:
    """Check the response by python3-saml in strict mode, which parses it again, with every signature by xmlsec.

    Last, because xmlsec does what a signature asks for before it knows who signed: it only sees what has passed all of
    our own rules.
    """
    until = context.identity_provider.sha1_until
    complaint = second_verifier.complaint(
        context.encoded,
        service_provider=context.service_provider,
        identity_provider=context.provider_of_signers,
        request_id=context.request.id,
        now=context.now,
        allow_sha1=until is not None and context.now < until,
        decrypted=None if context.decrypted is None else context.decrypted.data,
    )
    return RuleResult(not complaint, "accepted by python3-saml", shown(complaint, COMPLAINT) or "accepted")
