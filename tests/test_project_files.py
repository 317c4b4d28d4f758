"""The files by which tools work on this project name only what is there, and download nothing that is not pinned."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = Path(sys.executable).parent
GITHUB = ROOT / ".github"
HOOKS_FILE = ROOT / ".pre-commit-config.yaml"


def hooks() -> list[dict[str, Any]]:
    """Return every hook of every repository that the configuration names."""
    return [hook for repo in yaml.safe_load(HOOKS_FILE.read_text())["repos"] for hook in repo["hooks"]]


def test_hooks_come_from_this_project_alone() -> None:
    assert [repo["repo"] for repo in yaml.safe_load(HOOKS_FILE.read_text())["repos"]] == ["local"]
    assert {hook["language"] for hook in hooks()} == {"system"}


def test_the_hooks_are_those_that_contributors_need() -> None:
    named = {hook["id"] for hook in hooks()}
    assert named == {
        "ruff-format",
        "ruff",
        "mypy",
        "end-of-file",
        "trailing-whitespace",
        "large-files",
        "private-keys",
    }


@pytest.mark.parametrize("hook", hooks(), ids=lambda hook: hook["id"])
def test_every_hook_can_be_started(hook: dict[str, Any]) -> None:
    program, *arguments = hook["entry"].split()
    if program == "make":
        assert re.search(rf"^{arguments[-1]}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
    else:
        assert program.startswith(".venv/bin/")
        assert (PROGRAMS / Path(program).name).exists()


def test_pre_commit_reads_its_configuration() -> None:
    command = [PROGRAMS / "pre-commit", "validate-config", HOOKS_FILE]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_private_key_does_not_get_through(tmp_path: Path) -> None:
    entry = next(hook["entry"] for hook in hooks() if hook["id"] == "private-keys")
    file = tmp_path / "key.txt"
    for text, code in (("-----BEGIN PRIVATE " + "KEY-----", 1), ("-----BEGIN CERTIFICATE-----", 0)):
        file.write_text(text)
        command = [PROGRAMS / Path(entry).name, file]
        assert subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == code


@pytest.mark.parametrize(
    ("printed", "code", "says", "ends_with"),
    [
        ("No known vulnerabilities found", 0, "Every pin was audited.", 0),
        ("Found 1 known vulnerability in 1 package", 1, "found something or failed", 1),
        ("No known vulnerabilities found\nredis  Dependency not found and could not be audited", 0, "about 1 pins", 2),
    ],
    ids=["clean", "vulnerable", "no response"],
)
def test_an_audit_without_an_answer_is_no_success(
    tmp_path: Path, printed: str, code: int, says: str, ends_with: int
) -> None:
    program = tmp_path / "pip-audit"
    program.write_text(f"#!/bin/sh\ncat << 'END'\n{printed}\nEND\nexit {code}\n")
    program.chmod(0o755)
    environment = {**os.environ, "AUDIT": str(tmp_path)}
    command = [ROOT / ".ci" / "audit"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == ends_with
    assert says in done.stdout + done.stderr
    assert "No known vulnerabilities" not in done.stdout


def workflow() -> dict[str, Any]:
    """Return the workflow of CI."""
    return yaml.safe_load((GITHUB / "workflows" / "ci.yml").read_text())


def test_the_workflow_runs_ci_with_the_least_rights() -> None:
    (job,) = workflow()["jobs"].values()
    assert workflow()["permissions"] == {"contents": "read"}
    assert "permissions" not in job
    assert job["timeout-minutes"] <= 90
    assert [step["run"] for step in job["steps"] if "run" in step][-1] == ".ci/run"
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_actions_are_pinned_by_their_commit() -> None:
    used = re.findall(r"uses: (.*)", (GITHUB / "workflows" / "ci.yml").read_text())
    assert used
    assert [each for each in used if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v[\d.]+", each)] == []


def test_dependabot_looks_where_the_pins_are() -> None:
    updates = yaml.safe_load((GITHUB / "dependabot.yml").read_text())["updates"]
    assert {each["package-ecosystem"] for each in updates} == {"pip", "github-actions"}
    assert [each["directory"] for each in updates if not (ROOT / each["directory"].lstrip("/")).is_dir()] == []


def test_every_path_with_an_owner_exists() -> None:
    paths = re.findall(r"^/(\S+) +@", (GITHUB / "CODEOWNERS").read_text(), re.MULTILINE)
    assert paths
    assert [path for path in paths if not (ROOT / path).exists()] == []
