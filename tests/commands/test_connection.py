"""`manage.py connection import` and `manage.py sso_rescue`."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from audit.actors import COMMAND_LINE
from audit.events import EventName
from audit.models import Event
from orgs.models import Organization, Role
from orgs.services import close_organization, set_require_sso
from sso.models import ConfigurationState, Connection
from sso.selectors import active_configuration, draft_configuration
from tests.conftest import MakeOrganization

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
    set_require_sso(organization=organization, required=True, actor=COMMAND_LINE)
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


def test_a_large_file_is_refused_before_it_is_read_to_its_end(organization: Organization, tmp_path: Path) -> None:
    large = tmp_path / "large.xml"
    large.write_bytes(b"<" * 3_000_000)
    assert "larger than 1 MB" in refusal(organization, large)


def test_a_missing_file_is_named(organization: Organization, tmp_path: Path) -> None:
    assert refusal(organization, tmp_path / "none.xml").endswith("none.xml cannot be read: No such file or directory.")


def test_the_plan_decides(make_organization: MakeOrganization, metadata_file: Path) -> None:
    assert "Growth, Enterprise and Scholarship" in refusal(make_organization(plan="starter"), metadata_file)


def test_an_unknown_provider_is_refused(organization: Organization, metadata_file: Path) -> None:
    assert "invalid choice: 'entra'" in refusal(organization, metadata_file, "--provider", "entra")


def test_a_closed_organization_is_unknown(organization: Organization, metadata_file: Path) -> None:
    close_organization(organization=organization, actor=COMMAND_LINE)
    assert refusal(organization, metadata_file) == f"There is no open organization {organization.number}."


# --- sso_rescue --------------------------------------------------------------------------------------------------


def test_rescue_turns_require_sso_off(organization: Organization) -> None:
    set_require_sso(organization=organization, required=True, actor=COMMAND_LINE)
    printed = io.StringIO()
    call_command("sso_rescue", str(organization.number), stdout=printed)
    organization.refresh_from_db()
    assert not organization.require_sso
    assert printed.getvalue() == "Contoso no longer requires SSO: members may use their passwords.\n"
    assert Event.objects.get(name=EventName.SSO_NOT_REQUIRED).actor_email == "command line"


def test_rescue_says_when_there_is_nothing_to_do(organization: Organization) -> None:
    with pytest.raises(CommandError, match="does not require SSO; nothing was changed"):
        call_command("sso_rescue", str(organization.number))
    with pytest.raises(CommandError, match="There is no open organization 9"):
        call_command("sso_rescue", "9")
