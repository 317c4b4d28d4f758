"""Recognition of SAMLResponse fields that hold no XML document in base64, by proof only."""

import base64
import binascii
import json
import re
import zlib
from urllib.parse import unquote_to_bytes

# How much of the data is decoded to recognize it.
_ENOUGH = 64
_JWT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*", re.ASCII)
_BASE64 = re.compile(rb"[A-Za-z0-9+/=\s]+")
_FOREIGN = re.compile(r"[^A-Za-z0-9+/= \t\r\n]")
_BASE64URL = re.compile(r"[A-Za-z0-9_=\s-]*[_-][A-Za-z0-9_=\s-]*", re.ASCII)
_PERCENT = re.compile(r"%(?:2[BbFf]|3[DdCc]|0[AaDd])")
_HTML = re.compile(rb"\s*<(?:!doctype\s+html|html|head|body|form)\b", re.IGNORECASE)

TWICE = "base64 of base64: the response was encoded twice"
DEFLATED = "a deflated response, which is for HTTP-Redirect: with HTTP-POST it is base64 alone"
COMPRESSED = "a compressed response: with HTTP-POST it is base64 alone"
URL_TWICE = "URL-encoded base64: the form field was URL-encoded twice"
BASE64URL = "base64url, with - and _ in place of + and /"
UNPADDED = "base64 without the = at its end"
LOST_PLUS = "base64 with blanks in place of +: the form field was not URL-encoded"
RAW_XML = "XML that is not in base64"
HTML = "an HTML page or form"
TOKEN = "a JSON Web Token, which belongs to OpenID Connect"  # noqa: S105 - not a password
JSON = "JSON"
NOTHING = "nothing: the field is empty"


def kind_of_field(encoded: str) -> str:
    """Return what a field holds that is not strict base64, "" if that is not known."""
    text = encoded.strip()
    if not text:
        return NOTHING
    if _JWT.fullmatch(text):
        return TOKEN
    if _PERCENT.search(text) and _is_xml(_decoded(unquote_to_bytes(text[: 4 * _ENOUGH]))):
        return URL_TWICE
    if _BASE64URL.fullmatch(text) and _is_xml(base64.urlsafe_b64decode(_part(text))):
        return BASE64URL
    if " " in text and _is_xml(_decoded(text[: 4 * _ENOUGH].replace(" ", "+").encode())):
        return LOST_PLUS
    return _kind_of_text(text.encode()) or (UNPADDED if _is_xml(_decoded(text[: 4 * _ENOUGH].encode())) else "")


def mistake_in_base64(encoded: str) -> str:
    """Return what is wrong with a field that is neither strict base64 nor anything that `kind_of_field` knows."""
    foreign = _FOREIGN.search(encoded)
    if foreign is None:
        return "damaged base64: characters or the = at its end are missing or too many"
    return f"text that is not base64: it contains {foreign[0]}, which base64 does not use"


def kind_of_data(data: bytes) -> str:
    """Return what the decoded bytes of a field are if they are no XML, "" if they may be XML, or that is not known."""
    if not data.strip():
        return NOTHING
    if data.lstrip()[:1] == b"<":
        return HTML if _HTML.match(data) else ""
    if _JWT.fullmatch(data[:10_000].decode("latin-1")):
        return TOKEN
    if _BASE64.fullmatch(data) and _is_xml(_decoded(data[: 4 * _ENOUGH])):
        return TWICE
    return _compressed(data) or _kind_of_text(data)


def _kind_of_text(data: bytes) -> str:
    if data.lstrip()[:1] == b"<":
        return HTML if _HTML.match(data) else RAW_XML
    try:
        return JSON if data.lstrip()[:1] in (b"{", b"[") and json.loads(data) is not None else ""
    except (ValueError, RecursionError):
        return ""


def _compressed(data: bytes) -> str:
    """Return how XML is compressed, "" if it is not; raw DEFLATE lacks the header of zlib or gzip."""
    if _is_xml(_inflated(data, -zlib.MAX_WBITS)):
        return DEFLATED
    # 32 more lets zlib detect the header of zlib or gzip.
    return COMPRESSED if _is_xml(_inflated(data, zlib.MAX_WBITS + 32)) else ""


def _inflated(data: bytes, window: int) -> bytes:
    try:
        return zlib.decompressobj(window).decompress(data, _ENOUGH)
    except zlib.error:
        return b""


def _part(text: str) -> str:
    """Return the beginning of base64, in whole groups of four."""
    compact = "".join(text[: 4 * _ENOUGH].split()).rstrip("=")
    return compact[: len(compact) // 4 * 4]


def _decoded(data: bytes) -> bytes:
    try:
        return base64.b64decode(_part(data.decode("ascii")), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _is_xml(data: bytes) -> bool:
    return data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
