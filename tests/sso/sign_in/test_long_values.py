"""Asserted text that no column holds is refused or shortened, and never an error of ours (invariant 7)."""

from __future__ import annotations

import pytest

from orgs.models import Membership
from simulator.saml.claims import IDENTITY, PERSISTENT_FORMAT
from sso.models import Identity, SignInState
from sso.reasons import Reason
from tests.sso.sign_in.test_sign_in import refused_for

OID = IDENTITY + "objectidentifier"


def test_an_identifier_is_never_cut_off(journey):
    """Two people whose identifiers differ in the last letter only must stay two."""
    answer = journey.sign_in("ada", claims={OID: "y" * 1025})
    assert refused_for(journey, answer) == Reason.TOO_LARGE
    assert "1025 characters" in journey.last().detail
    assert not Identity.objects.exists()
    journey.sign_in("ada", claims={OID: "y" * 1024})
    assert journey.last().state == SignInState.SUCCEEDED
    assert Identity.objects.get().subject == "y" * 1024


def test_names_are_cut_to_what_a_page_shows(journey):
    claims = {IDENTITY + "displayname": "\U0001f600" * 5000}
    assert journey.sign_in("ada", claims=claims).status_code == 303
    assert journey.last().state == SignInState.SUCCEEDED
    assert Membership.objects.get(user__email="ada@contoso.example").display_name == "\U0001f600" * 200


@pytest.mark.parametrize(
    "twists",
    [
        {"name_id": "x" * 5000},
        {"name_id": "q" * 1100, "name_id_format": PERSISTENT_FORMAT, "claims": {OID: None}},
        {"name_id": "a" * 70 + "@x.example"},
        {"name_id": "a@" + "b" * 5000},
        {"claims": {OID: ("a", "b")}},
        {"claims": {"z" * 6000: "v"}},
        {"status": "x" * 4000, "status_message": "m" * 8000},
        {"audience": "x" * 9000},
    ],
    ids="+".join,
)
def test_long_text_anywhere(journey, twists):
    journey.sign_in("ada", **twists)
    assert journey.last().state in {SignInState.REFUSED, SignInState.SUCCEEDED}
