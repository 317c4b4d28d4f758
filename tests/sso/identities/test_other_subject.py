"""A known address under another identifier: the admin sees both, and whether it is another person or another kind."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from orgs.models import Organization, User
from sso.identifiers import Difference, difference_in
from sso.models import Identity, SignIn, SignInState
from sso.reasons import Reason
from tests.attacks.conftest import Siege, is_anybody_in
from tests.conftest import SignedIn, new_browser
from tests.saml.provider import EMAIL_CLAIM

SAML1 = "urn:oasis:names:tc:SAML:1.1:nameid-format:"
SAML2 = "urn:oasis:names:tc:SAML:2.0:nameid-format:"
EMAIL, UNSPECIFIED = f"{SAML1}emailAddress", f"{SAML1}unspecified"
PERSISTENT, TRANSIENT = f"{SAML2}persistent", f"{SAML2}transient"
OBJECT_ID = "http://schemas.microsoft.com/identity/claims/objectidentifier"
ADDRESS = "ada@contoso.example"

# Name ID, its format, the claim objectidentifier.
Sent = tuple[str, str, str]
AN_ADDRESS: Sent = (ADDRESS, EMAIL, "")
A_NAME: Sent = ("employee-7", UNSPECIFIED, "")
OTHER_NAME: Sent = ("employee-9", UNSPECIFIED, "")
LASTING: Sent = ("G7xz/q", PERSISTENT, "")
OTHER_LASTING: Sent = ("K1ab/r", PERSISTENT, "")
NOTHING: Sent = ("_a1b2", TRANSIENT, "")


def arrive(siege: Siege, sent: Sent, address: str = ADDRESS) -> SignIn:
    """Sign in in a new browser with this identifier; return the row of the log."""
    name_id, name_id_format, object_id = sent
    browser = new_browser()
    target = siege.ask(browser)
    attributes = ((EMAIL_CLAIM, (address,)), *(((OBJECT_ID, (object_id,)),) if object_id else ()))
    siege.post(browser, target.answer(name_id=name_id, name_id_format=name_id_format, attributes=attributes).encoded())
    row = siege.row(target)
    assert is_anybody_in(browser) == (row.state == SignInState.SUCCEEDED)
    return row


def difference(siege: Siege, before: Sent, now: Sent) -> Difference:
    assert arrive(siege, before).state == SignInState.SUCCEEDED
    row = arrive(siege, now)
    assert row.reason == Reason.OTHER_SUBJECT
    found = difference_in(row.facts)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (AN_ADDRESS, LASTING),
        (AN_ADDRESS, A_NAME),
        (AN_ADDRESS, NOTHING),
        (A_NAME, LASTING),
        (A_NAME, NOTHING),
        (LASTING, A_NAME),
        (LASTING, AN_ADDRESS),
        (LASTING, NOTHING),
        (A_NAME, ("G7xz/q", PERSISTENT, "ada-1")),
        (("_a1b2", TRANSIENT, "ada-1"), LASTING),
        (("_a1b2", TRANSIENT, "ada-1"), NOTHING),
    ],
)
def test_another_kind(siege: Siege, before: Sent, now: Sent) -> None:
    assert difference(siege, before, now).is_other_kind


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (A_NAME, OTHER_NAME),
        (LASTING, OTHER_LASTING),
        (("_a1b2", TRANSIENT, "ada-1"), ("_c3d4", TRANSIENT, "ada-2")),
        ((*A_NAME[:2], "ada-1"), (*A_NAME[:2], "ada-2")),
        # The better identifier cannot be compared, but the name ID that comes with it can.
        (A_NAME, (*OTHER_NAME[:2], "ada-1")),
        (LASTING, (*OTHER_LASTING[:2], "ada-1")),
        # Text that looks like an address, in a format that is compared letter for letter.
        (("Ada@contoso.example", PERSISTENT, ""), ("ada@contoso.example", PERSISTENT, "")),
    ],
)
def test_another_person(siege: Siege, before: Sent, now: Sent) -> None:
    assert not difference(siege, before, now).is_other_kind


def test_a_kind_that_is_known_among_others(siege: Siege) -> None:
    """Known by name ID and by objectidentifier; another objectidentifier is another person."""
    assert arrive(siege, A_NAME).state == SignInState.SUCCEEDED
    assert arrive(siege, (*A_NAME[:2], "ada-1")).state == SignInState.SUCCEEDED
    row = arrive(siege, (*LASTING[:2], "ada-2"))
    found = difference_in(row.facts)
    assert found is not None
    assert [each.subject for each in found.known] == ["ada-1", "employee-7"]
    assert not found.is_other_kind
    found = difference_in(arrive(siege, LASTING).facts)
    assert found is not None
    assert found.is_other_kind


def test_a_format_that_no_row_tells_may_be_any(siege: Siege) -> None:
    assert arrive(siege, LASTING).state == SignInState.SUCCEEDED
    SignIn.objects.update(claims={})
    for sent in (OTHER_LASTING, A_NAME, AN_ADDRESS):
        found = difference_in(arrive(siege, sent).facts)
        assert found is not None
        assert not found.is_other_kind, sent
    found = difference_in(arrive(siege, NOTHING).facts)
    assert found is not None
    assert found.is_other_kind


def test_the_row_keeps_all_of_an_identifier(siege: Siege) -> None:
    long = "a" * 1000
    found = difference(siege, (long + "1", UNSPECIFIED, ""), (long + "2", UNSPECIFIED, ""))
    assert (found.known[0].subject, found.received[0].subject) == (long + "1", long + "2")


# --- What the admin reads -------------------------------------------------------------------------------------------


def page_text(client: Client, organization: Organization, row: SignIn) -> str:
    """Return the words of a sign-in's page."""
    answer = client.get(f"/o/{organization.slug}/settings/sign-ins/{row.reference}")
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]*>", " ", answer.content.decode()).split())


@pytest.mark.parametrize("provider", ["azure", "okta", "other"])
def test_the_page_of_another_kind(siege: Siege, admin: User, client_of: SignedIn, provider: str) -> None:
    siege.organization.connections.update(provider=provider)
    arrive(siege, AN_ADDRESS)
    text = page_text(client_of(admin), siege.organization, arrive(siege, LASTING))
    assert f"Known here {ADDRESS} A name ID that is an e-mail address; last sent with {ADDRESS}." in text
    assert f"Received G7xz/q A persistent name ID; sent with {ADDRESS}." in text
    assert "now identifies this user by another kind of identifier: a persistent name ID, and before by" in text
    assert "undo it there" in text
    assert "another person" not in text
    assert "not the person" not in text


@pytest.mark.parametrize("provider", ["azure", "okta", "other"])
def test_the_page_of_another_person(siege: Siege, admin: User, client_of: SignedIn, provider: str) -> None:
    siege.organization.connections.update(provider=provider)
    arrive(siege, A_NAME)
    text = page_text(client_of(admin), siege.organization, arrive(siege, OTHER_NAME))
    assert "Known here employee-7 A name ID that is neither persistent nor an e-mail address;" in text
    assert "Received employee-9 A name ID that is neither persistent nor an e-mail address;" in text
    assert "this is not the person who signed in with this address before" in text
    assert "a name ID that is neither persistent nor an e-mail address, with different values." in text
    assert "another kind" not in text


def test_the_page_of_an_address_without_a_name_id(siege: Siege, admin: User, client_of: SignedIn) -> None:
    arrive(siege, LASTING)
    text = page_text(client_of(admin), siege.organization, arrive(siege, NOTHING))
    assert "identifier: an e-mail address without a lasting name ID, and before by a persistent name ID." in text
    assert f"Received {ADDRESS} An e-mail address without a lasting name ID;" in text


def test_a_format_that_is_not_known_is_no_proof_on_the_page(siege: Siege, admin: User, client_of: SignedIn) -> None:
    arrive(siege, LASTING)
    SignIn.objects.update(claims={})
    text = page_text(client_of(admin), siege.organization, arrive(siege, OTHER_LASTING))
    assert "this may be another person" in text
    assert "not the person" not in text


@pytest.mark.parametrize(
    ("before", "now", "seen"),
    [
        ("employee 7", "employee  7", r"employee \x207"),
        ("employee", "emplоyee", r"empl\u043eyee"),  # noqa: RUF001 - a Cyrillic letter
        ("employee7", "employee\u200b7", r"employee\u200b7"),
        ("<b>7", "<b>9", "&lt;b&gt;9"),
    ],
)
def test_the_difference_can_be_seen(
    siege: Siege, admin: User, client_of: SignedIn, before: str, now: str, seen: str
) -> None:
    arrive(siege, (before, UNSPECIFIED, ""))
    row = arrive(siege, (now, UNSPECIFIED, ""))
    page = client_of(admin).get(f"/o/{siege.organization.slug}/settings/sign-ins/{row.reference}").content.decode()
    assert f"<code>{seen}</code>" in page


def test_a_row_of_an_earlier_release_has_general_advice(siege: Siege, admin: User, client_of: SignedIn) -> None:
    arrive(siege, A_NAME)
    row = arrive(siege, OTHER_NAME)
    SignIn.objects.filter(pk=row.pk).update(facts=None)
    text = page_text(client_of(admin), siege.organization, row)
    assert "A user with this address has signed in before" in text
    assert "Known here" not in text


def test_nothing_is_written_but_the_row(siege: Siege) -> None:
    arrive(siege, AN_ADDRESS)
    before = list(Identity.objects.values())
    arrive(siege, LASTING)
    assert list(Identity.objects.values()) == before
