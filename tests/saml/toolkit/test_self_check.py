"""The start-up check: silent when xmlsec works, one sentence when it doesn't, even if it can't be imported."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from onelogin.saml2.utils import OneLogin_Saml2_Utils

from sso.saml import ToolkitError, self_check
from sso.saml.response import signature_rules
from sso.saml.toolkit import adapted_modules, self_check_sample
from sso.saml.toolkit.self_check import PINNED, _check_version
from tests.saml.judging import judge
from tests.saml.provider import SamlResponse

ROOT = Path(__file__).parents[3]
ASK = """
import sso.saml
sso.saml.build_sp_metadata(sso.saml.ServiceProvider("https://a.test/m", "https://a.test/acs"))
try:
    sso.saml.self_check()
except sso.saml.ToolkitError as error:
    print(error)
"""


def test_it_says_nothing_when_all_is_well() -> None:
    self_check()


@pytest.mark.parametrize("answer", [True, False])
def test_a_second_verifier_that_does_not_verify(monkeypatch: pytest.MonkeyPatch, answer: bool) -> None:
    monkeypatch.setattr(adapted_modules.Utils, "validate_sign", lambda *_, **__: answer)
    with pytest.raises(ToolkitError, match="requirements/base"):
        self_check()


@pytest.mark.parametrize("answer", [True, False])
def test_the_private_copy_is_compared_with_the_public_modules(monkeypatch: pytest.MonkeyPatch, answer: bool) -> None:
    """Which others may have patched: then it is not clear any more whose check of signatures ours is."""
    monkeypatch.setattr(OneLogin_Saml2_Utils, "validate_sign", lambda *_, **__: answer)
    assert judge(SamlResponse()).accepted, "the private copy does not notice"
    with pytest.raises(ToolkitError, match="requirements/base"):
        self_check()


@pytest.mark.parametrize("answer", ["everything", "nothing"])
def test_a_verifier_that_does_not_verify(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    def signer_of(_: object, __: object, certificates: list[object]) -> object:
        return certificates[0] if answer == "everything" else None

    monkeypatch.setattr(signature_rules, "signer_of", signer_of)
    with pytest.raises(ToolkitError, match="requirements/base"):
        self_check()


def test_a_library_that_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("libxml2")

    monkeypatch.setattr(self_check_sample, "signed_sample", broken)
    with pytest.raises(ToolkitError) as caught:
        self_check()
    assert isinstance(caught.value.__cause__, RuntimeError)


def test_an_xmlsec_that_can_not_be_imported(tmp_path: Path) -> None:
    """What two copies of libxml2 look like: the module raises while it is imported. The rest goes on working."""
    (tmp_path / "xmlsec.py").write_text('raise RuntimeError("lxml & xmlsec libxml2 library version mismatch")\n')
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
        cwd=tmp_path,
        timeout=60,
    )
    assert done.stdout.startswith("xmlsec and lxml don't work together here")
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


def test_another_version_of_python3_saml(monkeypatch: pytest.MonkeyPatch) -> None:
    """toolkit/adapted_modules.py adapts functions of exactly one version."""
    monkeypatch.setattr(sys.modules[_check_version.__module__], "version", lambda _: "1.17.0")
    with pytest.raises(ToolkitError, match=r"^python3-saml 1\.17\.0 is installed, but .* 1\.16\.0 only"):
        self_check()


def test_the_pinned_version_is_the_one_that_is_known() -> None:
    assert f"python3-saml=={PINNED}" in (ROOT / "pyproject.toml").read_text()
