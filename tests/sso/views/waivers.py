"""Waivers as an admin allows them on the settings page."""

from __future__ import annotations

from datetime import UTC, datetime

from django.http import HttpResponse
from django.test import Client
from lxml import html

from sso.models import Waiver
from tests.sso.views.pages import words

# The last possible day is 3 February 2027.
NOW = datetime(2026, 11, 5, 9, 30, tzinfo=UTC)
PATHS = {Waiver.EXPIRED_CERTIFICATES: "expired-certificates", Waiver.SHA1: "sha1"}


def waiver_path(kind: Waiver, *, end: bool = False) -> str:
    """Where Contoso's waiver is allowed, or ended."""
    return f"/o/contoso/settings/access/waivers/{PATHS[kind]}{'/end' if end else ''}"


def allow(browser: Client, kind: Waiver, until: str = "2026-12-05") -> HttpResponse:
    """Post the form."""
    return browser.post(waiver_path(kind), {f"{kind.value}-until": until})


def told(document: html.HtmlElement) -> str:
    """What the page says happened."""
    return words(document.xpath("//*[@class='messages']")[0])
