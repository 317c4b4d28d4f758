"""The limits in front of xmlsec, tested alone: genuine messages are far below them."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

import pytest
from lxml import etree

from sso.saml.toolkit.limits import excess_of_bytes, excess_of_signatures
from sso.saml.xml.envelope import MAX_BYTES, MAX_DECLARATIONS, MAX_ELEMENTS
from tests.saml.provider import DS, EXCLUSIVE, SamlResponse

Change = Callable[[etree._Element], object]


def one(root: etree._Element, name: str) -> etree._Element:
    return next(root.iter(f"{{{DS}}}{name}"))


def _signatures(root: etree._Element) -> None:
    root.extend([deepcopy(one(root, "Signature")) for _ in range(2)])


def _prefixes(root: etree._Element) -> None:
    etree.SubElement(one(root, "Transforms")[1], f"{{{EXCLUSIVE}}}InclusiveNamespaces", PrefixList="a " * 513)


CHANGES: dict[str, tuple[Change, str]] = {
    "signatures": (_signatures, "too many signatures"),
    "references": (lambda root: one(root, "SignedInfo").append(deepcopy(one(root, "Reference"))), "references"),
    "an unknown transform": (lambda root: one(root, "Transform").set("Algorithm", "urn:x"), "transforms that SAML"),
    "no transform": (lambda root: one(root, "Transform").attrib.clear(), "transforms that SAML"),
    "a transform twice": (lambda root: one(root, "Transforms").append(deepcopy(one(root, "Transform"))), "transforms"),
    "a canonicalization": (lambda root: one(root, "CanonicalizationMethod").set("Algorithm", "urn:x"), "a canonicali"),
    "prefixes": (_prefixes, "too many prefixes"),
}


@pytest.mark.parametrize(("change", "excess"), CHANGES.values(), ids=CHANGES.keys())
def test_a_signature_that_asks_for_too_much(change: Change, excess: str) -> None:
    root = SamlResponse().document()
    assert excess_of_signatures(root) == ""
    change(root)
    assert excess in excess_of_signatures(root)


@pytest.mark.parametrize(
    ("data", "excess"),
    [
        (b"a" * MAX_BYTES, ""),
        (b"a" * (MAX_BYTES + 1), "too many bytes"),
        (b"<" * 2 * MAX_ELEMENTS, ""),
        (b"<" * (2 * MAX_ELEMENTS + 1), "too much markup"),
        (b" xmlns=''" * MAX_DECLARATIONS, ""),
        (b" xmlns=''" * (MAX_DECLARATIONS + 1), "too much markup"),
    ],
)
def test_a_message_that_is_too_large(data: bytes, excess: str) -> None:
    assert excess_of_bytes(data) == excess


def test_honest_signatures_are_far_below() -> None:
    for answer in (
        SamlResponse(sign="both"),
        SamlResponse(key_info="keycloak", prefix_list="xs xsi samlp saml #default"),
    ):
        assert excess_of_signatures(answer.document()) == ""
        assert excess_of_bytes(answer.xml()) == ""
