"""Federation metadata: the shape of Entra's documents."""

import codecs
import datetime as dt

from flask.testing import FlaskClient
from lxml import etree

from simulator import App, Tenant
from tests.simulator.saml import NAMESPACES, found, schema, verify

KEYS = "ds:KeyInfo/ds:X509Data/ds:X509Certificate"
XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"


def read(document: bytes) -> etree._Element:
    return etree.fromstring(document)


def test_a_byte_order_mark_and_one_line(tenant: Tenant, app: App) -> None:
    document = tenant.metadata(app)
    assert document.startswith(codecs.BOM_UTF8 + b'<?xml version="1.0" encoding="utf-8"?><Entity')
    assert b"\n" not in document
    assert b"\r" not in document


def test_signed_by_the_applications_own_active_key(tenant: Tenant, app: App) -> None:
    root = read(tenant.metadata(app))
    verify(root, app.signing_key())
    assert root[0].tag == "{http://www.w3.org/2000/09/xmldsig#}Signature"


def test_valid_by_the_standards_schema_but_for_the_federation_roles(tenant: Tenant, app: App) -> None:
    root = read(tenant.metadata(app))
    for role in root.findall("md:RoleDescriptor", NAMESPACES):
        root.remove(role)
    schema("metadata").assertValid(root)


def test_no_end_of_validity_and_nothing_that_entra_leaves_out(tenant: Tenant, app: App) -> None:
    root = read(tenant.metadata(app))
    assert not found(root, "//@validUntil | //@cacheDuration | //@WantAuthnRequestsSigned")
    assert not found(root, "//md:NameIDFormat | //md:KeyDescriptor[not(@use='signing')]")


def test_two_federation_roles_repeat_the_keys(tenant: Tenant, app: App) -> None:
    root = read(tenant.metadata(app))
    certificates = [key.certificate_base64 for key in app.keys]
    roles = root.findall("md:RoleDescriptor", NAMESPACES)
    assert [role.get(XSI_TYPE) for role in roles] == [
        "fed:SecurityTokenServiceType",
        "fed:ApplicationServiceType",
    ]
    for role in roles:
        assert found(role, f"md:KeyDescriptor/{KEYS}") == certificates


def test_active_and_inactive_keys_in_the_idp_role(tenant: Tenant, app: App) -> None:
    root = read(tenant.metadata(app))
    shown = found(root, f"md:IDPSSODescriptor/md:KeyDescriptor[@use='signing']/{KEYS}")
    assert shown == [key.certificate_base64 for key in app.keys]
    assert len(set(shown)) == 2
    assert shown.index(app.signing_key().certificate_base64) == 1


def test_endpoints_in_entras_order(tenant: Tenant, app: App) -> None:
    role = read(tenant.metadata(app)).find("md:IDPSSODescriptor", NAMESPACES)
    assert role is not None
    services = [
        (etree.QName(service).localname, str(service.get("Binding")).rsplit(":", 1)[1])
        for service in role
        if service.get("Location")
    ]
    assert services == [
        ("SingleLogoutService", "HTTP-Redirect"),
        ("SingleSignOnService", "HTTP-Redirect"),
        ("SingleSignOnService", "HTTP-POST"),
    ]
    assert set(found(role, "*/@Location")) == {f"http://127.0.0.1:8001/{tenant.id}/saml2"}


def test_the_signing_certificate_is_entras_kind(app: App) -> None:
    certificate = app.signing_key().certificate
    lifetime = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    assert certificate.subject.rfc4514_string() == "CN=Microsoft Azure Federated SSO Certificate"
    assert certificate.issuer == certificate.subject
    assert lifetime == dt.timedelta(days=3 * 365)


def test_the_page_serves_the_applications_document(client: FlaskClient, tenant: Tenant, app: App) -> None:
    answer = client.get(tenant.metadata_url(app))
    assert answer.mimetype == "application/xml"
    verify(read(answer.data), app.signing_key())


def test_the_tenants_document_has_the_same_entity_id_and_other_keys(
    client: FlaskClient, tenant: Tenant, app: App
) -> None:
    url = tenant.metadata_url(app).partition("?")[0]
    root = read(client.get(url).data)
    shown = found(root, f"md:IDPSSODescriptor/md:KeyDescriptor/{KEYS}")
    assert root.get("entityID") == tenant.issuer
    assert shown
    assert not set(shown) & {key.certificate_base64 for key in app.keys}
    assert "accounts.accesscontrol" in tenant.platform_keys[0].certificate.subject.rfc4514_string()


def test_the_common_document_has_a_placeholder(client: FlaskClient) -> None:
    root = read(client.get("/common/federationmetadata/2007-06/federationmetadata.xml").data)
    assert str(root.get("entityID")).endswith("/{tenantid}/")
    assert all("/common/" in url for url in found(root, "md:IDPSSODescriptor/*/@Location"))


def test_an_unknown_application_is_refused(client: FlaskClient, tenant: Tenant, app: App) -> None:
    answer = client.get(tenant.metadata_url(app) + "0")
    assert answer.status_code == 400
    assert "AADSTS700016" in answer.text
