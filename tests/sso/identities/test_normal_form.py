"""Users whom a provider calls by their address are recognised however it is written; others letter for letter."""

from __future__ import annotations

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from orgs.models import Role, User
from sso.acs_sql.read import Subject, known_person
from sso.models import Identity, SignIn, SignInState, SubjectKind
from sso.reasons import Reason
from tests.attacks.conftest import Siege
from tests.conftest import MakeMember, MakeUser, new_browser
from tests.saml.provider import ISSUER

SAML1 = "urn:oasis:names:tc:SAML:1.1:nameid-format:"
EMAIL, UNSPECIFIED = f"{SAML1}emailAddress", f"{SAML1}unspecified"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
OBJECT_ID = "http://schemas.microsoft.com/identity/claims/objectidentifier"


def arrive(siege: Siege, name_id: str, name_id_format: str = EMAIL, **claims: str) -> SignIn:
    """Sign in in a new browser under this name ID; return the row of the log."""
    browser = new_browser()
    target = siege.ask(browser)
    attributes = tuple((name, (value,)) for name, value in claims.items())
    siege.post(browser, target.answer(name_id=name_id, name_id_format=name_id_format, attributes=attributes).encoded())
    return siege.row(target)


@pytest.mark.parametrize("name_id_format", [EMAIL, UNSPECIFIED, ""])
@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("Ada@Contoso.example", "ada@contoso.example"),
        ("ada@contoso.example", "ADA@CONTOSO.EXAMPLE"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
    ],
)
def test_another_spelling_of_the_address(siege: Siege, name_id_format: str, first: str, then: str) -> None:
    before = arrive(siege, first, name_id_format)
    after = arrive(siege, then, name_id_format)
    assert before.state == after.state == SignInState.SUCCEEDED, after.reason
    assert before.user == after.user
    assert Identity.objects.get().subject == first


def test_what_is_never_folded(siege: Siege) -> None:
    first = arrive(siege, "a.da@contoso.example")
    for other in ("ada@contoso.example", "a.da+x@contoso.example"):
        assert arrive(siege, other).user != first.user


@pytest.mark.parametrize(
    "name_id_format", [PERSISTENT, f"{SAML1}X509SubjectName", f"{SAML1}WindowsDomainQualifiedName"]
)
def test_other_formats_stay_exact(siege: Siege, name_id_format: str) -> None:
    assert arrive(siege, "Ada@contoso.example", name_id_format).state == SignInState.SUCCEEDED
    assert arrive(siege, "Ada@contoso.example", name_id_format).state == SignInState.SUCCEEDED
    assert arrive(siege, "ada@contoso.example", name_id_format).reason == Reason.OTHER_SUBJECT
    assert arrive(siege, "ADA@contoso.example", EMAIL).reason == Reason.OTHER_SUBJECT
    assert Identity.objects.get().normalized_subject is None


def test_identifiers_that_are_no_address_stay_exact(siege: Siege) -> None:
    mail = {"email": "ada@contoso.example"}
    assert arrive(siege, "ABC", UNSPECIFIED, **mail).state == SignInState.SUCCEEDED
    assert arrive(siege, "abc", UNSPECIFIED, **mail).reason == Reason.OTHER_SUBJECT


def test_a_better_identifier_joins_another_spelling(siege: Siege) -> None:
    first = arrive(siege, "Ada@contoso.example")
    second = arrive(siege, "ada@CONTOSO.example", **{OBJECT_ID: "ada-1"})
    assert second.state == SignInState.SUCCEEDED, second.reason
    assert first.user == second.user
    assert Identity.objects.count() == 2


# --- What is stored


def test_an_exact_text_takes_precedence_over_a_normal_form(
    siege: Siege, member: MakeMember, make_user: MakeUser
) -> None:
    users = [member(siege.organization, Role.MEMBER, make_user()).user for _ in range(2)]
    subjects = {"Ada@contoso.example": None, "ada@contoso.example": "ada@contoso.example"}
    for user, (subject, normal) in zip(users, subjects.items(), strict=True):
        Identity.objects.create(
            connection=siege.organization.connections.get(),
            provider_entity_id=ISSUER,
            subject_kind=SubjectKind.NAME_ID,
            subject=subject,
            normalized_subject=normal,
            user=user,
            address=user.email,
        )
    assert arrive(siege, "Ada@contoso.example").user == users[0]
    assert arrive(siege, "ADA@contoso.example").user == users[1]


@pytest.mark.skipif("database.vendor != 'postgresql'", reason="asks PostgreSQL how it looks")
def test_indexes_find_the_user(siege: Siege) -> None:
    arrive(siege, "Ada@contoso.example")
    connection = siege.organization.connections.get()
    subject = Subject(SubjectKind.NAME_ID, "Ada@contoso.example", "ada@contoso.example")
    with CaptureQueriesContext(database) as asked:
        assert known_person(connection, ISSUER, subject) is not None
    assert "normalized_subject" in asked[-1]["sql"]
    where = f"connection_id = {connection.pk} AND provider_entity_id = '{ISSUER}' AND subject_kind = 'name_id'"
    # A plan depends on how many rows the database believes there are.
    users = User.objects.bulk_create(User(email=f"user{number}@contoso.example") for number in range(1000))
    Identity.objects.bulk_create(
        Identity(
            connection=connection,
            provider_entity_id=ISSUER,
            subject_kind=SubjectKind.NAME_ID,
            subject=user.email,
            normalized_subject=user.email,
            user=user,
            address=user.email,
        )
        for user in users
    )
    with database.cursor() as cursor:
        cursor.execute(f"ANALYZE {Identity._meta.db_table}")
        cursor.execute(
            f"EXPLAIN SELECT 1 FROM {Identity._meta.db_table} WHERE {where} AND (subject = 'Ada@contoso.example' "  # noqa: S608
            "OR normalized_subject = 'ada@contoso.example')"
        )
        plan = " ".join(line for (line,) in cursor.fetchall())
    # Which of two indexes that begin with the subject or hold it is cheaper depends on the rows.
    assert "Seq Scan" not in plan, plan
    assert "identity_one_per_subject" in plan or "identity_by_subject" in plan, plan
    assert "identity_one_per_normal_form" in plan, plan
