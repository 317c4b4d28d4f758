"""Static files: Bootstrap is the published one, and a deployment collects them all under names with a checksum."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.templatetags.static import static
from django.test import override_settings

BOOTSTRAP = settings.BASE_DIR / "amplisso" / "static" / "bootstrap"
# The integrity value that https://getbootstrap.com/docs/5.3/getting-started/introduction/ gives for 5.3.8.
PUBLISHED = "sRIl4kxILFvY47J16cr9ZwB07vP4J8+LH7qKQnuqkuIAvNWLzeN8tE5YBujZqJLB"
# The last line of the published file. The map is not here, and collectstatic refuses to refer to a missing file.
SOURCE_MAP = b"/*# sourceMappingURL=bootstrap.min.css.map */"


@pytest.fixture
def collected(tmp_path: Path) -> Iterator[Path]:
    """Collect the static files as a deployment does."""
    storages = settings.STORAGES | {
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    }
    with override_settings(STATIC_ROOT=tmp_path, STORAGES=storages):
        call_command("collectstatic", interactive=False, verbosity=0)
        yield tmp_path


def test_bootstrap_is_the_published_file() -> None:
    published = (BOOTSTRAP / "bootstrap.min.css").read_bytes() + SOURCE_MAP
    assert base64.b64encode(hashlib.sha384(published).digest()).decode() == PUBLISHED


def test_bootstrap_comes_with_its_licence() -> None:
    licence = (BOOTSTRAP / "LICENSE").read_text()
    assert "The MIT License (MIT)" in licence
    assert "The Bootstrap Authors" in licence


def test_a_deployment_collects_every_file(collected: Path) -> None:
    paths = json.loads((collected / "staticfiles.json").read_text())["paths"]
    ours = [path for path in (settings.BASE_DIR / "amplisso" / "static").rglob("*") if path.is_file()]
    assert {str(path.relative_to(settings.BASE_DIR / "amplisso" / "static")) for path in ours} <= paths.keys()
    assert static("bootstrap/bootstrap.min.css") == f"/static/{paths['bootstrap/bootstrap.min.css']}"
    assert (collected / f"{paths['bootstrap/bootstrap.min.css']}.gz").exists()
