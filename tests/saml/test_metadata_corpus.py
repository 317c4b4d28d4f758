"""Real files of many providers, collected beside this project and not part of it.

The environment variable METADATA_CORPUS names their folder: SOURCES.tsv (columns `file` and `verdict`, among others)
and `metadata/` with the files. Without it, it is looked for next to the checkout.
"""

from __future__ import annotations

import pytest

from sso.saml import IdpMetadata, MetadataError, SeveralProviders, read_idp_metadata
from tests.saml.metadata_corpus import CORPUS, ROWS, needs_corpus
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
