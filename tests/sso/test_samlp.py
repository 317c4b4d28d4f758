"""Another independent identity provider: npm's samlp, which signs with a canonicalization of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from ssl import DER_cert_to_PEM_cert
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from audit.actors import COMMAND_LINE
from orgs.models import Membership, Organization
from simulator.saml.keys import SigningKey
from sso.models import SignIn, SignInState
from sso.services import keys
from tests.saml.metadata_files import entity, key, role, sso
from tests.sso.conftest import new_browser, upload

HERE = Path(__file__).parent / "samlp"
INSTALLED = Path(__file__).parents[2] / "var" / "samlp"
ISSUER = "urn:samlp.example"
GCM = "http://www.w3.org/2009/xmlenc11#aes256-gcm"

# What it is asked to sign, and how; the last, to encrypt as well.
MODES: dict[str, dict[str, Any]] = {
    "assertion": {},
    "response": {"signAssertion": False, "signResponse": True},
    "both": {"signResponse": True},
    "prefixes": {"signatureNamespacePrefix": "ds", "signResponse": True},
    "typed values": {"typedAttributes": True, "includeAttributeNameFormat": True},
    "encrypted": {"encryptionAlgorithm": GCM, "disallowEncryptionWithInsecureAlgorithm": True},
}
SIGNED = {"response": "response", "both": "both", "prefixes": "both"}


@pytest.fixture
def installed() -> Path:
    """Install the pinned packages once, by their hashes and without running anything of theirs."""
    if not shutil.which("npm") or not shutil.which("node"):
        if os.environ.get("CI"):
            pytest.fail("node or npm is missing: .ci/run installs them")
        pytest.skip("needs node and npm (Debian: apt-get install nodejs npm)")
    lock = (HERE / "package-lock.json").read_bytes()
    mark = INSTALLED / "installed"
    if not mark.exists() or mark.read_bytes() != lock:
        INSTALLED.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, INSTALLED / name)
        options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]
        subprocess.run(["npm", "ci", *options], cwd=INSTALLED, check=True, capture_output=True, timeout=150)
        mark.write_bytes(lock)
    return INSTALLED


def answer(installed: Path, location: str, acs: str, signer: SigningKey, **options: object) -> str:
    """Let it read our request and answer it."""
    question = {
        "request": parse_qs(urlsplit(location).query)["SAMLRequest"][0],
        "acs": acs,
        "issuer": ISSUER,
        "key": signer.private_pem.decode(),
        "cert": signer.certificate_pem.decode(),
        "user": {
            "id": "ada@contoso.example",
            "emails": [{"value": "ada@contoso.example"}],
            "displayName": "Ada Lovelace",
            "name": {"givenName": "Ada", "familyName": "Lovelace"},
        },
        **options,
    }
    done = subprocess.run(
        ["node", HERE / "answer.js"],
        input=json.dumps(question),
        env=os.environ | {"NODE_PATH": str(installed / "node_modules")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_samlp_signs_somebody_in(installed: Path, organization: Organization) -> None:
    """One test for all modes, since they share what was installed."""
    signer = SigningKey.create()
    certificate = "".join(signer.certificate_pem.decode().splitlines()[1:-1])
    upload(organization, entity(role(key(certificate) + sso()), ISSUER).encode())
    ours = keys.create_key(organization=organization, actor=COMMAND_LINE).signing_certificate()
    encryption = {"encryptionCert": DER_cert_to_PEM_cert(ours.der), "encryptionPublicKey": _public_key(ours.der)}
    for mode, asked in MODES.items():
        options = asked | (encryption if mode == "encrypted" else {})
        browser = new_browser()
        location = browser.get(f"/sso/{organization.number}/start")["Location"]
        acs = f"https://amplisso.example/saml/2/acs/{organization.number}"
        posted = answer(installed, location, acs, signer, **options)
        browser.post(f"/saml/2/acs/{organization.number}", {"SAMLResponse": posted})
        row = SignIn.objects.latest("id")
        failed = [check for check in row.checks if check["outcome"] == "failed"]
        assert (mode, row.state, row.reason, failed) == (mode, SignInState.SUCCEEDED, "", [])
        assert row.signed == SIGNED.get(mode, "assertion")
    membership = Membership.objects.get(user__email="ada@contoso.example")
    assert (membership.given_name, membership.family_name) == ("Ada", "Lovelace")


def _public_key(der: bytes) -> str:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = x509.load_der_x509_certificate(der).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
