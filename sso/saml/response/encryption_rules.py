"""The rules for encrypted parts, checked before decryption, and for their plaintext (SAML core 2.3.4 and 6)."""

from lxml import etree

from sso.saml.response.context import ResponseContext
from sso.saml.rule_result import RuleResult, failed, passed, shown
from sso.saml.xml.decryption import algorithms_of, mistakes
from sso.saml.xml.envelope import Plaintext
from sso.saml.xml.names import SAML, SAMLP

# One text for every failure: the difference between two would reveal the content (XML Encryption 6.1.4).
NOT_DECRYPTED = "encrypted, and not opened by any key of ours"

_CONTAINERS = ("EncryptedAssertion", "EncryptedID", "EncryptedAttribute", "NewEncryptedID")
_IN_LOGOUT_REQUEST = [SAML + "EncryptedID", SAMLP + "LogoutRequest"]
_NAME_ID_PATH = [SAML + "EncryptedID", SAML + "Subject", SAML + "Assertion"]


_EXPECTED = "nothing, or one assertion or name ID, with AES and RSA-OAEP"
_NOTHING_ENCRYPTED = passed(_EXPECTED, "nothing")
_NOT_ENCRYPTED = passed("not encrypted, or opened by a key of ours", "not encrypted")


def encryption(context: ResponseContext) -> RuleResult:
    """Check that at most the assertion or the NameID is encrypted, with AES and RSA-OAEP."""
    return _allowed(context.root) if context.may_be_encrypted else _NOTHING_ENCRYPTED


def decryption(context: ResponseContext) -> RuleResult:
    """Check the decrypted assertion by the rules of every message, as a document of its own."""
    encrypted = context.root.find(SAML + "EncryptedAssertion") if context.may_be_encrypted else None
    if encrypted is None:
        return _NOT_ENCRYPTED
    try:
        plaintext = context.opened(encrypted)
        fits = _is_one_assertion(plaintext, context)
    except Exception:  # noqa: BLE001 - whatever hostile bytes do to a library: it must not be told from a wrong key
        fits = False
    if not fits:
        return failed("one assertion", NOT_DECRYPTED)
    context.decrypted = plaintext
    return passed("one assertion", "opened, " + shown(algorithms_of(encrypted)))


def _allowed(document: etree._Element) -> RuleResult:
    containers = list(document.iter(*(f"{{*}}{name}" for name in _CONTAINERS)))
    known = sum(_local(child) == "EncryptedData" for each in containers for child in each)
    if known != sum(1 for _ in document.iter("{*}EncryptedData")):
        return failed(_EXPECTED, "EncryptedData outside of an EncryptedAssertion or EncryptedID")
    wrong = next((name for each in containers if (name := _misplaced(each))), "")
    if wrong or len(containers) > 1:
        return failed(_EXPECTED, shown(wrong) or f"{len(containers)} encrypted elements")
    mistake = next((found for each in containers for found in mistakes(each)), None)
    if mistake is not None:
        return failed(_EXPECTED, shown(mistake))
    return passed(_EXPECTED, shown(", ".join(map(algorithms_of, containers))) or "nothing")


def _misplaced(container: etree._Element) -> str:
    path = [str(container.tag), *(str(each.tag) for each in container.iterancestors())]
    is_assertion = path[0] == SAML + "EncryptedAssertion" and len(path) == 2  # noqa: PLR2004 - in the root
    is_name_id = path[:3] == _NAME_ID_PATH or path == _IN_LOGOUT_REQUEST
    return "" if is_assertion or is_name_id else f"{_local(container)} in {_local(container.getparent())}"


def _is_one_assertion(plaintext: Plaintext, context: ResponseContext) -> bool:
    """Check for one assertion, with nothing encrypted but a NameID, and without an ID that the response has, too."""
    root = plaintext.root
    others = {each for _, each in context.survey.ids}
    return (
        root.tag == SAML + "Assertion"
        and len(list(root.iter("{*}Assertion", "{*}EncryptedAssertion"))) == 1
        and next(context.root.iter("{*}Assertion"), None) is None
        and _allowed(root).passed
        and not others & {each for _, each in plaintext.survey.ids}
    )


def _local(element: etree._Element | None) -> str:
    return "nothing" if element is None else str(element.tag).rpartition("}")[2]
