"""Files with many identity providers: uploaded, searched and chosen from."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from orgs.models import Organization, Plan, Role, User
from sso.models import Configuration, Upload
from sso.services import kept_uploads
from tests.conftest import MakeMember, SignedIn
from tests.saml.metadata_files import SP_ROLE, entities, entity
from tests.sso.views.choices import choose, offers, typed, without_files
from tests.sso.views.files import ENTITY_ID, NAMES, descriptor, federation, large, several, uploaded
from tests.sso.views.pages import errors_at, field, form_to, links, page, words
from tests.sso.views.rows import active
from tests.sso.views.rows import upload as save_metadata

OTHER_ENTITY_ID = "https://idp.fabrikam.example/"


class TestChoosing:
    """From the upload to the connection."""

    @pytest.mark.parametrize("text", [federation, large], ids=["small", "large"])
    def test_the_admin_chooses(
        self,
        browser: Client,
        path: str,
        organization: Organization,
        listed: Callable[..., str],
        text: Callable[[], str],
    ) -> None:
        list_path = listed(text(), just_in_time_role="10", provider="okta")
        assert active(organization) is None
        document = page(browser.get(list_path))
        assert "federation.xml describes 3 identity providers." in words(document)
        assert "https://idp1.example/" in words(document)
        assert list(offers(browser.get(list_path))) == list(NAMES)
        response = choose(browser, list_path, NAMES[1])
        assert (response.status_code, response["Location"]) == (303, path)
        configuration = active(organization)
        assert configuration is not None
        assert configuration.entity_id == "https://idp1.example/"
        assert "idp0.example" not in configuration.metadata
        assert (configuration.connection.provider, configuration.connection.just_in_time_role) == ("okta", 10)
        assert "Single sign-on is on." in words(page(browser.get(path)))
        assert not Upload.objects.exists()

    def test_pasted_text_is_a_file_too(self, browser: Client, path: str) -> None:
        response = browser.post(path, typed(metadata_text=several(ENTITY_ID, OTHER_ENTITY_ID)))
        document = page(browser.get(response["Location"]))
        assert "The text you pasted describes 2 identity providers" in words(document)

    def test_without_a_name_the_entity_id_is_shown(self, browser: Client, listed: Callable[..., str]) -> None:
        list_path = listed(several(ENTITY_ID, OTHER_ENTITY_ID))
        assert set(offers(browser.get(list_path))) == {ENTITY_ID, OTHER_ENTITY_ID}

    def test_names_are_text(self, browser: Client, listed: Callable[..., str]) -> None:
        list_path = listed(federation(("&lt;script&gt;alert(1)&lt;/script&gt;", "B")), "<b>.xml")
        assert "<script>alert(1)</script>" in offers(browser.get(list_path))
        assert b"<script>alert" not in browser.get(list_path).content

    def test_where_there_is_only_one_nobody_has_to_choose(
        self, browser: Client, path: str, organization: Organization
    ) -> None:
        many = (entity(SP_ROLE + "<x>" + "A" * 600_000 + "</x>", f"https://sp{number}.example/") for number in range(3))
        response = browser.post(path, typed(metadata_file=uploaded(entities(*many, descriptor(), entity(SP_ROLE)))))
        assert (response.status_code, response["Location"]) == (303, path)
        configuration = active(organization)
        assert configuration is not None
        assert configuration.entity_id == ENTITY_ID
        assert len(configuration.metadata) < 10_000

    def test_one_alone_of_more_than_a_megabyte_is_refused(self, browser: Client, path: str) -> None:
        response = browser.post(path, typed(metadata_file=uploaded(federation(NAMES[:1], padding=1_500_000))))
        assert response.status_code == 422
        assert "One entry of this file is larger than 1 MB." in errors_at(page(response), "metadata_file")
        assert not Upload.objects.exists()

    def test_the_button_says_whom_it_chooses(self, browser: Client, listed: Callable[..., str]) -> None:
        document = page(browser.get(listed()))
        assert [words(each) for each in document.xpath("//button[@name='provider']")] == [f"Choose {n}" for n in NAMES]

    def test_who_left_the_list_finds_it_again(
        self,
        browser: Client,
        path: str,
        organization: Organization,
        listed: Callable[..., str],
        client_of: SignedIn,
        member: MakeMember,
    ) -> None:
        assert "Choose your identity provider" not in links(page(browser.get(path)))
        list_path = listed()
        document = page(browser.get(path))
        assert links(document)["Choose your identity provider"] == list_path
        assert "federation.xml describes several identity providers." in words(document)
        other = client_of(member(organization, Role.ADMIN).user)
        assert "Choose your identity provider" not in links(page(other.get(path)))
        choose(browser, list_path, NAMES[0])
        assert "Choose your identity provider" not in links(page(browser.get(path)))

    def test_where_sso_is_required_the_choice_is_a_draft(
        self, path: str, required: Organization, admin: User, sso_client: SignedIn
    ) -> None:
        browser, before = sso_client(admin, required), active(required)
        shown = dict(form_to(page(browser.get(path)), path).fields) | {"metadata_file": uploaded(federation())}
        response = browser.post(path, {name: value for name, value in shown.items() if value is not None})
        choose(browser, response["Location"], NAMES[0])
        assert active(required) == before
        draft = Configuration.objects.get(connection__organization=required, state="draft")
        assert draft.entity_id == "https://idp0.example/"


class TestSearch:
    """Ten thousand are no list to read."""

    @pytest.mark.parametrize(
        ("search", "found"),
        [
            ("contoso", [0]),
            ("CONTOSO univ", [0]),
            ("university contoso", [0]),
            ("goteborg", [1]),
            ("GÖTEBORG", [1]),
            ("zurich", [2]),
            ("idp2.example", [2]),
            ("https://idp1", [1]),
            ("example", [0, 1, 2]),
            ("%", []),
            ("_", []),
            ("x" * 500, [0, 1, 2]),
            ("  ", [0, 1, 2]),
        ],
    )
    def test_by_words_of_the_name_or_the_entity_id(
        self, browser: Client, listed: Callable[..., str], search: str, found: list[int]
    ) -> None:
        response = browser.get(listed(), {"search": search})
        assert list(offers(response)) == [NAMES[number] for number in found]

    def test_what_fits_nothing_is_told(self, browser: Client, listed: Callable[..., str]) -> None:
        list_path = listed()
        document = page(browser.get(list_path, {"search": "adatum"}))
        assert "No matches" in words(document)
        assert links(document)["Show all"] == list_path

    def test_pages_keep_what_was_searched(self, browser: Client, listed: Callable[..., str]) -> None:
        list_path = listed(federation(tuple(f"University {number:03}" for number in range(120))))
        first = browser.get(list_path, {"search": "university"})
        document = page(first)
        assert "120 of 120 found." in words(document)
        assert "Page 1 of" in words(document)
        following = browser.get(list_path + links(document)["Next"])
        assert not set(offers(first)) & set(offers(following))
        assert field(page(following), "search").value == "university"
        assert form_to(page(following), following.wsgi_request.get_full_path()) is not None

    def test_the_list_takes_few_statements_and_no_documents(
        self, browser: Client, listed: Callable[..., str], django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        list_path = listed(federation(tuple(f"University {number:03}" for number in range(120))))
        with django_assert_max_num_queries(14) as captured:
            browser.get(list_path)
        assert not [query["sql"] for query in captured.captured_queries if '"packed"' in query["sql"]]


class TestRefusals:
    """What can't be chosen."""

    def test_one_that_cannot_be_used_says_why_and_leaves_the_others(
        self, browser: Client, organization: Organization, listed: Callable[..., str]
    ) -> None:
        broken = federation().replace("https://login.microsoft", "http://login.microsoft", 1)
        list_path = listed(broken)
        response = choose(browser, f"{list_path}?search=contoso", NAMES[0])
        assert response.status_code == 422
        (alert,) = page(response).xpath("//*[@role='alert']")
        assert words(alert).startswith(f"Nothing was saved. {NAMES[0]} can't be used.")
        assert "not https" in words(alert)
        assert field(page(response), "search").value == "contoso"
        assert active(organization) is None
        assert choose(browser, list_path, NAMES[1]).status_code == 303

    @pytest.mark.parametrize("others", [0, 1])
    def test_one_that_holds_another_is_no_server_error(self, browser: Client, path: str, others: int) -> None:
        inner = f"<Extensions>{descriptor(OTHER_ENTITY_ID)}</Extensions>"
        outer = descriptor().replace("<IDPSSODescriptor", f"{inner}<IDPSSODescriptor", 1)
        alone = [descriptor(f"https://idp{number}.example/") for number in range(others)]
        response = browser.post(path, typed(metadata_file=uploaded(entities(outer, *alone))))
        answer = choose(browser, response["Location"], ENTITY_ID) if others else response
        assert answer.status_code == 422
        assert "2 identity providers" in words(page(answer))

    @pytest.mark.parametrize("value", ["", "nonsense", "\0", "1b4e28ba-2fa1-11d2-883f-0016d3cca427"])
    def test_choosing_nothing_asks_again(self, browser: Client, listed: Callable[..., str], value: str) -> None:
        response = browser.post(listed(), {"provider": value})
        assert response.status_code == 422
        assert "Nothing was chosen." in words(page(response))
        assert len(offers(response)) == 3

    def test_what_somebody_else_changed_meanwhile_is_not_turned_back(
        self, browser: Client, path: str, organization: Organization
    ) -> None:
        shown = dict(form_to(page(browser.get(path)), path).fields) | {"metadata_file": uploaded(federation())}
        response = browser.post(path, {name: value for name, value in shown.items() if value is not None})
        save_metadata(organization)
        refused = choose(browser, response["Location"], NAMES[0])
        assert refused.status_code == 409
        document = page(refused)
        assert "were changed since" in words(document)
        (kept,) = document.xpath("//*[@class='kept']")
        assert words(kept) == f"{NAMES[0]} in contoso.xml is uploaded but not saved yet."
        again = dict(form_to(document, path).fields)
        assert browser.post(path, without_files(again)).status_code == 303
        assert active(organization).entity_id == "https://idp0.example/"
        assert not Upload.objects.exists()

    def test_requiring_sso_needs_a_sign_in_first_and_keeps_the_choice(
        self, browser: Client, path: str, organization: Organization, listed: Callable[..., str]
    ) -> None:
        refused = choose(browser, listed(require_sso="on"), NAMES[2])
        assert refused.status_code == 422
        document = page(refused)
        assert "yourself" in errors_at(document, "require_sso")
        again = without_files(dict(form_to(document, path).fields))
        again.pop("require_sso")
        assert browser.post(path, again).status_code == 303
        assert active(organization).entity_id == "https://idp2.example/"

    def test_an_upload_of_another_list_is_not_chosen_by_it(
        self, browser: Client, listed: Callable[..., str], organization: Organization, member: MakeMember
    ) -> None:
        list_path = listed()
        other = kept_uploads.offer_providers(
            organization=organization,
            by=member(organization, Role.ADMIN).user,
            file=io.BytesIO(federation().encode()),
            name="f.xml",
            choices={},
        )
        response = browser.post(list_path, {"provider": str(other.providers.first().public_id)})
        assert response.status_code == 422
        assert Upload.objects.count() == 2

    def test_a_smaller_plan_chooses_nothing(
        self, browser: Client, organization: Organization, listed: Callable[..., str]
    ) -> None:
        list_path = listed()
        organization.plan = Plan.objects.get(slug="starter")
        organization.save()
        assert choose(browser, list_path, NAMES[0]).status_code == 422
        assert active(organization) is None
