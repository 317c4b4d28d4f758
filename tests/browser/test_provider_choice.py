"""Choosing one identity provider of a federation, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from orgs.models import Organization
from sso.models import Configuration, Connection, Upload
from tests.browser.conftest import shot
from tests.browser.test_account_pages import hurdles
from tests.browser.test_settings_pages import access, drop
from tests.sso.views.files import NAMES, federation

__all__ = ["access"]  # the fixture

pytestmark = pytest.mark.browser

UNIVERSITIES = tuple(f"University of {chr(65 + number % 26)}{number:03}" for number in range(130))
LONG = "Zentraleinrichtung für Datenverarbeitung der Hochschule für angewandte Wissenschaften, Fakultät III, " * 2


def test_one_of_many_is_searched_and_chosen(access: Page, contoso: Organization) -> None:
    drop(access, "federation.xml", federation((*NAMES, *UNIVERSITIES, LONG)))
    access.get_by_role("button", name="Save").click()
    expect(access.get_by_role("heading", name="Choose your identity provider")).to_be_visible()
    expect(access.get_by_text("federation.xml describes 134 identity providers.")).to_be_visible()
    shot(access, "choose-all")
    assert hurdles(access) == []
    access.get_by_role("link", name="Next").click()
    expect(access.get_by_text("Page 2 of")).to_be_visible()
    access.get_by_label("Name, domain or entity ID").fill("goteborg")
    access.keyboard.press("Enter")
    expect(access.get_by_text("1 of 134 found.")).to_be_visible()
    shot(access, "choose-found")
    assert hurdles(access) == []
    access.get_by_role("button", name=f"Choose {NAMES[1]}").click()
    expect(access.get_by_text("Single sign-on is on. Try it")).to_be_visible()
    assert Configuration.objects.get(connection__organization=contoso).entity_id == "https://idp1.example/"


def test_what_fits_nothing_and_what_cannot_be_used(access: Page) -> None:
    drop(access, "federation.xml", federation().replace("https://login.microsoft", "http://login.microsoft", 1))
    access.get_by_role("button", name="Save").click()
    access.get_by_label("Name, domain or entity ID").fill("nobody")
    access.get_by_role("button", name="Search").click()
    expect(access.get_by_role("heading", name="No matches")).to_be_visible()
    shot(access, "choose-nothing")
    assert hurdles(access) == []
    access.locator(".empty").get_by_role("link", name="Show all").click()
    access.get_by_role("button", name=f"Choose {NAMES[0]}").click()
    expect(access.get_by_role("alert")).to_contain_text("can't be used")
    shot(access, "choose-refused")
    assert hurdles(access) == []


def test_a_list_that_is_gone(access: Page) -> None:
    drop(access, "federation.xml", federation())
    access.get_by_role("button", name="Save").click()
    access.wait_for_url(re.compile("/providers/"))
    Upload.objects.all().delete()
    access.reload()
    expect(access.get_by_role("heading", name="This list is no longer here")).to_be_visible()
    shot(access, "choose-gone")
    assert hurdles(access) == []


def choose_too_large(access: Page) -> None:
    """Choose a file that the browser refuses."""
    access.evaluate(
        """() => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([new Uint8Array(100_000_001)], "large.xml", {type: "text/xml"}));
          const input = document.querySelector("[name=metadata_file]");
          input.files = transfer.files;
          input.dispatchEvent(new Event("change", {bubbles: true}));
        }"""
    )


def test_a_file_that_is_too_large_is_told_at_once(access: Page) -> None:
    choose_too_large(access)
    told = access.get_by_text("This file is larger than 100 MB.")
    expect(told).to_be_visible()
    assert access.evaluate("document.querySelector('[name=metadata_file]').files.length") == 0
    shot(access, "upload-too-large")
    assert hurdles(access) == []
    access.get_by_label("Just-in-time provisioning").select_option(label="Viewer")
    access.get_by_role("button", name="Save").click()
    expect(access.get_by_text("Nothing was saved. This file is larger than 100 MB.")).to_be_visible()
    expect(access.get_by_label("Upload Metadata XML")).to_be_focused()
    shot(access, "upload-too-large-saved")
    assert not Connection.objects.exists()
    drop(access, "federation.xml", federation())
    expect(told).to_be_hidden()
    access.get_by_role("button", name="Save").click()
    expect(access.get_by_role("heading", name="Choose your identity provider")).to_be_visible()


def test_text_takes_the_place_of_a_file_that_is_too_large(access: Page) -> None:
    choose_too_large(access)
    access.get_by_text("Paste the XML instead").click()
    access.get_by_label("Metadata XML as text").fill(federation())
    access.get_by_role("button", name="Save").click()
    expect(access.get_by_text("The text you pasted describes 3 identity providers.")).to_be_visible()


def test_save_says_that_a_file_is_on_its_way(access: Page) -> None:
    """The button shows the upload, and is as before once the user comes back or stops the upload."""
    save = access.locator("[data-save]")
    drop(access, "federation.xml", federation())
    save.evaluate("button => button.form.addEventListener('submit', event => event.preventDefault())")
    save.click()
    expect(save).to_have_text("Uploading…")
    expect(save).to_have_attribute("aria-busy", "true")
    shot(access, "uploading")
    access.get_by_label("Just-in-time provisioning").select_option(label="Viewer")
    expect(save).to_have_text("Save")
    assert save.get_attribute("aria-busy") is None
    save.click()
    expect(save).to_have_text("Uploading…")
    access.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    expect(save).to_have_text("Save")


def test_coming_back_from_the_list_finds_the_page_as_it_was(access: Page) -> None:
    drop(access, "federation.xml", federation())
    access.get_by_role("button", name="Save").click()
    access.wait_for_url(re.compile("/providers/"))
    access.go_back()
    expect(access.locator("[data-save]")).to_have_text("Save")


def test_without_a_file_nothing_is_uploaded(access: Page) -> None:
    save = access.locator("[data-save]")
    save.evaluate("button => button.form.addEventListener('submit', event => event.preventDefault())")
    access.get_by_label("Just-in-time provisioning").select_option(label="Viewer")
    save.click()
    expect(save).to_have_text("Save")
