"""Token encryption, as an administrator turns it on and off."""

import io

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from flask.testing import FlaskClient
from lxml import html

from simulator import App, Tenant
from simulator.saml.keys import SigningKey
from tests.saml.provider import issue
from tests.simulator.saml import decoded


@pytest.fixture(scope="module")
def key() -> SigningKey:
    return SigningKey.create("Amplisso")


def upload(client: FlaskClient, app: App, data: bytes):
    file = {"certificate": (io.BytesIO(data), "amplisso.cer")}
    return client.post(f"/apps/{app.id}/sso/encryption", data=file, content_type="multipart/form-data")


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_on_and_off(client: FlaskClient, tenant: Tenant, app: App, key: SigningKey, encoding: Encoding) -> None:
    assert upload(client, app, key.certificate.public_bytes(encoding)).status_code == 303
    assert "Active: assertions are encrypted" in client.get(f"/apps/{app.id}/sso").text
    response = decoded(tenant.respond(app, "ada"))
    assert response.find("{*}Assertion") is None
    assert response.find(".//{*}EncryptedData") is not None
    assert client.post(f"/apps/{app.id}/sso/encryption/off").status_code == 303
    assert decoded(tenant.respond(app, "ada")).find("{*}Assertion") is not None


def test_what_is_no_certificate(client: FlaskClient, app: App) -> None:
    answer = upload(client, app, b"hello")
    assert answer.status_code == 422
    assert "This is not a certificate." in answer.text
    assert app.encryption_certificate == ""


def test_with_no_file_chosen_it_stays_as_it_is(client: FlaskClient, app: App, key: SigningKey) -> None:
    upload(client, app, key.certificate_pem)
    file = {"certificate": (io.BytesIO(), "")}
    answer = client.post(f"/apps/{app.id}/sso/encryption", data=file, content_type="multipart/form-data")
    assert (answer.status_code, "Choose a file." in answer.text) == (422, True)
    assert app.encryption_certificate == key.certificate_pem.decode()


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ("upload", "metadata"),
        ("encryption", "certificate"),
        ("verification/certificates", "certificate"),
    ],
)
def test_no_file_and_one_that_is_too_large(client: FlaskClient, app: App, form: str, field: str) -> None:
    url, part = (
        f"/apps/{app.id}/sso/{form}",
        f'--x\r\nContent-Disposition: form-data; name="{field}"; filename=""\r\n\r\n',
    )
    for length, sentence in ((0, "Choose a file."), (5_000_000, "This file is larger than 1 MB.")):
        body = part.encode() + b"x" * length + b"\r\n--x--\r\n"
        answer = client.post(url, data=body, content_type="multipart/form-data; boundary=x")
        assert answer.status_code == 422
        (problem,) = html.fromstring(answer.text).xpath(f"//input[@name='{field}'][@aria-invalid]/following::p[1]")
        assert problem.text == sentence


def test_another_form_that_is_too_large(client: FlaskClient, app: App) -> None:
    answer = client.post(f"/apps/{app.id}/sso/basic", data={"identifier": "x" * 5_000_000})
    assert answer.status_code == 413
    assert "larger than 1 MB. Nothing has been changed." in answer.text


def test_only_rsa(client: FlaskClient, app: App, key: SigningKey) -> None:
    pair = issue(ec.generate_private_key(ec.SECP256R1()), key.certificate.not_valid_before_utc, key.expires)
    assert x509.load_der_x509_certificate(pair.certificate.der)
    assert "must have an RSA key" in upload(client, app, pair.certificate.der).text


def test_it_survives_a_restart(client: FlaskClient, tenant: Tenant, app: App, key: SigningKey, tmp_path) -> None:
    upload(client, app, key.certificate_pem)
    tenant.save(tmp_path)
    assert Tenant.load(tmp_path).apps[app.id].encryption_certificate == app.encryption_certificate
