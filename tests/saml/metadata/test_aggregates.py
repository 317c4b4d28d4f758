"""Metadata of whole federations: streamed, so that no size takes memory, and judged by the rules for small files."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sso.saml import (
    MAX_AGGREGATE_BYTES,
    MAX_METADATA_BYTES,
    IdpMetadata,
    MetadataError,
    MetadataProblem,
    OfferedProvider,
    SeveralProviders,
    offered_providers,
    provider_document,
    read_idp_metadata,
)
from sso.saml.metadata.aggregates import MOST_PROVIDERS
from tests.saml.metadata_files import (
    DS,
    ENTITY,
    MD,
    NOT_METADATA,
    SP_ROLE,
    WRITTEN,
    aggregate,
    base64_of,
    entities,
    entity,
    key,
    role,
    sso,
    ui,
)
from tests.saml.provider import ENTITY_ID, NOW, key_pair

MEGABYTE = 1_000_000


class Trickle(io.BytesIO):
    """After the first look at its beginning, five bytes at a time: everything is cut somewhere."""

    looked = False

    def read(self, size: int | None = -1, /) -> bytes:
        self.looked, first = True, not self.looked
        return super().read(size if first else 5)


class Endless(io.RawIOBase):
    """A beginning, then the same again and again; counts how much of it was read."""

    def __init__(self, beginning: bytes, again: bytes) -> None:
        self.again, self.given = again, 0
        self.beginning = self.waiting = beginning

    def read(self, size: int = -1) -> bytes:
        while len(self.waiting) < size:
            self.waiting += self.again
        given, self.waiting = self.waiting[:size], self.waiting[size:]
        self.given += len(given)
        return given

    def seek(self, offset: int, whence: int = 0) -> int:
        self.waiting = self.beginning
        return 0


def stream(data: str | bytes) -> io.BytesIO:
    return io.BytesIO(data.encode() if isinstance(data, str) else data)


def offered(data: str | bytes | io.IOBase) -> list[OfferedProvider]:
    source = data if isinstance(data, io.IOBase) else stream(data)
    return list(offered_providers(source, our_entity_id=ENTITY_ID))


def names(data: str) -> list[str]:
    return [provider.entity_id for provider in offered(data)]


def read(document: bytes, **options: object) -> IdpMetadata:
    return read_idp_metadata(document, our_entity_id=ENTITY_ID, now=NOW, **options)


def problem(data: str | bytes | io.IOBase) -> MetadataProblem:
    with pytest.raises(MetadataError) as caught:
        offered(data)
    assert str(caught.value).endswith(".")
    assert 20 < len(str(caught.value)) < 400
    return caught.value.code


def named(number: int, inside: str | None = None) -> str:
    return entity(inside, f"https://idp{number}.test/")


# --- Which entities


def test_every_identity_provider_is_offered_in_the_order_of_the_file() -> None:
    data = entities(named(1), entity(SP_ROLE, "https://sp.test/"), entities(named(2), entities(named(3))), named(4))
    assert names(data) == [f"https://idp{number}.test/" for number in (1, 2, 3, 4)]


def test_each_is_a_document_that_the_reader_of_small_files_takes() -> None:
    metadata = [read(provider.document) for provider in offered(entities(named(1), named(2)))]
    assert [each.entity_id for each in metadata] == ["https://idp1.test/", "https://idp2.test/"]
    assert {each.certificates for each in metadata} == {(key_pair().certificate,)}


def test_one_alone_is_offered_too() -> None:
    assert names(entity()) == [ENTITY]
    assert names(entities(entity())) == [ENTITY]


def test_namespaces_and_prefixes_of_the_lists_come_along() -> None:
    data = (
        f'<m:EntitiesDescriptor xmlns:m="{MD}" xmlns:d="{DS}"><m:EntitiesDescriptor xmlns="{MD}">'
        f'<m:EntityDescriptor entityID="{ENTITY}"><IDPSSODescriptor protocolSupportEnumeration='
        '"urn:oasis:names:tc:SAML:2.0:protocol"><m:KeyDescriptor><d:KeyInfo><d:X509Data><d:X509Certificate>'
        f"{base64_of(key_pair())}</d:X509Certificate></d:X509Data></d:KeyInfo></m:KeyDescriptor>{sso()}"
        "</IDPSSODescriptor></m:EntityDescriptor></m:EntitiesDescriptor></m:EntitiesDescriptor>"
    )
    (provider,) = offered(data)
    assert read(provider.document).certificates == (key_pair().certificate,)


def test_what_stands_in_extensions_is_nobody_to_choose() -> None:
    inside = f"<Extensions><x>{named(2)}</x>{entities(named(3))}</Extensions>" + role()
    assert names(entities(named(1, inside), named(4))) == ["https://idp1.test/", "https://idp4.test/"]


def test_a_provider_that_speaks_saml_1_is_told_so_when_it_is_chosen() -> None:
    old = role(protocol="urn:oasis:names:tc:SAML:1.1:protocol")
    (provider,) = offered(entities(entity(old), entity(SP_ROLE, "https://sp.test/")))
    with pytest.raises(MetadataError) as caught:
        read(provider.document)
    assert caught.value.code is MetadataProblem.SAML1


def test_we_may_be_in_the_file_ourselves() -> None:
    """A federation that its customers' providers and we are members of."""
    data = entities(entity(SP_ROLE, ENTITY_ID), named(1))
    assert names(data) == ["https://idp1.test/"]
    assert read(data.encode()).entity_id == "https://idp1.test/"
    assert problem(entities(entity(SP_ROLE, ENTITY_ID), entity(SP_ROLE, "https://sp.test/"))) == "our_own"


# --- What it is called


def test_names_english_first_then_domains() -> None:
    organization = (
        '<Organization><OrganizationName xml:lang="en">contoso</OrganizationName>'
        '<OrganizationDisplayName xml:lang="de">Contoso Hochschule</OrganizationDisplayName></Organization>'
    )
    scope = '<s:Scope xmlns:s="urn:mace:shibboleth:metadata:1.0">contoso.example</s:Scope><s:Scope xmlns:s="urn:x"/>'
    inside = role(ui(de="Uni Contoso", en="Contoso\n  University", more=scope) + key() + sso()) + organization
    (provider,) = offered(entity(inside))
    assert provider.names == (
        "Contoso University",
        "Uni Contoso",
        "Contoso Hochschule",
        "contoso",
        "contoso.example",
    )


def test_names_are_optional_and_repeated_ones_count_once() -> None:
    assert offered(entity())[0].names == ()
    assert offered(entity(role(ui(en="A", de="A", fr=" ") + key() + sso())))[0].names == ("A",)


def test_names_are_short_plain_text() -> None:
    """A display name must not reverse the text that follows it (U+202E) or fill a page."""
    (provider,) = offered(entity(role(ui(en="Uni\u202e&lt;b&gt; " + "x" * 500) + key() + sso())))
    assert provider.names[0].startswith("Uni <b> x")
    assert len(provider.names[0]) == 200
    many = "".join(f"<mdui:DisplayName>{number}</mdui:DisplayName>" for number in range(50))
    assert len(offered(entity(role(ui(inside=many) + key() + sso())))[0].names) == 20


# --- What is round it


@pytest.mark.parametrize(
    ("outer", "inner", "own", "expected"),
    [
        ("2030-01-01T00:00:00Z", "", "", 2030),
        ("2030-01-01T00:00:00Z", "2029-01-01T00:00:00Z", "", 2029),
        ("2028-01-01T00:00:00Z", "2029-01-01T00:00:00Z", "2031-01-01T00:00:00Z", 2028),
        ("2028-01-01T00:00:00Z", "soon &amp; &quot;later&quot;", "2027-01-01T00:00:00Z", 2027),
        ("", "9" * 200, "", None),
    ],
)
def test_the_lists_say_how_long_it_is_valid(outer: str, inner: str, own: str, expected: int | None) -> None:
    def until(data: str, moment: str) -> str:
        return data.replace(" xmlns=", f' validUntil="{moment}" xmlns=', 1) if moment else data

    data = until(entities(until(entities(until(entity(), own)), inner)), outer)
    (provider,) = offered(data)
    moment = datetime(expected, 1, 1, tzinfo=UTC) if expected else None
    assert read(provider.document).valid_until == read(data.encode()).valid_until == moment


def test_findings_are_those_of_a_small_file() -> None:
    data = entities(entity(role(attributes=' WantAuthnRequestsSigned="true"')))
    data = data.replace(" xmlns=", ' validUntil="2020-01-01T00:00:00Z" cacheDuration="P1DT" xmlns=', 1)
    (provider,) = offered(data)
    assert read(provider.document).findings == read(data.encode()).findings != ()
    assert b'cacheDuration="P1DT"' in provider.document


def test_signatures_prove_nothing_and_harm_nobody() -> None:
    signature = f'<Signature xmlns="{DS}"><SignedInfo/></Signature>'
    assert names(entities(signature, named(1, signature + role()), named(2))) == names(entities(named(1), named(2)))


# --- Rules that large files share with small ones

# The root element is looked at first.
TOLD_OTHERWISE = {"too large": MetadataProblem.OTHER_XML}


@pytest.mark.parametrize("source", [io.BytesIO, Trickle])
@pytest.mark.parametrize("data", WRITTEN.values(), ids=WRITTEN.keys())
def test_honest_ways_to_write_it(data: bytes, source: type[io.BytesIO]) -> None:
    (provider,) = offered(source(data))
    metadata = read(provider.document)
    assert (metadata.entity_id, metadata.certificates) == (ENTITY, (key_pair().certificate,))
    assert metadata == read(data)


@pytest.mark.parametrize("source", [io.BytesIO, Trickle])
@pytest.mark.parametrize("name", NOT_METADATA)
def test_everything_else_is_told_apart(name: str, source: type[io.BytesIO]) -> None:
    data, expected = NOT_METADATA[name]
    assert judgement(source(data)) is TOLD_OTHERWISE.get(name, expected)


def judgement(data: bytes | io.BytesIO) -> object:
    """What the reader of small files says of small files, and of what a stream makes of large ones."""
    try:
        document = data if isinstance(data, bytes) else provider_document(data, our_entity_id=ENTITY_ID)
        return read(document, allow_loopback_http=True)
    except SeveralProviders as several:
        return several.entity_ids
    except MetadataError as error:
        return error.code


# --- Hostile files


@pytest.mark.parametrize("source", [io.BytesIO, Trickle])
@pytest.mark.parametrize(
    "data",
    [
        f"<!-- a --><!DOCTYPE x [<!ENTITY y 'z'>]>{entity()}",
        f"<!<!-- a -->DOCTYPE x>{entity()}",
        "<!DOC<!---->TYPE x [<!ENTITY a 'b'>]>" + entities(entity("&a;" + role())),
        entities(entity()) + "<!doctype x>",
        entities("x" * 70_000, "<!DOCTYPE x>"),
    ],
)
def test_a_document_type_never_reaches_the_parser(data: str, source: type[io.BytesIO]) -> None:
    assert problem(source(data.encode())) is MetadataProblem.DTD


def test_in_utf_16_neither() -> None:
    for encoding in ("utf-16-le", "utf-16-be", "utf-16"):
        assert problem(Trickle(f"<!DOCTYPE x>{entity()}".encode(encoding))) is MetadataProblem.DTD


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (entities(entity("&copy;" + role())), MetadataProblem.MALFORMED),
        ("<EntitiesDescriptor>" * 300, MetadataProblem.NAMESPACE),
        (f'<EntitiesDescriptor xmlns="{MD}">' * 300, MetadataProblem.MALFORMED),
        (entities("<x " + " ".join(f'a{n}="b"' for n in range(60_000)) + "/>", entity()), MetadataProblem.MALFORMED),
        (entities(entity()).replace(" xmlns", f' Name="{"x" * 9000}" xmlns', 1), MetadataProblem.MALFORMED),
        (entities(entity()).replace(" xmlns", f' xmlns:x="{"x" * 9000}" xmlns', 1), MetadataProblem.MALFORMED),
        (entities(entity("<x>" * 300 + "</x>" * 300 + role())), MetadataProblem.MALFORMED),
        (entities(named(1), named(2))[:-30], MetadataProblem.INCOMPLETE),
        (entities(named(1)) + "<!-- ", MetadataProblem.INCOMPLETE),
        (entities(named(1)) + entity(), MetadataProblem.SEVERAL_DOCUMENTS),
        (entities(named(1), entity().replace('entityID="', "entityID=\u201c")), MetadataProblem.MALFORMED),
        (entities(named(1)).encode() + b"\xff", MetadataProblem.ENCODING),
        (entities(named(1)).encode("utf-16-le")[:-1], MetadataProblem.ENCODING),
        ("<" + "r" * 5000 + "/>", MetadataProblem.OTHER_XML),
        ("<root " + "\n" * 70_000 + "/>", MetadataProblem.OTHER_XML),
        (f'<EntitiesDescriptor xmlns="{MD}">{entity(SP_ROLE)}</EntitiesDescriptor>', MetadataProblem.SERVICE_PROVIDER),
        (entities(), MetadataProblem.NO_PROVIDER),
        (b"\n" * 200_000, MetadataProblem.EMPTY),
        (b"\n" * 70_000 + b"x", MetadataProblem.EMPTY),
        ("<!-- " + "x" * 200_000 + " -->", MetadataProblem.EMPTY),
    ],
)
def test_hostile_and_broken_files(data: str | bytes, expected: MetadataProblem) -> None:
    assert problem(data) is expected


# How an endless file begins, and what it goes on with for ever.
OPENING = f'<EntitiesDescriptor xmlns="{MD}">'
ENDLESS = {
    "one entity": (OPENING + "<EntityDescriptor>", "<a/>"),
    "one text": (OPENING, "a"),
    "one attribute": (OPENING + '<x a="', "a"),
    "junk beside an entity": (OPENING, "<x><a/>" + "<y/>" * 1000),
    "entities in the extensions of one": (OPENING + "<EntityDescriptor>", f"<x>{'<y/>' * 1000}<EntityDescriptor/></x>"),
    "lists in the extensions of one": (
        OPENING + "<EntityDescriptor>",
        f"<x>{OPENING}<EntityDescriptor/></EntitiesDescriptor>{'<y/>' * 1000}</x>",
    ),
}


@pytest.mark.parametrize(("beginning", "again"), ENDLESS.values(), ids=ENDLESS)
def test_what_never_ends_is_left_after_a_megabyte(beginning: str, again: str) -> None:
    endless = Endless(beginning.encode(), again.encode())
    assert problem(endless) in {MetadataProblem.TOO_LARGE, MetadataProblem.MALFORMED}
    assert endless.given < 1.5 * MAX_METADATA_BYTES


@pytest.mark.parametrize(
    ("beginning", "again"),
    [
        (f"{OPENING}{entity()}", " " * 60_000 + "<EntityDescriptor/>"),
        ("<!--", " " * 60_000),
        (f"{OPENING}{entity()}", f"<!--{'<' * 60_000}-->"),
    ],
    ids=["entities", "one comment", "comments"],
)
def test_the_rest_after_a_hundred(beginning: str, again: str) -> None:
    endless = Endless(beginning.encode(), again.encode())
    with pytest.raises(MetadataError, match="larger than 100 MB"):
        offered(endless)
    assert endless.given < MAX_AGGREGATE_BYTES + MEGABYTE


def test_comments_are_cut_in_no_time() -> None:
    """Thousands in one piece, each cut once."""
    assert names(entities(named(1), "<!---->" * 300_000, named(2))) == ["https://idp1.test/", "https://idp2.test/"]


def test_more_providers_than_the_world_has_are_refused() -> None:
    small = '<EntityDescriptor entityID="a"><IDPSSODescriptor/></EntityDescriptor>'
    assert len(offered(entities(small * MOST_PROVIDERS))) == MOST_PROVIDERS
    with pytest.raises(MetadataError, match="more than 20,000 identity providers"):
        offered(entities(small * (MOST_PROVIDERS + 1)))


def test_another_encoding_counts_only_where_the_file_is_not_utf_8() -> None:
    declaration = '<?xml version="1.0" encoding="windows-1252"?>'
    data = declaration + entities(entity(role(ui(en="Universit\u00e9") + key() + sso())))
    for encoding in ("utf-8", "cp1252"):
        assert offered(data.encode(encoding))[0].names == ("Universit\u00e9",)
    assert offered(data.encode()[:-5].replace(b"encoding", b"encodinf") + b"ptor>")[0].names == ("Universit\u00e9",)


# --- One of them


def test_the_one_that_is_named() -> None:
    data = entities(named(1), named(2), entity(role("broken"), "https://idp2.test/"))
    document = provider_document(stream(data), our_entity_id=ENTITY_ID, entity_id=" https://idp2.test/ ")
    assert read(document).entity_id == "https://idp2.test/"


def test_one_that_is_not_there() -> None:
    with pytest.raises(MetadataError) as caught:
        provider_document(stream(entities(named(1))), our_entity_id=ENTITY_ID, entity_id="https://idp9.test/")
    assert caught.value.code is MetadataProblem.UNKNOWN_ENTITY


def test_several_are_a_question() -> None:
    with pytest.raises(SeveralProviders) as caught:
        provider_document(stream(entities(named(1), named(2))), our_entity_id=ENTITY_ID)
    assert caught.value.entity_ids == ("https://idp1.test/", "https://idp2.test/")
    assert read(provider_document(stream(entity()), our_entity_id=ENTITY_ID)).entity_id == ENTITY


# --- Memory

MEASURE = """
import sys
from pathlib import Path
from sso import saml

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))

before, found = peak(), 0
with open(sys.argv[1], "rb") as stream:
    for provider in saml.offered_providers(stream, our_entity_id="https://sp.test/"):
        found += 1
print(found, peak() - before)
"""


@pytest.fixture
def federation(tmp_path: Path) -> Iterator[Path]:
    file = tmp_path / "federation.xml"
    with file.open("w") as stream:
        stream.writelines(aggregate(size=40 * MEGABYTE, entities=10_000))
    yield file
    file.unlink()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux says how much memory was used")
def test_forty_megabytes_take_a_tenth_of_the_memory(federation: Path) -> None:
    assert abs(federation.stat().st_size - 40 * MEGABYTE) < MEGABYTE
    answer = subprocess.run(
        [sys.executable, "-c", MEASURE, str(federation)],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])},
        timeout=60,
    )
    found, kilobytes = map(int, answer.stdout.split())
    assert found == 5_000
    assert kilobytes < 10_000
