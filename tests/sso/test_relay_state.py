"""Where the RelayState of an unsolicited response leads: to pages of this organization that only show something."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orgs.models import GrantKind, User
from sso.models import SignIn, SignInState, StartedBy
from sso.redirects import PAGES_TO_SHOW, page_of_organization
from sso.selectors.sign_ins import sign_ins_of
from sso.services.sign_in.start import MOST_STARTS
from tests.conftest import open_session
from tests.sso.conftest import Journey, new_browser, request_id_in
from tests.test_access import ADDRESSES, BY_NAME, Address

BASE = "https://amplisso.example"
MEMBERS = "/o/contoso/settings/members"


def ends_at(journey: Journey, relay_state: str) -> str:
    """Click a tile with this Relay State, sign in, and return the page that the browser ends on."""
    asked = journey.post(journey.answer("ada", ""), RelayState=relay_state)
    return journey.post(journey.answer("ada", request_id_in(asked["Location"])))["Location"]


@pytest.mark.parametrize("address", ADDRESSES, ids=lambda address: address.name)
def test_every_address_of_ours(address: Address) -> None:
    is_shown = address.name in PAGES_TO_SHOW
    found = page_of_organization(f"{BASE}{address.path}?page=2", "contoso")
    assert found == (f"{address.path}?page=2" if is_shown else "")
    assert page_of_organization(f"{BASE}{address.path}", "fabrikam") == "", "another organization's"


def test_every_page_that_is_led_to_is_there() -> None:
    assert set(BY_NAME) >= PAGES_TO_SHOW


@pytest.mark.parametrize("name", sorted(PAGES_TO_SHOW))
def test_opening_one_changes_nothing(journey: Journey, admin: User, name: str) -> None:
    journey.sign_in("ada")
    client = open_session(admin, GrantKind.PASSWORD)
    path = BY_NAME[name].path_with({"slug": "contoso", "reference": journey.last().reference})
    client.get("/o/contoso/")  # which notes when this session was last seen, as any page does
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(path)
    assert answer.status_code in {200, 302, 303}
    if "Location" in answer:
        assert page_of_organization(BASE + answer["Location"], "contoso"), "and it leads to such a page"
    changes = [each["sql"] for each in queries if each["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    assert all(sql.startswith('UPDATE "usersessions_usersession" SET') for sql in changes), changes


@pytest.mark.parametrize(
    "address",
    [
        f"{BASE}{MEMBERS}",
        f"{BASE}:443{MEMBERS}",
        f"HTTPS://AMPLISSO.example{MEMBERS}",
        f"  {BASE}{MEMBERS}\n",
        f"{BASE}{MEMBERS}#top",
        f"{BASE}/o/contoso/settings/%6Dembers",
    ],
)
def test_ways_to_write_an_address_of_ours(address: str) -> None:
    assert page_of_organization(address, "contoso") == MEMBERS


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("search=ada", "?search=ada"),
        ("search=a%26b&role=20", "?search=a%26b&role=20"),
        ("search=a+b%0d%0aSet-Cookie:x", "?search=a+b%0D%0ASet-Cookie%3Ax"),
        ("search=%00", None),
        ("", ""),
    ],
)
def test_the_query_is_kept(query: str, kept: str | None) -> None:
    expected = "" if kept is None else MEMBERS + kept
    assert page_of_organization(f"{BASE}{MEMBERS}?{query}", "contoso") == expected


ELSEWHERE = [
    "",
    MEMBERS,
    f"//amplisso.example{MEMBERS}",
    f"http://amplisso.example{MEMBERS}",
    f"https://amplisso.example:8443{MEMBERS}",
    f"https://evil.example{MEMBERS}",
    f"https://amplisso.example.evil.example{MEMBERS}",
    f"https://amplisso.example@evil.example{MEMBERS}",
    f"https://evil@amplisso.example{MEMBERS}",
    f"https://@amplisso.example{MEMBERS}",
    f"https://evil.example\\@amplisso.example{MEMBERS}",
    f"https://amplisso.example\\@evil.example{MEMBERS}",
    f"https://amplisso.example:x{MEMBERS}",
    f"https://[{MEMBERS}",
    f"https:{MEMBERS}",
    f"https:///{MEMBERS}",
    f"javascript:alert(1)//amplisso.example{MEMBERS}",
    f"{BASE}//evil.example{MEMBERS}",
    f"{BASE}/\\evil.example{MEMBERS}",
    f"{BASE}{MEMBERS}/../../../../account/logout/",
    f"{BASE}{MEMBERS}/%2e%2e/%2e%2e/%2e%2e/%2e%2e/account/logout/",
    f"{BASE}/o/contoso/../fabrikam/settings/members",
    f"{BASE}/o/fabrikam/settings/members",
    f"{BASE}/O/contoso/settings/members",
    f"{BASE}{MEMBERS}/",
    f"{BASE}{MEMBERS}\tx",
    f"{BASE}{MEMBERS}\x00",
    f"{BASE}{MEMBERS}é",
    f"{BASE}{MEMBERS}?search={'a' * 2000}",
    f"{BASE}{MEMBERS}?{'~(' * 900}",
    f"{BASE}/account/logout/",
    f"{BASE}/sso/10001/switch?note=x",
    f"{BASE}/sso/10001/start?next={MEMBERS}",
]


@pytest.mark.parametrize("address", ELSEWHERE)
def test_other_addresses_lead_nowhere(address: str) -> None:
    assert page_of_organization(address, "contoso") == ""


@pytest.mark.parametrize("base", ["http://localhost:8000", "https://sso.example:8443"])
def test_scheme_host_and_port_are_those_of_base_url(base: str, settings) -> None:
    settings.BASE_URL = base
    assert page_of_organization(f"{base}{MEMBERS}", "contoso") == MEMBERS
    assert page_of_organization(f"{BASE}{MEMBERS}", "contoso") == ""
    assert page_of_organization(f"{base.rpartition(':')[0]}{MEMBERS}", "contoso") == ""


def test_the_tile_leads_to_its_page(journey: Journey) -> None:
    assert ends_at(journey, f"{BASE}{MEMBERS}?search=ada") == f"{MEMBERS}?search=ada"
    row = SignIn.objects.get()
    assert (row.state, row.started_by, row.restart_of) == (SignInState.SUCCEEDED, StartedBy.PROVIDER, None)


@pytest.mark.parametrize("address", [each for each in ELSEWHERE if "\x00" not in each])
def test_the_tile_leads_nowhere_else(journey: Journey, address: str) -> None:
    assert ends_at(journey, address) == "/o/contoso/"


def test_it_is_in_the_row_and_in_no_url(journey: Journey) -> None:
    path = "/saml/2/acs/10001"
    answer = journey.browser.post(path, {"SAMLResponse": journey.answer("ada", ""), "RelayState": BASE + MEMBERS})
    plain = new_browser().post(path, {"SAMLResponse": journey.answer("ada", "")})
    assert answer["Location"].startswith("/sso/10001/start?again=")
    row = SignIn.objects.get()
    assert (row.next_path, row.state, row.nonce_hash) == (MEMBERS, SignInState.STARTED, "")
    longest = max(len(row.public_id.hex), len("unsolicited")) + 16
    assert len(answer["Location"]) <= len(plain["Location"]) + 2 * longest, "too short to hold an address"
    asked = journey.browser.get(answer["Location"])
    assert "members" not in asked["Location"]
    assert SignIn.objects.get().next_path == MEMBERS, "one row: that of the request took its place"
    assert SignIn.objects.get().pk != row.pk


def test_the_log_has_it_once_its_browser_is_sent_to_the_provider(journey: Journey) -> None:
    """A page may post a response and never follow the redirect: no sign-in has begun then."""
    fields = {"SAMLResponse": journey.answer("ada", ""), "RelayState": BASE + MEMBERS}
    answer = journey.browser.post("/saml/2/acs/10001", fields)
    assert SignIn.objects.count() == 1
    assert not sign_ins_of(journey.organization).exists()
    journey.browser.get(answer["Location"])
    assert list(sign_ins_of(journey.organization)) == [SignIn.objects.get()]


def test_it_is_good_once_and_not_for_long(journey: Journey) -> None:
    answer = new_browser().post(
        "/saml/2/acs/10001", {"SAMLResponse": journey.answer("ada", ""), "RelayState": BASE + MEMBERS}
    )
    with time_machine.travel(timezone.now() + timedelta(minutes=11), tick=False):
        new_browser().get(answer["Location"])
        assert journey.last().next_path == ""
    for kept in (MEMBERS, ""):
        new_browser().get(answer["Location"])
        assert journey.last().next_path == kept


def test_no_response_fits_the_row_that_waits(journey: Journey) -> None:
    """No party knows the ID of its request, and no cookie has its nonce, least of all the empty one."""
    journey.browser.post("/saml/2/acs/10001", {"SAMLResponse": journey.answer("ada", ""), "RelayState": BASE + MEMBERS})
    row = SignIn.objects.get()
    for nonce in (None, ""):
        browser = new_browser()
        if nonce is not None:
            browser.cookies["sign-in-10001"] = nonce
        answer = journey.post(journey.answer("ada", row.request_id), browser=browser)
        assert "/refused/" in answer["Location"]
        assert browser.get("/session").status_code == 401


def test_an_answer_that_was_asked_for_keeps_its_own_page(journey: Journey) -> None:
    request_id = journey.start(next="/o/contoso/settings/audit")
    answer = journey.post(journey.answer("ada", request_id), RelayState=BASE + MEMBERS)
    assert answer["Location"] == "/o/contoso/settings/audit"
    request_id = journey.start(next="/o/contoso/settings/audit")
    encoded = journey.answer("ada", request_id)
    asked = journey.post(encoded, browser=new_browser(), RelayState=BASE + MEMBERS)
    assert asked["Location"].startswith(journey.tenant.sso_url)
    assert journey.last().next_path == "/o/contoso/settings/audit", "also when it is asked for again"


@pytest.mark.parametrize("dest", ["iframe", "empty", "image"])
def test_what_is_not_a_page_of_its_own_keeps_nothing(journey: Journey, dest: str) -> None:
    """A hostile page could otherwise post in the background until no user behind its visitor's IP can sign in."""
    fields = {"SAMLResponse": journey.answer("ada", ""), "RelayState": BASE + MEMBERS}
    answer = journey.browser.post("/saml/2/acs/10001", fields, headers={"sec-fetch-dest": dest})
    assert answer["Location"].startswith("/sso/10001/start?again=")
    assert not SignIn.objects.exists()
    journey.browser.post("/saml/2/acs/10001", fields, headers={"sec-fetch-dest": "document"})
    assert SignIn.objects.count() == 1


def test_tiles_fill_no_table(journey: Journey) -> None:
    """The limit of starts holds for what waits, too; the tile still works, without its page."""
    fields = {"SAMLResponse": journey.answer("ada", ""), "RelayState": BASE + MEMBERS}
    first = SignIn.objects.filter()
    journey.browser.post("/saml/2/acs/10001", fields)
    row = first.get()
    SignIn.objects.bulk_create(
        SignIn(
            reference=f"2222-2222-{number:04}",
            organization=row.organization,
            connection=row.connection,
            configuration=row.configuration,
            request_id=f"_{number}",
            nonce_hash="x",
            started_at=row.started_at,
            expires_at=row.expires_at,
            client=row.client,
        )
        for number in range(MOST_STARTS - 1)
    )
    assert journey.browser.post("/saml/2/acs/10001", fields).status_code == 303
    assert SignIn.objects.count() == MOST_STARTS


def test_without_a_connection_nothing_is_kept(organization) -> None:
    answer = new_browser().post("/saml/2/acs/10001", {"SAMLResponse": "x", "RelayState": BASE + MEMBERS})
    assert answer.status_code == 303
    assert not SignIn.objects.exists()
