"""Forged, stolen and changed logout messages, and those that are hostile to the parser.

An attack is a function from a user's session to a message. It never knows whether it is judged by the pure functions
or sent to the real address, so each one is tried both ways.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree

from sso.saml import ServiceProvider, SigningCertificate
from tests.attacks.messages.target import DS, EVIL, GENUINE
from tests.saml import logout_provider
from tests.saml.logout_provider import SLO, deflated, signature
from tests.saml.provider import RSA_SHA256, SP, KeyPair, SamlResponse, encode, key_pair, sign

US = replace(SP, slo_url=SLO)
MORE = "http://www.w3.org/2001/04/xmldsig-more#"


class Query(NamedTuple):
    """A message by Redirect: the raw query."""

    text: str


class Form(NamedTuple):
    """A message by POST: the fields."""

    fields: dict[str, str]


@dataclass(frozen=True)
class Session:
    """A user's session at one organization: what an attacker may know of it, which is everything but the keys."""

    service_provider: ServiceProvider = US
    name_id: str = GENUINE
    # Our public certificate: every attacker can encrypt for it.
    certificate: SigningCertificate | None = None

    @property
    def address(self) -> str:
        """Our address that logout messages are sent to."""
        return self.service_provider.slo_url

    def message(self, name: str = "LogoutRequest", **knobs: Any) -> str:
        """What the provider would say; right in everything but the knobs that are turned."""
        right = {"destination": self.address, "subject": f"<saml:NameID>{self.name_id}</saml:NameID>"}
        return logout_provider.message(name, **(right | knobs))


Attack = Callable[[Session], Query | Form]
Group = Mapping[str, Attack]


def posted(text: str | bytes, *, signer: KeyPair | None = None, name: str = "SAMLRequest", **options: Any) -> Form:
    """By POST, signed in the XML unless `signer` is None; options as those of a provider's SamlResponse."""
    root = etree.fromstring(text)
    if signer is not None:
        sign(root, SamlResponse(pair=signer, **options))
    return Form({name: encode(etree.tostring(root)), "RelayState": "a b"})


def both(change: Callable[[str], str] = str, **knobs: Any) -> dict[str, Attack]:
    """Return messages that the provider itself signed, by either binding, so that only their content can be wrong."""
    return {
        "by Redirect": lambda session: Query(logout_provider.query(change(session.message(**knobs)))),
        "by POST": lambda session: posted(change(session.message(**knobs)), signer=key_pair()),
    }


def by_redirect(change: Callable[[str], str] = str, **knobs: Any) -> dict[str, Attack]:
    """Return a signed message by HTTP-Redirect only, where no signature in the XML could refer to it."""
    return {"by Redirect": both(change, **knobs)["by Redirect"]}


def named(cases: Mapping[str, Mapping[str, Attack]]) -> Group:
    """Return one group out of cases that are tried by both bindings."""
    return {f"{name}, {way}": attack for name, ways in cases.items() for way, attack in ways.items()}


# --- The signature of a query -----------------------------------------------------------------------------------


def _of(session: Session) -> tuple[str, str, str, str]:
    """Return the genuine query in its parts: SAMLRequest, RelayState, SigAlg, Signature."""
    request, relay, algorithm, value = logout_provider.query(session.message()).split("&")
    return request, relay, algorithm, value


def _forged(session: Session) -> str:
    """Return the SAMLRequest parameter of an unsigned message."""
    return "SAMLRequest=" + quote(deflated(session.message(message_id="_forged")), safe="")


def edited(change: Callable[[str], str]) -> Attack:
    """Return an attack that changes a genuine query on the way."""

    def attack(session: Session) -> Query:
        genuine = logout_provider.query(session.message())
        changed = change(genuine)
        assert changed != genuine, "the attack changes nothing"
        return Query(changed)

    return attack


def arranged(make: Callable[[Session, str, str, str, str], list[str]]) -> Attack:
    """Out of the parts of a genuine query."""
    return lambda session: Query("&".join(make(session, *_of(session))))


def _over(signed: Callable[[str, str, str], str]) -> Attack:
    """The provider's key, over something else than what is sent."""

    def attack(session: Session) -> Query:
        request, relay, algorithm, _ = _of(session)
        value = quote(signature(signed(request, relay, algorithm)), safe="")
        return Query("&".join((request, relay, algorithm, "Signature=" + value)))

    return attack


def _by_algorithm(name: str, make: Callable[[bytes], bytes]) -> Attack:
    """Signed over the right octets, in a way that must not count."""

    def attack(session: Session) -> Query:
        request, relay, _, _ = _of(session)
        data = "&".join((request, relay, "SigAlg=" + quote(name, safe="")))
        return Query(f"{data}&Signature=" + quote(base64.b64encode(make(data.encode())).decode(), safe=""))

    return attack


def _hmac(data: bytes) -> bytes:
    """Return an HMAC with the provider's public certificate as the secret, which every attacker knows."""
    return hmac.new(key_pair().certificate.der, data, hashlib.sha256).digest()


def _rsa(digest: hashes.HashAlgorithm, scheme: padding.AsymmetricPadding | None = None) -> Callable[[bytes], bytes]:
    key = serialization.load_pem_private_key(key_pair().pem, None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return lambda data: key.sign(data, scheme or padding.PKCS1v15(), digest)


PSS = padding.PSS(padding.MGF1(hashes.SHA256()), 32)

QUERY_SIGNATURE: Group = {
    "none": lambda session: Query(logout_provider.query(session.message(), signer="")),
    "by another key": lambda session: Query(logout_provider.query(session.message(), signer="eve")),
    "by another organization's key": lambda session: Query(logout_provider.query(session.message(), signer="other")),
    "of another message": lambda session: Query(
        "&".join((_forged(session), *_of(session)[1:3], logout_provider.query(session.message()).split("&")[3]))
    ),
    "of a response": lambda session: Query(
        _forged(session) + "&" + "&".join(logout_provider.query(session.message("LogoutResponse")).split("&")[1:])
    ),
    "over the query decoded": _over(lambda *parts: unquote("&".join(parts))),
    "over the query encoded again": _over(lambda *parts: quote("&".join(parts), safe="&=")),
    "over the parameters in another order": _over(lambda request, relay, algorithm: f"{relay}&{request}&{algorithm}"),
    "over the message alone": _over(lambda request, relay, algorithm: request),
    "over all but the algorithm": _over(lambda request, relay, algorithm: f"{request}&{relay}"),
    "over all but the RelayState": _over(lambda request, relay, algorithm: f"{request}&{algorithm}"),
    "over an empty RelayState": _over(lambda request, relay, algorithm: f"{request}&RelayState=&{algorithm}"),
    "over nothing": _over(lambda *parts: ""),
    "over the message in the other parameter": _over(
        lambda request, *rest: "&".join((request.replace("SAMLRequest", "SAMLResponse"), *rest))
    ),
    "RelayState changed": edited(lambda text: text.replace("RelayState=a%20b", "RelayState=a%20c")),
    "RelayState written in another way": edited(lambda text: text.replace("a%20b", "a+b")),
    "RelayState taken out": edited(lambda text: text.replace("&RelayState=a%20b", "")),
    "RelayState emptied": edited(lambda text: text.replace("RelayState=a%20b", "RelayState=")),
    "RelayState put in": lambda session: Query(
        logout_provider.query(session.message(), relay_state=None) + "&RelayState=https%3A%2F%2Fevil.test"
    ),
    "the message written in another way": edited(lambda text: text.replace("%2B", "%2b").replace("%3D", "%3d")),
    "no algorithm": edited(lambda text: text.replace("&SigAlg=", "&Other=")),
    "an empty algorithm": edited(lambda text: text.replace(quote(RSA_SHA256, safe=""), "")),
    "the algorithm twice": edited(lambda text: text + "&SigAlg=" + quote(RSA_SHA256, safe="")),
    "another digest in the algorithm": edited(lambda text: text.replace("rsa-sha256", "rsa-sha512")),
    "another key in the algorithm": edited(lambda text: text.replace("rsa-sha256", "ecdsa-sha256")),
    "the algorithm in capitals": edited(lambda text: text.replace("rsa-sha256", "RSA-SHA256")),
    "the algorithm's name alone": edited(lambda text: text.replace(quote(RSA_SHA256, safe=""), "rsa-sha256")),
    "SHA-1": _by_algorithm(DS[1:-1] + "rsa-sha1", _rsa(hashes.SHA1())),  # noqa: S303
    "SHA-224": _by_algorithm(MORE + "rsa-sha224", _rsa(hashes.SHA224())),
    "MD5": _by_algorithm(MORE + "rsa-md5", _rsa(hashes.MD5())),  # noqa: S303
    "DSA": _by_algorithm(DS[1:-1] + "dsa-sha1", _rsa(hashes.SHA1())),  # noqa: S303
    "HMAC": _by_algorithm(MORE + "hmac-sha256", _hmac),
    "HMAC called RSA": _by_algorithm(RSA_SHA256, _hmac),
    "PSS called PKCS 1": _by_algorithm(RSA_SHA256, _rsa(hashes.SHA256(), PSS)),
    "PSS": _by_algorithm("http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1", _rsa(hashes.SHA256(), PSS)),
    "no algorithm at all": _by_algorithm("none", lambda data: b""),
    "an empty value": _by_algorithm(RSA_SHA256, lambda data: b""),
    "zeros": _by_algorithm(RSA_SHA256, lambda data: bytes(256)),
    "one": _by_algorithm(RSA_SHA256, lambda data: bytes(255) + b"\x01"),
    "a byte too many": _by_algorithm(RSA_SHA256, lambda data: _rsa(hashes.SHA256())(data) + b"\x00"),
    "a byte too few": _by_algorithm(RSA_SHA256, lambda data: _rsa(hashes.SHA256())(data)[:-1]),
    "a megabyte": _by_algorithm(RSA_SHA256, lambda data: b"\x01" * 1_000_000),
    "no value": edited(lambda text: text.partition("&Signature=")[0]),
    "junk in the value": edited(lambda text: text.replace("Signature=", "Signature=!")),
    "junk behind the value": edited(lambda text: text + "!!"),
    "the value twice": edited(lambda text: text + "&" + text.split("&")[3]),
}

# --- Which message is meant -------------------------------------------------------------------------------------

PARAMETERS: Group = {
    "a forged message before": arranged(lambda session, *parts: [_forged(session), *parts]),
    "a forged message behind": arranged(lambda session, *parts: [*parts, _forged(session)]),
    "a forged response before": arranged(
        lambda session, *parts: [_forged(session).replace("SAMLRequest", "SAMLResponse"), *parts]
    ),
    "a forged response behind": arranged(
        lambda session, *parts: [*parts, _forged(session).replace("SAMLRequest", "SAMLResponse")]
    ),
    "the same message twice": arranged(lambda session, *parts: [*parts, parts[0]]),
    "an empty message beside": arranged(lambda session, *parts: [*parts, "SAMLRequest="]),
    "an empty response beside": arranged(lambda session, *parts: ["SAMLResponse=", *parts]),
    "RelayState twice": arranged(lambda session, *parts: [*parts, "RelayState=b"]),
    "the forged one under an escaped name": arranged(
        lambda session, request, *rest: [_forged(session).replace("SAMLR", "SAML%52"), *rest]
    ),
    "the forged one in small letters": arranged(
        lambda session, request, *rest: [_forged(session).replace("SAMLRequest", "samlrequest"), *rest]
    ),
    "the forged one in a list": arranged(
        lambda session, request, *rest: [_forged(session).replace("SAMLRequest", "SAMLRequest[]"), *rest]
    ),
    "the forged one behind a semicolon": arranged(lambda session, request, *rest: [f"x=1;{_forged(session)}", *rest]),
    "an encoding of nobody's": edited(lambda text: text + "&SAMLEncoding=urn:none"),
    "as a form in the query": lambda session: Query("SAMLRequest=" + quote(encode(session.message().encode()))),
    "as a query in a form": lambda session: Form({"SAMLRequest": deflated(session.message()), "RelayState": ""}),
    "as a signed query in a form": lambda session: Form(
        {name: unquote(value) for name, _, value in (part.partition("=") for part in _of(session))}
    ),
    "nothing": lambda session: Query("SAMLRequest="),
    "nothing in a form": lambda session: Form({"SAMLRequest": ""}),
    "no message": lambda session: Query("RelayState=a&SigAlg=b&Signature=c"),
    "a hundred kilobytes of parameters": edited(lambda text: text + "&x=1" * 25_000),
}

# What a form says as a whole, before any message of it is looked at.
FIELDS: Group = {
    "both in a form": lambda session: Form(
        posted(session.message(), signer=key_pair()).fields | {"SAMLResponse": encode(session.message().encode())}
    ),
    "no message in a form": lambda session: Form({"RelayState": "a"}),
}

# --- The signature of a form ------------------------------------------------------------------------------------

Tree = etree._Element


def rebuilt(change: Callable[[Tree], Tree | None]) -> Attack:
    """The tree of a genuine message is changed after it was signed; `change` may return another root."""

    def attack(session: Session) -> Form:
        root = etree.fromstring(session.message())
        sign(root, SamlResponse())
        made = change(root)
        return Form({"SAMLRequest": encode(etree.tostring(root if made is None else made)), "RelayState": ""})

    return attack


def _evil(root: Tree) -> Tree:
    """Return a copy of a request that names another user, without its signature."""
    evil = deepcopy(root)
    evil.remove(evil.find(DS + "Signature"))
    evil.set("ID", "_evil")
    evil.find("{*}NameID").text = EVIL
    return evil


def _wrapped(place: str, *, same_id: bool = False, signature_moves: bool = False) -> Callable[[Tree], Tree]:
    """The genuine request somewhere inside a forged one."""

    def change(root: Tree) -> Tree:
        evil = _evil(root)
        if same_id:
            evil.set("ID", root.get("ID"))
        holder = etree.SubElement(evil, place)
        if signature_moves:
            evil.insert(1, root.find(DS + "Signature"))
        holder.append(root)
        if place == DS + "Object":
            evil.find(DS + "Signature").append(holder)
        return evil

    return change


def _edit(name: str, change: Callable[[Tree], object]) -> Callable[[Tree], None]:
    def edit(root: Tree) -> None:
        change(next(root.iter("{*}" + name)))

    return edit


EXTENSIONS = "{urn:oasis:names:tc:SAML:2.0:protocol}Extensions"
XSLT = "http://www.w3.org/TR/1999/REC-xslt-19991116"


FORM_SIGNATURE: Group = {
    "none": lambda session: posted(session.message()),
    "by another key": lambda session: posted(session.message(), signer=key_pair("eve")),
    "by another organization's key": lambda session: posted(session.message(), signer=key_pair("other")),
    "SHA-1": lambda session: posted(session.message(), signer=key_pair(), signature_method=DS[1:-1] + "rsa-sha1"),
    "SHA-1 digest": lambda session: posted(session.message(), signer=key_pair(), digest_method=DS[1:-1] + "sha1"),
    "the key from elsewhere": lambda session: posted(session.message(), signer=key_pair(), key_info="retrieval"),
    "inclusive canonicalization": lambda session: posted(
        session.message(),
        signer=key_pair(),
        transforms=(
            "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
            "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
        ),
    ),
    "somebody else named": rebuilt(_edit("NameID", lambda name: setattr(name, "text", EVIL))),
    "another session named": rebuilt(_edit("SessionIndex", lambda index: setattr(index, "text", "_b"))),
    "the session taken out": rebuilt(_edit("SessionIndex", lambda index: index.getparent().remove(index))),
    "no value": rebuilt(_edit("SignatureValue", lambda value: setattr(value, "text", None))),
    "another value": rebuilt(_edit("SignatureValue", lambda value: setattr(value, "text", "AAAA"))),
    "a comment in the digest": rebuilt(_edit("DigestValue", lambda value: value.append(etree.Comment("x")))),
    "two signatures": rebuilt(lambda root: root.insert(1, deepcopy(root.find(DS + "Signature")))),
    "a signature elsewhere": rebuilt(lambda root: root.find("{*}Issuer").append(root.find(DS + "Signature"))),
    "of the whole document": rebuilt(_edit("Reference", lambda reference: reference.set("URI", ""))),
    "of a file": rebuilt(_edit("Reference", lambda reference: reference.set("URI", "file:///etc/hostname"))),
    "of the network": rebuilt(_edit("Reference", lambda reference: reference.set("URI", "http://127.0.0.1:9/"))),
    "of two things": rebuilt(_edit("SignedInfo", lambda info: info.append(deepcopy(info[2])))),
    "of nothing": rebuilt(_edit("SignedInfo", lambda info: info.remove(info[2]))),
    "by way of a program": rebuilt(_edit("Transforms", lambda all_: all_[1].set("Algorithm", XSLT))),
    "by two thousand transforms": rebuilt(
        _edit("Transforms", lambda all_: all_.extend([deepcopy(all_[1]) for _ in range(2000)]))
    ),
    **{
        f"wrapped in {place.rpartition('}')[2]}, {'the same ID' if same else 'another ID'}"
        f"{', signature moved' if moves else ''}": rebuilt(_wrapped(place, same_id=same, signature_moves=moves))
        for place in (EXTENSIONS, DS + "Object", "{urn:x}x")
        for same in (False, True)
        for moves in (False, True)
        if place != DS + "Object" or moves
    },
}
