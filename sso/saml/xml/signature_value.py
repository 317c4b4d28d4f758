"""Finding the key that made a signature, by pyca/cryptography over our own canonical bytes.

Those are the bytes that are read afterwards, so no other reader of XML Signature can be made to see something else.
xmlsec verifies the same signatures a second time (toolkit/second_verifier.py).
"""

import base64
from collections.abc import Iterable

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from lxml import etree

from sso.saml.keys.certificates import SigningCertificate
from sso.saml.xml.signed_bytes import SignedInfo

_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha1": hashes.SHA1(),  # noqa: S303 - only where an admin has allowed it until a date: signed_info.py
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


def signer_of(
    signature: etree._Element, info: SignedInfo, certificates: Iterable[SigningCertificate]
) -> SigningCertificate | None:
    """Return the certificate whose key made a signature's value, None if none did. The document's own keys don't count.

    Only for a signature that signed_info.py has let through. It says nothing about the signed element's digest.
    """
    method = info.signature_method.rpartition("#")[2]
    value = base64.b64decode("".join((signature[1].text or "").split()))
    return next((each for each in certificates if is_made_by(each, method, value, info.data)), None)


def is_made_by(certificate: SigningCertificate, method: str, value: bytes, data: bytes) -> bool:
    """Return whether a key made a signature; `method` is the fragment of the algorithm's URI, such as "rsa-sha256"."""
    kind, _, digest = method.partition("-")
    key = certificate.public_key
    try:
        if kind == "rsa" and isinstance(key, rsa.RSAPublicKey):
            key.verify(value, data, padding.PKCS1v15(), _HASHES[digest])
            return True
        if kind == "ecdsa" and isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(_in_der(value, key), data, ec.ECDSA(_HASHES[digest]))
            return True
    except (InvalidSignature, ValueError):
        return False
    return False


def _in_der(value: bytes, key: ec.EllipticCurvePublicKey) -> bytes:
    """Convert an ECDSA value to DER: XML Signature 6.4.3 writes both numbers side by side, as long as the curve's."""
    length = (key.key_size + 7) // 8
    if len(value) != 2 * length:
        raise ValueError("the signature has another length than its key")
    return encode_dss_signature(int.from_bytes(value[:length], "big"), int.from_bytes(value[length:], "big"))
