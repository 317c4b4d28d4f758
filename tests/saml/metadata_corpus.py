"""Where the files of real providers are, and what is said of each."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

CORPUS = Path(os.environ.get("METADATA_CORPUS") or Path(__file__).parents[2].parent / "shared" / "corpus")
SOURCES = CORPUS / "SOURCES.tsv"


def _rows() -> list[dict[str, str]]:
    if not SOURCES.exists():
        return []
    with SOURCES.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


ROWS = _rows()
# Every file of the collection, as folder and name.
FILES = sorted(
    f"{folder}/{file.name}"
    for folder in ("metadata", "metadata-2")
    if (CORPUS / folder).is_dir()
    for file in (CORPUS / folder).iterdir()
    if file.name != "TODAY.tsv"
)
needs_corpus = pytest.mark.skipif(not ROWS, reason=f"no metadata files in {CORPUS}: METADATA_CORPUS names their folder")
