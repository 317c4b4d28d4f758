"""Our own keys, which sign our messages and decrypt what providers encrypt (XML Signature 4.2, XML Encryption 5.5)."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from sso.saml.keys.certificates import SigningCertificate

# 2048 bits are as strong as providers' own keys, and three times as fast as 3072, which counts at each request.
BITS = 2048
# As long as Entra's own. Providers trust the key, not the dates, but some refuse an expired certificate.
LIFE = timedelta(days=3 * 365)
# The certificate begins in the past, for providers whose clock is slow.
_EARLIER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class KeyPair:
    """An RSA key of ours, as unencrypted PKCS #8 in DER, with its self-signed certificate."""

    private_der: bytes = field(repr=False)
    certificate: SigningCertificate

    def sign(self, data: bytes) -> bytes:
        """Sign with RSA PKCS #1 v1.5 and SHA-256, which every provider knows as rsa-sha256 (RFC 9231 2.3.2)."""
        return self.private_key.sign(data, padding.PKCS1v15(), hashes.SHA256())

    @property
    def private_key(self) -> rsa.RSAPrivateKey:
        """Return the key, which several threads may use at once. Raise ValueError when the bytes are no RSA key."""
        return _private_key(self.private_der)


def make_key_pair(common_name: str, *, now: datetime) -> KeyPair:
    """Make an RSA key and a certificate that is valid from `now` (aware) for three years. Takes a tenth of a second.

    `common_name` has 64 characters at most (RFC 5280 appendix A).
    """
    key = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    certificate = builder.not_valid_before(now - _EARLIER).not_valid_after(now + LIFE).sign(key, hashes.SHA256())
    private = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return KeyPair(private, SigningCertificate.from_der(certificate.public_bytes(serialization.Encoding.DER)))


@lru_cache(maxsize=256)
def _private_key(der: bytes) -> rsa.RSAPrivateKey:
    """Load a private key, and cache it, because reading a key takes longer than using it."""
    key = serialization.load_der_private_key(der, password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("not an RSA key")  # noqa: TRY004 - as for any other bytes that can't be used
    return key
