"""A sign-in that began before its account's password changed brings nothing of the old password back."""

from __future__ import annotations

import pytest

from orgs.models import GrantKind
from tests.conftest import PASSWORD

NEW = "quite another password"
ACCOUNT = "/account/password/change/"


@pytest.mark.parametrize("is_changed", [False, True])
def test_only_an_unchanged_password_is_carried_over(journey, admin, client_of, is_changed):
    journey.browser = client_of(admin)
    request_id = journey.start()
    if is_changed:
        fields = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
        assert client_of(admin).post(ACCOUNT, fields).status_code == 303
    journey.post(journey.answer("ada", request_id, name_id=admin.email))
    assert journey.browser.get(f"/o/{journey.organization.slug}/").status_code == 200
    kinds = {GrantKind.SSO} if is_changed else {GrantKind.SSO, GrantKind.PASSWORD}
    name = journey.browser.session["session_name"]
    assert set(admin.session_grants.filter(session=name, ended_at__isnull=True).values_list("kind", flat=True)) == kinds
    assert journey.browser.get(ACCOUNT).status_code == (403 if is_changed else 200)
