"""Organization B, which an attacker owns with a provider of its own, against organization A (security: tenants)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from orgs.models import Membership, Role
from sso.models import Identity
from sso.reasons import Reason
from sso.services.sign_in.finish import cookie_name
from tests.attacks.conftest import Siege, is_anybody_in, succeeded
from tests.attacks.messages.target import BASES, Target
from tests.conftest import new_browser
from tests.saml.provider import ISSUER, key_pair

Another = Callable[..., Siege]


@pytest.fixture
def rival(another: Another) -> Siege:
    """Fabrikam: the same issuer, as two apps of one Entra tenant have, and another key."""
    return another("Fabrikam", key_pair("rival"))


@pytest.mark.parametrize("base", BASES)
def test_an_answer_for_another_acs(siege: Siege, rival: Siege, browser: Client, base: str) -> None:
    """Asked there, answered there, posted here."""
    target = rival.ask(browser, base)
    encoded = target.answer(pair=key_pair("rival")).encoded()
    name = cookie_name(rival.organization.number)
    assert siege.is_asked_properly(siege.post(browser, encoded))
    assert not is_anybody_in(browser)
    assert browser.cookies[name]["path"] == rival.address, "and the cookie would not even have come along"
    assert succeeded() == 0


@pytest.mark.parametrize("base", BASES)
def test_the_key_of_another(siege: Siege, rival: Siege, browser: Client, base: str) -> None:
    """Asked here, signed there, right in every word."""
    target = siege.ask(browser, base)
    assert siege.is_refused(siege.post(browser, target.answer(pair=key_pair("rival")).encoded()))
    assert siege.row(target).reason == Reason.UNTRUSTED
    assert not is_anybody_in(browser)


@pytest.mark.parametrize("base", BASES)
def test_the_same_key_and_issuer_but_other_words(another: Another, siege: Siege, browser: Client, base: str) -> None:
    """Two organizations at one provider with one key: only the words tell them apart."""
    twin = another("Twin")
    own, other = siege.ask(browser, base), twin.ask(new_browser(), base)
    words = Target(base, other.service_provider, own.request_id)
    assert siege.is_refused(siege.post(browser, words.answer().encoded()))
    assert siege.row(own).reason == Reason.WRONG_ADDRESS
    assert not is_anybody_in(browser)
    own = siege.ask(browser, base)
    audience = own.answer(audiences=((other.entity_id,),))
    assert siege.is_refused(siege.post(browser, audience.encoded()))
    assert siege.row(own).reason == Reason.WRONG_AUDIENCE


def test_the_request_of_another(another: Another, siege: Siege, browser: Client) -> None:
    """Signed for us, in answer to a request that another organization made in this browser."""
    twin = another("Twin")
    asked = twin.ask(browser)
    us = siege.ask(new_browser()).service_provider
    answer = Target("assertion", us, asked.request_id).answer()
    assert siege.is_asked_properly(siege.post(browser, answer.encoded()))
    assert not is_anybody_in(browser)


def test_the_same_issuer_twice(another: Another, siege: Siege) -> None:
    """Two organizations may have one provider, and each signs in its own."""
    twin = another("Twin")
    for each in (siege, twin):
        browser = new_browser()
        target = each.ask(browser)
        assert each.post(browser, target.answer().encoded())["Location"] == f"/o/{each.organization.slug}/"
        entered = browser.get("/session").json()["organizations"]
        assert [entry["slug"] for entry in entered] == [each.organization.slug]
    assert Identity.objects.filter(provider_entity_id=ISSUER).count() == 2


def test_an_identity_of_another_connection_is_nobodys(another: Another, siege: Siege, browser: Client) -> None:
    """The rival's provider sends our admin's very subject and address: a person of the rival's, and no more."""
    admin = Membership.objects.get(organization=siege.organization, role=Role.ADMIN).user
    target = siege.ask(browser)
    siege.post(browser, target.answer(name_id=admin.email).encoded())
    rival = another("Fabrikam", key_pair("rival"), issuer="https://rival.test/")
    thief = new_browser()
    aimed = rival.ask(thief)
    forged = aimed.answer(
        pair=key_pair("rival"),
        issuer="https://rival.test/",
        response_issuer="https://rival.test/",
        name_id=admin.email,
        attributes=(),
    )
    rival.post(thief, forged.encoded())
    entered = thief.get("/session").json()["organizations"]
    assert [entry["slug"] for entry in entered] == [rival.organization.slug]
    for path in ("", "settings/general", "settings/members", "settings/access", "settings/sign-ins", "settings/audit"):
        assert thief.get(f"/o/{siege.organization.slug}/{path}").status_code == 404, path
    assert thief.get("/admin/").status_code == 403
    assert thief.get("/account/password/change/").status_code == 403


def test_the_answer_of_a_removed_provider(siege: Siege, browser: Client) -> None:
    """Asked by the old configuration; the admin has replaced it since."""
    from tests.attacks.conftest import connect

    target = siege.ask(browser)
    connect(siege.organization, key_pair("new"))
    assert siege.is_refused(siege.post(browser, target.answer().encoded()))
    assert siege.row(target).reason == Reason.REPLACED
    target = siege.ask(browser)
    assert siege.is_refused(siege.post(browser, target.answer().encoded())), "nor does its key count any more"
    assert siege.row(target).reason == Reason.UNTRUSTED
    assert not is_anybody_in(browser)
