"""The pages about identifiers in a real browser: no hurdles, and a whole re-linking by hand."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from orgs.models import Organization, Role
from sso.identifiers import Difference, Identifier
from sso.models import Configuration, Identity, SignIn
from tests.browser.conftest import shot, sign_in_with_password
from tests.browser.test_account_pages import hurdles
from tests.conftest import MakeMember, MakeUser
from tests.sso.identities.relinking import verify
from tests.sso.views.rows import sign_in_row, upload

pytestmark = pytest.mark.browser

PASSED = [{"name": "signature", "outcome": "passed", "expected": "", "received": "", "clause": "SAML core 5.4"}]
LONG = "AAdzZWNyZXQx/pairwise:" + "0f3b9c" * 20


def refused(configuration: Configuration, address: str, received: str = "") -> SignIn:
    """Write the row of a sign-in under another kind of identifier, as the ACS does."""
    known = Identifier("name_id", "address", address, address, address)
    new = Identifier("name_id", "persistent", received or f"{LONG}{address}", None, address)
    facts = Difference((new,), (known,)).as_facts()
    return sign_in_row(
        configuration, "refused", reason="other_subject", address=address, facts=facts, checks=PASSED, signed="both"
    )


@pytest.fixture
def rows(contoso: Organization, member: MakeMember, make_user: MakeUser) -> list[SignIn]:
    """Two members who can be re-linked, a manager, and one of another domain."""
    configuration = upload(contoso)
    verify(contoso)
    people = {
        "ada@contoso.example": Role.MEMBER,
        "maximilian.von.der.heide-langenscheidt@contoso.example": Role.VIEWER,
        "grace@contoso.example": Role.MANAGER,
        "alan@fabrikam.example": Role.MEMBER,
    }
    for address, role in people.items():
        user = member(contoso, role, make_user(address)).user
        Identity.objects.create(
            connection=configuration.connection,
            provider_entity_id=configuration.entity_id,
            subject_kind="name_id",
            subject=address,
            normalized_subject=address,
            user=user,
            address=address,
        )
    return [refused(configuration, address) for address in people]


def test_relinking_and_taking_it_back(page: Page, contoso: Organization, rows: list[SignIn]) -> None:
    sign_in_with_password(page, "pat@contoso.example", provider_first=True)
    page.goto(f"/o/{contoso.slug}/settings/sign-ins/{rows[0].reference}")
    shot(page, "other-kind")
    assert hurdles(page) == []
    page.get_by_role("link", name="Open Changed identifiers").click()
    expect(page.get_by_role("heading", name="Members to re-link")).to_be_visible()
    shot(page, "changed-identifiers")
    assert hurdles(page) == []
    page.get_by_label("ada@contoso.example").check()
    page.get_by_role("button", name="Re-link the selected members").click()
    expect(page.get_by_text("Re-linked ada@contoso.example.")).to_be_visible()
    assert Identity.objects.get(user__email="ada@contoso.example").subject.startswith(LONG)
    page.get_by_role("link", name="Re-linked members").click()
    expect(page.get_by_role("heading", name="What undoing does")).to_be_visible()
    shot(page, "relinked")
    assert hurdles(page) == []
    page.get_by_role("button", name="Undo for ada@contoso.example").click()
    expect(page.get_by_text("ada@contoso.example has the previous identifier again")).to_be_visible()
    assert Identity.objects.get(user__email="ada@contoso.example").subject == "ada@contoso.example"
    page.goto(f"/o/{contoso.slug}/settings/access")
    expect(page.get_by_text("4 members were refused")).to_be_visible()
    shot(page, "access-with-changed-identifiers")
