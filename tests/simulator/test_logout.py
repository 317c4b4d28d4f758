"""Single logout at the simulator's side."""

import base64
import zlib
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from flask.testing import FlaskClient
from lxml import etree

from simulator import App, Tenant
from tests.simulator.conftest import IDENTIFIER
from tests.simulator.saml import deflated, schema

SLO = "https://amplisso.example/saml/2/slo/10001"
ASKED = (
    '<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_q" Version="2.0" '
    'IssueInstant="2026-03-02T09:30:00Z"><Issuer xmlns="urn:oasis:names:tc:SAML:2.0:assertion">'
    f'{IDENTIFIER}</Issuer><NameID xmlns="urn:oasis:names:tc:SAML:2.0:assertion">x</NameID></samlp:LogoutRequest>'
)


@pytest.fixture
def app(app: App) -> App:
    app.logout_url = SLO
    return app


def carried(url: str, name: str) -> etree._Element:
    (value,) = parse_qs(urlsplit(url).query)[name]
    return etree.fromstring(zlib.decompress(base64.b64decode(value), -15))


def test_a_request_is_answered_from_the_other_issuer(client: FlaskClient, tenant: Tenant, app: App) -> None:
    query = {"SAMLRequest": deflated(ASKED), "RelayState": "back"}
    answer = client.get(f"/{tenant.id}/saml2", query_string=query)
    assert answer.status_code == 302
    response = carried(answer.headers["Location"], "SAMLResponse")
    assert schema("protocol").validate(response)
    assert (response.get("InResponseTo"), response.get("Destination")) == ("_q", SLO)
    issuer = response.findtext("{*}Issuer")
    assert issuer != tenant.issuer
    assert urlsplit(issuer).path == urlsplit(tenant.issuer).path
    assert parse_qs(urlsplit(answer.headers["Location"]).query)["RelayState"] == ["back"]


def test_without_a_logout_url_nothing_comes_back(client: FlaskClient, tenant: Tenant, app: App) -> None:
    app.logout_url = ""
    page = client.get(f"/{tenant.id}/saml2", query_string={"SAMLRequest": deflated(ASKED)})
    assert "You are signed out" in page.text


def test_the_portal_signs_somebody_out(client: FlaskClient, tenant: Tenant, app: App) -> None:
    answer = client.post(f"/apps/{app.id}/sign-out", data={"account": "ada"})
    assert answer.status_code == 303
    url = answer.headers["Location"]
    request = carried(url, "SAMLRequest")
    assert schema("protocol").validate(request)
    assert request.findtext("{*}NameID") == tenant.users["ada"].upn
    signed, _, _ = urlsplit(url).query.partition("&Signature=")
    value = base64.b64decode(parse_qs(urlsplit(url).query)["Signature"][0])
    public_key = app.signing_key().certificate.public_key()
    assert isinstance(public_key, rsa.RSAPublicKey)
    public_key.verify(value, signed.encode(), padding.PKCS1v15(), hashes.SHA256())


def test_the_logout_url_is_saved_and_read_from_metadata(client: FlaskClient, app: App) -> None:
    basic = {"identifier": IDENTIFIER, "reply_url": app.reply_url, "logout_url": "ftp://x"}
    assert client.post(f"/apps/{app.id}/sso/basic", data=basic).status_code == 422
    assert client.post(f"/apps/{app.id}/sso/basic", data=basic | {"logout_url": SLO + "0"}).status_code == 303
    assert app.logout_url == SLO + "0"
