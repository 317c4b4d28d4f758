"""Documents that two readers would read in two ways, or that cost more than they are worth."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable

from sso.saml import CheckName
from sso.saml.xml.envelope import MAX_BYTES, MAX_DEPTH
from tests.attacks.messages.target import BROKEN, GENUINE, Case, Group, Target, posts, replaces, rewrites, says
from tests.saml.provider import REQUEST_ID, encode

PLAIN = CheckName.PLAIN_XML
WELL_FORMED = CheckName.WELL_FORMED
ENCODING = CheckName.ENCODING
BASE64 = CheckName.BASE64
LIMITS = CheckName.LIMITS
UNIQUE_IDS = CheckName.UNIQUE_IDS
NAME = GENUINE.encode()
EVIL_SUFFIX = b".evil.test"


def _into(name: str, cut: bytes) -> Case:
    """Cut the text of an element in two, after signing."""
    marks = {
        "name ID": (NAME + b"</NameID>", NAME + cut + EVIL_SUFFIX + b"</NameID>"),
        "attribute": (NAME + b"</Attr", NAME + cut + EVIL_SUFFIX + b"</Attr"),
        "issuer": (b"</Issuer>", cut + b"</Issuer>"),
        "audience": (b"</Audience>", cut + b"</Audience>"),
        "digest value": (b"</DigestValue>", cut + b"</DigestValue>"),
        "signature value": (b"</SignatureValue>", cut + b"</SignatureValue>"),
        "class": (b"classes:Password<", b"classes:" + cut + b"Password<"),
    }
    return replaces(*marks[name], PLAIN)


CUTS = {
    "comment": b"<!---->",
    "comment with text": b"<!-- eve -->",
    "instruction": b"<?x?>",
    "instruction with text": b"<?x eve@evil.test?>",
    "late declaration": b'<?xml version="1.0"?>',
    "stylesheet": b'<?xml-stylesheet href="http://127.0.0.1:9/"?>',
}
COMMENTS: Group = {
    **{
        f"{cut} in the {name}": _into(name, text)
        for name in ("name ID", "attribute", "issuer", "audience", "digest value", "signature value", "class")
        for cut, text in CUTS.items()
    },
    "signed with a comment in the name ID": Case(
        lambda target: encode(target.answer().xml().replace(b"adele@", b"adele<!-- -->@", 1)), (PLAIN,)
    ),
    "comment in front": rewrites(lambda xml: b"<!-- -->" + xml, PLAIN),
    "comment behind": rewrites(lambda xml: xml + b"<!-- -->", PLAIN),
    "comment that doesn't end": replaces(b"<samlp:Status>", b"<!-- <samlp:Status>", PLAIN),
    "instruction in front": rewrites(lambda xml: b"<?x?>" + xml, PLAIN),
    "declaration twice": rewrites(lambda xml: b'<?xml version="1.0"?><?xml version="1.0"?>' + xml, PLAIN),
}


def _doctype(text: str, before: bytes = b"") -> Case:
    return rewrites(lambda xml: before + text.encode() + xml, PLAIN)


LAUGHS = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(12))
DTD: Group = {
    "document type": _doctype("<!DOCTYPE x>"),
    "document type in small letters": _doctype("<!doctype x>"),
    "document type behind a declaration": _doctype("<!DOCTYPE x>", b'<?xml version="1.0"?>'),
    "document type behind a byte order mark": _doctype("<!DOCTYPE x>", b"\xef\xbb\xbf"),
    "document type behind a comment": _doctype("<!-- --><!DOCTYPE x>"),
    "document type with a parameter entity": _doctype('<!DOCTYPE x [<!ENTITY % e SYSTEM "http://127.0.0.1:9/">%e;]>'),
    "external subset": _doctype('<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">'),
    "public subset": _doctype('<!DOCTYPE x PUBLIC "-//X//X" "http://127.0.0.1:9/x.dtd">'),
    "file entity": rewrites(
        lambda xml: b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>' + xml.replace(NAME, b"&e;"), PLAIN
    ),
    "network entity": rewrites(
        lambda xml: b'<!DOCTYPE x [<!ENTITY e SYSTEM "http://127.0.0.1:9/">]>' + xml.replace(NAME, b"&e;"), PLAIN
    ),
    "billion laughs": rewrites(
        lambda xml: f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]>'.encode() + xml.replace(NAME, b"&l12;"), PLAIN
    ),
    "one entity of a hundred kilobytes, a hundred times": rewrites(
        lambda xml: b'<!DOCTYPE x [<!ENTITY e "' + b"a" * 100_000 + b'">]>' + xml.replace(NAME, b"&e;" * 100), PLAIN
    ),
    "identifiers declared": _doctype("<!DOCTYPE x [<!ATTLIST NameID ID ID #IMPLIED>]>"),
    "default attributes": _doctype('<!DOCTYPE x [<!ATTLIST NameID Format CDATA "urn:evil">]>'),
    "entity that nobody declared": replaces(NAME, b"&eve;", WELL_FORMED),
    "document type in the middle": replaces(b"<samlp:Status>", b"<!DOCTYPE x><samlp:Status>", PLAIN),
    "conditional section": replaces(b"<samlp:Status>", b"<![INCLUDE[x]]><samlp:Status>", PLAIN),
    "XInclude": replaces(
        b"<samlp:Status>",
        b'<samlp:Extensions><xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/hostname"/>'
        b"</samlp:Extensions><samlp:Status>",
        *BROKEN,
        sign="response",
    ),
    "schema location": replaces(
        b"<samlp:Response ",
        b'<samlp:Response xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        b'xsi:schemaLocation="urn:oasis:names:tc:SAML:2.0:protocol http://127.0.0.1:9/x.xsd" ',
        *BROKEN,
        CheckName.SCHEMA,
        sign="response",
    ),
}


def _declared(encoding: str, codec: str = "") -> Case:
    def change(xml: bytes) -> bytes:
        text = f'<?xml version="1.0" encoding="{encoding}"?>' + xml.decode()
        return text.encode(codec or "utf-8")

    return rewrites(change, ENCODING)


ENCODINGS: Group = {
    "UTF-16": rewrites(lambda xml: xml.decode().encode("utf-16"), ENCODING),
    "UTF-16 without mark, big end first": rewrites(lambda xml: xml.decode().encode("utf-16-be"), WELL_FORMED),
    "UTF-16 without mark, little end first": rewrites(lambda xml: xml.decode().encode("utf-16-le"), WELL_FORMED),
    "UTF-32": rewrites(lambda xml: xml.decode().encode("utf-32"), ENCODING),
    "EBCDIC": rewrites(lambda xml: xml.decode().encode("cp037"), ENCODING, WELL_FORMED),
    "says UTF-16": _declared("UTF-16"),
    "says UTF-16 and is": _declared("UTF-16", "utf-16"),
    "says UTF-7": _declared("UTF-7"),
    "says Latin-1": _declared("ISO-8859-1"),
    "says ASCII": _declared("US-ASCII"),
    "says something unknown": _declared("x-evil"),
    "says nothing": _declared(""),
    "XML 1.1": rewrites(lambda xml: b'<?xml version="1.1"?>' + xml, ENCODING),
    "XML 2.0": rewrites(lambda xml: b'<?xml version="2.0"?>' + xml, ENCODING),
    "two byte order marks": rewrites(lambda xml: b"\xef\xbb\xbf\xef\xbb\xbf" + xml, ENCODING),
    "byte order mark in the middle of the name": replaces(
        NAME + b"</NameID>", NAME + b"\xef\xbb\xbf</NameID>", *BROKEN
    ),
    "bytes that are no character": replaces(NAME, NAME + b"\xff", ENCODING),
    "overlong slash": replaces(NAME, NAME + b"\xc0\xaf", ENCODING),
    "half of a pair": replaces(NAME, NAME + b"\xed\xa0\x80", ENCODING),
    "NUL in the name": replaces(NAME, NAME + b"\x00" + EVIL_SUFFIX, WELL_FORMED),
    "NUL at the end": rewrites(lambda xml: xml + b"\x00", WELL_FORMED),
    "NUL as a number": replaces(NAME, NAME + b"&#0;", WELL_FORMED),
    "control character": replaces(NAME, NAME + b"\x08", WELL_FORMED),
    "control character as a number": replaces(NAME, NAME + b"&#8;", WELL_FORMED),
    "text in front": rewrites(lambda xml: b"eve" + xml, WELL_FORMED),
    "blank before the declaration": rewrites(lambda xml: b' <?xml version="1.0"?>' + xml, PLAIN),
    "text behind": rewrites(lambda xml: xml + b"eve", WELL_FORMED),
    "two attributes of one name": replaces(b' ID="_a1"', b' ID="_a1" ID="_a1"', WELL_FORMED),
    "two attributes of one name by two prefixes": replaces(
        b"<samlp:Status>", b'<samlp:Status xmlns:a="urn:a" xmlns:b="urn:a" a:x="1" b:x="2">', WELL_FORMED
    ),
    "prefix that nobody declared": replaces(b"<samlp:Status>", b"<samlp:Status evil:x='1'>", WELL_FORMED),
    "the reserved prefix": replaces(b"<samlp:Status>", b'<samlp:Status xmlns:xmlns="urn:x">', WELL_FORMED),
}


def _encoded(change: Callable[[str], str]) -> Case:
    """Genuine, but for how it is written down."""
    return Case(lambda target: change(target.answer().encoded()), (BASE64,))


def _deflated(target: Target) -> str:
    packer = zlib.compressobj(wbits=-15)
    return encode(packer.compress(target.answer().xml()) + packer.flush())


def _unpadded(target: Target) -> str:
    """A response whose base64 ends in a padding."""
    return next(
        encoded for blanks in range(3) if (encoded := encode(target.answer().xml() + b" " * blanks)).endswith("=")
    )


BASE64_CASES: Group = {
    "junk in the middle": _encoded(lambda text: text[:40] + "!" + text[40:]),
    "junk in front": _encoded(lambda text: "!" + text),
    "data behind the padding": _encoded(lambda text: text.rstrip("=") + "==" + text),
    "no padding": Case(lambda target: _unpadded(target).rstrip("="), (BASE64,)),
    "padding in front": _encoded(lambda text: "=" + text),
    "too much padding": _encoded(lambda text: text.rstrip("=") + "===="),
    "URL-safe letters": _encoded(lambda text: "-_" + text),
    "letters beyond ASCII": _encoded(lambda text: "Ä" + text),
    "wide letters": _encoded(lambda text: chr(0xFF21) + text[1:]),
    "NUL": _encoded(lambda text: text + "\x00"),
    "no-break space": _encoded(lambda text: text[:8] + "\xa0" + text[8:]),
    "line separator": _encoded(lambda text: text[:8] + "\u2028" + text[8:]),
    "percent signs": _encoded(lambda text: text[:8] + "%0A" + text[8:]),
    "encoded twice": Case(lambda target: base64.b64encode(target.answer().encoded().encode()).decode(), (BASE64,)),
    "not encoded": Case(lambda target: target.answer().xml().decode(), (BASE64,)),
    "nothing": posts("", BASE64),
    "blanks": posts(" \r\n\t", BASE64),
    "deflated, as for the other binding": Case(_deflated, (BASE64,)),
}


def _answering(inside: bytes, attributes: bytes = b"") -> str:
    """Return an unsigned Response that claims to answer our request, so that the request is found and it is read."""
    return encode(
        b'<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_r" Version="2.0" InResponseTo="'
        + REQUEST_ID.encode()
        + b'" '
        + attributes
        + b">"
        + inside
        + b"</samlp:Response>"
    )


def _in_extensions(inside: bytes) -> Case:
    """In front of the status, where the schema lets anything stand; the request is named, so all of it is read."""
    return rewrites(
        lambda xml: xml.replace(
            b"<samlp:Status>", b"<samlp:Extensions>" + inside + b"</samlp:Extensions><samlp:Status>", 1
        ),
        LIMITS,
        BASE64,
        CheckName.MARKUP,
        WELL_FORMED,
        CheckName.SCHEMA,
        *BROKEN,
        sign="response",
    )


RESOURCES: Group = {
    "too long to decode": posts("A" * (2 * MAX_BYTES + 1), CheckName.SIZE),
    "blanks too many to decode": posts(" " * (2 * MAX_BYTES + 1), CheckName.SIZE),
    "too long": posts(_answering(b" " * MAX_BYTES), BASE64),
    "deep": posts(_answering(b"<a>" * (MAX_DEPTH + 1) + b"</a>" * (MAX_DEPTH + 1)), LIMITS),
    "deeper than parsers go": posts(_answering(b"<a>" * 30_000 + b"</a>" * 30_000), WELL_FORMED),
    "many elements": posts(_answering(b"<b/>" * 40_000), LIMITS),
    "many attributes": posts(_answering(b"", b" ".join(b"a%d=''" % n for n in range(25_000))), CheckName.MARKUP),
    "attributes of quadratic cost": posts(
        _answering(b"", b" ".join(b"a%d=''" % n for n in range(6_500))), CheckName.MARKUP
    ),
    "sixty-five attributes": posts(_answering(b"", b" ".join(b"a%d=''" % n for n in range(65))), LIMITS),
    "many namespaces": posts(
        _answering(b"", b" ".join(b"xmlns:a%d='urn:%d'" % (n, n) for n in range(6_000))), CheckName.MARKUP
    ),
    "a few namespaces too many": posts(
        _answering(b"", b" ".join(b"xmlns:a%d='urn:%d'" % (n, n) for n in range(100))), LIMITS
    ),
    "the same namespace again and again": posts(_answering(b"<b xmlns='urn:b'/>" * 4_501), LIMITS),
    "every element in its own namespace": _in_extensions(
        b"".join(b"<n%d:b xmlns:n%d='urn:%d'/>" % (n, n, n) for n in range(60)) * 33
    ),
    "long names": _in_extensions(b"<" + b"a" * 100_000 + b"/>"),
    "long attribute": _in_extensions(b"<a b='" + b"c" * 200_000 + b"'/>"),
    "blanks behind an equals sign": _in_extensions(b"=" + b" " * 200_000),
    "equals signs": _in_extensions(b"= '" * 60_000),
    "angle brackets as numbers": _in_extensions(b"&#60;" * 40_000),
    "tiny elements up to the limit": _in_extensions(b"<a b='c'/>" * 4_900),
    "texts between elements": _in_extensions(b"a<b/>" * 4_900),
    "deep up to the limit, many times": _in_extensions((b"<a>" * 25 + b"</a>" * 25) * 190),
    "many identifiers": _in_extensions(b"".join(b"<a ID='_%d'/>" % n for n in range(4_900))),
    "many status messages": rewrites(
        lambda xml: xml.replace(b"</samlp:Status>", b"<samlp:StatusMessage/>" * 4_800 + b"</samlp:Status>"),
        CheckName.SCHEMA,
    ),
    "many signatures": rewrites(
        lambda xml: xml.replace(
            b"<samlp:Status>", xml[xml.index(b"<Signature ") : xml.index(b"</Signature>") + 12] * 60 + b"<samlp:Status>"
        ),
        CheckName.SCHEMA,
    ),
    "many certificates": rewrites(
        lambda xml: xml.replace(
            b"<X509Data>", xml[xml.index(b"<X509Data>") : xml.index(b"</X509Data>") + 11] * 100 + b"<X509Data>", 1
        ).replace(NAME, b"eve@evil.test"),
        *BROKEN,
    ),
    "a declaration of endless blanks": rewrites(lambda xml: b"<?xml" + b" " * 200_000 + b"?>" + xml, ENCODING),
    "signed by the provider: an address without end": says(
        CheckName.SIZE,
        BASE64,
        name_id="a" * 600_000,
    ),
}

IDS: Group = {
    "the assertion has the response's": rewrites(lambda xml: xml.replace(b'ID="_a1"', b'ID="_r1"'), UNIQUE_IDS),
    "twice in the extensions": replaces(
        b"<samlp:Status>", b'<samlp:Extensions><x ID="_a1"/></samlp:Extensions><samlp:Status>', UNIQUE_IDS
    ),
    **{
        f"the assertion's as {name}": replaces(b"<samlp:Status>", f'<samlp:Status {name}="_a1">'.encode(), UNIQUE_IDS)
        for name in ("ID", "Id", "id", "xml:id", "AssertionID", "samlp:ID", "iD")
    },
    "with blanks round it": replaces(b"<samlp:Status>", b'<samlp:Status ID=" _a1 ">', UNIQUE_IDS),
    "two on the response": replaces(b"<samlp:Response ", b'<samlp:Response samlp:ID="_a1" ', UNIQUE_IDS),
    "two on the assertion": replaces(b' ID="_a1"', b' ID="_a1" xml:id="_b"', UNIQUE_IDS),
    "of another namespace": replaces(b' ID="_a1"', b' ID="_a1" xmlns:w="urn:w" w:Id="_b"', UNIQUE_IDS),
    "none on the assertion": replaces(b' ID="_a1"', b"", CheckName.SCHEMA),
    "none on the response": replaces(b' ID="_r1"', b"", CheckName.SCHEMA),
    "empty": rewrites(lambda xml: xml.replace(b"_a1", b""), CheckName.SCHEMA),
    "not a name": rewrites(lambda xml: xml.replace(b"_a1", b"1 2"), CheckName.SCHEMA),
}
