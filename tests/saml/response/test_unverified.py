"""What is seen of a response before it is judged."""

from __future__ import annotations

import pytest

from sso.saml import unverified_hint
from sso.saml.xml.envelope import MAX_BYTES
from tests.attacks.cost.measure import MOST_SECONDS, at_best
from tests.saml.provider import REQUEST_ID, SamlResponse, encode


def test_the_request_that_an_unverified_response_names() -> None:
    assert unverified_hint(SamlResponse().encoded()).in_response_to == REQUEST_ID
    assert unverified_hint(SamlResponse(sign="none", in_response_to="_other").encoded()).in_response_to == REQUEST_ID
    assert unverified_hint(SamlResponse(response_in_response_to=None).encoded()).in_response_to == REQUEST_ID
    assert (
        unverified_hint(SamlResponse(response_in_response_to=None, in_response_to=None).encoded()).in_response_to == ""
    )
    assert unverified_hint(SamlResponse(response_in_response_to="_other").encoded()).in_response_to == "_other"
    assert unverified_hint(encode(b"<Response InResponseTo = '_1'/>")) == ("_1", False)
    for none in (b"", b"<Response/>", b'<Response NotInResponseTo="_1"/>', b'<Response InResponseTo="_1', b"\xff"):
        assert unverified_hint(encode(none)) == ("", False)
    assert unverified_hint(encode(b'<Response InResponseTo="' + b"_" * 65 + b'"/>')).in_response_to == ""


def test_nothing_is_seen_of_what_is_too_long() -> None:
    data = b'<Response InResponseTo="_1"><EncryptedAssertion/><NameID>ada</NameID>' + b" " * (2 * MAX_BYTES)
    assert unverified_hint(encode(data)) == ("", False)


@pytest.mark.parametrize(
    "text",
    [
        "<NameID " * 25_000,
        ' InResponseTo = "' * 12_000,
        " InResponseTo" + " " * 200_000,
    ],
)
def test_no_document_makes_the_look_long(text: str) -> None:
    _, spent = at_best(lambda: unverified_hint(encode(text.encode())))
    assert spent < MOST_SECONDS
