"""Access & SSO Settings: every state of the page, and what saving does."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from lxml import html

from audit.actors import COMMAND_LINE
from audit.events import EventName
from audit.models import Event
from orgs.models import GrantKind, Organization, Plan, Role, User
from orgs.services import organizations
from sso.crypto.encrypted_params import TokenPurpose, decrypt
from sso.models import Configuration, Provider, SignIn
from sso.services import connections
from tests.conftest import MakeMember, MakeOrganization, SignedIn, open_session
from tests.sso.views.choices import typed
from tests.sso.views.conftest import MakeSignIn, Upload
from tests.sso.views.files import ENTITY_ID, certificate, descriptor, several, uploaded
from tests.sso.views.pages import errors_at, field, form_to, links, page, words
from tests.sso.views.rows import active


def messages_of(document: html.HtmlElement) -> str:
    """What the page says happened."""
    return words(document.xpath("//*[@class='messages']")[0])


class TestPage:
    """The page before the first change."""

    def test_a_new_organization_finds_its_values_and_a_guide(
        self, browser: Client, path: str, organization: Organization
    ) -> None:
        document = page(browser.get(path))
        number = organization.number
        assert document.get_element_by_id("our-entity-id").value == f"https://amplisso.example/saml/2/metadata/{number}"
        assert document.get_element_by_id("our-acs-url").value == f"https://amplisso.example/saml/2/acs/{number}"
        assert "Single sign-on is off" in words(document)
        assert field(document, "provider").value == "azure"
        assert field(document, "just_in_time_role").value == "20"
        assert field(document, "require_sso").get("checked") is None

    def test_the_page_works_without_a_script(self, browser: Client, path: str) -> None:
        document = page(browser.get(path))
        (save,) = document.xpath("//button[@data-save]")
        assert save.get("disabled") is None
        assert not document.xpath("//script[not(@src)] | //*[@style] | //*[@onclick]")
        assert all(button.get("hidden") is not None for button in document.xpath("//button[@data-copy]"))

    def test_every_guide_is_there_and_one_is_shown(self, browser: Client, path: str, connected: Organization) -> None:
        connected.connections.update(provider="okta")
        document = page(browser.get(path))
        shown = {each.get("data-guide"): each.get("hidden") is None for each in document.xpath("//*[@data-guide]")}
        assert shown == {provider: provider == "okta" for provider in Provider.values}

    def test_the_azure_guide_has_nine_steps_with_our_values(
        self, browser: Client, path: str, organization: Organization
    ) -> None:
        (guide,) = page(browser.get(path)).xpath("//*[@data-guide='azure']")
        assert len(guide.xpath("./ol/li")) == 9
        values = {
            words(entry.xpath("./p[@class='entry-name']")[0]): entry.xpath(".//code")[0].text
            for entry in guide.xpath(".//*[@class='entry']")
        }
        base = "https://amplisso.example"
        assert values["Identifier (Entity ID)"] == f"{base}/saml/2/metadata/{organization.number}"
        assert values["Reply URL (Assertion Consumer Service URL)"] == f"{base}/saml/2/acs/{organization.number}"
        assert values["Sign on URL"] == f"{base}/sso/{organization.number}/start"
        assert values["User identifier"] == "user.mail"

    def test_ids_are_unique_and_labels_lead_somewhere(
        self, browser: Client, path: str, connected: Organization
    ) -> None:
        document = page(browser.get(path))
        ids = document.xpath("//@id")
        assert len(ids) == len(set(ids))
        assert set(document.xpath("//label/@for")) <= set(ids)
        assert set(document.xpath("//button/@form")) <= set(ids)
        assert {each for described in document.xpath("//@aria-describedby") for each in described.split()} <= set(ids)

    def test_there_is_one_primary_button(self, browser: Client, path: str, connected: Organization) -> None:
        assert len(page(browser.get(path)).xpath("//*[contains(@class, 'btn-primary')]")) == 1

    @pytest.mark.parametrize("role", [Role.VIEWER, Role.MEMBER, Role.MANAGER])
    def test_it_is_for_admins(
        self, client_of: SignedIn, path: str, organization: Organization, member: MakeMember, role: Role
    ) -> None:
        client = client_of(member(organization, role).user)
        assert client.get(path).status_code == 403
        assert client.post(path, typed(metadata_text=descriptor())).status_code == 403
        assert active(organization) is None

    def test_expired_and_expiring_certificates_are_told(
        self, browser: Client, path: str, organization: Organization, upload: Upload
    ) -> None:
        keys = (certificate(days=-3), certificate(days=20), certificate(days=800))
        upload(organization, descriptor(certificates=keys))
        told = [words(each) for each in page(browser.get(path)).xpath("//*[@class='certificate-warning']")]
        assert len(told) == 2
        assert "expired 3 days ago" in told[0]
        assert "expires" in told[1]
        assert "weeks" in told[1]


class TestSaving:
    """A valid file turns SSO on at once; anything wrong stands at its field, and nothing is lost."""

    def test_a_file_turns_sso_on(self, browser: Client, path: str, organization: Organization) -> None:
        response = browser.post(path, typed(metadata_file=uploaded(descriptor())))
        assert (response.status_code, response["Location"]) == (303, path)
        document = page(browser.get(path))
        assert "Single sign-on is on." in messages_of(document)
        configuration = active(organization)
        assert configuration is not None
        assert configuration.entity_id == ENTITY_ID
        organization.refresh_from_db()
        assert organization.can_sign_in_with_sso
        assert links(document)["Show uploaded metadata"] == f"{path}/metadata/{configuration.public_id}"

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
    def test_files_are_kept_as_text_however_they_are_written(
        self, browser: Client, path: str, organization: Organization, encoding: str
    ) -> None:
        text = descriptor()
        browser.post(path, typed(metadata_file=uploaded(text.encode(encoding))))
        configuration = active(organization)
        assert configuration is not None
        assert configuration.metadata == text

    def test_pasted_text_does_the_same(self, browser: Client, path: str, organization: Organization) -> None:
        pasted = '<?xml version="1.0" encoding="utf-16"?>\r\n' + descriptor()
        assert browser.post(path, typed(metadata_text=pasted)).status_code == 303
        assert active(organization) is not None

    def test_saving_without_a_file_says_what_is_missing(
        self, browser: Client, path: str, organization: Organization
    ) -> None:
        browser.post(path, typed(provider="okta", just_in_time_role=""))
        document = page(browser.get(path))
        assert "still off" in messages_of(document)
        assert field(document, "provider").value == "okta"
        assert field(document, "just_in_time_role").value == ""
        assert organization.connections.get().just_in_time_role is None

    def test_saving_something_else_leaves_the_configuration(
        self, browser: Client, path: str, connected: Organization
    ) -> None:
        before = active(connected)
        browser.post(path, typed(just_in_time_role="30"))
        assert active(connected) == before
        assert connected.connections.get().just_in_time_role == Role.MANAGER
        assert messages_of(page(browser.get(path))) == "Saved. Just-in-time role: Manager."

    def test_a_file_that_takes_the_place_of_another_says_what_is_different(
        self, browser: Client, path: str, connected: Organization
    ) -> None:
        other = descriptor("https://idp.fabrikam.example/", certificates=(certificate(days=500),))
        browser.post(path, typed(metadata_file=uploaded(other)))
        told = messages_of(page(browser.get(path)))
        assert f"Provider's entity ID: {ENTITY_ID} becomes https://idp.fabrikam.example/." in told
        browser.post(path, typed(metadata_file=uploaded(other)))
        assert "becomes" not in messages_of(page(browser.get(path)))

    @pytest.mark.parametrize(
        ("field_name", "sentence", "again"),
        [
            ("force_authn", "A fresh sign-in is required.", "fresh sign-in"),
            ("sign_requests", "Sign requests is on.", "equests"),
        ],
    )
    def test_a_switch_beside_a_file_is_told_once(
        self, browser: Client, path: str, connected: Organization, field_name: str, sentence: str, again: str
    ) -> None:
        other = descriptor(sign_in="https://login.example.test/other/saml2")
        browser.post(path, typed(metadata_file=uploaded(other), **{field_name: "on"}))
        told = messages_of(page(browser.get(path)))
        assert sentence in told
        assert told.count(again) == 1
        assert "Sign-in address: " in told

    def test_a_file_that_wants_signed_requests_says_so(
        self, browser: Client, path: str, connected: Organization
    ) -> None:
        wanting = descriptor().replace("<IDPSSODescriptor ", '<IDPSSODescriptor WantAuthnRequestsSigned="true" ')
        browser.post(path, typed(metadata_file=uploaded(wanting)))
        assert "Requests will be signed." in messages_of(page(browser.get(path)))
        browser.post(path, typed(metadata_file=uploaded(descriptor())))
        assert "Requests will no longer be signed." in messages_of(page(browser.get(path)))

    @pytest.mark.parametrize("role", ["40", "5", "abc"])
    def test_nobody_becomes_an_admin_just_in_time(
        self, browser: Client, path: str, organization: Organization, role: str
    ) -> None:
        response = browser.post(path, typed(just_in_time_role=role, metadata_text=descriptor()))
        assert response.status_code == 422
        assert errors_at(page(response), "just_in_time_role")
        assert not organization.connections.exists()

    @pytest.mark.parametrize(
        ("data", "sentence"),
        [
            (b"", "This file is empty"),
            (b"<html><body>Sign in</body></html>", "This is a web page"),
            (b"%PDF-1.7", "not metadata"),
            (b'<!DOCTYPE x [<!ENTITY a "b">]>' + descriptor().encode(), "document type definition"),
            (descriptor(sign_in="http://login.example.test/").encode(), "not https"),
            (descriptor().encode()[:400], "incomplete"),
            (b"<EntityDescriptor>" + b" " * 1_000_001, "not in the namespace"),
            (several(ENTITY_ID)[:-22].encode() + b" " * 2_500_000, "larger than 1 MB"),
            (b"<!-- " + b" " * 2_500_000, "incomplete"),
        ],
        ids=["empty", "web page", "pdf", "dtd", "http", "cut off", "large", "larger", "larger still"],
    )
    def test_a_file_that_cannot_be_used_says_why_at_the_field(
        self, browser: Client, path: str, organization: Organization, data: bytes, sentence: str
    ) -> None:
        response = browser.post(path, typed(provider="google", just_in_time_role="10", metadata_file=uploaded(data)))
        document = page(response)
        assert response.status_code == 422
        assert sentence in errors_at(document, "metadata_file")
        assert (field(document, "provider").value, field(document, "just_in_time_role").value) == ("google", "10")
        assert not field(document, "kept_upload").value
        assert active(organization) is None

    def test_pasted_text_that_cannot_be_used_stays_where_it_was(self, browser: Client, path: str) -> None:
        document = page(browser.post(path, typed(metadata_text="<html>no</html>")))
        assert "This is a web page" in errors_at(document, "metadata_text")
        assert field(document, "metadata_text").value.strip() == "<html>no</html>"
        assert document.xpath("//details[@open]//textarea")

    def test_file_and_text_at_once_are_asked_about(self, browser: Client, path: str) -> None:
        both = typed(metadata_file=uploaded(descriptor()), metadata_text=descriptor())
        assert "not both" in errors_at(page(browser.post(path, both)), "metadata_file")

    def test_null_characters_are_no_server_error(self, browser: Client, path: str) -> None:
        for name in ("metadata_text", "kept_upload", "provider"):
            response = browser.post(path, typed(**{"kept_upload": "YWJj", name: "a\x00b"}))
            assert response.status_code == 422, name


def _without_files(fields: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if name != "metadata_file" and value is not None}


class TestRequireSso:
    """Only an admin who signed in through SSO can require it, so that the organization is never locked out."""

    def test_it_needs_a_sign_in_first_and_keeps_the_upload(
        self, browser: Client, path: str, organization: Organization
    ) -> None:
        response = browser.post(path, typed(metadata_file=uploaded(descriptor()), require_sso="on"))
        document = page(response)
        assert response.status_code == 422
        assert "yourself" in errors_at(document, "require_sso")
        assert active(organization) is None
        assert "contoso.xml is uploaded but not saved yet." in words(document)
        again = _without_files(dict(form_to(document, path).fields))
        again.pop("require_sso")
        assert browser.post(path, again).status_code == 303
        assert active(organization) is not None

    def test_an_admin_who_came_in_through_it_may(
        self, browser: Client, path: str, connected: Organization, admin: User, sign_in_row: MakeSignIn
    ) -> None:
        assert "in through your provider once yourself" in words(page(browser.get(path)))
        sign_in_row(active(connected), user=admin)
        assert "You have signed in through your provider yourself" in words(page(browser.get(path)))
        assert browser.post(path, typed(require_sso="on")).status_code == 303
        connected.refresh_from_db()
        assert connected.require_sso

    def test_the_page_says_so_and_gives_the_way_out(
        self, sso_client: SignedIn, path: str, required: Organization, admin: User
    ) -> None:
        document = page(sso_client(admin, required).get(path))
        assert "Single sign-on is on and required" in words(document)
        assert document.get_element_by_id("our-recovery-url").value == "https://amplisso.example/o/contoso/recovery"

    def test_while_it_is_on_a_new_file_waits_as_a_draft(
        self, sso_client: SignedIn, path: str, required: Organization, admin: User
    ) -> None:
        browser, before = sso_client(admin, required), active(required)
        new = descriptor(sign_in="https://login.example.test/other/saml2", certificates=(certificate(days=400),))
        response = browser.post(path, typed(require_sso="on", metadata_file=uploaded(new)))
        assert response.status_code == 303
        document = page(browser.get(path))
        assert "saved as a draft" in messages_of(document)
        assert active(required) == before
        differences = words(document.xpath("//*[@class='differences']")[0])
        assert "Sign-in address" in differences
        assert "New signing certificate" in differences

    def test_it_is_suspended_while_sso_cannot_work(
        self, browser: Client, path: str, required: Organization, admin: User
    ) -> None:
        required.connections.get().configurations.update(state="retired")
        document = page(browser.get(path))
        assert "Suspended" in words(document)
        assert field(document, "require_sso").get("checked") is not None

    @pytest.mark.parametrize("reason", ["disabled", "plan", "retired", "working"])
    def test_recovery_can_always_turn_it_off(self, path: str, required: Organization, admin: User, reason: str) -> None:
        connection = required.connections.get()
        if reason == "disabled":
            connections.disable_connection(connection=connection, actor=COMMAND_LINE)
        elif reason == "plan":
            organizations.change_plan(organization=required, plan=Plan.objects.get(slug="starter"), actor=COMMAND_LINE)
        elif reason == "retired":
            connection.configurations.update(state="retired")
        browser = open_session(admin, GrantKind.RECOVERY, required)
        document = page(browser.get(path))
        action = f"{path}/stop-requiring"
        assert ([form.action for form in document.forms].count(action) == 1) == (reason != "working")
        assert browser.post(action).status_code == 303
        assert "no longer required" in messages_of(page(browser.get(path)))
        required.refresh_from_db()
        assert not required.require_sso
        assert Event.objects.filter(name=EventName.SSO_NOT_REQUIRED, actor_email=admin.email).count() == 1

    def test_a_password_does_not_open_the_page_then(self, browser: Client, path: str, required: Organization) -> None:
        assert browser.get(path).status_code == 403
        assert browser.post(path, typed()).status_code == 403


class TestTwoTabs:
    """Optimistic locking: a page opened before another admin saved does not revert their change."""

    @staticmethod
    def tab(browser: Client, path: str) -> dict[str, object]:
        """What a tab that shows the page now would send."""
        return _without_files(dict(form_to(page(browser.get(path)), path).fields))

    def test_a_stale_tab_saves_nothing_and_shows_what_is_stored(
        self, sso_client: SignedIn, path: str, connected: Organization, admin: User, sign_in_row: MakeSignIn
    ) -> None:
        browser = sso_client(admin, connected)
        sign_in_row(active(connected), user=admin)
        stale = self.tab(browser, path)
        assert (
            browser.post(path, self.tab(browser, path) | {"require_sso": "on", "provider": "okta"}).status_code == 303
        )
        events = Event.objects.count()
        response = browser.post(path, stale | {"just_in_time_role": "10"})
        document = page(response)
        assert response.status_code == 409
        assert "These settings were changed since you opened this page. Nothing was saved" in words(document)
        assert Event.objects.count() == events
        connected.refresh_from_db()
        assert connected.require_sso
        shown = dict(form_to(document, path).fields)
        assert (shown["provider"], shown["require_sso"], shown["just_in_time_role"]) == ("okta", "on", "10")
        assert browser.post(path, _without_files(shown)).status_code == 303
        connected.refresh_from_db()
        assert connected.require_sso
        assert connected.connections.get().just_in_time_role == Role.VIEWER
        assert connected.connections.get().provider == "okta"

    def test_what_was_turned_off_stays_off(
        self, sso_client: SignedIn, path: str, required: Organization, admin: User
    ) -> None:
        browser = sso_client(admin, required)
        stale, other = self.tab(browser, path), self.tab(browser, path)
        other.pop("require_sso")
        assert browser.post(path, other | {"just_in_time_role": ""}).status_code == 303
        document = page(browser.post(path, stale))
        assert field(document, "require_sso").get("checked") is None
        assert field(document, "just_in_time_role").value == ""

    def test_an_upload_is_kept_and_another_tabs_upload_is_noticed(
        self, browser: Client, path: str, connected: Organization, upload: Upload
    ) -> None:
        stale = self.tab(browser, path)
        upload(connected, descriptor(certificates=(certificate(days=300),)))
        response = browser.post(path, stale | {"metadata_file": uploaded(descriptor())})
        assert response.status_code == 409
        assert "contoso.xml is uploaded but not saved yet." in words(page(response))

    def test_two_first_connections_do_not_meet(self, browser: Client, path: str, organization: Organization) -> None:
        one, two = self.tab(browser, path), self.tab(browser, path)
        assert browser.post(path, one | {"metadata_text": descriptor()}).status_code == 303
        assert browser.post(path, two | {"provider": "okta"}).status_code == 409
        assert organization.connections.get().provider == "azure"

    @pytest.mark.parametrize("snapshot", ["{", "[]", "null", '{"provider": "okta"}', "[" * 400])
    def test_a_page_that_nobody_made_saves_nothing(
        self, browser: Client, path: str, connected: Organization, snapshot: str
    ) -> None:
        response = browser.post(path, typed(provider="google", snapshot=snapshot))
        assert response.status_code == 409
        assert field(page(response), "provider").value == "google"
        assert connected.connections.get().provider == "azure"

    def test_saving_the_same_again_says_so(self, browser: Client, path: str, connected: Organization) -> None:
        assert browser.post(path, self.tab(browser, path)).status_code == 303
        assert messages_of(page(browser.get(path))) == "Saved. There were no changes to save."


class TestErrors:
    """What is wrong stands at its field and above the page, and the browser goes there."""

    def test_a_banner_leads_to_the_first_of_them(self, browser: Client, path: str) -> None:
        document = page(browser.post(path, typed(metadata_text="<html>no</html>", require_sso="on")))
        (banner,) = document.xpath("//*[@role='alert']")
        assert "Nothing was saved." in words(banner)
        assert banner.xpath(".//a/@href") == ["#id_metadata_text"]
        assert document.xpath("//*[@autofocus]/@id") == ["id_metadata_text"]
        assert "is-invalid" in document.get_element_by_id("id_metadata_text").get("class")

    def test_the_hint_does_not_contradict(self, browser: Client, path: str, connected: Organization) -> None:
        document = page(browser.post(path, typed(require_sso="on")))
        assert document.xpath("//*[@autofocus]/@name") == ["require_sso"]
        assert errors_at(document, "require_sso")
        assert "before you turn this on" not in words(document)

    def test_a_page_without_errors_has_none(self, browser: Client, path: str) -> None:
        assert not page(browser.get(path)).xpath("//*[@autofocus] | //*[@role='alert']")


class TestDraft:
    """Testing a draft, and giving it up."""

    @pytest.fixture
    def drafted(self, required: Organization, upload: Upload) -> Configuration:
        """Contoso's next file."""
        return upload(required, descriptor(certificates=(certificate(days=500),)))

    def test_a_test_goes_through_the_draft_and_comes_back(
        self, sso_client: SignedIn, path: str, required: Organization, admin: User, drafted: Configuration
    ) -> None:
        response = sso_client(admin, required).post(f"{path}/test")
        target = urlsplit(links(page(response))["Continue now"])
        query = parse_qs(target.query)
        assert response.status_code == 200
        assert target.path == f"/sso/{required.number}/start"
        assert decrypt(TokenPurpose.TEST, query["test"][0]) == drafted.public_id.hex
        assert query["next"] == [f"{path}?tested=1"]

    def test_the_link_leads_to_the_drafts_provider(
        self, sso_client: SignedIn, path: str, required: Organization, admin: User, upload: Upload
    ) -> None:
        draft = upload(required, descriptor(sign_in="https://login.example.test/next/saml2"))
        browser = sso_client(admin, required)
        target = links(page(browser.post(f"{path}/test")))["Continue now"]
        response = browser.get(target)
        assert response.status_code == 302
        assert response["Location"].startswith("https://login.example.test/next/saml2?SAMLRequest=")
        assert draft.sign_ins.get().purpose == "test"

    def test_it_is_discarded(
        self, sso_client: SignedIn, path: str, required: Organization, admin: User, drafted: Configuration
    ) -> None:
        browser = sso_client(admin, required)
        assert "Discard the draft" in words(page(browser.get(path)))
        response = browser.post(f"{path}/discard")
        assert (response.status_code, response["Location"]) == (303, path)
        drafted.refresh_from_db()
        assert drafted.state == "retired"
        assert "A draft is waiting" not in words(page(browser.get(path)))

    def test_without_a_draft_the_active_one_is_tested(
        self, browser: Client, path: str, connected: Organization
    ) -> None:
        target = links(page(browser.post(f"{path}/test")))["Continue now"]
        assert parse_qs(urlsplit(target).query)["next"] == [f"{path}?tested=1"]
        assert browser.get(target).status_code == 302
        row = SignIn.objects.get()
        assert (row.purpose, row.is_test, row.configuration.state) == ("test_now", True, "active")

    def test_a_visitor_cannot_make_a_sign_in_look_like_a_test(
        self, client: Client, path: str, connected: Organization
    ) -> None:
        assert (
            client.get(f"/sso/{connected.number}/start", {"next": f"{path}?tested=1", "test": "1"}).status_code == 302
        )
        assert not SignIn.objects.get().is_test

    def test_with_nothing_to_test_it_says_so(self, browser: Client, path: str) -> None:
        response = browser.post(f"{path}/test", follow=True)
        assert "nothing to test yet" in messages_of(page(response))

    @pytest.mark.parametrize("action", ["test", "discard"])
    def test_both_are_forms_for_admins(
        self, browser: Client, client_of: SignedIn, path: str, connected: Organization, member: MakeMember, action: str
    ) -> None:
        answer = browser.get(f"{path}/{action}")
        assert (answer.status_code, answer["Location"]) == (303, path)
        assert client_of(member(connected, Role.MANAGER).user).post(f"{path}/{action}").status_code == 403


class TestPlan:
    """Starter and Plus see why they can't, and can't."""

    @pytest.fixture(params=["starter", "plus"])
    def plan(self, request: pytest.FixtureRequest, organization: Organization) -> Plan:
        """A plan without SSO."""
        organization.plan = Plan.objects.get(slug=request.param)
        organization.save()
        return organization.plan

    def test_the_page_is_locked_and_says_how_to_upgrade(self, browser: Client, path: str, plan: Plan) -> None:
        document = page(browser.get(path))
        assert f"is on {plan.name}" in words(document)
        assert "To upgrade" in words(document)
        assert document.xpath("//button[@data-save]")[0].get("disabled") is not None
        assert document.xpath("//a[@data-cancel]")[0].get("href") is None
        for name in ("provider", "metadata_file", "metadata_text", "require_sso", "just_in_time_role"):
            assert field(document, name).xpath("ancestor::fieldset[@disabled]"), name
        assert document.get_element_by_id("our-acs-url").value

    @pytest.mark.usefixtures("plan")
    def test_the_server_refuses_too(self, browser: Client, path: str, organization: Organization) -> None:
        events = Event.objects.count()
        response = browser.post(path, typed(metadata_file=uploaded(descriptor())))
        assert response.status_code == 403
        assert "To upgrade" in words(page(response))
        assert not organization.connections.exists()
        assert Event.objects.count() == events

    @pytest.mark.parametrize("slug", ["scholarship", "growth", "enterprise"])
    def test_the_others_are_open(self, client_of: SignedIn, make_organization: MakeOrganization, slug: str) -> None:
        organization = make_organization("Fabrikam", slug)
        client = client_of(organization.memberships.get().user)
        response = client.post(f"/o/{organization.slug}/settings/access", typed(metadata_text=descriptor()))
        assert response.status_code == 303


class TestUploadedMetadata:
    """What a file said."""

    def test_it_shows_what_matters(
        self, browser: Client, path: str, organization: Organization, upload: Upload
    ) -> None:
        configuration = upload(organization, descriptor(certificates=(certificate(days=95), certificate(days=-2))))
        response = browser.get(f"{path}/metadata/{configuration.public_id}")
        document = page(response)
        text = words(document)
        for part in (ENTITY_ID, configuration.sso_redirect_url, "Expires 3 months", "Expired 2 days"):
            assert part in text, part
        for each in configuration.signing_certificates():
            assert each.fingerprint in text
        assert document.xpath("//pre")[0].text == configuration.metadata

    def test_hostile_text_in_it_stays_text(
        self, browser: Client, path: str, organization: Organization, upload: Upload
    ) -> None:
        text = descriptor("&lt;script&gt;alert(1)&lt;/script&gt;") + "<!-- <script>alert(2)</script> -->"
        configuration = upload(organization, text)
        response = browser.get(f"{path}/metadata/{configuration.public_id}")
        assert b"<script>alert" not in response.content
        assert b"<script>alert" not in browser.get(path).content

    def test_another_organization_has_no_such_file(
        self, browser: Client, path: str, make_organization: MakeOrganization, upload: Upload
    ) -> None:
        theirs = upload(make_organization("Fabrikam"))
        assert browser.get(f"{path}/metadata/{theirs.public_id}").status_code == 404
