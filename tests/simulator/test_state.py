"""The state folder, the command line, and what they refuse."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from simulator import App, Tenant
from simulator.__main__ import main
from simulator.directory import Directory
from simulator.server import running
from tests.children import running_child

DEBUG = {"DEBUG": "true"}
ROOT = Path(__file__).parents[2]
ADDRESSES = [
    "--name=Fabrikam",
    "--identifier=http://localhost:8000/saml/2/metadata/10002",
    "--reply-url=http://localhost:8000/saml/2/acs/10002",
    "--sign-on-url=http://localhost:8000/sso/10002/start",
]


def prepare(folder: Path, *more: str) -> None:
    assert main(["prepare", f"--state={folder}", *ADDRESSES, *more], DEBUG) == 0


def test_a_tenant_comes_back_as_it_was(tenant: Tenant, app: App, tmp_path: Path) -> None:
    app.relay_state = "/somewhere"
    app.assigned = {"ivan"}
    app.activate(app.keys[0].thumbprint)
    tenant.save(tmp_path)
    assert Tenant.load(tmp_path) == tenant


def test_only_the_owner_can_read_the_folder(tenant: Tenant, tmp_path: Path) -> None:
    folder = tmp_path / "var" / "simulator"
    tenant.save(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    files = list(folder.iterdir())
    assert len(files) == 1 + 2 + len(tenant.platform_keys)
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_private_keys_are_not_in_the_json(tenant: Tenant, tmp_path: Path) -> None:
    tenant.save(tmp_path)
    assert "PRIVATE" not in (tmp_path / "tenant.json").read_text()


def test_no_two_applications_share_an_identifier(tenant: Tenant, app: App) -> None:
    with pytest.raises(ValueError, match="already has the identifier"):
        tenant.register("Second", app.identifier)


def test_a_new_folder_gets_a_tenant_of_its_own(tmp_path: Path) -> None:
    first = Directory(tmp_path / "a", "http://127.0.0.1:9000/").tenant
    assert first.base_url == "http://127.0.0.1:9000"
    assert Directory(tmp_path / "a").tenant == first
    assert Directory(tmp_path / "b").tenant.id != first.id


def test_a_change_by_another_process_is_seen(tmp_path: Path) -> None:
    directory = Directory(tmp_path)
    prepare(tmp_path, f"--metadata={tmp_path / 'metadata.xml'}")
    assert [app.name for app in directory.tenant.apps.values()] == ["Fabrikam"]


def test_preparing_twice_keeps_the_application_and_its_choices(tmp_path: Path) -> None:
    file = tmp_path / "metadata.xml"
    prepare(tmp_path / "state", f"--metadata={file}")
    first = Tenant.load(tmp_path / "state")
    (app,) = first.apps.values()
    app.name_id_source = "user.objectid"
    first.save(tmp_path / "state")
    prepare(tmp_path / "state", f"--metadata={file}", "--reply-url=http://localhost:8000/new")
    (again,) = Tenant.load(tmp_path / "state").apps.values()
    assert (again.id, again.keys, again.name_id_source) == (app.id, app.keys, "user.objectid")
    assert again.reply_url == "http://localhost:8000/new"


def test_preparing_writes_metadata_for_the_port(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    prepare(tmp_path, "--metadata=-", "--port=9001")
    tenant = Tenant.load(tmp_path)
    (app,) = tenant.apps.values()
    written = capfdbinary.readouterr().out
    assert f"http://127.0.0.1:9001/{tenant.id}/saml2".encode() in written
    assert app.keys[0].certificate_base64.encode() in written
    assert (app.sign_on_url, app.name_id_source) == (
        "http://localhost:8000/sso/10002/start",
        "user.mail",
    )


@pytest.mark.parametrize("environment", [{}, {"DEBUG": ""}, {"DEBUG": "false"}, {"DEBUG": "0"}])
@pytest.mark.parametrize("command", [[], ["prepare"]])
def test_nothing_starts_without_debug(
    command: list[str], environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command, environment) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_the_refusal_and_the_library_need_no_flask() -> None:
    program = (
        "import sys; sys.modules['flask'] = None; sys.modules['werkzeug'] = None;"
        "import simulator; from simulator.__main__ import main; sys.exit(main([], {}))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=ROOT, timeout=60
    )
    assert ended.returncode == 1
    assert "starts when DEBUG is true" in ended.stderr


def test_it_stands_alone() -> None:
    program = (
        "import sys, simulator.server, simulator.__main__, json;"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, cwd=ROOT, timeout=60)
    ours = {"amplisso", "orgs", "sso", "audit", "jobs", "outbox", "django", "onelogin"}
    assert not ours & set(json.loads(ended.stdout))


def get_start_page(port: int) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/")
    page = connection.getresponse().read().decode()
    connection.close()
    return page


def test_the_command_serves_until_it_is_interrupted(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "simulator", f"--port={port}", f"--state={tmp_path}"]
    options = {"stdout": subprocess.PIPE, "text": True, "env": os.environ | DEBUG, "cwd": ROOT}
    with running_child(command, **options) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"Entra ID simulator on http://127.0.0.1:{port}\n"
        assert Tenant.load(tmp_path).id in get_start_page(port)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 0


def test_it_serves_on_loopback_under_the_address_it_says(tenant: Tenant) -> None:
    with running(tenant) as base_url:
        assert base_url.startswith("http://127.0.0.1:")
        assert tenant.issuer.startswith(base_url)
        assert tenant.issuer in get_start_page(urlsplit(base_url).port or 0)
