"""Requests that must be signed: what the portal keeps for it, and what the sign-in endpoint refuses then."""

import base64
import io
from pathlib import Path
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from flask.testing import FlaskClient
from lxml import etree, html
from werkzeug.test import TestResponse

from simulator import App, Tenant
from simulator.saml.keys import SigningKey, UploadedCertificate
from simulator.saml.signing import DS, SIGNATURE_METHODS, sign
from tests.simulator.conftest import REPLY_URL
from tests.simulator.saml import authn_request, decoded, deflated, found
from tests.simulator.test_sign_in import choose, posted

SHA1 = SIGNATURE_METHODS["sha1"]
SHA256 = SIGNATURE_METHODS["sha256"]


@pytest.fixture(scope="module")
def keys() -> list[SigningKey]:
    return [SigningKey.create("Amplisso") for _ in range(3)]


@pytest.fixture
def signing(app: App, keys: list[SigningKey]) -> SigningKey:
    """The application takes signed requests only, and has one certificate to verify them with."""
    app.verification_certificates = [uploaded(keys[0])]
    app.requires_signed_requests = True
    return keys[0]


def uploaded(key: SigningKey) -> UploadedCertificate:
    return UploadedCertificate(key.certificate_pem)


def signature_of(text: str, key: SigningKey, algorithm: str = SHA256) -> str:
    digest = hashes.SHA1() if algorithm == SHA1 else hashes.SHA256()  # noqa: S303  # as asked for
    private = load_pem_private_key(key.private_pem, None)
    assert isinstance(private, rsa.RSAPrivateKey)
    return base64.b64encode(private.sign(text.encode(), padding.PKCS1v15(), digest)).decode()


def signed_query(key: SigningKey, *, algorithm: str = SHA256, relay_state: str | None = None, encode=quote) -> str:
    """A query of the Redirect binding; `encode` is the service provider's way to escape a value."""
    relay = [] if relay_state is None else [("RelayState", relay_state)]
    fields = [("SAMLRequest", deflated(authn_request())), *relay, ("SigAlg", algorithm)]
    text = "&".join(f"{name}={encode(value)}" for name, value in fields)
    return f"{text}&Signature={encode(signature_of(text, key, algorithm))}"


def ask(client: FlaskClient, tenant: Tenant, query: str) -> TestResponse:
    return client.get(f"/{tenant.id}/saml2?{query}")


def document(key: SigningKey | None = None, *, shown: SigningKey | None = None, **methods: str) -> etree._Element:
    """A request for the POST binding, signed behind its Issuer."""
    root = etree.fromstring(authn_request())
    if key is not None:
        sign(root, key, position=1, shown=shown, **methods)
    return root


def post(client: FlaskClient, tenant: Tenant, root: etree._Element, **fields: str) -> TestResponse:
    message = base64.b64encode(etree.tostring(root)).decode()
    return client.post(f"/{tenant.id}/saml2", data={"SAMLRequest": message, **fields})


def code_of(answer: TestResponse) -> int:
    """The AADSTS number of the refusal page; 0 for the account picker."""
    if answer.status_code == 200:
        assert "Pick an account" in answer.text
        return 0
    assert answer.status_code == 400
    return int(answer.text.partition("<strong>AADSTS")[2].partition("<")[0])


def escaped_small(value: str) -> str:
    """Lower-case escapes, as .NET writes them."""
    return "".join(f"%{ord(each):02x}" if not each.isalnum() else each for each in value)


class TestRedirect:
    """The signature is over the query as it was sent."""

    @pytest.mark.parametrize("relay_state", [None, "", "back to/where we+were"])
    @pytest.mark.parametrize("encode", [quote, lambda value: quote(value, safe=""), escaped_small])
    def test_signed(self, client, tenant, signing, relay_state, encode):
        page = ask(client, tenant, signed_query(signing, relay_state=relay_state, encode=encode))
        assert code_of(page) == 0
        action, fields = posted(choose(client, page, "ada"))
        assert action == REPLY_URL
        assert fields.get("RelayState") == relay_state
        assert found(decoded(fields["SAMLResponse"]), "/samlp:Response/@InResponseTo") == ["_request"]

    def test_unsigned(self, client, tenant, signing):
        answer = ask(client, tenant, urlencode({"SAMLRequest": deflated(authn_request())}))
        assert code_of(answer) == 76021
        assert "takes signed requests only" in answer.text
        assert "Correlation Id" in answer.text

    def test_a_signature_in_the_document_is_in_the_wrong_place(self, client, tenant, signing):
        answer = ask(client, tenant, urlencode({"SAMLRequest": deflated(etree.tostring(document(signing)))}))
        assert code_of(answer) == 76021

    def test_not_looked_at_unless_required(self, client, tenant, app, signing, keys):
        app.requires_signed_requests = False
        assert code_of(ask(client, tenant, signed_query(keys[1]))) == 0

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (lambda query: query.replace("RelayState=a", "RelayState=b"), "fits none"),
            (lambda query: query.replace("RelayState=a&", ""), "fits none"),
            (lambda query: query.replace("RelayState=a", "RelayState=%61"), "fits none"),
            (lambda query: query.replace("&Signature=", "&Signature=!"), "not base64"),
            (lambda query: query.replace("SigAlg=", "Other="), "names no signature algorithm"),
            (lambda query: query.replace("sha256", "sha512"), "is not allowed"),
            (lambda query: f"{query}&RelayState=b", "appears twice"),
            (lambda query: f"SAMLRequest={quote(deflated(authn_request(request_id='_other')))}&{query}", "twice"),
        ],
    )
    def test_tampered_with(self, client, tenant, signing, change, words):
        query = signed_query(signing, relay_state="a")
        assert change(query) != query
        answer = ask(client, tenant, change(query))
        assert code_of(answer) == 50006
        assert words in answer.text

    def test_another_request_under_the_signature(self, client, tenant, signing):
        query = signed_query(signing)
        other = quote(deflated(authn_request(attributes='ForceAuthn="true"')))
        original = query.partition("&")[0]
        assert code_of(ask(client, tenant, query.replace(original, f"SAMLRequest={other}"))) == 50006

    def test_the_form_of_the_account_picker_is_verified_again(self, client, tenant, signing):
        page = ask(client, tenant, signed_query(signing))
        form = html.fromstring(page.text).forms[0]
        fields = dict(form.form_values()) | {"account": "ada"}
        assert client.post(form.action, data=fields).status_code == 200
        other = {"SAMLRequest": deflated(authn_request(attributes='ForceAuthn="true"'))}
        assert code_of(client.post(form.action, data=fields | other)) == 50006
        assert code_of(client.post(form.action, data=fields | {"RelayState": "x"})) == 50006
        assert code_of(client.post(form.action, data=fields | {"query": ""})) == 76021

    def test_sha1_only_where_it_is_allowed(self, client, tenant, app, signing):
        query = signed_query(signing, algorithm=SHA1)
        assert code_of(ask(client, tenant, query)) == 50006
        app.allows_sha1_requests = True
        assert code_of(ask(client, tenant, query)) == 0
        assert code_of(ask(client, tenant, signed_query(signing))) == 0

    def test_the_two_newest_certificates_are_tried(self, client, tenant, app, signing, keys):
        app.verification_certificates = [uploaded(key) for key in keys]
        assert [code_of(ask(client, tenant, signed_query(key))) for key in keys] == [50006, 0, 0]

    def test_no_certificate_verifies_nothing(self, client, tenant, app, signing):
        app.verification_certificates = []
        assert code_of(ask(client, tenant, signed_query(signing))) == 50006


class TestPost:
    """The signature is enveloped in the document."""

    def test_signed(self, client, tenant, signing):
        for shown in (signing, None):
            page = post(client, tenant, document(signing, shown=shown), RelayState="back")
            assert code_of(page) == 0
            action, fields = posted(choose(client, page, "ada"))
            assert (action, fields["RelayState"]) == (REPLY_URL, "back")

    def test_unsigned(self, client, tenant, signing):
        assert code_of(post(client, tenant, document())) == 76021

    def test_a_signature_in_the_form_is_in_the_wrong_place(self, client, tenant, signing):
        message = base64.b64encode(etree.tostring(document())).decode()
        text = urlencode({"SAMLRequest": message, "SigAlg": SHA256})
        fields = {"SigAlg": SHA256, "Signature": signature_of(text, signing)}
        assert code_of(post(client, tenant, document(), **fields)) == 76021

    def test_a_signature_of_something_inside(self, client, tenant, signing):
        root = document()
        inner = etree.SubElement(root, "{urn:oasis:names:tc:SAML:2.0:protocol}Extensions", ID="_inner")
        sign(inner, signing, position=0)
        assert code_of(post(client, tenant, root)) == 76021

    def test_changed_afterwards(self, client, tenant, signing):
        root = document(signing)
        root.set("ForceAuthn", "true")
        assert code_of(post(client, tenant, root)) == 50006

    def test_by_somebody_else(self, client, tenant, signing, keys):
        assert code_of(post(client, tenant, document(keys[1]))) == 50006
        assert code_of(post(client, tenant, document(keys[1], shown=signing))) == 50006

    def test_a_certificate_that_nobody_uploaded(self, client, tenant, signing, keys):
        answer = post(client, tenant, document(signing, shown=keys[1]))
        assert (code_of(answer), "the one that the request names" in answer.text) == (50006, True)

    def test_a_named_certificate_may_be_older_than_the_two_newest(self, client, tenant, app, signing, keys):
        app.verification_certificates = [uploaded(key) for key in keys]
        assert code_of(post(client, tenant, document(signing, shown=signing))) == 0
        assert code_of(post(client, tenant, document(signing))) == 50006

    @pytest.mark.parametrize("methods", [{"signature_method": "sha1"}, {"digest_method": "sha1"}])
    def test_sha1_only_where_it_is_allowed(self, client, tenant, app, signing, methods):
        root = document(signing, **methods)
        assert code_of(post(client, tenant, root)) == 50006
        app.allows_sha1_requests = True
        assert code_of(post(client, tenant, root)) == 0

    def test_covering_something_else(self, client, tenant, signing):
        """The signed request moves inside an unsigned one that has another ID, and its signature to the outside."""
        inner = document(signing)
        outer = etree.fromstring(authn_request(request_id="_evil"))
        signature = inner.find(f"{{{DS}}}Signature")
        outer.insert(1, signature)
        etree.SubElement(outer, "{urn:oasis:names:tc:SAML:2.0:protocol}Extensions").append(inner)
        answer = post(client, tenant, outer)
        assert (code_of(answer), "cover the whole request" in answer.text) == (50006, True)

    def test_two_signatures(self, client, tenant, signing):
        root = document(signing)
        root.append(etree.fromstring(etree.tostring(root.find(f"{{{DS}}}Signature"))))
        assert code_of(post(client, tenant, root)) == 50006

    def test_a_transform_too_many(self, client, tenant, signing):
        root = document(signing)
        transforms = root.find(f".//{{{DS}}}Transforms")
        etree.SubElement(transforms, f"{{{DS}}}Transform", Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116")
        assert code_of(post(client, tenant, root)) == 50006


class TestStartedAtTheProvider:
    """Where there is no request, nothing can be verified."""

    def test_no_tile_and_no_test(self, client, app, signing):
        assert code_of(client.post(f"/myapps/ada/{app.id}")) == 76021
        assert code_of(client.post(f"/apps/{app.id}/test", data={"account": "ada"})) == 76021
        page = html.fromstring(client.get(f"/apps/{app.id}/sso").text)
        (button,) = page.xpath("//button[.='Test']")
        assert button.get("disabled") is not None

    def test_a_tile_with_a_sign_on_url_leads_there(self, client, app, signing):
        app.sign_on_url = "https://amplisso.example/sso/10001/start"
        assert f'href="{app.sign_on_url}"' in client.get("/myapps/ada").text


def test_signing_out_is_not_verified(client: FlaskClient, tenant: Tenant, app: App, signing: SigningKey) -> None:
    app.logout_url = "https://amplisso.example/saml/2/slo/10001"
    xml = authn_request().replace("AuthnRequest", "LogoutRequest")
    answer = ask(client, tenant, urlencode({"SAMLRequest": deflated(xml)}))
    assert answer.status_code == 302
    assert "SAMLResponse" in parse_qs(urlsplit(answer.headers["Location"]).query)


class TestPortal:
    """What the administrator sets."""

    def upload(self, client, app, data: bytes) -> TestResponse:
        file = {"certificate": (io.BytesIO(data), "amplisso.cer")}
        return client.post(f"/apps/{app.id}/sso/verification/certificates", data=file)

    def save(self, client, app, **fields: str) -> TestResponse:
        return client.post(f"/apps/{app.id}/sso/verification", data=fields)

    def remove(self, client, app, key: SigningKey) -> TestResponse:
        return client.post(f"/apps/{app.id}/sso/verification/certificates/{key.thumbprint}/remove")

    def problem(self, answer: TestResponse, name: str) -> str:
        assert answer.status_code == 422
        return html.fromstring(answer.text).get_element_by_id(f"{name}-problem").text_content()

    @pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
    def test_the_way_through(self, client, tenant, app, keys, encoding):
        assert "Upload a certificate first" in self.problem(self.save(client, app, required="on"), "required")
        assert self.upload(client, app, keys[0].certificate.public_bytes(encoding)).status_code == 303
        assert code_of(ask(client, tenant, urlencode({"SAMLRequest": deflated(authn_request())}))) == 0
        assert self.save(client, app, required="on").status_code == 303
        assert (app.requires_signed_requests, app.allows_sha1_requests) == (True, False)
        assert code_of(ask(client, tenant, signed_query(keys[0]))) == 0
        assert keys[0].thumbprint in client.get(f"/apps/{app.id}/sso").text
        self.save(client, app, sha1="on")
        assert (app.requires_signed_requests, app.allows_sha1_requests) == (False, True)

    def test_replaced_by_another(self, client, tenant, app, signing, keys):
        self.upload(client, app, keys[1].certificate_pem)
        assert [code_of(ask(client, tenant, signed_query(key))) for key in keys[:2]] == [0, 0]
        assert self.remove(client, app, keys[0]).status_code == 303
        assert [code_of(ask(client, tenant, signed_query(key))) for key in keys[:2]] == [50006, 0]
        assert self.remove(client, app, keys[0]).status_code == 404

    def test_the_last_one_stays_while_it_is_needed(self, client, app, signing):
        assert "Upload its successor first" in self.problem(self.remove(client, app, signing), "removal")
        self.save(client, app)
        assert self.remove(client, app, signing).status_code == 303
        assert app.verification_certificates == []

    def test_what_is_no_certificate(self, client, app, signing):
        assert "not a certificate" in self.problem(self.upload(client, app, b"hello"), "verification")
        assert "in the list already" in self.problem(self.upload(client, app, signing.certificate_pem), "verification")
        assert len(app.verification_certificates) == 1

    def test_it_survives_a_restart(self, client, tenant, app, signing, tmp_path: Path):
        tenant.save(tmp_path)
        kept = Tenant.load(tmp_path).apps[app.id]
        assert kept.verification_certificates == app.verification_certificates
        assert (kept.requires_signed_requests, kept.allows_sha1_requests) == (True, False)

    def test_a_folder_of_an_older_version(self, tenant, app):
        settings = app.settings()
        for name in ("verification_certificates", "requires_signed_requests", "allows_sha1_requests"):
            del settings[name]
        assert App.from_settings(settings, app.keys).verification_certificates == []
