"""Verification of the signature of an AuthnRequest, for applications that require verification certificates.

By Redirect it is over the query as it was sent (SAML bindings 3.4.4.1), by POST it is inside the document (3.5.4).
"""

import base64
import binascii
from typing import Final, NoReturn
from urllib.parse import unquote_plus

import xmlsec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from lxml import etree
from xmlsec import constants

from simulator.apps import App
from simulator.refusals import Refusal
from simulator.saml.keys import UploadedCertificate
from simulator.saml.requests import decode
from simulator.saml.signing import DIGEST_METHODS, DS, ENVELOPED, EXCLUSIVE, SIGNATURE_METHODS

UNSIGNED: Final = 76021
# Microsoft publishes one number for every signature that is there and does not verify.
INVALID: Final = 50006
# Without a key identifier Entra tries no more than these, the newest.
TRIED: Final = 2

SIGNED_PARAMETERS: Final = ("SAMLRequest", "RelayState", "SigAlg")
PARAMETERS: Final = (*SIGNED_PARAMETERS, "Signature")


def check_signature(app: App, message: str, *, binding: str, query: str, relay_state: str | None = None) -> None:
    """Refuse a request that `app` wants signed and that isn't, in the place where its binding puts the signature.

    `message` is the SAMLRequest as it was read; `query` the raw query of the Redirect binding ("redirect"), of which
    `message` and `relay_state` must be the values. Raises Refusal 76021 (unsigned) or 50006. An application that
    requires nothing has signatures ignored.
    """
    if not app.requires_signed_requests:
        return
    if binding == "redirect":
        _check_query(app, query, {"SAMLRequest": message, "RelayState": relay_state})
    else:
        _check_document(app, decode(message, deflated=False))


def refuse_unasked(app: App) -> None:
    """Refuse a sign-in that begins at the provider: there is no request whose signature could be verified."""
    if app.requires_signed_requests:
        _refuse_unsigned(app, "My Apps and the Test button send none")


def _check_query(app: App, query: str, read: dict[str, str | None]) -> None:
    raw = _parameters(query)
    if "Signature" not in raw:
        _refuse_unsigned(app, "by HTTP-Redirect the signature belongs in the query, beside SigAlg")
    if read != {name: unquote_plus(raw[name]) if name in raw else None for name in read}:
        _refuse("What the signature covers is not what was read")
    digest = _digest_of(app, unquote_plus(raw.get("SigAlg", "")))
    signed = "&".join(f"{name}={raw[name]}" for name in SIGNED_PARAMETERS if name in raw).encode()
    value = _decoded(unquote_plus(raw["Signature"]))
    if not any(_verifies(each, value, signed, digest) for each in app.verification_certificates[-TRIED:]):
        _refuse("The signature fits none of the two newest verification certificates")


def _parameters(query: str) -> dict[str, str]:
    """Return name → value of the parameters that count, still encoded."""
    found = [part.partition("=")[::2] for part in query.split("&")]
    counted = [(name, value) for name, value in found if name in PARAMETERS]
    if len(counted) != len(dict(counted)):
        _refuse("A parameter of the query appears twice")
    return dict(counted)


def _digest_of(app: App, algorithm: str) -> hashes.HashAlgorithm:
    _require_algorithm(app, algorithm)
    return hashes.SHA256() if algorithm == SIGNATURE_METHODS["sha256"] else hashes.SHA1()  # noqa: S303  # asked for


def _require_algorithm(app: App, algorithm: str) -> None:
    if not algorithm:
        _refuse("The request is signed and names no signature algorithm")
    if algorithm not in _allowed(app, SIGNATURE_METHODS):
        _refuse(f"The signature algorithm '{algorithm}' is not allowed. RSA-SHA256 is")


def _allowed(app: App, methods: dict[str, str]) -> set[str]:
    return set(methods.values()) if app.allows_sha1_requests else {methods["sha256"]}


def _verifies(certificate: UploadedCertificate, value: bytes, signed: bytes, digest: hashes.HashAlgorithm) -> bool:
    try:
        certificate.public_key.verify(value, signed, padding.PKCS1v15(), digest)
    except InvalidSignature:
        return False
    return True


def _check_document(app: App, root: etree._Element) -> None:
    signatures = list(root.iter(f"{{{DS}}}Signature"))
    if not any(signature.getparent() is root for signature in signatures):
        _refuse_unsigned(app, "by HTTP-POST the signature belongs into the request's XML")
    if len(signatures) > 1:
        _refuse("The request has more than one signature")
    (signature,) = signatures
    _require_plain(app, root, signature)
    if not any(_envelops(each, root, signature) for each in _candidates(app, signature)):
        _refuse("The signature fits none of the verification certificates that were tried")


def _require_plain(app: App, root: etree._Element, signature: etree._Element) -> None:
    """Require one reference, to the whole request, with the algorithms that Entra takes and no other transform."""
    infos, references = _inside(signature, "SignedInfo"), _inside(signature, "SignedInfo/Reference")
    _require_algorithm(app, _algorithm(signature, "SignedInfo/SignatureMethod"))
    transforms = {each.get("Algorithm") for each in _inside(signature, "SignedInfo/Reference/Transforms/Transform")}
    is_plain = (
        len(infos) == len(references) == 1
        and references[0].get("URI") == f"#{root.get('ID')}"
        and transforms == {ENVELOPED, EXCLUSIVE}
        and _algorithm(signature, "SignedInfo/CanonicalizationMethod") == EXCLUSIVE
        and _algorithm(signature, "SignedInfo/Reference/DigestMethod") in _allowed(app, DIGEST_METHODS)
    )
    if not is_plain:
        _refuse("The signature does not cover the whole request, or has algorithms that are not allowed")


def _inside(signature: etree._Element, path: str) -> list[etree._Element]:
    return signature.findall("/".join(f"{{{DS}}}{name}" for name in path.split("/")))


def _algorithm(signature: etree._Element, path: str) -> str:
    return next((each.get("Algorithm", "") for each in _inside(signature, path)), "")


def _candidates(app: App, signature: etree._Element) -> list[UploadedCertificate]:
    """Return the certificates that the request names; the newest if it names none."""
    named = {_decoded(each.text or "") for each in _inside(signature, "KeyInfo/X509Data/X509Certificate")}
    if not named:
        return app.verification_certificates[-TRIED:]
    found = [each for each in app.verification_certificates if each.der in named]
    if not found:
        _refuse("No verification certificate is the one that the request names")
    return found


def _envelops(certificate: UploadedCertificate, root: etree._Element, signature: etree._Element) -> bool:
    xmlsec.tree.add_ids(root, ["ID"])
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(certificate.certificate_pem, constants.KeyDataFormatCertPem)
    try:
        context.verify(signature)
    except xmlsec.Error:
        return False
    return True


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error:
        _refuse("A value of the signature is not base64")


def _refuse_unsigned(app: App, why: str) -> NoReturn:
    raise Refusal(UNSIGNED, f"'{app.name}' takes signed requests only, and this one is not signed: {why}.")


def _refuse(why: str) -> NoReturn:
    raise Refusal(INVALID, f"The signature of the request is not valid. {why}.")
