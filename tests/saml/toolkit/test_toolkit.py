"""python3-saml's own checks stay in force, and no other code in the process is affected by our use of it."""

from __future__ import annotations

import base64
import ssl
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from lxml import etree
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings

from sso.saml import CheckName
from sso.saml.response.checklist import CHECKLIST
from sso.saml.response.context import ResponseContext
from sso.saml.toolkit import adapted_modules, second_verifier
from tests.saml.judging import judge
from tests.saml.provider import (
    ACS,
    DS,
    ENTITY_ID,
    ISSUER,
    NOW,
    REQUEST,
    REQUEST_ID,
    SP,
    SamlResponse,
    idp,
    key_pair,
    stamp,
)

SHA1 = SamlResponse(signature_method=DS + "rsa-sha1", digest_method=DS + "sha1")


def complaint(answer: SamlResponse, now: datetime = NOW, *, allow_sha1: bool = False) -> str:
    """Ask the second verifier alone."""
    return second_verifier.complaint(
        answer.encoded(),
        service_provider=SP,
        identity_provider=idp(),
        request_id=REQUEST_ID,
        now=now,
        allow_sha1=allow_sha1,
    )


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        pytest.param(SamlResponse(sign="none"), "No Signature found", id="unsigned"),
        pytest.param(SHA1, "Deprecated signature algorithm", id="SHA-1"),
        pytest.param(SamlResponse(issuer="https://evil.test/"), "Invalid issuer", id="issuer"),
        pytest.param(SamlResponse(audiences=(("https://evil.test/",),)), "not a valid audience", id="audience"),
        pytest.param(SamlResponse(confirmed_until=stamp(-6)), "SubjectConfirmation", id="late"),
        pytest.param(SamlResponse(session_until=stamp(-6)), "expired", id="session"),
        pytest.param(SamlResponse(response_in_response_to="_other"), "InResponseTo", id="request"),
    ],
)
def test_it_still_refuses_by_itself(answer: SamlResponse, words: str) -> None:
    assert words in complaint(answer)


def test_it_accepts_what_we_accept() -> None:
    assert complaint(SamlResponse()) == ""
    assert complaint(SamlResponse(statement="<AttributeStatement/>")) == ""
    assert complaint(SHA1, allow_sha1=True) == ""


def test_it_has_the_last_word() -> None:
    """Believed when it refuses what no rule before it has looked at."""
    last = CHECKLIST[-1]
    context = ResponseContext(
        SamlResponse(issuer="https://evil.test/").encoded(),
        service_provider=SP,
        identity_provider=idp(),
        request=REQUEST,
        now=NOW,
    )
    assert last.name is CheckName.TOOLKIT
    assert not last.look(context).passed
    assert "Invalid issuer" in last.look(context).received


def test_its_clock_is_ours_with_the_same_tolerance() -> None:
    assert complaint(SamlResponse(), NOW + timedelta(minutes=64, seconds=50)) == ""
    assert complaint(SamlResponse(), NOW + timedelta(minutes=65, seconds=10)) != ""


def test_others_in_this_process_get_it_unchanged() -> None:
    """Outside our verdicts it asks the system's clock and opens its own schema."""
    now = datetime.now(UTC)
    certificate = ssl.DER_cert_to_PEM_cert(key_pair().certificate.der)
    settings = OneLogin_Saml2_Settings(
        {
            "strict": True,
            "sp": {"entityId": ENTITY_ID, "assertionConsumerService": {"url": ACS}},
            "idp": {"entityId": ISSUER, "singleSignOnService": {"url": "https://a.test/"}, "x509cert": certificate},
        }
    )
    request = {"https": "on", "http_host": "app.example.test", "script_name": "/saml/2/acs/10001"}

    def accepts(minutes: int) -> bool:
        at = now + timedelta(minutes=minutes)
        written = [(at + timedelta(minutes=each)).strftime("%Y-%m-%dT%H:%M:%SZ") for each in (-5, 5)]
        answer = SamlResponse(not_before=written[0], not_on_or_after=written[1], confirmed_until=written[1])
        stock = OneLogin_Saml2_Response(settings, base64.b64encode(answer.xml()))
        return bool(stock.is_valid(request, REQUEST_ID))

    assert judge(SamlResponse()).accepted
    assert accepts(0)
    assert not accepts(-60)
    assert not accepts(60)


# Asked in a process of its own: everything that the public modules and their classes hold, before and after.
UNTOUCHED = """
import importlib, pkgutil
import onelogin.saml2

def held():
    for found in pkgutil.iter_modules(onelogin.saml2.__path__):
        module = importlib.import_module("onelogin.saml2." + found.name)
        for name, value in vars(module).items():
            yield f"{found.name}.{name}", id(value)
            if isinstance(value, type) and value.__module__.startswith("onelogin."):
                yield from ((f"{found.name}.{name}.{inner}", id(each)) for inner, each in vars(value).items())

before = dict(held())
from tests.saml.judging import judge
from tests.saml.provider import SamlResponse
assert judge(SamlResponse(sign="both")).accepted
from sso.saml.toolkit import adapted_modules as toolkit_modules
assert toolkit_modules.Response.__mro__[1].__module__ != "onelogin.saml2.response"
assert dict(held()) == before and len(before) > 300, len(before)
"""


def test_the_public_modules_of_python3_saml_are_untouched() -> None:
    done = subprocess.run([sys.executable, "-c", UNTOUCHED], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr


def test_a_module_that_python3_saml_does_not_have() -> None:
    with pytest.raises(ImportError, match="no module nonsense"):
        adapted_modules._private_copy("nonsense")


def test_threads_do_not_share_a_clock() -> None:
    """Many verdicts at once, at moments years apart."""
    found: list[bool] = []

    def run(minutes: int, expected: bool) -> None:
        for _ in range(20):
            found.append(judge(SamlResponse(), now=NOW + timedelta(minutes=minutes)).accepted is expected)
            time.sleep(0)

    threads = [Thread(target=run, args=(minutes, minutes == 0)) for minutes in (0, 600_000, 0, -600_000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert found == [True] * 80


def test_an_empty_attribute_statement_is_all_the_schema_overlooks() -> None:
    assert second_verifier.schema_complaint(SamlResponse(statement="<AttributeStatement/>").document()) == ""
    assert "Nonsense" in second_verifier.schema_complaint(SamlResponse(statement="", extra="<Nonsense/>").document())
    both = SamlResponse(statement="<AttributeStatement/>", extra="<Nonsense/>").document()
    assert second_verifier.schema_complaint(both) != ""
    filled = SamlResponse(statement="<AttributeStatement><Nonsense/></AttributeStatement>").document()
    assert "Nonsense" in second_verifier.schema_complaint(filled)
    assert etree.iselement(filled)


def test_schema_and_expressions_are_compiled_once_for_each_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """What makes it fast, without a clock: nothing is compiled for a second response."""
    compiled: list[str] = []

    class Schema(etree.XMLSchema):
        def __init__(self, *args: object) -> None:
            compiled.append("schema")
            super().__init__(*args)

    class XPath(etree.XPath):
        def __init__(self, text: str, **options: object) -> None:
            compiled.append(text)
            super().__init__(text, **options)

    monkeypatch.setattr(etree, "XMLSchema", Schema)
    monkeypatch.setattr(etree, "XPath", XPath)

    def run() -> None:
        assert all(
            judge(answer).accepted
            for answer in (SamlResponse(), SamlResponse(sign="both"), SamlResponse(sign="response"))
        )
        first.append(len(compiled))
        assert all(
            judge(answer).accepted
            for answer in (SamlResponse(), SamlResponse(sign="both"), SamlResponse(sign="response"))
        )
        first.append(len(compiled))

    first: list[int] = []
    for _ in range(2):
        thread = Thread(target=run)
        thread.start()
        thread.join(timeout=60)
    assert compiled.count("schema") == 2
    assert first[0] == first[1]
    assert first[2] == first[3] == 2 * first[0]
