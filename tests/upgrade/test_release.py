"""The migrations of the latest release stay as they are, because its databases have applied them."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from django.db.migrations.loader import MigrationLoader

from tests.upgrade.release import RELEASE_FILE, ROOT, Digests, broken


@pytest.fixture(scope="module")
def release() -> dict[str, Any]:
    """Return the name of the release and the digests of its migrations."""
    content: dict[str, Any] = json.loads(RELEASE_FILE.read_text())
    return content


def test_no_migration_of_the_release_was_changed(release: dict[str, Any]) -> None:
    assert {"audit", "orgs", "sso"} <= set(release["migrations"])
    assert broken(release["migrations"], ROOT) == []


def test_django_still_loads_each_of_them(release: dict[str, Any]) -> None:
    loaded = set(MigrationLoader(None).graph.nodes)
    listed = {(app, name) for app, migrations in release["migrations"].items() for name in migrations}
    assert listed <= loaded


def test_the_release_is_in_the_change_log_and_not_later_than_the_version(release: dict[str, Any]) -> None:
    assert re.search(
        rf"^## {re.escape(release['release'])} \(\d{{4}}-\d\d-\d\d\)$", (ROOT / "CHANGELOG.md").read_text(), re.M
    )
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert _numbers(version) >= _numbers(release["release"])


def test_a_change_is_noticed(tmp_path: Path) -> None:
    folder = tmp_path / "orgs" / "migrations"
    folder.mkdir(parents=True)
    (folder / "0001_initial.py").write_text("another text")
    listed: Digests = {"orgs": {"0001_initial": "0" * 64, "0002_add_plans": "0" * 64}}
    assert broken(listed, tmp_path) == ["orgs.0001_initial was rewritten", "orgs.0002_add_plans was renamed or removed"]


def _numbers(version: str) -> list[int]:
    return [int(number) for number in version.split(".")]
