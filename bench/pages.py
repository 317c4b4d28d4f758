"""Every page that lists or searches rows of a table that grows, as the user who sees it: `python -m bench.pages`.

It fills a database of its own with an organization of 100,000 members, a million sign-ins and a million events, which
takes two or three minutes; with QUICK=1 in the environment a tenth of that.
"""

from __future__ import annotations

import os
import re
import sys
import time
import uuid
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from bench.databases import DEFAULT_URL, database, reachable
from bench.http import migrate, our_environment
from bench.provider import HOST
from bench.report import say, table

if TYPE_CHECKING:
    from django.test import Client

    from orgs.models import Organization, User

_REQUESTS = 5
_OK = 200


class Page(NamedTuple):
    """One address, by the name of what it shows, in the browser of the user who sees it."""

    name: str
    browser: Client
    path: str


class Measured(NamedTuple):
    """What one page took at least, in milliseconds of a whole request and of its statements, and how many those are."""

    name: str
    whole: float
    database: float
    statements: int


def browser_of(user: User) -> Client:
    """Return a browser in which the user has signed in with a password."""
    from django.test import Client
    from django.utils import timezone

    from orgs.models import GrantKind
    from orgs.services.grants import create_grant

    browser = Client(headers={"host": HOST})
    browser.defaults["wsgi.url_scheme"] = "https"
    browser.force_login(user)
    session = browser.session
    session["session_name"] = uuid.uuid4().hex
    session.save()
    create_grant(
        session=session["session_name"],
        user=user,
        kind=GrantKind.PASSWORD,
        organization=None,
        connection=None,
        expires_at=timezone.now() + timedelta(hours=12),
    )
    return browser


def pages_of(organization: Organization, browser: Client) -> Iterator[Page]:
    """Yield the pages of an organization that `make_crowd` has made; the browser is its admin's."""
    from sso.models import SignIn

    home = f"/o/{organization.slug}/"
    reference = SignIn.objects.filter(organization=organization, state="succeeded").order_by("started_at")[0].reference
    paths = _paths(reference)
    for name, path in paths.items():
        yield Page(name, browser, home + path)
    for name in ("Members", "Invitations", "Sign-in log", "Audit log, all"):
        yield from _further_pages(Page(name, browser, home + paths[name]))


def _paths(reference: str) -> dict[str, str]:
    """Return the path of each page below the organization's, by the name that the table prints."""
    return {
        "Home": "",
        "General": "settings/general",
        "Sign everyone out": "settings/general/sign-everyone-out",
        "Access & SSO Settings": "settings/access",
        "Changed identifiers": "settings/access/identifiers",
        "Re-linked members": "settings/access/identifiers/relinked",
        "Members": "settings/members",
        "Members, of one role": "settings/members?role=40",
        "Members, by address": "settings/members?search=member000777@contoso.example",
        "Members, by the beginning of an address": "settings/members?search=mem",
        "Members, by family name": "settings/members?search=family777",
        "Members, by nothing there is": "settings/members?search=zzz",
        "Invitations": "settings/members?view=pending",
        "Invitations, by address": "settings/members?view=pending&search=guest77@",
        "Sign-in log": "settings/sign-ins",
        "Sign-in log, refused": "settings/sign-ins?state=refused",
        "Sign-in log, not finished": "settings/sign-ins?state=started",
        "Sign-in log, by reference": f"settings/sign-ins?search={reference.lower()}",
        "Sign-in log, by address": "settings/sign-ins?search=member000777@contoso.example",
        "Sign-in log, refused, by address": "settings/sign-ins?state=refused&search=member000777@contoso.example",
        "Sign-in log, by the beginning of an address": "settings/sign-ins?search=mem",
        "Sign-in log, by nothing there is": "settings/sign-ins?search=zzz",
        "One sign-in": f"settings/sign-ins/{reference}",
        "Audit log, 30 days": "settings/audit",
        "Audit log, all": "settings/audit?period=all",
        "Audit log, high risk": "settings/audit?period=all&risk=high",
        "Audit log, by address": "settings/audit?period=all&search=member000777@contoso.example",
        "Audit log, by the beginning of an address": "settings/audit?period=all&search=mem",
        "Audit log, by frequent event": "settings/audit?period=all&search=signed in",
        "Audit log, by rare event": "settings/audit?period=all&search=everyone signed out",
        "Audit log, by nothing there is": "settings/audit?period=all&search=zzz",
    }


def _further_pages(first: Page) -> Iterator[Page]:
    """Yield the second page of a list, and the one that is reached by going back from it."""
    for name, rel in ((f"{first.name}, page 2", "next"), (f"{first.name}, back from page 2", "prev")):
        found = re.search(rf'rel="{rel}" href="([^"]+)"', first.browser.get(first.path).content.decode())
        if found is None:
            return
        first = Page(name, first.browser, first.path.partition("?")[0] + found[1].replace("&amp;", "&"))
        yield first


def operators_pages(organization: Organization, browser: Client) -> Iterator[Page]:
    """Yield the lists of the Django admin with each of their filters and searches; the browser is an operator's."""
    from django.contrib import admin
    from django.urls import reverse

    from sso.models import SignIn

    reference = SignIn.objects.filter(organization=organization, state="succeeded").order_by("started_at")[0].reference
    searches = ["member000777@contoso.example", "mem", reference, str(organization.number), "Contoso", "192.0.2.7"]
    yield Page("Admin", browser, reverse("admin:index"))
    for model, page in admin.site._registry.items():  # the public way has no list of pages
        options = model._meta
        path, label = reverse(f"admin:{options.app_label}_{options.model_name}_changelist"), options.verbose_name_plural
        yield Page(f"Admin: {label}", browser, path)
        yield Page(f"Admin: {label}, page 3", browser, f"{path}?p=3")
        for words in searches if page.search_fields else ():
            yield Page(f"Admin: {label}, search {words}", browser, f"{path}?q={words}")
        for query in sorted(_filters(browser, path)):
            yield Page(f"Admin: {label}, {query}", browser, path + query)
        row = model._default_manager.order_by("pk").first()
        if row is not None:
            change = reverse(f"admin:{options.app_label}_{options.model_name}_change", args=[row.pk])
            yield Page(f"Admin: one of {label}", browser, change)


def related_pages(organization: Organization, browser: Client) -> Iterator[Page]:
    """Yield the lists of the Django admin that an organization and one of its members link to."""
    from orgs.admin.links import related_links
    from orgs.models import User

    member = User.objects.filter(memberships__organization=organization).order_by("-pk")[0]
    for of, links in (
        ("an organization", related_links("organization", organization)),
        ("a user", related_links("user", member)),
    ):
        for path, label in re.findall(r'href="([^"]+)">([^<]+)', links):
            yield Page(f"Admin: {label} of {of}", browser, path.replace("&amp;", "&"))


def _filters(browser: Client, path: str) -> set[str]:
    """Return the query strings of a list's filters."""
    response = browser.get(path)
    if response.status_code != _OK:
        raise RuntimeError(f"{path}: {response.status_code}")
    changelist = response.context["cl"]
    return {
        choice["query_string"]
        for spec in changelist.filter_specs
        for choice in spec.choices(changelist)
        if choice["query_string"] != "?"
    }


def all_pages(organization: Organization, admin: Client, operator: Client) -> list[Page]:
    """Return every page, given the browsers of the organization's admin and of an operator."""
    return [
        *pages_of(organization, admin),
        *operators_pages(organization, operator),
        *related_pages(organization, operator),
    ]


def measure(page: Page) -> Measured:
    """Request a page some times; the least that each took is what other programs on the machine disturb least."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    whole, database, statements = [], [], 0
    for _ in range(_REQUESTS):
        begun = time.perf_counter()
        response = page.browser.get(page.path)
        whole.append((time.perf_counter() - begun) * 1000)
        if response.status_code != _OK:
            raise RuntimeError(f"{page.name}: {response.status_code}")
        with CaptureQueriesContext(connection) as captured:
            page.browser.get(page.path)
        database.append(sum(float(query["time"]) for query in captured.captured_queries) * 1000)
        statements = len(captured.captured_queries)
    return Measured(page.name, min(whole), min(database), statements)


def report(found: Iterable[Measured]) -> None:
    """Print the table, the slowest page first."""
    rows = [
        [each.name, f"{each.whole:.0f}", f"{each.database:.0f}", str(each.statements)]
        for each in sorted(found, key=lambda each: -each.whole)
    ]
    table("Pages, in milliseconds", ["page", "whole request", "database", "statements"], rows)


def main() -> None:
    """Fill a database, request every page and print what each took."""
    url = os.environ.get("DATABASE_URL") or DEFAULT_URL
    reason = reachable(url) if url.startswith("postgres") else "DATABASE_URL names no PostgreSQL"
    if reason:
        sys.exit(f"Nothing is measured: {reason}")
    with database(url, f"amplisso_pages_{os.getpid()}") as own:
        environment = {**our_environment(), "DATABASE_URL": own, "DJANGO_SETTINGS_MODULE": "bench.page_settings"}
        migrate(environment)
        os.environ.update(environment)
        _measure_all(members=10_000 if os.environ.get("QUICK", "") not in {"", "0"} else 100_000)


def _measure_all(*, members: int) -> None:
    import django

    django.setup()
    from django.db import connection
    from django.test.utils import setup_test_environment, teardown_test_environment

    from bench.rows.crowd import Size, analyze, make_crowd, make_operator
    from orgs.models import User

    begun = time.perf_counter()
    organization = make_crowd(Size(members=members, sign_ins=10 * members, events=10 * members))
    operator = make_operator()
    analyze()
    say(f"{members:,} members, {10 * members:,} sign-ins and events: {time.perf_counter() - begun:.0f} s to make")
    admin = browser_of(User.objects.get(email="admin@contoso.example"))
    setup_test_environment()  # the filters of the Django admin are read from what its templates are given
    pages = all_pages(organization, admin, browser_of(operator))
    teardown_test_environment()
    report([measure(page) for page in pages])
    connection.close()


if __name__ == "__main__":
    main()
