"""Who signed, whether that key may still be trusted, and that what is read afterwards is what was signed."""

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
    """The standard's own schema, before any signature is looked at."""
    complaint = second_verifier.schema_complaint(context.root if context.decrypted is None else context.composed)
    return RuleResult(
        not complaint, "valid by the SAML schema", shown(complaint, COMPLAINT) or "valid", Fault.PROVIDER_BUG
    )


def signature(context: ResponseContext) -> RuleResult:
    """Each signature by one of the keys from the metadata, in whatever order they are listed there."""
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
    """The key is as good after its certificate's end, but Entra's gallery asks to refuse it.

    An admin may allow it until a date.
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
    """`expired`: it may be over, but it must have begun."""
    return certificate.not_before - SKEW <= context.now and (expired or context.now <= certificate.not_after)


def signed_content(context: ResponseContext) -> RuleResult:
    """Our own canonical bytes have the digest that was signed: from here on only they are read."""
    both = zip(context.signatures, context.signed_infos, strict=True)
    same = all(digest_matches(context, signature, info) for signature, info in both)
    context.verified = context.signatures if same else ()
    expected = "the content that was signed, by its digest"
    if not same:
        received = "other content: the signature is good, and the message was changed after it was signed"
        return failed(expected, received, Fault.MODIFIED)
    return RuleResult(bool(context.signatures) and context.assertion is not None, expected, "the same")


def digest_matches(context: ResponseContext, signature_element: etree._Element, info: SignedInfo) -> bool:
    """Whether the bytes we made for a signature that signed_info.py let through have the digest it holds."""
    content = context.signed_contents[str(signed_element(signature_element).tag)]
    return hmac.compare_digest(digest_of(content, DIGESTS[info.digest_method]), info.digest)


def toolkit_agrees(context: ResponseContext) -> RuleResult:
    """python3-saml, strict, has the last word: it parses the response itself, and xmlsec verifies each signature.

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
