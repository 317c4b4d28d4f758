"""Finding the signer where no certificate of the configuration verifies a signature, to tell the admin.

Nothing is trusted for it: the response is refused whatever is found.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from itertools import islice
from typing import Any

from sso import saml
from sso.models import Configuration
from sso.selectors.versions import other_versions_of

# Each costs a verification, and any visitor may post such a response.
_MOST_TRIED = 4
_LONGEST_SUBJECT = 200


def signer_of(configuration: Configuration, verdict: saml.Verdict) -> dict[str, Any] | None:
    """Return what is known of the signer of a refused response, as `SignIn.signer` holds it; None for nothing.

    A version is named only if a key of it made the signature. Tried are stored certificates that the message names, or,
    where it names none, those of the draft and of the version that was retired last; at most four.
    """
    signature = verdict.unknown_signature
    if signature is None:
        return None
    tried = _candidates(configuration, signature)
    version = next((number for number, certificate in tried if signature.signer_among([certificate])), None)
    claimed = _described(signature.claimed[0]) if signature.claimed else None
    return {"version": version, "claimed": claimed} if version or claimed else None


def _candidates(
    configuration: Configuration, signature: saml.UnknownSignature
) -> Iterator[tuple[int, saml.SigningCertificate]]:
    """Yield the certificates to try, each once with the newest version that has it."""
    named = {base64.b64encode(each.der).decode() for each in signature.claimed}
    found: dict[str, int] = {}
    for version, stored in other_versions_of(configuration, all_of_them=bool(named)):
        for text in stored:
            if not named or text in named:
                found.setdefault(text, version)
    for text, version in islice(found.items(), _MOST_TRIED):
        for certificate in saml.stored_keys([base64.b64decode(text)]).usable:
            yield version, certificate


def _described(certificate: saml.SigningCertificate) -> dict[str, str]:
    return {
        "fingerprint": certificate.fingerprint,
        "thumbprint": certificate.thumbprint,
        # The message may hold any text, and PostgreSQL stores no NUL in JSON.
        "subject": "".join(each for each in certificate.subject[:_LONGEST_SUBJECT] if each.isprintable()),
    }
