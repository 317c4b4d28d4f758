"""Token encryption: XML Encryption of one element for the certificate that the service provider uploaded."""

import base64
import os
from collections.abc import Callable
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from simulator.saml.signing import DS

SAML: Final = "urn:oasis:names:tc:SAML:2.0:assertion"
XENC: Final = "http://www.w3.org/2001/04/xmlenc#"
XENC11: Final = "http://www.w3.org/2009/xmlenc11#"
SHA1: Final = f"{DS}sha1"
SHA256: Final = f"{XENC}sha256"
MGF1_SHA256: Final = f"{XENC11}mgf1sha256"

KEY_BYTES: Final = {
    f"{XENC}aes128-cbc": 16,
    f"{XENC}aes256-cbc": 32,
    f"{XENC}tripledes-cbc": 24,
    f"{XENC11}aes128-gcm": 16,
    f"{XENC11}aes256-gcm": 32,
}
OAEP_MGF1P: Final = f"{XENC}rsa-oaep-mgf1p"
OAEP: Final = f"{XENC11}rsa-oaep"
RSA_1_5: Final = f"{XENC}rsa-1_5"
# Entra is expected to use these.
USUAL_CONTENT: Final = f"{XENC}aes256-cbc"
USUAL_TRANSPORT: Final = OAEP_MGF1P

Encrypt = Callable[[rsa.RSAPublicKey, bytes], bytes]
_TRANSPORTS: Final[dict[str, Encrypt]] = {
    OAEP_MGF1P: lambda key, data: key.encrypt(data, _oaep(hashes.SHA1())),  # noqa: S303  # what its name says
    OAEP: lambda key, data: key.encrypt(data, _oaep(hashes.SHA256())),
    RSA_1_5: lambda key, data: key.encrypt(data, padding.PKCS1v15()),
}


def read_certificate(data: bytes) -> str:
    """Return the certificate of an uploaded .cer file as PEM. Raises ValueError with a sentence to show."""
    try:
        certificate = (
            x509.load_pem_x509_certificate(data) if b"-----BEGIN" in data else x509.load_der_x509_certificate(data)
        )
    except ValueError as error:
        raise ValueError("This is not a certificate.") from error
    if not isinstance(certificate.public_key(), rsa.RSAPublicKey):
        raise ValueError("The certificate must have an RSA key.")  # noqa: TRY004  # a file, not a programmer
    return certificate.public_bytes(Encoding.PEM).decode()


def encrypt(
    element: etree._Element,
    certificate_pem: str,
    *,
    container: str = "EncryptedAssertion",
    content_method: str = USUAL_CONTENT,
    key_transport: str = USUAL_TRANSPORT,
) -> etree._Element:
    """Put the encrypted form of `element` in its place, and return that. The element is written out as it stands."""
    key = os.urandom(KEY_BYTES[content_method])
    public = x509.load_pem_x509_certificate(certificate_pem.encode()).public_key()
    if not isinstance(public, rsa.RSAPublicKey):
        raise TypeError("an RSA certificate is needed")
    tail, element.tail = element.tail, None
    outer = _envelope(content_method, key_transport, container)
    values = list(outer.iter(f"{{{XENC}}}CipherValue"))
    values[0].text = _text(_TRANSPORTS[key_transport](public, key))
    values[1].text = _text(_content(content_method, key, etree.tostring(element)))
    outer.tail = tail
    parent = element.getparent()
    if parent is not None:
        parent.replace(element, outer)
    return outer


def _envelope(content_method: str, key_transport: str, container: str) -> etree._Element:
    outer = etree.Element(f"{{{SAML}}}{container}", nsmap={"saml": SAML})
    data = etree.SubElement(outer, f"{{{XENC}}}EncryptedData", nsmap={"xenc": XENC}, attrib={"Type": f"{XENC}Element"})
    etree.SubElement(data, f"{{{XENC}}}EncryptionMethod", Algorithm=content_method)
    info = etree.SubElement(data, f"{{{DS}}}KeyInfo", nsmap={"ds": DS})
    key = etree.SubElement(info, f"{{{XENC}}}EncryptedKey")
    method = etree.SubElement(key, f"{{{XENC}}}EncryptionMethod", Algorithm=key_transport)
    if key_transport != RSA_1_5:
        digest = SHA256 if key_transport == OAEP else SHA1
        etree.SubElement(method, f"{{{DS}}}DigestMethod", Algorithm=digest)
    if key_transport == OAEP:
        etree.SubElement(method, f"{{{XENC11}}}MGF", Algorithm=MGF1_SHA256)
    for parent in (key, data):
        etree.SubElement(etree.SubElement(parent, f"{{{XENC}}}CipherData"), f"{{{XENC}}}CipherValue")
    return outer


def _content(method: str, key: bytes, data: bytes) -> bytes:
    if method.endswith("-gcm"):
        nonce = os.urandom(12)
        return nonce + AESGCM(key).encrypt(nonce, data, None)
    size = 16 if "aes" in method else 8
    added = size - len(data) % size
    vector = os.urandom(size)
    # Triple DES is only written so that its refusal can be shown: the blocks are random.
    if size == 8:  # noqa: PLR2004
        return vector + os.urandom(len(data) + added)
    encryptor = Cipher(algorithms.AES(key), modes.CBC(vector)).encryptor()
    padded = data + os.urandom(added - 1) + bytes([added])
    return vector + encryptor.update(padded) + encryptor.finalize()


def _oaep(digest: hashes.HashAlgorithm) -> padding.OAEP:
    return padding.OAEP(mgf=padding.MGF1(digest), algorithm=digest, label=None)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
