"""What an admin types on the settings page, and chooses from a file of many."""

from __future__ import annotations

from django.http import HttpResponse
from django.test import Client

from tests.sso.views.pages import page, words


def typed(**fields: object) -> dict[str, object]:
    """The form as the page sends it, Azure and Member unless changed."""
    return {"provider": "azure", "just_in_time_role": "20", **fields}


def without_files(fields: dict[str, object]) -> dict[str, object]:
    """What a form sends again, without a file."""
    return {name: value for name, value in fields.items() if name != "metadata_file" and value is not None}


def offers(response: HttpResponse) -> dict[str, str]:
    """What can be chosen on a page, by its name, and what choosing it sends."""
    document = page(response)
    assert response.status_code in {200, 422}
    return {
        words(item.xpath(".//h2")[0]): item.xpath(".//button[@name='provider']/@value")[0]
        for item in document.xpath("//ul[contains(@class, 'providers')]/li")
    }


def choose(browser: Client, list_path: str, name: str) -> HttpResponse:
    """Press the button beside a name."""
    return browser.post(list_path, {"provider": offers(browser.get(list_path))[name]})
