"""`manage.py connection` and `manage.py sso_rescue`."""

from __future__ import annotations

import io
import json
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from audit.actors import COMMAND_LINE
from audit.events import EventName
from audit.models import Event
from orgs.models import Organization, Role
from orgs.services import organizations
from sso.models import ConfigurationState, Connection, Waiver
from sso.selectors.connections import active_configuration, draft_configuration, waivers_in_force
from tests.conftest import MakeOrganization
from tests.saml.metadata_files import aggregate

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("development")]


def import_file(organization: Organization, file: object, *arguments: str) -> str:
    """What the command prints."""
    printed = io.StringIO()
    provider = () if "--provider" in arguments else ("--provider", "azure")
    call_command("connection", "import", str(organization.number), str(file), *provider, *arguments, stdout=printed)
    organization.refresh_from_db()
    return printed.getvalue()


def refusal(organization: Organization, file: object, *arguments: str) -> str:
    """The one sentence that the command ends with."""
    with pytest.raises(CommandError) as raised:
        import_file(organization, file, *arguments)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_a_file_connects_the_organization(organization: Organization, metadata_file: Path) -> None:
    printed = json.loads(import_file(organization, metadata_file, "--json"))
    active = active_configuration(organization)
    assert active is not None
    assert organization.can_sign_in_with_sso
    assert active.connection.just_in_time_role == Role.MEMBER
    assert printed == {
        "number": organization.number,
        "name": "Contoso",
        "state": "active",
        "version": 1,
        "drops_latest_certificate": False,
        "provider_entity_id": active.entity_id,
        "findings": [],
        "entity_id": f"https://amplisso.example/saml/2/metadata/{organization.number}",
        "acs_url": f"https://amplisso.example/saml/2/acs/{organization.number}",
        "sign_in_page": "https://amplisso.example/o/contoso/sign-in",
    }
    assert Event.objects.get(name=EventName.CONFIGURATION_ACTIVATED).actor_email == "command line"


def test_it_says_in_words_where_people_sign_in(organization: Organization, metadata_file: Path) -> None:
    printed = import_file(organization, metadata_file)
    assert printed.startswith("Contoso signs in through http://127.0.0.1")
    assert printed.endswith(": https://amplisso.example/o/contoso/sign-in\n")


def test_it_reads_standard_input(organization: Organization, metadata: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(metadata)))
    import_file(organization, "-")
    assert organization.can_sign_in_with_sso


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8-sig"])
def test_what_is_kept_of_a_file_is_text_without_marks(
    encoding: str, organization: Organization, metadata: bytes, tmp_path: Path
) -> None:
    text = metadata.decode("utf-8-sig")
    file = tmp_path / "metadata.xml"
    file.write_bytes(text.encode(encoding))
    import_file(organization, file)
    active = active_configuration(organization)
    assert active is not None
    assert active.metadata == text


def test_other_settings_stay(organization: Organization, metadata_file: Path) -> None:
    import_file(organization, metadata_file)
    Connection.objects.update(just_in_time_role=None)
    import_file(organization, metadata_file, "--provider", "okta")
    connection = Connection.objects.get()
    assert (connection.provider, connection.just_in_time_role) == ("okta", None)
    assert [c.state for c in connection.configurations.order_by("version")] == [
        ConfigurationState.RETIRED,
        ConfigurationState.ACTIVE,
    ]


def test_where_sso_is_required_the_file_waits_as_a_draft(organization: Organization, metadata_file: Path) -> None:
    import_file(organization, metadata_file)
    organizations.set_require_sso(organization=organization, required=True, actor=COMMAND_LINE)
    organization.refresh_from_db()
    assert "waits as a draft" in import_file(organization, metadata_file)
    assert draft_configuration(organization) is not None
    assert json.loads(import_file(organization, metadata_file, "--json"))["state"] == "draft"
    assert organization.requires_sso


def test_a_file_with_several_providers_wants_a_choice(
    organization: Organization, metadata: bytes, tmp_path: Path
) -> None:
    document = metadata.decode("utf-8-sig").partition("?>")[2]
    first = document.replace('entityID="http', 'entityID="https://one.example/http', 1)
    second = document.replace('entityID="http', 'entityID="https://two.example/http', 1)
    file = tmp_path / "federation.xml"
    file.write_text(
        f'<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata">{first}{second}</EntitiesDescriptor>'
    )
    sentence = refusal(organization, file)
    assert "--entity-id: https://one.example/" in sentence
    assert "https://two.example/" in sentence
    chosen = sentence.rpartition(", ")[2]
    assert json.loads(import_file(organization, file, "--entity-id", chosen, "--json"))["provider_entity_id"] == chosen


def test_what_is_no_metadata_is_refused_in_a_sentence(organization: Organization, tmp_path: Path) -> None:
    page = tmp_path / "page.xml"
    page.write_text("<!doctype html><html></html>")
    assert "This is a web page" in refusal(organization, page)
    assert not Connection.objects.exists()


@pytest.fixture
def federation(tmp_path: Path) -> Path:
    """A file of 30 providers, too large to be read in one go."""
    file = tmp_path / "federation.xml"
    with file.open("w") as stream:
        stream.writelines(aggregate(size=3_000_000, entities=60))
    return file


def test_of_a_large_file_the_one_that_is_named(organization: Organization, federation: Path) -> None:
    wanted = "https://idp58.example.test/"
    printed = json.loads(import_file(organization, federation, "--entity-id", wanted, "--json"))
    assert printed["provider_entity_id"] == wanted
    active = active_configuration(organization)
    assert active is not None
    assert "University 58" in active.metadata
    assert "University 56" not in active.metadata
    assert active.valid_until is not None


def test_a_large_file_is_read_from_standard_input_too(
    organization: Organization, federation: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with federation.open() as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        import_file(organization, "-", "--entity-id", "https://idp2.example.test/")
    assert organization.can_sign_in_with_sso


def test_of_a_large_file_some_are_named(organization: Organization, federation: Path) -> None:
    sentence = refusal(organization, federation)
    assert "This file describes 30 identity providers." in sentence
    assert "--entity-id: https://idp0.example.test/, https://idp2.example.test/" in sentence
    assert sentence.endswith("https://idp38.example.test/, and 10 more")
    assert "doesn't describe" in refusal(organization, federation, "--entity-id", "https://idp1.example.test/")


def test_a_large_file_is_refused_before_it_is_read_to_its_end(organization: Organization, tmp_path: Path) -> None:
    large = tmp_path / "large.xml"
    large.write_bytes(b'<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata">' + b" " * 3_000_000)
    assert "larger than 1 MB" in refusal(organization, large)


def test_a_missing_file_is_named(organization: Organization, tmp_path: Path) -> None:
    assert refusal(organization, tmp_path / "none.xml").endswith("none.xml cannot be read: No such file or directory.")


def test_the_plan_decides(make_organization: MakeOrganization, metadata_file: Path) -> None:
    assert "Growth, Enterprise and Scholarship" in refusal(make_organization(plan="starter"), metadata_file)


def test_an_unknown_provider_is_refused(organization: Organization, metadata_file: Path) -> None:
    assert "invalid choice: 'entra'" in refusal(organization, metadata_file, "--provider", "entra")


def test_a_closed_organization_is_unknown(organization: Organization, metadata_file: Path) -> None:
    organizations.close_organization(organization=organization, actor=COMMAND_LINE)
    assert refusal(organization, metadata_file) == f"There is no open organization {organization.number}."


# --- connection allow, connection end ------------------------------------------------------------------------------


@pytest.fixture
def connected(organization: Organization, metadata_file: Path) -> Organization:
    """Contoso, connected."""
    import_file(organization, metadata_file)
    return organization


def command(organization: Organization, action: str, *arguments: str) -> str:
    """What `connection allow` or `connection end` prints."""
    printed = io.StringIO()
    call_command("connection", action, str(organization.number), *arguments, stdout=printed)
    return printed.getvalue()


@pytest.mark.parametrize(("name", "kind"), [("sha1", "sha1"), ("expired-certificates", "expired_certificates")])
def test_a_waiver_is_allowed_and_ended(connected: Organization, name: str, kind: str) -> None:
    waiver, day = Waiver(kind), timezone.now() + timedelta(days=10)
    printed = command(connected, "allow", name, "--until", f"{day:%Y-%m-%d}")
    assert printed == f"{waiver.label} of Contoso's provider are accepted until {day.day} {day:%B %Y}.\n"
    assert list(waivers_in_force(connected)) == [waiver]
    assert command(connected, "end", name) == f"{waiver.label} of Contoso's provider are no longer accepted.\n"
    assert waivers_in_force(connected) == {}
    events = Event.objects.filter(name__startswith="waiver:").values_list("actor_email", flat=True)
    assert list(events) == ["command line"] * 2


def test_programs_read_until_when(connected: Organization) -> None:
    day = f"{timezone.now() + timedelta(days=90):%Y-%m-%d}"
    facts = {"number": connected.number, "name": "Contoso", "waiver": "sha1"}
    printed = json.loads(command(connected, "allow", "sha1", "--until", day, "--json"))
    assert printed == facts | {"until": f"{day}T23:59:59+00:00"}
    assert json.loads(command(connected, "end", "sha1", "--json")) == facts | {"until": None}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("allow", "sha1", "--until", "2020-01-01"), "Choose a day from today to"),
        (("allow", "sha1", "--until", "2999-01-01"), "Choose a day from today to"),
        (("allow", "sha1", "--until", "tomorrow"), "write the day as year, month and day, such as 2026-12-05"),
        (("allow", "sha1"), "the following arguments are required: --until"),
        (("allow", "md5", "--until", "2999-01-01"), "invalid choice: 'md5'"),
        (("end", "sha1"), "SHA-1 signatures of Contoso's provider are not accepted; nothing was changed."),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(
    connected: Organization, arguments: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(CommandError) as raised:
        command(connected, *arguments)
    assert sentence in str(raised.value)
    assert waivers_in_force(connected) == {}


def test_waivers_need_a_provider_and_an_open_organization(organization: Organization) -> None:
    day = f"{timezone.now():%Y-%m-%d}"
    with pytest.raises(CommandError, match="Connect an identity provider"):
        command(organization, "allow", "sha1", "--until", day)
    organizations.close_organization(organization=organization, actor=COMMAND_LINE)
    with pytest.raises(CommandError, match=f"There is no open organization {organization.number}."):
        command(organization, "end", "sha1")


# --- sso_rescue --------------------------------------------------------------------------------------------------


def test_rescue_turns_require_sso_off(organization: Organization) -> None:
    organizations.set_require_sso(organization=organization, required=True, actor=COMMAND_LINE)
    printed = io.StringIO()
    call_command("sso_rescue", str(organization.number), stdout=printed)
    organization.refresh_from_db()
    assert not organization.require_sso
    assert printed.getvalue() == "Contoso no longer requires SSO: members can use their passwords.\n"
    assert Event.objects.get(name=EventName.SSO_NOT_REQUIRED).actor_email == "command line"


def test_rescue_says_when_there_is_nothing_to_do(organization: Organization) -> None:
    with pytest.raises(CommandError, match="does not require SSO; nothing was changed"):
        call_command("sso_rescue", str(organization.number))
    with pytest.raises(CommandError, match="There is no open organization 9"):
        call_command("sso_rescue", "9")
