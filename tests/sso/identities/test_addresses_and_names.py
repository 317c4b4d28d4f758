"""Where the address and the names of a user are read, and what the admin is told when there is no address."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from orgs.models import Membership, Organization, User
from sso.models import SignIn, SignInState
from sso.reasons import Reason
from tests.attacks.conftest import Siege
from tests.conftest import SignedIn, new_browser
from tests.saml.provider import EMAIL_CLAIM

ADDRESS = "adele@contoso.example"
Attributes = tuple[tuple[str, tuple[str, ...]], ...]


def arrive(siege: Siege, attributes: Attributes, name_id: str = "employee-7") -> SignIn:
    """Sign in in a new browser with these attributes; return the row of the log."""
    browser = new_browser()
    target = siege.ask(browser)
    unspecified = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
    answer = target.answer(name_id=name_id, name_id_format=unspecified, attributes=attributes)
    siege.post(browser, answer.encoded())
    return siege.row(target)


@pytest.mark.parametrize(
    "attributes",
    [
        ((EMAIL_CLAIM, (ADDRESS, ADDRESS)),),
        ((EMAIL_CLAIM, (ADDRESS,)), (EMAIL_CLAIM, (ADDRESS,))),
        ((EMAIL_CLAIM, (ADDRESS, "Adele@CONTOSO.example")),),
        (("email", (ADDRESS,)), ("Email", (ADDRESS.upper(),))),
        ((EMAIL_CLAIM, ("", ADDRESS, " ")),),
        (("mail", (ADDRESS,)),),
        (("Mail", (ADDRESS,)),),
        (("urn:oid:0.9.2342.19200300.100.1.3", (ADDRESS,)),),
        (("mail", (ADDRESS,)), ("urn:oid:0.9.2342.19200300.100.1.3", ("other@contoso.example",))),
        (("email", (ADDRESS,)), ("mail", ("other@contoso.example",))),
        (("mail", ("not an address",)), ("urn:oid:0.9.2342.19200300.100.1.3", (ADDRESS,))),
    ],
)
def test_one_address(siege: Siege, attributes: Attributes) -> None:
    row = arrive(siege, attributes)
    assert (row.state, row.address) == (SignInState.SUCCEEDED, ADDRESS), row.reason
    assert row.facts is None


@pytest.mark.parametrize("name", [EMAIL_CLAIM, "email", "mail", "urn:oid:0.9.2342.19200300.100.1.3"])
@pytest.mark.parametrize("other", ["eve@contoso.example", "adele", "adele@contoso.example.evil.test"])
def test_anything_beside_the_address_is_ambiguous(siege: Siege, name: str, other: str) -> None:
    for attributes in (((name, (ADDRESS, other)),), ((name, (other,)), (name, (ADDRESS,)))):
        row = arrive(siege, attributes)
        assert row.reason == Reason.AMBIGUOUS_ADDRESS
        assert {place["value"] for place in row.facts["places"]} >= {ADDRESS, other}
    assert not User.objects.filter(email__in=[ADDRESS, other]).exists()


NAMES = {
    "given_name": ("givenName", "GIVENNAME", "urn:oid:2.5.4.42", "2.5.4.42", "firstName", "User.FirstName"),
    "family_name": ("sn", "SN", "urn:oid:2.5.4.4", "2.5.4.4", "lastName", "User.LastName"),
    "display_name": ("displayName", "urn:oid:2.16.840.1.113730.3.1.241", "2.16.840.1.113730.3.1.241"),
}


@pytest.mark.parametrize(("field", "name"), [(field, name) for field, names in NAMES.items() for name in names])
def test_where_names_come_from(siege: Siege, field: str, name: str) -> None:
    assert arrive(siege, ((EMAIL_CLAIM, (ADDRESS,)), (name, ("", "Adele"))), "adele").state == SignInState.SUCCEEDED
    membership = Membership.objects.get(user__email=ADDRESS)
    assert getattr(membership, field) == "Adele"


def test_a_sign_in_without_names_leaves_the_known_ones(siege: Siege) -> None:
    address = (EMAIL_CLAIM, (ADDRESS,))
    arrive(siege, (address, ("givenName", ("Adele",)), ("sn", ("Vance",))))
    for silent in ((address,), (address, ("givenName", (" ",)), ("sn", ("\u200b",)))):
        assert arrive(siege, silent).state == SignInState.SUCCEEDED
        assert Membership.objects.get(user__email=ADDRESS).person_name == "Adele Vance"
    arrive(siege, (address, ("givenName", ("Adele",)), ("sn", ("Lovelace",))))
    assert Membership.objects.get(user__email=ADDRESS).person_name == "Adele Lovelace"


# --- What the admin reads -------------------------------------------------------------------------------------------


def page_text(client: Client, organization: Organization, row: SignIn) -> str:
    """Return the words of a sign-in's page."""
    answer = client.get(f"/o/{organization.slug}/settings/sign-ins/{row.reference}")
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]*>", " ", answer.content.decode()).split())


REFUSED = {
    "jürgen@contoso.example": "The part before the @ has letters other than a to z.",
    "ada@corp.local": "Its domain is a name for use inside a network only",
    "ada@localhost": "Its domain is a name for use inside a network only",
    "x_y.example#EXT#@contoso.onmicrosoft.example": "#EXT# marks the user name of a guest account.",
    "ada": "It is not an e-mail address.",
    "ada@contoso": "It is not an e-mail address.",
    "a" * 65 + "@contoso.example": "It is longer than an e-mail address can be",
    " ": "It is empty.",
}


@pytest.mark.parametrize(("value", "why"), REFUSED.items())
@pytest.mark.parametrize("provider", ["azure", "okta"])
def test_each_value_with_the_reason(
    siege: Siege, admin: User, client_of: SignedIn, value: str, why: str, provider: str
) -> None:
    siege.organization.connections.update(provider=provider)
    row = arrive(siege, (("mail", (value,)),))
    assert row.reason == Reason.NO_ADDRESS
    text = page_text(client_of(admin), siege.organization, row)
    assert "Name ID employee-7 It is not an e-mail address." in text
    assert f"{EMAIL_CLAIM} It was not sent." in text
    assert " ".join(f"mail {value} {why}".split()) in text
    assert "urn:oid:0.9.2342.19200300.100.1.3 It was not sent." in text


REMEDIES = {
    "azure": "In Microsoft Entra ID set the user identifier to user.mail",
    "other": "Let the identity provider send the e-mail address as the name ID",
}
ASCII = "with only ASCII characters before the @"
PUBLIC = "whose domain receives mail from the internet"


@pytest.mark.parametrize("provider", REMEDIES)
@pytest.mark.parametrize(
    ("values", "remedy"),
    [
        (("jürgen@contoso.example",), ASCII),
        (("jürgen@contoso.example", "jörg@contoso.example"), ASCII),
        (("ada@corp.local",), PUBLIC),
        (("ada@corp.local", "jürgen@contoso.example"), ""),
        (("x_y.example#EXT#@contoso.onmicrosoft.example",), ""),
        (("ada",), ""),
    ],
)
def test_what_to_do_follows_from_what_is_wrong_with_the_address(
    siege: Siege, admin: User, client_of: SignedIn, values: tuple[str, ...], remedy: str, provider: str
) -> None:
    siege.organization.connections.update(provider=provider)
    row = arrive(siege, (("mail", values),))
    _, _, said = page_text(client_of(admin), siege.organization, row).partition("What to do:")
    assert (remedy or REMEDIES[provider]) in said
    assert [each for each in (ASCII, PUBLIC, REMEDIES[provider]) if each in said] == [remedy or REMEDIES[provider]]
    assert ("#EXT#" in said) == any("#EXT#" in value for value in values)


def test_two_addresses_are_both_shown(siege: Siege, admin: User, client_of: SignedIn) -> None:
    row = arrive(siege, (("email", ("a@contoso.example", "b@contoso.example")),))
    text = page_text(client_of(admin), siege.organization, row)
    for address in ("a@contoso.example", "b@contoso.example"):
        assert f"email {address} It is an address, but not the only value in this place." in text


def test_a_flood_of_values_is_bounded(siege: Siege) -> None:
    row = arrive(siege, (("mail", tuple(f"{number}" * 5000 for number in range(10, 40))),))
    values = [place["value"] for place in row.facts["places"] if place["name"] == "mail"]
    assert len(values) == 10
    assert max(map(len, values)) == 400
