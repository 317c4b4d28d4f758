"""One tenant with one application; its keys are generated once a session."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from simulator import App, Tenant, create_app

IDENTIFIER = "https://amplisso.example/saml/2/metadata/10001"
REPLY_URL = "https://amplisso.example/saml/2/acs/10001"


@pytest.fixture(scope="session")
def seed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("simulator") / "state"
    tenant = Tenant.create()
    tenant.register("Amplisso", IDENTIFIER, REPLY_URL)
    tenant.tenant_metadata()
    tenant.save(folder)
    return folder


@pytest.fixture
def tenant(seed: Path) -> Tenant:
    return Tenant.load(seed)


@pytest.fixture
def app(tenant: Tenant) -> App:
    return next(iter(tenant.apps.values()))


@pytest.fixture
def client(tenant: Tenant) -> FlaskClient:
    return create_app(tenant).test_client()
