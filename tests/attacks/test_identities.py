"""A hostile provider that asserts arbitrary identities, and an admin who uploads arbitrary metadata."""

from __future__ import annotations

import base64

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from orgs.models import Membership, Organization, Role, User
from sso.models import Configuration, Identity, SignInState
from sso.reasons import Reason
from tests.attacks.conftest import Siege, is_anybody_in
from tests.attacks.messages.target import GENUINE
from tests.conftest import MakeMember, MakeUser, SignedIn, new_browser
from tests.saml.metadata_files import base64_of, certificate, endpoint, entities, entity, key, role, sso
from tests.saml.provider import EMAIL_CLAIM

OBJECT_ID = "http://schemas.microsoft.com/identity/claims/objectidentifier"
ADMIN = "admin@contoso.example"

# What reads like the admin's address, and isn't. A careless comparison takes each of them for it.
LOOKALIKES = {
    "plus": "admin+x@contoso.example",
    "dot": "ad.min@contoso.example",
    "trailing dot of the domain": "admin@contoso.example.",
    "subdomain": "admin@mail.contoso.example",
    "domain in front": "admin@contoso.example.evil.test",
    "two at signs": "admin@contoso.example@evil.test",
    "two at signs, the other way round": "eve@evil.test@contoso.example",
    "comment": "admin(x)@contoso.example",
    "comment behind": "admin@contoso.example(x)",
    "quoted": '"admin"@contoso.example',
    "quoted at sign": '"admin@contoso.example"@evil.test',
    "display name": "Admin <admin@contoso.example>",
    "angle brackets": "<admin@contoso.example>",
    "list": "admin@contoso.example,eve@evil.test",
    "list of blanks": "admin@contoso.example eve@evil.test",
    "semicolon": "admin@contoso.example;eve@evil.test",
    "blank inside": "admin @contoso.example",
    "no-break space": "admin\u00a0@contoso.example",
    "zero-width space": "admin\u200b@contoso.example",
    "zero-width joiner": "ad\u200dmin@contoso.example",
    "soft hyphen": "ad\u00admin@contoso.example",
    "right to left": "\u202eadmin@contoso.example",
    "byte order mark": "\ufeffadmin@contoso.example",
    "Cyrillic a": "\u0430dmin@contoso.example",
    "Cyrillic o in the domain": "admin@cont\u043eso.example",
    "dotless i": "adm\u0131n@contoso.example",
    "dotted I": "adm\u0130n@contoso.example",
    "wide letters": "\uff41dmin@contoso.example",
    "wide letters in the domain": "admin@\uff43ontoso.example",
    "Kelvin sign in the domain": "admin@contoso.example\u212a",
    "long s in the domain": "admin@conto\u017fo.example",
    "small capital in the domain": "admin@con\u1d40oso.example",
    "wide at sign": "admin\uff20contoso.example",
    "wide full stop": "admin@contoso\uff0eexample",
    "ideographic full stop": "admin@contoso\u3002example",
    "combining accent": "a\u0301dmin@contoso.example",
    "ligature": "admin@conto\ufb05o.example",
    "line break": "admin@contoso.example\nBcc: eve@evil.test",
    "percent": "admin%40contoso.example@evil.test",
    "bang path": "contoso.example!admin@evil.test",
    "address literal": "admin@[127.0.0.1]",
    "guest": "admin_contoso.example#EXT#@evil.onmicrosoft.example",
    "only a name": "admin",
    "no domain": "admin@",
    "endless": "admin@" + "a." * 130 + "example",
    "markup": "<script>alert(1)</script>@contoso.example",
    "formula": "=cmd|' /C calc'!A0@contoso.example",
}


# An address of its own makes a user of its own; a known address with another subject is refused.
REFUSED = {Reason.NO_ADDRESS, Reason.INCOMPLETE, Reason.OTHER_SUBJECT}


@pytest.fixture
def victim(siege: Siege, member: MakeMember, make_user: MakeUser) -> User:
    """An admin with an ordinary account, who has never come in by single sign-on."""
    return member(siege.organization, Role.ADMIN, make_user(ADMIN)).user


@pytest.mark.parametrize("address", LOOKALIKES.values(), ids=LOOKALIKES.keys())
def test_an_address_that_looks_like_another(siege: Siege, victim: User, browser: Client, address: str) -> None:
    for knobs in ({"name_id": address}, {"name_id": "someone", "attributes": ((EMAIL_CLAIM, (address,)),)}):
        target = siege.ask(browser)
        siege.post(browser, target.answer(**knobs).encoded())
        row = siege.row(target)
        assert row.user != victim
        assert row.state == SignInState.SUCCEEDED or row.reason in REFUSED, row.reason
        assert (browser.get("/session").json().get("email") or "").lower() != ADMIN
    assert not Identity.objects.filter(user=victim).exists()
    assert all(user.email.isascii() for user in User.objects.all())


@pytest.mark.parametrize("written", ["ADMIN@contoso.example", "Admin@CONTOSO.Example", "  admin@contoso.example \n"])
def test_another_way_to_write_the_very_address(siege: Siege, victim: User, browser: Client, written: str) -> None:
    """The control: case and blanks round it are nothing to tell people by."""
    target = siege.ask(browser)
    siege.post(browser, target.answer(name_id=written, attributes=()).encoded())
    assert siege.row(target).user == victim


@pytest.mark.parametrize("values", [(GENUINE, ADMIN), (ADMIN, GENUINE), (GENUINE, "eve")])
def test_two_addresses_in_one_place(siege: Siege, victim: User, browser: Client, values: tuple[str, str]) -> None:
    twice = tuple((EMAIL_CLAIM, (value,)) for value in values)
    for attributes in (((EMAIL_CLAIM, values),), twice):
        target = siege.ask(browser)
        siege.post(browser, target.answer(name_id="someone", attributes=attributes).encoded())
        assert siege.row(target).reason == Reason.AMBIGUOUS_ADDRESS
        assert not is_anybody_in(browser)


def test_a_changed_address_moves_nobody(siege: Siege, victim: User, browser: Client) -> None:
    """nOAuth: a user who may change the mail attribute of an account does not become another user by it."""

    def arrive(address: str) -> None:
        target = siege.ask(browser)
        attributes = ((OBJECT_ID, ("eve-1",)),)
        siege.post(browser, target.answer(name_id=address, attributes=attributes).encoded())

    arrive("eve@contoso.example")
    arrive(ADMIN)
    assert browser.get("/session").json()["email"] == "eve@contoso.example"
    assert not Identity.objects.filter(user=victim).exists()


def test_the_same_address_with_another_subject(siege: Siege, victim: User, browser: Client) -> None:
    """Once the admin came in by subject, the address alone opens nothing."""
    target = siege.ask(browser)
    siege.post(browser, target.answer(name_id=ADMIN, attributes=((OBJECT_ID, ("admin-1",)),)).encoded())
    assert siege.row(target).user == victim
    for attributes in (((OBJECT_ID, ("eve-1",)),), ()):
        thief = new_browser()
        target = siege.ask(thief)
        siege.post(thief, target.answer(name_id=ADMIN, attributes=attributes).encoded())
        assert siege.row(target).reason == Reason.OTHER_SUBJECT
        assert not is_anybody_in(thief)


def test_operators_are_nobodys_members(siege: Siege, make_user: MakeUser, browser: Client) -> None:
    for fields in ({"is_staff": True}, {"is_superuser": True}):
        operator = make_user(**fields)
        target = siege.ask(browser)
        siege.post(browser, target.answer(name_id=operator.email, attributes=()).encoded())
        assert siege.row(target).reason == Reason.ACCOUNT_NOT_ADMITTED
        assert not is_anybody_in(browser)
        assert not Membership.objects.filter(user=operator).exists()


def test_roles_are_not_the_providers_to_give(siege: Siege, browser: Client) -> None:
    claims = [
        ("http://schemas.microsoft.com/ws/2008/06/identity/claims/role", ("admin", "Owner")),
        ("role", ("admin",)),
        ("is_staff", ("true",)),
        ("isSuperuser", ("1",)),
    ]
    target = siege.ask(browser)
    siege.post(browser, target.answer(attributes=tuple(claims)).encoded())
    membership = Membership.objects.get(user__email=GENUINE)
    assert membership.role == Role.MEMBER
    assert not membership.user.is_staff
    assert not membership.user.is_superuser


HOSTILE = "<script>alert(1)</script>\r\nX: y\u202e'\"=1+1"


def test_hostile_claims_stay_text(siege: Siege, victim: User, client_of: SignedIn, browser: Client) -> None:
    """In the log that the admin reads, and in the page that the visitor sees."""
    target = siege.ask(browser)
    refused = siege.post(browser, target.answer(destination=HOSTILE, recipient=HOSTILE).encoded())
    shown = browser.get(refused["Location"]).content.decode()
    assert "<script>alert" not in shown
    assert "Destination" not in shown, "a stranger learns no reason"
    log = f"/o/{siege.organization.slug}/settings/sign-ins"
    row = siege.row(target)
    for path in (log, f"{log}/{row.reference}"):
        read = client_of(victim).get(path)
        assert read.status_code == 200
        assert "<script>alert" not in read.content.decode()
    assert all("\n" not in check["received"] for check in row.checks)


# --- What an admin may upload -----------------------------------------------------------------------------------


def _file(text: str) -> bytes:
    return text.encode()


UPLOADS = {
    "DTD": _file("<!DOCTYPE x>" + entity()),
    "external entity": _file('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>' + entity(entity_id="&e;")),
    "billion laughs": _file(
        '<!DOCTYPE x [<!ENTITY l0 "ha">'
        + "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(12))
        + "]>"
        + entity(entity_id="&l12;")
    ),
    "DTD in UTF-16": ("<!DOCTYPE x>" + entity()).encode("utf-16"),
    "script as address": _file(entity(role(key() + sso("javascript:alert(1)")))),
    "data as address": _file(entity(role(key() + sso("data:text/html,x")))),
    "address without encryption": _file(entity(role(key() + sso("http://idp.example.test/sso")))),
    "address with a user": _file(entity(role(key() + sso("https://admin:secret@idp.example.test/sso")))),
    "address with a line break": _file(entity(role(key() + sso("https://idp.example.test/&#10;X: y")))),
    "address that is a file": _file(entity(role(key() + sso("file:///etc/hostname")))),
    "weak key": _file(entity(role(key(base64_of(certificate(bits=1024))) + sso()))),
    "no key": _file(entity(role(sso()))),
    "a key that is none": _file(entity(role(key("VE9ETw==") + sso()))),
    # In two pieces, because the hooks (.pre-commit-config.yaml) let no file have such a line.
    "a private key": b"-----BEGIN PRIVATE " + b"KEY-----\nMIIE\n-----END PRIVATE " + b"KEY-----\n",
    "a service provider": _file(entity(role(key() + sso(), name="SPSSODescriptor"))),
    "an affiliation": _file(entity("<AffiliationDescriptor affiliationOwnerID='https://x.test'/>")),
    "no name": _file(entity(entity_id="")),
    "an endless name": _file(entity(entity_id="https://" + "a" * 2000)),
    "no address": _file(entity(role(key()))),
    "an artifact address only": _file(
        entity(role(key() + endpoint("ArtifactResolutionService", "urn:oasis:x", "https://idp.example.test/")))
    ),
    "deep": _file(entity("<a>" * 5000 + "</a>" * 5000)),
    "many attributes": _file(entity("<a " + " ".join(f"b{n}=''" for n in range(60_000)) + "/>")),
    "too large": _file(entity("<a>" + " " * 1_100_000 + "</a>")),
    "a web page": b"<!DOCTYPE html><html><body>Sign in</body></html>",
    "JSON": b'{"issuer": "https://evil.test/"}',
    "a picture": b"\x89PNG\r\n\x1a\n" + b"\x00" * 64,
    "a zip bomb": base64.b64decode("UEsDBBQAAAAIAAAAIQ==") + b"\x00" * 64,
    "nothing": b"",
}


@pytest.mark.parametrize("data", UPLOADS.values(), ids=UPLOADS.keys())
def test_hostile_upload(organization: Organization, admin: User, client_of: SignedIn, data: bytes) -> None:
    """Refused at the field, and the configuration in use stays as it was."""
    browser, path = client_of(admin), f"/o/{organization.slug}/settings/access"
    good = {"provider": "azure", "just_in_time_role": "20"}
    answer = browser.post(path, good | {"metadata_file": SimpleUploadedFile("m.xml", entity().encode())})
    assert answer.status_code == 303, "the control"
    before = Configuration.objects.get().public_id
    answer = browser.post(path, good | {"metadata_file": SimpleUploadedFile("m.xml", data)})
    assert answer.status_code == 422
    assert b"alert(1)" not in answer.content.replace(b"javascript:alert(1)", b"")
    assert Configuration.objects.get().public_id == before


def test_several_providers_are_a_choice_and_no_configuration(
    organization: Organization, admin: User, client_of: SignedIn
) -> None:
    """The author of the file does not decide which of its providers is trusted."""
    browser, path = client_of(admin), f"/o/{organization.slug}/settings/access"
    data = _file(entities(entity(), entity(entity_id="https://other.test")))
    answer = browser.post(path, {"provider": "azure", "metadata_file": SimpleUploadedFile("m.xml", data)})
    assert answer.status_code == 303
    assert answer["Location"].startswith(f"{path}/providers/")
    assert not Configuration.objects.exists()
