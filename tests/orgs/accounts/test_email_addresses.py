"""The one form of an e-mail address, in Python and in both databases."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from orgs.models import EmailDomain, Invitation, Organization, User
from orgs.text.email_addresses import domain_of, normal_address, normal_domain


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("ada@contoso.example", "ada@contoso.example"),
        ("  Ada.Lovelace@Contoso.Example\n", "ada.lovelace@contoso.example"),
        ("ADA+Test@CONTOSO.EXAMPLE", "ada+test@contoso.example"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@BÜCHER.Example", "ada@xn--bcher-kva.example"),
        ("ada@bu\N{COMBINING DIAERESIS}cher.example", "ada@xn--bcher-kva.example"),
        ("ada@XN--BCHER-KVA.example", "ada@xn--bcher-kva.example"),
        ("o'brien@contoso.example", "o'brien@contoso.example"),
        ("a@b.c.d.example", "a@b.c.d.example"),
        ("ada@contoso.test", "ada@contoso.test"),
    ],
)
def test_is_stored_as(typed: str, stored: str) -> None:
    assert normal_address(typed) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ada",
        "ada@",
        "@contoso.example",
        "ada@contoso",
        "ada@@contoso.example",
        "ada lovelace@contoso.example",
        "ada@contoso.example, bob@contoso.example",
        "Ada <ada@contoso.example>",
        "ada@[127.0.0.1]",
        '"ada b"@contoso.example',
        "jürgen@contoso.example",
        ".ada@contoso.example",
        "ada..b@contoso.example",
        "ada@-contoso.example",
        "ada@contoso_x.example",
        "ada@contoso.example\nbcc:x@y.example",
        "a" * 65 + "@contoso.example",
        "a@" + "b" * 250 + ".example",
        "ada@contoso.example\x00",
        "\N{CYRILLIC SMALL LETTER A}da@contoso.example",
        "ada@contoso\N{IDEOGRAPHIC FULL STOP}example",
        "ada@\N{FULLWIDTH LATIN SMALL LETTER C}ontoso.example",
    ],
)
def test_is_no_address(typed: str) -> None:
    with pytest.raises(ValidationError, match="not a valid e-mail address"):
        normal_address(typed)


def test_nothing_is_folded_beyond_case() -> None:
    assert len({normal_address(f"{local}@x.example") for local in ("ab", "a.b", "a.b+c", "a-b")}) == 4


local_parts = st.text("abcXYZ0189.+_-'&äß", min_size=1, max_size=30)
domains = st.lists(st.text("abcXYZ01-äß", min_size=1, max_size=12), min_size=1, max_size=3).map(".".join)


@given(local_parts, domains)
def test_is_idempotent(local: str, domain: str) -> None:
    try:
        once = normal_address(f"{local}@{domain}.example")
    except ValidationError:
        return
    assert normal_address(once) == once == normal_address(once.upper())
    assert once.isascii()
    assert once == once.lower()


@given(domains)
def test_a_domain_stays_the_domain_of_its_addresses(domain: str) -> None:
    try:
        once = normal_domain(f"{domain}.example")
    except ValidationError:
        return
    assert normal_domain(once) == once == domain_of(normal_address(f"ada@{domain}.example"))


@pytest.mark.parametrize(
    "typed", ["contoso", "", "contoso.example/x", "ada@contoso.example", "con toso.example", "*.x.example"]
)
def test_is_no_domain(typed: str) -> None:
    with pytest.raises(ValidationError, match="not a domain"):
        normal_domain(typed)


NOT_NORMAL = [
    "Ada@contoso.example",
    "ada@Contoso.example",
    "ada@contoso",
    "ada@bücher.example",
    "jürgen@contoso.example",
    " ada@contoso.example",
    "ada@contoso.example\n",
    "ada@contoso.example\nx",
    "ada",
    "ada@.example",
    "",
]


@pytest.mark.parametrize("address", NOT_NORMAL)
def test_the_database_refuses_other_forms_of_a_user(db: None, address: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.bulk_create([User(email=address)])


@pytest.mark.parametrize("address", NOT_NORMAL)
def test_the_database_refuses_other_forms_by_raw_update(admin: User, address: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE orgs_user SET email = %s WHERE id = %s", [address, admin.pk])


def test_the_database_refuses_other_forms_of_invitations_and_domains(organization: Organization, admin: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        EmailDomain.objects.create(organization=organization, domain="Contoso.example")
    invitation = Invitation(
        organization=organization, email="Ada@contoso.example", sent_at=admin.date_joined, expires_at=admin.date_joined
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        invitation.save()


def test_one_account_for_each_address(admin: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create_user(admin.email.upper())
