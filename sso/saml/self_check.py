"""Whether this installation can verify signatures at all, asked once at start-up instead of at somebody's sign-in."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from importlib.metadata import version

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from lxml import etree

from sso.saml.errors import ToolkitError

# What pyproject.toml pins.
PINNED = "1.16.0"

_WHAT_TO_DO = (
    "xmlsec and lxml don't work together here, so no response can be judged: install both again, "
    "in the versions that requirements/base.txt pins."
)


def self_check() -> None:
    """Sign a sample with a new key and verify it. Raises `ToolkitError` with one sentence that says what to do.

    xmlsec is imported in here: next to an lxml with another libxml2 its import already fails.
    """
    _check_version()
    try:
        verified = _sign_and_verify()
    except Exception as error:  # an ImportError, or an error of the module that could not be imported
        raise ToolkitError(_WHAT_TO_DO) from error
    if not verified:
        raise ToolkitError(_WHAT_TO_DO)


def _check_version() -> None:
    """toolkit.py stands in for some of python3-saml's functions, and knows one version of them."""
    installed = version("python3-saml")
    if installed != PINNED:
        raise ToolkitError(
            f"python3-saml {installed} is installed, but this version of Amplisso works with {PINNED} only: "
            "install the versions that requirements/base.txt pins."
        )


def _sign_and_verify() -> bool:
    import xmlsec

    from sso.saml import signature_value
    from sso.saml.certificates import SigningCertificate
    from sso.saml.signed_bytes import signed_bytes

    key, certificate = _key_pair()
    sample = etree.Element("sample", ID="_sample")
    signature = xmlsec.template.create(sample, xmlsec.constants.TransformExclC14N, xmlsec.constants.TransformRsaSha256)
    sample.append(signature)
    reference = xmlsec.template.add_reference(signature, xmlsec.constants.TransformSha256, uri="#_sample")
    xmlsec.template.add_transform(reference, xmlsec.constants.TransformEnveloped)
    xmlsec.template.add_transform(reference, xmlsec.constants.TransformExclC14N)
    xmlsec.tree.add_ids(sample, ["ID"])
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(key, xmlsec.constants.KeyDataFormatPem)
    context.sign(signature)
    trusted = SigningCertificate(certificate)
    digest = hashlib.sha256(signed_bytes(signature)).digest()
    genuine = signature_value.signer_of(signature, [trusted]) == trusted
    same = base64.b64encode(digest).decode() == (reference[2].text or "").strip()
    reference[2].text = "changed"
    return genuine and same and signature_value.signer_of(signature, [trusted]) is None


def _key_pair() -> tuple[bytes, bytes]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Amplisso self-check")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(hours=1))
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return pem, certificate.public_bytes(serialization.Encoding.DER)
