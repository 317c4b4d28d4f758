"""Whatever we accept, two others accept as well: python3-saml as it comes, and xmlsec alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from sso.saml import PendingRequest, validate_response
from tests.attacks.messages.honest import HONEST
from tests.attacks.messages.mutations import genuine, mutated
from tests.attacks.messages.target import BASES, Target
from tests.saml.provider import ISSUER, NOW, KeyPair, idp, key_pair

# Where python3-saml is wrong, or stricter than the standard; everything else it has to accept.
ITS_REASONS = {
    "identifier that is no address": "not a valid audience",  # it doesn't know Entra's spn:
    "an empty attribute statement": "saml-schema",  # providers send it for people without attributes
    "a clock two minutes behind": "SubjectConfirmation",  # it allows no difference there
    "blanks round the audience": "not a valid audience",  # it compares them, too
}
MUTATIONS = 600


def test_whatever_we_accept_others_accept() -> None:
    asked = [*_honest(), *_changed()]
    answers = _ask([question for _, question in asked])
    complaints = [
        f"{name}: python3-saml says {toolkit!r}, xmlsec says {plain!r}"
        for (name, _), (toolkit, plain) in zip(asked, answers, strict=True)
        if plain or (toolkit and not _is_known(name, toolkit))
    ]
    assert not complaints, "\n".join(complaints)


def _is_known(name: str, complaint: str) -> bool:
    reason = ITS_REASONS.get(name.partition(" [")[0])
    return reason is not None and reason in complaint


def _honest() -> list[tuple[str, dict[str, str]]]:
    return [
        (f"{name} [{base}]", _question(shape.write(Target(base)), shape.pair()))
        for shapes in HONEST.values()
        for name, shape in shapes.items()
        for base in BASES
    ]


def _changed() -> list[tuple[str, dict[str, str]]]:
    """Those of the random changes that are of no consequence to us."""
    data = genuine(Target("assertion"))
    written = [(f"change {number}", mutated(data, number)) for number in range(MUTATIONS)]
    found = [(name, _question(encoded, key_pair())) for name, encoded in written if _accepted(encoded)]
    assert found, "no change was without consequence: nothing to compare"
    return found


def _accepted(encoded: str) -> bool:
    target = Target("assertion")
    return validate_response(
        encoded,
        service_provider=target.service_provider,
        identity_provider=idp(),
        request=PendingRequest(target.request_id),
        now=NOW,
    ).accepted


def _question(encoded: str, pair: KeyPair) -> dict[str, str]:
    target = Target("assertion")
    certificate = x509.load_der_x509_certificate(pair.certificate.der)
    return {
        "encoded": encoded,
        "acs": target.acs,
        "entity_id": target.entity_id,
        "issuer": ISSUER,
        "request_id": target.request_id,
        "certificate": certificate.public_bytes(serialization.Encoding.PEM).decode(),
        "now": NOW.isoformat(),
    }


def _ask(questions: list[dict[str, str]]) -> list[list[str]]:
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("stock.py")],
        input="".join(json.dumps(question) + "\n" for question in questions),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]
