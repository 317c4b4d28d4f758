"""Text of others: shown as text on every page, in every mail and file."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.management import CommandError, call_command
from django.http import HttpResponse, StreamingHttpResponse
from django.test import Client, RequestFactory

from amplisso.middleware.visible_pages import show_hidden_characters
from audit.actors import COMMAND_LINE, Actor
from audit.events import EventName
from audit.services import record
from audit.targets import Target
from orgs.emails import tell_admins_of_recovery
from orgs.models import Membership, Organization, Role, User
from orgs.services import invitations, members, organizations, recovery
from orgs.services.mailed.posting import ask_for_sign_in_pages
from orgs.text.visible_text import unlinked, validate_name, visible, without_hidden
from sso.models import SignIn
from tests.conftest import MakeMember, MakeUser, SignedIn
from tests.sso.conftest import Journey, connect, journey, tenant  # noqa: F401  fixtures

BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
HIDDEN = BIDI + "\u200b\u2028\u2029\x85\x9b\ufeff\u2060\u3164\U000e0041\x1b\x7f"
PERSIAN = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
ARABIC = "\u0627\u0644\u0639\u0631\u0628\u064a\u0629"
EVIL = "evil\u202egpj.exe"
LINK = re.compile(r"[\w-]\.(?:example|com|net)\b|https?://|@\w")


@pytest.mark.parametrize("character", HIDDEN)
def test_hidden_characters_are_written_as_their_code_points(character: str) -> None:
    assert visible(f"a{character}b") == f"a⟨U+{ord(character):04X}⟩b"
    assert without_hidden(f"a{character}b") in {"ab", "a b"}
    with pytest.raises(ValidationError):
        validate_name(f"a{character}b")


@pytest.mark.parametrize("text", ["Zoë Müller", "東京", "עברית", ARABIC, PERSIAN, "👩\u200d💻", "a\tb\nc", "A/S"])
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize("line_break", "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")
def test_every_line_break_is_one_in_a_name(line_break: str) -> None:
    with pytest.raises(ValidationError, match="on one line"):
        validate_name(f"Contoso{line_break}Bcc: all")
    assert without_hidden(f"Ada{line_break}Lovelace") == "Ada Lovelace"


@pytest.mark.parametrize("name", ["Contoso", "Contoso.com", "Maersk A/S", PERSIAN, "St. Gallen", "R&D: 2.0"])
def test_names_of_real_organizations(name: str) -> None:
    validate_name(name)


@pytest.mark.parametrize("name", ["call ada@evil.example", "see https://evil.example/x", "ftp://a"])
def test_names_without_addresses(name: str) -> None:
    with pytest.raises(ValidationError, match="without an e-mail or web address"):
        validate_name(name)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("evil.example", "evil. example"),
        ("www.evil.example/pay", "www. evil. example/pay"),
        ("https://evil.example", "https: // evil. example"),
        ("ada@evil.example", "ada @ evil. example"),
        ("evil\u3002com", "evil\u3002 com"),
        ("evil\u202e.com", "evil⟨U+202E⟩. com"),
        ("Version 2.0 B.V.", "Version 2.0 B. V."),
    ],
)
def test_no_mail_program_finds_an_address_in_a_name(name: str, shown: str) -> None:
    assert unlinked(name) == shown


# --- Where names are typed


@pytest.mark.parametrize("name", [EVIL, "a\u2028b", "pay at https://evil.example"])
def test_every_way_to_name_an_organization_refuses(
    organization: Organization, admin: User, client_of: SignedIn, visitor: Client, make_user: MakeUser, name: str
) -> None:
    browser, operator = client_of(admin), client_of(make_user(is_staff=True, is_superuser=True))
    sign_up = {"email": "new@x.example", "password1": "several words", "password2": "several words"}
    visitor.post("/account/signup/", {**sign_up, "organization_name": name})
    browser.post("/organizations/new", {"name": name})
    browser.post("/o/contoso/settings/general", {"name": name, "slug": "contoso"})
    operator.post("/admin/orgs/organization/add/", {"name": name, "plan": organization.plan_id, "admin": admin.email})
    with pytest.raises(CommandError):
        call_command("org", "create", name, "--plan", "growth", "--admin", admin.email)
    with pytest.raises(ValidationError):
        organizations.create_organization(name=name, admin=admin, actor=COMMAND_LINE)
    with pytest.raises(ValidationError):
        organizations.rename_organization(organization=organization, name=name, slug="contoso", actor=COMMAND_LINE)
    assert list(Organization.objects.values_list("name", flat=True)) == ["Contoso"]


def test_names_that_a_provider_asserts_lose_what_cannot_be_seen(organization: Organization) -> None:
    membership = organization.memberships.get()
    members.note_names(
        membership=membership, given_name="A\u202eda", family_name="Love\u2028lace", display_name="\u200eAda"
    )
    membership.refresh_from_db()
    names = (membership.given_name, membership.family_name, membership.display_name)
    assert names == ("Ada", "Love lace", "Ada")


# --- Where text of others is shown


def assert_shown_as_text(text: str) -> None:
    assert not set(HIDDEN) & set(text)
    assert "⟨U+202E⟩" in text


def test_every_page_shows_stored_text_as_text(
    organization: Organization, admin: User, member: MakeMember, client_of: SignedIn, make_user: MakeUser
) -> None:
    """Also what was stored before names were checked."""
    joined = member(organization)
    Membership.objects.filter(pk=joined.pk).update(display_name=EVIL)
    User.objects.filter(pk=joined.user_id).update(name=EVIL)
    target = Target("member", label=EVIL, organization=organization.number)
    record(EventName.MEMBER_ADDED, actor=Actor(user_agent=EVIL), target=target)
    Organization.objects.update(name=EVIL)
    browser, operator = client_of(admin), client_of(make_user(is_staff=True, is_superuser=True))
    settings = [f"/o/contoso/settings/{page}" for page in ("general", "members", "audit", "access", "sign-ins")]
    for path in ["/o/contoso/", *settings, "/o/contoso/sign-in"]:
        assert_shown_as_text(browser.get(path).content.decode())
    for path in ("orgs/organization/", "orgs/membership/", "orgs/user/", "audit/event/"):
        assert_shown_as_text(operator.get(f"/admin/{path}").content.decode())
    assert_shown_as_text(b"".join(browser.get("/o/contoso/settings/audit.csv")).decode())
    assert_shown_as_text(browser.post("/o/contoso/settings/general", {"name": EVIL, "slug": ""}).content.decode())


def test_the_log_shows_what_was_asserted_as_text(journey: Journey, admin: User, client_of: SignedIn) -> None:  # noqa: F811
    claim = "http://schemas.microsoft.com/identity/claims/displayname"
    journey.sign_in("ada", claims={claim: EVIL, "department": "a\u2028b\u200f"})
    page = client_of(admin).get(f"/o/contoso/settings/sign-ins/{journey.last().reference}")
    assert_shown_as_text(page.content.decode())
    assert int(page["Content-Length"]) == len(page.content)


def test_the_list_of_sign_ins_shows_addresses_as_text(journey: Journey, admin: User, client_of: SignedIn) -> None:  # noqa: F811
    journey.sign_in("ada")
    SignIn.objects.update(address="a\u202e\u2028\u2029\x85b@contoso.example")
    browser = client_of(admin)
    for path in ("", f"/{journey.last().reference}", "?search=%E2%80%AEmoc"):
        text = browser.get(f"/o/contoso/settings/sign-ins{path}").content.decode()
        assert_shown_as_text(text)
    assert (
        "a⟨U+202E⟩⟨U+2028⟩⟨U+2029⟩⟨U+0085⟩b@contoso.example"
        in browser.get("/o/contoso/settings/sign-ins").content.decode()
    )


def test_the_command_line_shows_names_as_text(organization: Organization, capsys: pytest.CaptureFixture[str]) -> None:
    Organization.objects.update(name=f"{EVIL}\x1b[2J")
    call_command("org", "list")
    assert_shown_as_text(capsys.readouterr().out)


@pytest.mark.parametrize("content_type", ["application/json", "text/csv", "application/samlmetadata+xml"])
def test_other_responses_stay_as_they_are(rf: RequestFactory, content_type: str) -> None:
    response = HttpResponse(EVIL, content_type=content_type)
    assert show_hidden_characters(lambda _: response)(rf.get("/")) is response
    assert response.content.decode() == EVIL


def test_streams_stay_as_they_are(rf: RequestFactory) -> None:
    response = StreamingHttpResponse([EVIL])
    assert show_hidden_characters(lambda _: response)(rf.get("/")) is response
    assert response.getvalue().decode() == EVIL


# --- Mails


def every_mail(organization: Organization, member: MakeMember) -> None:
    """Send each of our own mails about an organization."""
    admin = organization.memberships.filter(role=Role.ADMIN).get()
    invitations.invite(
        organization=organization, addresses=["a@x.test"], role=Role.VIEWER, by=admin, actor=COMMAND_LINE
    )
    recovery.mail_recovery_code(membership=admin, actor=COMMAND_LINE)
    tell_admins_of_recovery(admin, "mailed code")
    ask_for_sign_in_pages(address=admin.user.email)


NAMES = ["Win at evil.example", "https://evil.example/prize", "Bank <pay@evil.example>", f"www.evil.com {EVIL}"]


@pytest.mark.parametrize("name", NAMES)
def test_no_mail_carries_an_address_from_the_name_of_an_organization(
    organization: Organization, member: MakeMember, mailoutbox: list[EmailMessage], name: str
) -> None:
    """Also of organizations that were named before names were checked."""
    Organization.objects.update(name=name)
    organization.refresh_from_db()
    every_mail(organization, member)
    assert len(mailoutbox) == 4
    ours = re.compile(r"https://amplisso\.example/\S*|[\w.]+@(?:contoso\.example|x\.test)")
    for mail in mailoutbox:
        words = ours.sub("", f"{mail.subject}\n{mail.body}")
        assert not LINK.search(words), words
        assert not set(HIDDEN) & set(words)


def test_no_mail_names_an_organization_in_another_way() -> None:
    folder = Path(__file__).resolve().parent.parent / "templates/orgs/mail"
    for path in folder.glob("*.txt"):
        for expression in re.findall(r"{{ (\S*name\S*) }}", path.read_text()):
            assert expression.endswith("|no_address"), (path.name, expression)


def test_mails_about_an_account_name_the_browser_in_words_of_ours(
    make_user: MakeUser, client_of: SignedIn, mailoutbox: list[EmailMessage]
) -> None:
    browser = client_of(make_user())
    agent = "Mozilla/5.0 (Windows) Firefox/130 see https://evil.example \u202e"
    form = {"oldpassword": "correct horse battery", "password1": "another good one", "password2": "another good one"}
    browser.post("/account/password/change/", form, headers={"user-agent": agent})
    (mail,) = mailoutbox
    assert "Browser: Firefox on Windows" in mail.body
    assert "evil" not in mail.body


def test_a_byte_order_mark_in_a_pasted_file_comes_back_as_nothing(
    organization: Organization, admin: User, client_of: Callable[..., Client]
) -> None:
    form = {"provider": "azure", "metadata_text": "\ufeff<not-metadata/>", "just_in_time_role": "20"}
    page = client_of(admin).post("/o/contoso/settings/access", form).content.decode()
    assert "&lt;not-metadata/&gt;" in page
    assert "FEFF" not in page
