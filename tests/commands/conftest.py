"""What the identity provider hands out."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

import simulator
from tests.sso.conftest import connect, tenant  # noqa: F401  fixtures


@pytest.fixture
def metadata(tenant: simulator.Tenant) -> bytes:  # noqa: F811
    """The metadata of one application of the simulator."""
    app = next(iter(tenant.apps.values()), None) or tenant.register("Amplisso", "https://amplisso.example/any")
    return tenant.metadata(app)


@pytest.fixture
def metadata_file(metadata: bytes, tmp_path: Path) -> Path:
    """Write the metadata to a file, as a downloaded one, and return its path."""
    file = tmp_path / "metadata.xml"
    file.write_bytes(metadata)
    return file


@pytest.fixture
def development(settings: Settings) -> None:
    """DEBUG, as on a developer's machine; the simulator speaks http, on the loopback address."""
    settings.DEBUG = True
