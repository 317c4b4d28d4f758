"""A signature that no certificate of the configuration verifies: only explained to admins, never trusted."""

from collections.abc import Iterable
from dataclasses import dataclass

from sso.saml.keys.certificates import SigningCertificate
from sso.saml.xml.signature_value import is_made_by


@dataclass(frozen=True, slots=True)
class UnknownSignature:
    """A signature that none of the known keys made, with the certificates that its KeyInfo claims it was made with.

    `data` are the canonical bytes of its SignedInfo, `method` is the fragment of the algorithm's URI. `is_intact` says
    whether the signed content has the digest that SignedInfo names. An attacker can put any certificate into `claimed`.
    """

    method: str
    value: bytes
    data: bytes
    is_intact: bool
    claimed: tuple[SigningCertificate, ...]

    def signer_among(self, certificates: Iterable[SigningCertificate]) -> SigningCertificate | None:
        """Return the certificate whose key made this signature over unchanged content; None if none did."""
        if not self.is_intact:
            return None
        return next((each for each in certificates if is_made_by(each, self.method, self.value, self.data)), None)
