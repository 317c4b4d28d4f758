"""What is uploaded in place of metadata: each kind is told by proof, in a true sentence, also in a stream."""

from __future__ import annotations

import base64
import html
import io
import json
import plistlib
import zipfile
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs7, pkcs12

from sso.saml import IdpMetadata, MetadataError, provider_document, read_idp_metadata
from sso.saml import MetadataProblem as P
from tests.saml.der_certificates import built, key, tlv
from tests.saml.metadata.test_aggregates import Trickle
from tests.saml.metadata_files import DECLARATION, ENTRA, ENTRA_SSO, PEM, SP_ROLE, entity, role, sso
from tests.saml.metadata_files import key as key_descriptor
from tests.saml.provider import ENTITY_ID, NOW

METADATA = DECLARATION + "\n" + entity().replace("><", ">\n<")
CERTIFICATE = x509.load_der_x509_certificate(built())
REQUEST = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key(), hashes.SHA256())
EC_KEY = ec.generate_private_key(ec.SECP256R1())
DER, PEM_FILE = serialization.Encoding.DER, serialization.Encoding.PEM
PKCS8, PKCS1 = serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL
OPEN = serialization.NoEncryption()
LOCKED = serialization.BestAvailableEncryption(b"secret")
TENANT_PATH = "https://login.microsoftonline.com/0f3c9b1e-6a52-4d0e-9c1d-5b7a2f6e8d41"
METADATA_URL = f"{TENANT_PATH}/federationmetadata/2007-06/federationmetadata.xml"
APP_URL = f"{METADATA_URL}?appid=3de7496c-9c86-b0c4-eb49-86af00000000"
THUMBPRINT = "E9F1A0C7B5A0D2B1E45C7F0D93D4E3A2B1C0D9E8"


def private(
    private_key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, form: object = PKCS8, lock: object = OPEN
) -> bytes:
    return private_key.private_bytes(DER, form, lock)


def public(encoding: serialization.Encoding) -> bytes:
    return key().public_key().public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)


def zipped(name: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, METADATA)
    return file.getvalue()


def webloc(address: str, form: plistlib.PlistFormat = plistlib.FMT_XML) -> bytes:
    return plistlib.dumps({"URL": address}, fmt=form)


KEYS = {
    "certificate": (built(), P.CERTIFICATE, "This is the certificate, not the metadata"),
    "PKCS 7": (pkcs7.serialize_certificates([CERTIFICATE], DER), P.CERTIFICATE, "This is the certificate"),
    "PKCS 7 as PEM": (pkcs7.serialize_certificates([CERTIFICATE], PEM_FILE), P.CERTIFICATE, "This is the certificate"),
    "PKCS 12": (
        pkcs12.serialize_key_and_certificates(b"idp", key(), CERTIFICATE, None, LOCKED),
        P.PRIVATE_KEY,
        "PKCS #12, .pfx or .p12) holds a private key",
    ),
    "PKCS 8": (private(key()), P.PRIVATE_KEY, "This is a private key"),
    "PKCS 8, locked": (private(key(), PKCS8, LOCKED), P.PRIVATE_KEY, "This is a private key"),
    "PKCS 1": (private(key(), PKCS1), P.PRIVATE_KEY, "This is a private key"),
    "SEC 1": (private(EC_KEY, PKCS1), P.PRIVATE_KEY, "This is a private key"),
    "private key as base64": (base64.b64encode(private(key())), P.PRIVATE_KEY, "This is a private key"),
    "private key behind a certificate": (
        PEM.encode() + b"\n" + key().private_bytes(PEM_FILE, PKCS8, OPEN),
        P.PRIVATE_KEY,
        "replace it",
    ),
    "public key": (public(DER), P.CERTIFICATE, "This is a public key, not the metadata"),
    "public key as PEM": (public(PEM_FILE), P.CERTIFICATE, "This is a public key"),
    "certificate request": (REQUEST.public_bytes(DER), P.CERTIFICATE, "This is a certificate request"),
    "certificate request as PEM": (REQUEST.public_bytes(PEM_FILE), P.CERTIFICATE, "This is a certificate request"),
    "a part of a certificate": (built()[:300], P.CERTIFICATE, "This is binary data, as of a certificate"),
    "DER of another kind": (
        tlv(0x30, tlv(0x30, b""), tlv(0x30, b""), tlv(0x03, bytes(200))),
        P.CERTIFICATE,
        "This is binary data",
    ),
    "short DER": (tlv(0x30, tlv(0x30, tlv(0x06, b"\x2a\x03"), b"\x05\x00"), tlv(0x04, b"\xff\xff")), P.PRIVATE_KEY, ""),
    "a list of lists in DER": (tlv(0x30, tlv(0x30, b"\x02\x01\x01"), b"\x04\x04\xff\xff\xff\xff"), P.ENCODING, ""),
    "unknown short DER": (
        tlv(0x30, tlv(0x30, tlv(0x06, b"\x2a"), b"\x05\x00"), tlv(0x02, b"\xff\xff\xff")),
        P.ENCODING,
        "",
    ),
}
MAGIC = {
    "gzip": (b"\x1f\x8b\x08", "a gzip archive"),
    "bzip2": (b"BZh91AY", "a bzip2 archive"),
    "xz": (b"\xfd7zXZ\x00", "an xz archive"),
    "7-Zip": (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    "RAR": (b"Rar!\x1a\x07\x00", "a RAR archive"),
    "Zstandard": (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    "ZIP": (zipped("metadata.xml"), "a ZIP archive"),
    "Word": (zipped("[Content_Types].xml"), "an Office document"),
    "old Word": (b"\xd0\xcf\x11\xe0\xa1\xb1", "an Office document"),
    "PDF": (b"%PDF-1.7", "a PDF document"),
    "RTF": (b"{\\rtf1 <EntityDescriptor>", "a document of a word processor"),
    "PNG": (b"\x89PNG\r\n", "a picture"),
    "JPEG": (b"\xff\xd8\xff\xe0", "a picture"),
    "Java key store": (b"\xfe\xed\xfe\xed\x00", "a Java key store, which may hold a private key"),
    "binary link of macOS": (webloc(APP_URL, plistlib.FMT_BINARY), "a property list of macOS"),
}
LINKS = {
    "App Federation Metadata URL": (APP_URL, "the App Federation Metadata URL of your application"),
    "in brackets": (f"\n <{APP_URL}> \n", "the App Federation Metadata URL of your application"),
    "in a link of Windows": (
        f"[InternetShortcut]\r\nIDList=\r\nURL={APP_URL}\r\n",
        "the App Federation Metadata URL of your application",
    ),
    "in a link of Linux": (
        f"[Desktop Entry]\nType=Link\nURL[$e]={APP_URL}\n",
        "the App Federation Metadata URL of your application",
    ),
    "in a link of macOS": (webloc(APP_URL).decode(), "the App Federation Metadata URL of your application"),
    "of the whole directory": (METADATA_URL, "the metadata address of your whole Microsoft Entra ID"),
    "OpenID": (
        f"{TENANT_PATH}/v2.0/.well-known/openid-configuration",
        "the address of an OpenID Connect configuration",
    ),
    "Login URL": (ENTRA_SSO, "the Login URL, where users sign in"),
    "Microsoft Entra Identifier": (ENTRA, "the Microsoft Entra Identifier"),
    "other metadata": ("https://idp.contoso.com/saml/metadata", "the address of metadata"),
    "any": ("https://idp.contoso.com/", "a web address"),
    "broken": ("https://[::1/metadata", "the address of metadata"),
}
TEXTS = {
    "thumbprint": (THUMBPRINT, P.THUMBPRINT, "the thumbprint of a certificate"),
    "thumbprint with colons": (":".join(THUMBPRINT[i : i + 2] for i in range(0, 40, 2)), P.THUMBPRINT, "thumbprint"),
    "thumbprint of SHA-256": ("ab " * 32, P.THUMBPRINT, "thumbprint"),
    "ID": ("0f3c9b1e-6a52-4d0e-9c1d-5b7a2f6e8d41", P.ADDRESS, "the ID of an application or a directory"),
    "two addresses": (f"{APP_URL}\n{ENTRA_SSO}", P.OTHER_FILE, "This is not XML"),
    "forty digits and more": (THUMBPRINT + "!", P.OTHER_FILE, "This is not XML"),
    "OpenID configuration": (json.dumps({"jwks_uri": "https://a.test"}), P.JSON, "This is an OpenID Connect"),
    "JSON": ("[1, 2]", P.JSON, "This is JSON"),
    "a string": ('"hello"', P.JSON, "This is JSON"),
    "no JSON": ("{ server: 1 }", P.OTHER_FILE, "This is not XML"),
    "deep JSON": ("[" * 60_000, P.OTHER_FILE, "This is not XML"),
    "metadata as JSON": (json.dumps(METADATA), P.ENCODED, "encoded as a JSON string on its way"),
    "metadata as HTML": (html.escape(METADATA), P.ENCODED, "encoded as HTML (with &lt; in place of <)"),
    "metadata as an address": (quote(METADATA), P.ENCODED, "encoded as a part of a web address"),
    "metadata as base64": (base64.encodebytes(METADATA.encode()).decode(), P.ENCODED, "encoded as base64"),
    "something else as base64": (base64.b64encode(b"hello, world").decode(), P.OTHER_FILE, "This is not XML"),
    "quoted-printable": (METADATA.replace("=", "=3D"), P.MALFORMED, "A mail program has encoded it"),
    "moved page": ('<meta charset="utf-8"><title>Moved</title>', P.WEB_PAGE, "This is a web page, not the metadata"),
    "script": ("<script>location = '/'</script>", P.WEB_PAGE, "while you are signed in"),
    "a page that shows it": (f"<html><pre>{html.escape(METADATA)}</pre></html>", P.WEB_PAGE, "that shows the metadata"),
    "two documents": (METADATA + METADATA, P.SEVERAL_DOCUMENTS, "a second one begins in line 13"),
    "two without declarations": (entity() + "\n" + entity(), P.SEVERAL_DOCUMENTS, "behind the end of its XML document"),
    "a certificate behind it": (f"{METADATA}\n{PEM}", P.SEVERAL_DOCUMENTS, "in line 14"),
    "metadata of another organization here": (
        entity(SP_ROLE, ENTITY_ID.replace("10001", "10002")),
        P.OUR_OWN,
        "This is Amplisso's own metadata",
    ),
    "a template": (entity(entity_id="{{ entity_id }}"), P.TEMPLATE, "that was not filled in: {{ entity_id }}"),
    "a template's address": (
        entity(role(key_descriptor() + sso("https://idp.contoso.com/{tenant}"))),
        P.TEMPLATE,
        "https://idp.contoso.com/{tenant}",
    ),
    "cut off behind remarks": (f"Hello\n{entity()[:-1]}", P.INCOMPLETE, "it ends in the middle"),
    "a mistake in line 4": ("<!-- a\nb\n-->" + entity("\n<&"), P.MALFORMED, "in line 4"),
    "a mistake behind remarks": ("a\nb\n\n" + entity("<&"), P.MALFORMED, "in line 4"),
}
ALL = (
    KEYS
    | {name: (data, P.OTHER_FILE, f"This is {what}") for name, (data, what) in MAGIC.items()}
    | {name: (text.encode(), P.ADDRESS, f"This is {what}, not the file itself") for name, (text, what) in LINKS.items()}
    | {name: (text.encode(), problem, says) for name, (text, problem, says) in TEXTS.items()}
)


@pytest.mark.parametrize("name", ALL)
def test_each_is_told_as_what_it_is(name: str) -> None:
    data, problem, says = ALL[name]
    with pytest.raises(MetadataError) as caught:
        read_whole(data)
    assert caught.value.code is problem
    assert says in str(caught.value)
    assert str(caught.value).endswith(".")
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("source", [io.BytesIO, Trickle])
@pytest.mark.parametrize("name", ALL)
def test_the_other_reader_says_the_same(name: str, source: type[io.BytesIO]) -> None:
    data, problem, _ = ALL[name]
    with pytest.raises(MetadataError) as caught:
        read_whole(read_stream(source(data)))
    assert caught.value.code is problem


REMARKS = {
    "a certificate in front": f"{PEM}\n{METADATA}",
    "text in front": f"Hello,\nhere it is:\n{METADATA}\nRegards",
    "a fence": f"```xml\n{METADATA}\n```\n",
    "a mark that was read as letters": "\u00ef\u00bb\u00bf" + METADATA,
    "UTF-32": METADATA.encode("utf-32"),
    "UTF-32 without a mark": METADATA.encode("utf-32-be"),
}


@pytest.mark.parametrize("data", REMARKS.values(), ids=REMARKS.keys())
def test_what_stands_round_the_document_is_cut(data: str | bytes) -> None:
    raw = data.encode() if isinstance(data, str) else data
    for source in (io.BytesIO, Trickle):
        assert read_whole(read_stream(source(raw))).findings == ()
    assert read_whole(raw).findings == ()


def test_remarks_behind_a_long_document_are_cut() -> None:
    data = f"Hello {entity(role() + '<!-- -->' + ' ' * 80_000)} Regards".encode()
    assert read_whole(read_stream(Trickle(data))) == read_whole(data)


@pytest.mark.parametrize("data", [f"{'x' * 70_000}{METADATA}", f"Hello {METADATA}{'x' * 140_000}"])
def test_too_long_a_remark_is_no_remark(data: str) -> None:
    for reader in (read_whole, lambda raw: read_stream(io.BytesIO(raw))):
        with pytest.raises(MetadataError) as caught:
            reader(data.encode())
        assert caught.value.code in {P.MALFORMED, P.SEVERAL_DOCUMENTS}


def read_whole(data: bytes) -> IdpMetadata:
    return read_idp_metadata(data, our_entity_id=ENTITY_ID, now=NOW)


def read_stream(source: io.BytesIO) -> bytes:
    return provider_document(source, our_entity_id=ENTITY_ID)
