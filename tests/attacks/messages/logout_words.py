"""Logout messages that the right provider signed and that still must do nothing; hostile ones; and the genuine ones."""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Callable
from urllib.parse import quote

from lxml import etree

from simulator.saml.encryption import OAEP_MGF1P, encrypt
from tests.attacks.messages.encryption import CBC, encrypted_data
from tests.attacks.messages.logout import (
    MORE,
    Attack,
    Form,
    Group,
    Query,
    Session,
    both,
    by_redirect,
    edited,
    named,
    posted,
)
from tests.attacks.messages.target import EVIL, GENUINE, SAML
from tests.saml import logout_provider
from tests.saml.logout_provider import deflated, signature
from tests.saml.provider import ENTITY_FORMAT, ISSUER, TENANT, certificate_pem, encode, key_pair, stamp

LOGIN_ISSUER = f"https://login.microsoftonline.com/{TENANT}/"
OTHER_TENANT = "99999999-6a52-4d0e-9c1d-5b7a2f6e8d41"


def _to(change: Callable[[str], str | None]) -> dict[str, Attack]:
    """For another address than ours."""

    def write(session: Session) -> str:
        return session.message(destination=change(session.address))

    return {
        "by Redirect": lambda session: Query(logout_provider.query(write(session))),
        "by POST": lambda session: posted(write(session), signer=key_pair()),
    }


def _about(subject: str) -> dict[str, Attack]:
    return both(subject=subject)


def _renamed(name: str) -> dict[str, Attack]:
    return both(lambda text: text.replace("LogoutRequest", name))


def _issued_by(issuer: str) -> dict[str, Attack]:
    return both(lambda text: text.replace(f"<saml:Issuer>{ISSUER}</saml:Issuer>", issuer))


WRONG_WORDS: Group = named(
    {
        "for the ACS": _to(lambda slo: slo.replace("/slo/", "/acs/")),
        "for the next organization": _to(lambda slo: slo[:-1] + "9"),
        "for the organization with one more digit": _to(lambda slo: slo + "0"),
        "for somebody else": _to(lambda slo: "https://evil.test/saml/2/slo/1"),
        "for somebody else's query": _to(lambda slo: f"https://evil.test/?u={slo}"),
        "for our address with a slash": _to(lambda slo: slo + "/"),
        "for our address in capitals": _to(str.upper),
        "for our address without encryption": _to(lambda slo: slo.replace("https:", "http:")),
        "for an empty address": _to(lambda slo: ""),
        "for no address": _to(lambda slo: None),
        "by somebody else": _issued_by("<saml:Issuer>https://evil.test/</saml:Issuer>"),
        "by another tenant": _issued_by(f"<saml:Issuer>https://sts.windows.net/{OTHER_TENANT}/</saml:Issuer>"),
        "by another tenant's other name": _issued_by(
            f"<saml:Issuer>https://login.microsoftonline.com/{OTHER_TENANT}/</saml:Issuer>"
        ),
        "by our tenant in another's path": _issued_by(f"<saml:Issuer>https://evil.test/x/{TENANT}/</saml:Issuer>"),
        "by our tenant in another's query": _issued_by(f"<saml:Issuer>https://evil.test/?/{TENANT}/</saml:Issuer>"),
        "by nobody": _issued_by(""),
        "by two": _issued_by(f"<saml:Issuer>{ISSUER}</saml:Issuer><saml:Issuer>https://evil.test/</saml:Issuer>"),
        "by an address": _issued_by(
            f'<saml:Issuer Format="{SAML[1:-1]}:nameid-format:emailAddress">{ISSUER}</saml:Issuer>'
        ),
        "written a quarter of an hour ago": both(issued=stamp(-16)),
        "written last year": both(issued="2025-03-02T09:30:00Z"),
        "written in six minutes": both(issued=stamp(6)),
        "written in local time": both(issued="2026-03-02T11:30:00+02:00"),
        "written in the year 99999": both(issued="99999-01-01T00:00:00Z"),
        "written never": both(issued="never"),
        "over": both(until=stamp(-6)),
        "over for a year": both(until="2025-03-02T09:30:00Z"),
        "over in local time": both(until="2026-03-02T23:30:00+02:00"),
        "over at no time": both(until=""),
        "of SAML 1.1": both(version="1.1"),
        "of SAML 2.1": both(version="2.1"),
        "of no version": both(lambda text: text.replace(' Version="2.0"', "")),
        "without an ID": by_redirect(lambda text: text.replace(' ID="_l1"', "")),
        "with an empty ID": by_redirect(message_id=""),
        "with an ID that is none": by_redirect(message_id="1 2"),
        "with an endless ID": both(message_id="_" + "a" * 300),
        "about nobody": _about(""),
        "about an empty name": _about("<saml:NameID/>"),
        "about a blank name": _about("<saml:NameID> \n </saml:NameID>"),
        "about an endless name": _about(f"<saml:NameID>{'a' * 1025}</saml:NameID>"),
        "about two": _about(f"<saml:NameID>{EVIL}</saml:NameID><saml:NameID>{GENUINE}</saml:NameID>"),
        "about a name in pieces": _about(f"<saml:NameID>{GENUINE}<x xmlns=''/>.evil.test</saml:NameID>"),
        "about a name with a comment": _about(f"<saml:NameID>{GENUINE}<!-- -->.evil.test</saml:NameID>"),
        "about a name with an instruction": _about(f"<saml:NameID>{GENUINE}<?x?>.evil.test</saml:NameID>"),
        "about a base ID": _about("<saml:BaseID/>"),
        "about an empty encrypted name": _about("<saml:EncryptedID/>"),
        "about a name encrypted for nobody": _about(
            f"<saml:EncryptedID>{encrypted_data(CBC, OAEP_MGF1P)}</saml:EncryptedID>"
        ),
        "about a name encrypted elsewhere": _about(
            "<saml:EncryptedID>"
            + encrypted_data(CBC, OAEP_MGF1P, '<CipherReference URI="http://127.0.0.1:9/"/>')
            + "</saml:EncryptedID>"
        ),
        "an AuthnRequest": _renamed("AuthnRequest"),
        "a response to a sign-in": _renamed("Response"),
        "a request to change a name": _renamed("ManageNameIDRequest"),
        "a LogoutResponse with a name": _renamed("LogoutResponse"),
        "of nobody's namespace": both(lambda text: text.replace('xmlns:samlp="urn:oasis', 'xmlns:samlp="urn:basis')),
        "in an envelope": both(
            lambda text: (
                f'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" ID="_e"><e:Body>{text}'
                "</e:Body></e:Envelope>"
            )
        ),
        "for another reason than a word": both(more=' Reason="a" reason="b"'),
    }
)


def _encrypted(change: Callable[[etree._Element], object]) -> Attack:
    """The name is encrypted for us, and what comes out is something else than a name."""

    def attack(session: Session) -> Query:
        assert session.certificate is not None
        root = etree.fromstring(session.message())
        name = root.find("{*}NameID")
        change(name)
        encrypt(name, certificate_pem(session.certificate), container="EncryptedID")
        return Query(logout_provider.query(etree.tostring(root).decode()))

    return attack


ENCRYPTED: Group = {
    "an issuer": _encrypted(lambda name: setattr(name, "tag", SAML + "Issuer")),
    "a name of nobody's namespace": _encrypted(lambda name: setattr(name, "tag", "NameID")),
    "an empty name": _encrypted(lambda name: setattr(name, "text", "")),
    "an endless name": _encrypted(lambda name: setattr(name, "text", "a" * 1025)),
    "a name in pieces": _encrypted(lambda name: etree.SubElement(name, "x")),
    "a name with a comment": _encrypted(lambda name: name.append(etree.Comment("x"))),
}

# --- Hostile to the parser --------------------------------------------------------------------------------------

SESSION = "<samlp:SessionIndex>a</samlp:SessionIndex>"
LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "haha">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1 or str()};" * 10}">' for n in range(1, 10))
    + "]>"
)


def sent(make: Callable[[str], bytes]) -> dict[str, Attack]:
    """Bytes of the attacker's own, by either way; a signature makes no difference to what reading them costs."""

    def query(session: Session) -> Query:
        parts = "SAMLRequest=" + quote(deflated(make(session.message())), safe="") + "&SigAlg=x"
        return Query(f"{parts}&Signature=" + quote(signature(parts), safe=""))

    return {
        "by Redirect": query,
        "by POST": lambda session: Form({"SAMLRequest": encode(make(session.message()))}),
    }


def _inside(text: str) -> dict[str, Attack]:
    return sent(lambda message: message.replace("<saml:Issuer>", f"{text}<saml:Issuer>", 1).encode())


def _raw(packed: Callable[[bytes], bytes]) -> Attack:
    """What DEFLATE itself may hold."""

    def attack(session: Session) -> Query:
        data = packed(base64.b64decode(deflated(session.message())))
        return Query("SAMLRequest=" + quote(base64.b64encode(data).decode(), safe=""))

    return attack


def _bomb(size: int) -> bytes:
    compressor = zlib.compressobj(9, wbits=-15)
    return compressor.compress(b"<a>" + b" " * size) + compressor.flush()


HOSTILE: Group = {
    **named(
        {
            "a document type": sent(lambda text: f"<!DOCTYPE x>{text}".encode()),
            "a billion laughs": sent(lambda text: (LAUGHS + text.replace(GENUINE, "&a9;")).encode()),
            "a file": sent(
                lambda text: (
                    '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>' + text.replace(GENUINE, "&e;")
                ).encode()
            ),
            "UTF-16": sent(lambda text: text.encode("utf-16")),
            "Latin-1": sent(lambda text: f'<?xml version="1.0" encoding="ISO-8859-1"?>{text}'.encode()),
            "bytes that are no text": sent(lambda text: text.encode().replace(b"adele", b"ad\xffle")),
            "half of it": sent(lambda text: text.encode()[: len(text) // 2]),
            "two of it": sent(lambda text: (text * 2).encode()),
            "a hundred levels": _inside("<x>" * 100 + "</x>" * 100),
            "twenty thousand elements": _inside("<x/>" * 20_000),
            "five thousand sessions": sent(
                lambda text: text.replace(
                    "<samlp:SessionIndex>",
                    "<samlp:SessionIndex>a</samlp:SessionIndex>" * 5_000 + "<samlp:SessionIndex>",
                ).encode()
            ),
            "twenty-five thousand attributes": _inside("<x " + " ".join(f"a{n}=''" for n in range(25_000)) + "/>"),
            "a thousand namespaces": _inside("<x " + " ".join(f"xmlns:n{n}='urn:{n}'" for n in range(1_000)) + "/>"),
            "a relative namespace": _inside("<x xmlns='1'/>"),
            "an ID twice": _inside("<x xmlns='urn:x' ID='_l1'/>"),
            "two hundred and sixty kilobytes of blanks": _inside(" " * 263_000),
            "a megabyte": _inside("x" * 1_000_000),
        }
    ),
    "a bomb of ten megabytes": _raw(lambda _: _bomb(10_000_000)),
    "a bomb of a hundred megabytes": _raw(lambda _: _bomb(100_000_000)),
    "a tail": _raw(lambda data: data + b"tail"),
    "a second stream": _raw(lambda data: data * 2),
    "half a stream": _raw(lambda data: data[: len(data) // 2]),
    "an endless stream": _raw(lambda data: b"\x00\x00\x00\xff\xff" * 5_000),
    "no stream": _raw(lambda data: b"\xff" * 500),
    "a stream with a head": _raw(lambda data: b"\x78\x9c" + data),
    "gzip": _raw(lambda data: b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03" + data),
    "nothing packed": _raw(lambda data: b"\x03\x00"),
    "no base64": edited(lambda text: text.replace("SAMLRequest=", "SAMLRequest=%00")),
    "base64 with stars": edited(lambda text: text.replace("SAMLRequest=", "SAMLRequest=*")),
    "a broken escape": edited(lambda text: text.replace("SAMLRequest=", "SAMLRequest=%zz")),
    "other letters": edited(lambda text: text.replace("SAMLRequest=", "SAMLRequest=%F0%9F%98%80")),
    "no base64 in a form": lambda session: Form({"SAMLRequest": "\x00\ud7ff*" * 10}),
    "half a megabyte of A": lambda session: Form({"SAMLRequest": "A" * 530_000}),
}

# --- Answers to our own requests --------------------------------------------------------------------------------


def _answers(change: Callable[[str], str] = str, *, signer: str = "idp", **knobs: object) -> Attack:
    return lambda session: Query(
        logout_provider.query(change(session.message("LogoutResponse", **knobs)), signer=signer)
    )


RESPONSES: Group = {
    "signed by another key": _answers(signer="eve"),
    "signed by another organization's key": _answers(signer="other"),
    "signed in the form by another key": lambda session: posted(
        session.message("LogoutResponse"), signer=key_pair("eve"), name="SAMLResponse"
    ),
    "unsigned, by somebody else": _answers(signer="", issuer="https://evil.test/"),
    "unsigned, for another address": _answers(signer="", destination="https://evil.test/"),
    "unsigned, too old": _answers(signer="", issued=stamp(-16)),
    "signed, for no address": _answers(destination=None),
    "without a status": _answers(lambda text: text[: text.index("<samlp:Status>")] + "</samlp:LogoutResponse>"),
    "of SAML 1.1": _answers(signer="", version="1.1"),
    "half signed": lambda session: Query(
        logout_provider.query(session.message("LogoutResponse")).partition("&Signature=")[0]
    ),
}

GROUPS: dict[str, Group] = {
    "words": WRONG_WORDS,
    "encrypted name": ENCRYPTED,
    "hostile": HOSTILE,
    "response": RESPONSES,
}

# --- Genuine messages -------------------------------------------------------------------------------------------


def _escaped(session: Session) -> Query:
    """As .NET escapes: in small letters, and blanks as a plus."""
    plain = logout_provider.query(session.message(), relay_state=None, signer="")
    name, _, value = plain.partition("=")
    lowered = re.sub("%..", lambda found: found[0].lower(), value)
    signed = f"{name}={lowered}&RelayState=a+b&SigAlg={quote(MORE + 'rsa-sha256', safe='')}"
    return Query(f"{signed}&Signature=" + quote(signature(signed), safe=""))


def _name_encrypted(session: Session) -> str:
    assert session.certificate is not None
    root = etree.fromstring(session.message())
    encrypt(root.find("{*}NameID"), certificate_pem(session.certificate), container="EncryptedID")
    return etree.tostring(root).decode()


def _name(attributes: str) -> Callable[[str], str]:
    return lambda text: text.replace("<saml:NameID>", f"<saml:NameID {attributes}>")


HONEST: Group = {
    **named(
        {
            "as it is usually sent": both(),
            "by Entra's other name": both(issuer=LOGIN_ISSUER),
            "by Entra's other name without a slash": both(issuer=LOGIN_ISSUER.rstrip("/")),
            "by an entity": both(lambda text: text.replace("<saml:Issuer>", f'<saml:Issuer Format="{ENTITY_FORMAT}">')),
            "another format of the name": both(_name(f'Format="{SAML[1:-1].replace("2.0", "1.1")}:x"')),
            "qualified": both(_name('NameQualifier="a" SPNameQualifier="b"')),
            "blanks round the name": both(subject=f"<saml:NameID>\n  {GENUINE}\n</saml:NameID>"),
            "without a session": both(indexes=()),
            "several sessions": both(indexes=("_b", "_a1")),
            "a session that we don't know": both(indexes=("_unknown",)),
            "an end": both(until=stamp(5)),
            "nine minutes on the way": both(issued=stamp(-9)),
            "a clock two minutes ahead": both(issued=stamp(2)),
            "a clock two minutes behind": both(issued=stamp(-2), until=stamp(-2)),
            "a reason": both(more=' Reason="urn:oasis:names:tc:SAML:2.0:logout:user"'),
            "a consent": both(more=' Consent="urn:oasis:names:tc:SAML:2.0:consent:unspecified"'),
            "a long ID": both(message_id="_" + "a" * 255),
            "seven digits of a second": both(issued="2026-03-02T09:29:00.1234567Z"),
        }
    ),
    "escaped as others do": _escaped,
    "no RelayState": lambda session: Query(logout_provider.query(session.message(), relay_state=None)),
    "an empty RelayState": lambda session: Query(logout_provider.query(session.message(), relay_state="")),
    "parameters in another order": lambda session: Query(
        "&".join(reversed(logout_provider.query(session.message()).split("&")))
    ),
    "more parameters": lambda session: Query("lc=1033&" + logout_provider.query(session.message()) + "&x=%ff"),
    "the encoding named": lambda session: Query(
        logout_provider.query(session.message())
        + "&SAMLEncoding=urn%3Aoasis%3Anames%3Atc%3ASAML%3A2.0%3Abindings%3AURL-Encoding%3ADEFLATE"
    ),
    "an encrypted name": lambda session: Query(logout_provider.query(_name_encrypted(session))),
    "an encrypted name by POST": lambda session: posted(_name_encrypted(session), signer=key_pair()),
    "a declaration and a byte order mark": lambda session: Query(
        logout_provider.query('\ufeff<?xml version="1.0" encoding="utf-8"?>' + session.message())
    ),
}

HONEST_ANSWERS: Group = {
    "unsigned, as Entra's": _answers(signer="", issuer=LOGIN_ISSUER),
    "unsigned, without an address": _answers(signer="", destination=None),
    "signed": _answers(),
    "signed in the form": lambda session: posted(
        session.message("LogoutResponse"), signer=key_pair(), name="SAMLResponse"
    ),
    "unsigned in the form": lambda session: posted(session.message("LogoutResponse"), name="SAMLResponse"),
}
