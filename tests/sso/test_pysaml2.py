"""An independent identity provider: pysaml2's, with xmlsec1 signing."""

from __future__ import annotations

import base64
import os
import shutil
import warnings
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from orgs.models import Membership
from simulator.saml.keys import SigningKey
from sso.models import SignIn, SignInState
from tests.sso.conftest import new_browser, upload

XMLSEC1 = shutil.which("xmlsec1")
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
EMAIL_FORMAT = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
PASSWORD_CLASS = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
DIGEST256 = "http://www.w3.org/2001/04/xmlenc#sha256"


@pytest.fixture(autouse=True)
def xmlsec1():
    """pysaml2 signs with the xmlsec1 program."""
    if not XMLSEC1:
        if os.environ.get("CI"):
            pytest.fail("xmlsec1 is missing: .ci/run installs it")
        pytest.skip("needs the program xmlsec1 (Debian: apt-get install xmlsec1)")


@pytest.fixture(scope="module")
def key_files(tmp_path_factory) -> tuple[Path, Path]:
    """A new key and its certificate, as files."""
    folder, key = tmp_path_factory.mktemp("pysaml2"), SigningKey.create()
    private, public = folder / "key.pem", folder / "certificate.pem"
    private.write_bytes(key.private_pem)
    public.write_bytes(key.certificate_pem)
    return private, public


@pytest.fixture
def provider(key_files, organization):
    """pysaml2's server, which knows us by the metadata that we publish."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from saml2.config import IdPConfig
        from saml2.server import Server

        ours = new_browser().get(f"/saml/2/metadata/{organization.number}").content.decode()
        config = IdPConfig().load(
            {
                "entityid": "https://idp.example/metadata",
                "service": {
                    "idp": {
                        "endpoints": {"single_sign_on_service": [("https://idp.example/sso", REDIRECT)]},
                        "name_id_format": [EMAIL_FORMAT],
                        "policy": {"default": {"lifetime": {"minutes": 15}, "attribute_restrictions": None}},
                    }
                },
                "key_file": str(key_files[0]),
                "cert_file": str(key_files[1]),
                "xmlsec_binary": XMLSEC1,
                "metadata": {"inline": [ours]},
            }
        )
        yield Server(config=config)


def answer(provider, location: str, *, sign_assertion: bool, sign_response: bool, **options: object) -> str:
    """Let pysaml2 read our request and answer it."""
    from saml2.saml import NameID

    query = parse_qs(urlsplit(location).query)
    request = provider.parse_authn_request(query["SAMLRequest"][0], REDIRECT)
    response = provider.create_authn_response(
        {"mail": ["ada@contoso.example"], "givenName": ["Ada"]},
        userid="ada",
        name_id=NameID(format=EMAIL_FORMAT, text="ada@contoso.example"),
        authn={"class_ref": PASSWORD_CLASS, "authn_auth": "https://idp.example/metadata"},
        sign_assertion=sign_assertion,
        sign_response=sign_response,
        sign_alg=SHA256,
        digest_alg=DIGEST256,
        **options,
        **provider.response_args(request.message),
    )
    return base64.b64encode(str(response).encode()).decode()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("sign_assertion", "sign_response", "signed"),
    [(True, False, "assertion"), (False, True, "response"), (True, True, "both")],
)
def test_pysaml2_signs_somebody_in(provider, organization, sign_assertion, sign_response, signed):
    from saml2.metadata import entity_descriptor

    upload(organization, str(entity_descriptor(provider.config)).encode())
    browser = new_browser()
    location = browser.get(f"/sso/{organization.number}/start")["Location"]
    encoded = answer(provider, location, sign_assertion=sign_assertion, sign_response=sign_response)
    done = browser.post(f"/saml/2/acs/{organization.number}", {"SAMLResponse": encoded})
    row = SignIn.objects.get()
    failed = [check for check in row.checks if check["outcome"] == "failed"]
    assert (row.state, row.reason, failed) == (SignInState.SUCCEEDED, "", [])
    assert (done.status_code, done["Location"], row.signed) == (303, f"/o/{organization.slug}/", signed)
    assert Membership.objects.filter(user__email="ada@contoso.example", organization=organization).exists()
