"""Users whom a provider calls by their address are recognised however it is written; others letter for letter."""

from __future__ import annotations

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from orgs.models import Role, User
from sso.acs_sql.read import Subject, known_person
from sso.models import Identity, SignIn, SignInState, SubjectKind
from sso.reasons import Reason
from sso.services.sign_in.subjects import normalize_subjects
from tests.attacks.conftest import Siege
from tests.conftest import MakeMember, MakeUser, SignedIn, new_browser
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


# --- Stored before --------------------------------------------------------------------------------------------------


def stored(siege: Siege, user: User, subject: str, kind: SubjectKind = SubjectKind.NAME_ID) -> Identity:
    """An identity as an earlier release stored it."""
    return Identity.objects.create(
        connection=siege.organization.connections.get(),
        provider_entity_id=ISSUER,
        subject_kind=kind,
        subject=subject,
        user=user,
        address=user.email,
    )


@pytest.fixture
def two(siege: Siege, member: MakeMember, make_user: MakeUser) -> tuple[Identity, Identity]:
    """Two accounts whose stored identifiers are one address."""
    one, other = (member(siege.organization, Role.MEMBER, make_user()).user for _ in range(2))
    return stored(siege, one, "Ada@contoso.example"), stored(siege, other, "ada@contoso.example")


@pytest.mark.parametrize("fill_in", [normalize_subjects])
def test_stored_identities_get_the_normal_form(siege: Siege, make_user: MakeUser, fill_in, member: MakeMember) -> None:
    user = member(siege.organization, Role.MEMBER, make_user()).user
    stored(siege, user, "Ada@Contoso.example")
    stored(siege, user, "Ada@Contoso.example", SubjectKind.OBJECT_IDENTIFIER)
    fill_in()
    forms = dict(Identity.objects.values_list("subject_kind", "normalized_subject"))
    assert forms == {"name_id": "ada@contoso.example", "objectidentifier": None}
    assert arrive(siege, "ADA@contoso.example").user == user


def test_stored_persistent_ones_stay_exact(siege: Siege) -> None:
    arrive(siege, "Ada@contoso.example", PERSISTENT)
    assert normalize_subjects() == 0
    assert Identity.objects.get().normalized_subject is None


@pytest.mark.parametrize("fill_in", [normalize_subjects])
def test_colliding_identities_are_not_merged(siege: Siege, two: tuple[Identity, Identity], fill_in) -> None:
    fill_in()
    assert not Identity.objects.exclude(normalized_subject=None).exists()
    for identity in two:
        assert arrive(siege, identity.subject).user == identity.user
    assert arrive(siege, "ADA@contoso.example").user not in {identity.user for identity in two}
    fill_in()
    for identity in two:
        assert arrive(siege, identity.subject).user == identity.user


def test_the_admin_is_shown_both(
    siege: Siege, two: tuple[Identity, Identity], admin: User, client_of: SignedIn
) -> None:
    normalize_subjects()
    page = client_of(admin).get(f"/o/{siege.organization.slug}/settings/access").content.decode()
    for identity in two:
        assert f"<code>{identity.subject}</code>" in page
        assert f"signs in as {identity.user.email}" in page
    two[0].delete()
    page = client_of(admin).get(f"/o/{siege.organization.slug}/settings/access").content.decode()
    assert "look alike" not in page
    assert normalize_subjects() == 1, "nothing collides any more"


def test_the_admin_is_shown_an_earlier_one_beside_a_new_one(
    siege: Siege, member: MakeMember, make_user: MakeUser, admin: User, client_of: SignedIn
) -> None:
    """The earlier release goes on writing beside this one: only the later of two identities has a normal form."""
    new = arrive(siege, "ada@contoso.example").user
    old = member(siege.organization, Role.MEMBER, make_user()).user
    stored(siege, old, "Ada@contoso.example")
    assert normalize_subjects() == 0
    page = client_of(admin).get(f"/o/{siege.organization.slug}/settings/access").content.decode()
    for subject, user in (("ada@contoso.example", new), ("Ada@contoso.example", old)):
        assert f"<code>{subject}</code>" in page
        assert f"signs in as {user.email}" in page
        assert arrive(siege, subject).user == user
    assert arrive(siege, "ADA@contoso.example").user == new


def test_persistent_ones_that_look_alike_are_nothing_to_show(
    siege: Siege, admin: User, client_of: SignedIn, member: MakeMember, make_user: MakeUser
) -> None:
    for subject in ("ab12@contoso.example", "AB12@contoso.example"):
        user = member(siege.organization, Role.MEMBER, make_user()).user
        row = arrive(siege, subject, PERSISTENT, email=user.email)
        Identity.objects.filter(user=row.user, subject=subject).update(user=user)
        SignIn.objects.filter(pk=row.pk).update(user=user)
        User.objects.filter(email="ab12@contoso.example").update(email=f"former{user.pk}@contoso.example")
    assert Identity.objects.filter(normalized_subject=None).count() == 2
    assert "look alike" not in client_of(admin).get(f"/o/{siege.organization.slug}/settings/access").content.decode()


@pytest.mark.skipif("database.vendor != 'postgresql'", reason="asks PostgreSQL how it looks")
def test_indexes_find_the_user(siege: Siege, two: tuple[Identity, Identity]) -> None:
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
    assert "identity_one_per_subject" in plan, plan
    assert "identity_one_per_normal_form" in plan, plan
