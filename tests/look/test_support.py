"""Whom to ask where only an operator can help."""

from __future__ import annotations

from django.test import Client, override_settings
from django.urls import reverse

from orgs.templatetags.look import reachable
from sso.providers.azure_errors import explain
from sso.reasons import ADVICE, Reason

WORDS = "Ask whoever runs Amplisso for you why."


def test_without_an_address_it_is_whoever_runs_it() -> None:
    assert reachable(WORDS) == WORDS


@override_settings(SUPPORT_ADDRESS="help@vendor.example")
def test_with_an_address_it_is_that() -> None:
    assert reachable(WORDS) == "Ask help@vendor.example why."


@override_settings(SUPPORT_ADDRESS="help@vendor.example")
def test_pages_name_it(db: None) -> None:
    page = Client(headers={"host": "amplisso.example"}).get(reverse("account_inactive"), secure=True)
    assert WORDS.replace("whoever runs Amplisso for you", "help@vendor.example") in page.content.decode()


def test_advice_speaks_of_them_in_words_that_an_address_can_replace() -> None:
    request = explain("AADSTS75005")
    assert request is not None
    told = [request.fix, *(ADVICE[each].remedy for each in (Reason.CLOSED, Reason.ACCOUNT_DISABLED, Reason.UNSAFE))]
    assert [text for text in told if "whoever runs Amplisso for you" not in text] == []
    everything = " ".join(f"{advice.meaning} {advice.remedy}" for advice in ADVICE.values())
    assert " us " not in everything
