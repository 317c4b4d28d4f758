"""Files of many providers and of what people upload instead, collected beside this project and not part of it.

The environment variable METADATA_CORPUS names their folder: SOURCES.tsv (columns `file` and `verdict`, among others),
and `metadata/` and `metadata-2/` with the files. Without it, it is looked for next to the checkout.
corpus_verdicts.py says what each of them must be.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import pytest

from sso.saml import IdpMetadata, MetadataError, SeveralProviders, provider_document, read_idp_metadata
from tests.saml.corpus_verdicts import EXPECTED, SAYS
from tests.saml.metadata_corpus import CORPUS, FILES, ROWS, needs_corpus
from tests.saml.provider import ENTITY_ID, NOW


def read(name: str, *, loopback: bool = False, entity_id: str | None = None) -> IdpMetadata:
    return read_idp_metadata(
        (CORPUS / "metadata" / name).read_bytes(),
        our_entity_id=ENTITY_ID,
        now=NOW,
        allow_loopback_http=loopback,
        entity_id=entity_id,
    )


def named(*verdicts: str) -> list[str]:
    return [row["file"] for row in ROWS if row["verdict"] in verdicts]


@needs_corpus
@pytest.mark.parametrize("name", named("good"))
def test_good_files_are_accepted(name: str) -> None:
    metadata = read(name)
    assert metadata.entity_id
    assert metadata.certificates
    assert metadata.sso_redirect_url or metadata.sso_post_url


@needs_corpus
@pytest.mark.parametrize("name", named("bad", "weak"))
def test_bad_files_are_refused_with_a_sentence(name: str) -> None:
    for loopback in (False, True):
        with pytest.raises(MetadataError) as caught:
            read(name, loopback=loopback)
        assert str(caught.value).endswith(".")
        assert len(str(caught.value).split()) > 8


@needs_corpus
@pytest.mark.parametrize("name", named("loopback"))
def test_providers_on_this_machine_are_for_development(name: str) -> None:
    with pytest.raises(MetadataError):
        read(name)
    assert read(name, loopback=True).sso_redirect_url.startswith("http://localhost")


@needs_corpus
@pytest.mark.parametrize("name", named("choose"))
def test_several_providers_are_listed(name: str) -> None:
    with pytest.raises(SeveralProviders) as caught:
        read(name)
    assert len(caught.value.entity_ids) > 1
    assert len(set(caught.value.entity_ids)) == len(caught.value.entity_ids)


@needs_corpus
def test_every_verdict_is_known() -> None:
    assert {row["verdict"] for row in ROWS} <= {"good", "bad", "weak", "loopback", "choose"}


# The day after the youngest of the files was made, and the entity ID of the organization whose metadata is among them.
TODAY = datetime(2026, 12, 1, tzinfo=UTC)
OURS = "http://localhost:9500/saml/2/metadata/10004"
read_today = partial(read_idp_metadata, our_entity_id=OURS, now=TODAY)


def read_as_a_stream(data: bytes) -> IdpMetadata:
    return read_today(provider_document(io.BytesIO(data), our_entity_id=OURS))


@needs_corpus
@pytest.mark.parametrize("reader", [read_today, read_as_a_stream], ids=["whole", "stream"])
@pytest.mark.parametrize("name", FILES)
def test_every_file_gets_the_right_verdict_and_a_true_sentence(
    name: str, reader: Callable[[bytes], IdpMetadata]
) -> None:
    expected = EXPECTED[name]
    data = (CORPUS / name).read_bytes()
    if expected.verdict == "good":
        metadata = reader(data)
        assert tuple(finding.code for finding in metadata.findings) == expected.findings
        assert expected.says in " ".join(finding.message for finding in metadata.findings)
        assert [each for each in metadata.findings if SAYS[each.code] not in each.message] == []
    else:
        with pytest.raises(MetadataError) as caught:
            reader(data)
        assert caught.value.code is expected.problem
        assert expected.says in str(caught.value)
        assert isinstance(caught.value, SeveralProviders) == (expected.verdict == "choose")


@needs_corpus
@pytest.mark.parametrize("name", FILES)
def test_a_split_file_comes_to_the_same_result(name: str) -> None:
    data = (CORPUS / name).read_bytes()
    assert outcome(read_today, data) == outcome(read_as_a_stream, data)


def outcome(reader: Callable[[bytes], IdpMetadata], data: bytes) -> object:
    try:
        return reader(data)
    except MetadataError as error:
        return error.code, str(error), getattr(error, "entity_ids", ())


@needs_corpus
def test_every_file_has_a_verdict() -> None:
    assert set(EXPECTED) == set(FILES)
