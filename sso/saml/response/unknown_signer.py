"""Reading what a signature that no known key made says about its signer."""

import base64
import binascii

from lxml import etree

from sso.saml.errors import MetadataError
from sso.saml.keys.certificates import MAX_CERTIFICATE_BYTES, SigningCertificate
from sso.saml.response.context import ResponseContext
from sso.saml.response.signature_rules import digest_matches
from sso.saml.response.unknown_signature import UnknownSignature
from sso.saml.xml.names import DS
from sso.saml.xml.signature_value import signer_of
from sso.saml.xml.signed_bytes import SignedInfo

# Providers send one certificate, or a chain of three.
_MOST_CLAIMED = 4
_LONGEST_CLAIM = 2 * MAX_CERTIFICATE_BYTES


def unknown_signature(context: ResponseContext) -> UnknownSignature | None:
    """Return the first signature of a response that none of the provider's known keys made.

    Only for a response that has passed every check before the one for the signature.
    """
    known = context.identity_provider.certificates
    for signature, info in zip(context.signatures, context.signed_infos, strict=True):
        if signer_of(signature, info, known) is None:
            return _described(context, signature, info)
    return None


def _described(context: ResponseContext, signature: etree._Element, info: SignedInfo) -> UnknownSignature:
    return UnknownSignature(
        method=info.signature_method.rpartition("#")[2],
        value=base64.b64decode("".join((signature[1].text or "").split())),
        data=info.data,
        is_intact=digest_matches(context, signature, info),
        claimed=tuple(_claimed(signature)),
    )


def _claimed(signature: etree._Element) -> list[SigningCertificate]:
    """Return the readable certificates of a KeyInfo (XML Signature 4.5.4)."""
    path = f"{DS}KeyInfo/{DS}X509Data/{DS}X509Certificate"
    texts = [each.text or "" for each in signature.iterfind(path)][:_MOST_CLAIMED]
    found = (_certificate(text) for text in texts if len(text) <= _LONGEST_CLAIM)
    return [each for each in found if each is not None]


def _certificate(text: str) -> SigningCertificate | None:
    try:
        return SigningCertificate.from_der(binascii.a2b_base64("".join(text.split())))
    except (ValueError, MetadataError):
        return None
