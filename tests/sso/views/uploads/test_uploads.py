"""Uploads that wait for their admin, until when and for whom; and which files are taken at all."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
import time_machine
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.utils import timezone
from pytest_django import Settings

from orgs.models import Organization, Role, User
from sso.models import OfferedProvider, Upload
from sso.services import kept_uploads
from tests.conftest import MakeMember, MakeOrganization, SignedIn, new_browser
from tests.sso.views.choices import choose, offers, typed, without_files
from tests.sso.views.files import ENTITY_ID, NAMES, descriptor, federation, large, uploaded
from tests.sso.views.pages import errors_at, field, form_to, page, words
from tests.sso.views.rows import active

OTHER_ENTITY_ID = "https://idp.fabrikam.example/"


def _is_gone(browser: Client, list_path: str, provider: OfferedProvider) -> None:
    for response in (browser.get(list_path), browser.post(list_path, {"provider": str(provider.public_id)})):
        assert response.status_code == 404
        assert "Upload the file again" in words(page(response))


class TestGone:
    """What a list leads to when its hour, its use or its organization is another."""

    def test_an_hour_later_it_is_gone(self, browser: Client, listed: Callable[..., str]) -> None:
        list_path = listed()
        provider = OfferedProvider.objects.first()
        with time_machine.travel(timezone.now() + timedelta(minutes=61)):
            _is_gone(browser, list_path, provider)

    def test_the_next_upload_takes_its_place(self, browser: Client, listed: Callable[..., str]) -> None:
        first, provider = listed(), OfferedProvider.objects.first()
        second = listed()
        _is_gone(browser, first, provider)
        assert len(offers(browser.get(second))) == 3
        assert Upload.objects.count() == 1

    def test_what_was_used_is_gone(self, browser: Client, listed: Callable[..., str]) -> None:
        list_path, provider = listed(), OfferedProvider.objects.first()
        assert choose(browser, list_path, NAMES[0]).status_code == 303
        _is_gone(browser, list_path, provider)

    def test_what_is_not_ready_is_seen_by_nobody(self, browser: Client, listed: Callable[..., str]) -> None:
        list_path, provider = listed(), OfferedProvider.objects.first()
        Upload.objects.update(is_ready=False)
        _is_gone(browser, list_path, provider)

    def test_it_is_no_other_organizations(
        self,
        browser: Client,
        path: str,
        listed: Callable[..., str],
        admin: User,
        make_organization: MakeOrganization,
        member: MakeMember,
    ) -> None:
        """Not even an admin of both organizations reaches it, by any request that names it."""
        fabrikam = make_organization("Fabrikam")
        member(fabrikam, Role.ADMIN, admin)
        list_path, provider = listed(), OfferedProvider.objects.first()
        theirs = list_path.replace("/o/contoso/", f"/o/{fabrikam.slug}/")
        _is_gone(browser, theirs, provider)
        kept = browser.post(path.replace("contoso", fabrikam.slug), typed(kept_upload=str(provider.public_id)))
        assert "no longer here" in errors_at(page(kept), "metadata_file")
        own = kept_uploads.offer_providers(
            organization=fabrikam, by=admin, file=io.BytesIO(federation().encode()), name="f.xml", choices={}
        )
        own_list = theirs.replace(list_path.rpartition("/")[2], str(own.public_id))
        response = browser.post(own_list, {"provider": str(provider.public_id)})
        assert "Nothing was chosen." in words(page(response))
        assert active(fabrikam) is None


class TestKept:
    """A file waits in the database while the admin puts something else right; the page carries its number only."""

    def test_the_page_carries_no_file(self, browser: Client, path: str) -> None:
        text = descriptor().replace("<KeyDescriptor", "<Extensions>" + "A" * 900_000 + "</Extensions><KeyDescriptor", 1)
        response = browser.post(path, typed(metadata_file=uploaded(text), require_sso="on"))
        assert "contoso.xml is uploaded but not saved yet." in words(page(response))
        assert len(response.content) < 200_000
        assert len(field(page(response), "kept_upload").value) == 36

    def test_another_file_takes_the_place_of_the_kept_one(
        self, browser: Client, path: str, organization: Organization
    ) -> None:
        first = page(browser.post(path, typed(metadata_text=descriptor(OTHER_ENTITY_ID), require_sso="on")))
        again = without_files(dict(form_to(first, path).fields)) | {"metadata_file": uploaded(descriptor())}
        again.pop("require_sso")
        assert browser.post(path, again).status_code == 303
        assert active(organization).entity_id == ENTITY_ID
        assert not Upload.objects.exists()

    @pytest.mark.parametrize("kept", ["no number", "1b4e28ba-2fa1-11d2-883f-0016d3cca427"])
    def test_what_is_no_longer_kept_is_asked_for_again(self, browser: Client, path: str, kept: str) -> None:
        response = browser.post(path, typed(kept_upload=kept))
        document = page(response)
        assert response.status_code == 422
        assert "no longer here" in errors_at(document, "metadata_file")
        assert not field(document, "kept_upload").value

    def test_a_file_of_many_has_to_be_chosen_again_where_the_form_is_wrong(self, browser: Client, path: str) -> None:
        response = browser.post(path, typed(metadata_file=uploaded(federation()), provider="nonsense"))
        assert response.status_code == 422
        assert "Choose this file again" in errors_at(page(response), "metadata_file")
        assert not Upload.objects.exists()

    def test_odd_characters_in_other_fields_are_no_server_error(self, browser: Client, path: str) -> None:
        response = browser.post(path, typed(metadata_file=uploaded(federation()), force_authn="on\0"))
        assert response.status_code == 303
        assert "\0" not in str(Upload.objects.get().choices)


class TestWhichFiles:
    """A file of up to 100 MB is taken on this page, and only from an admin of this organization."""

    def test_more_than_100_mb_are_refused_before_they_are_read(
        self, browser: Client, path: str, organization: Organization
    ) -> None:
        body = Unread()
        response = browser.generic(
            "POST", path, content_type=MULTIPART_CONTENT, CONTENT_LENGTH="102000001", **{"wsgi.input": body}
        )
        assert response.status_code == 413
        document = page(response)
        assert "larger than 100 MB" in errors_at(document, "metadata_file")
        assert field(document, "just_in_time_role").value == "20"
        assert not body.was_read

    @pytest.mark.parametrize("content_type", [MULTIPART_CONTENT, "application/x-www-form-urlencoded"])
    def test_more_than_2_mb_of_text_are_sent_as_a_file(
        self,
        browser: Client,
        path: str,
        organization: Organization,
        content_type: str,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        fields = typed(metadata_text="x" * 3_000_000, provider="okta")
        is_multipart = content_type == MULTIPART_CONTENT
        body = encode_multipart(BOUNDARY, fields) if is_multipart else urlencode(fields).encode()
        response = browser.generic("POST", path, body, content_type=content_type)
        assert response.status_code == 413
        document = page(response)
        assert "larger than 2 MB. Save it as a file" in errors_at(document, "metadata_text")
        assert "have to be made again" in errors_at(document, "metadata_text")
        assert field(document, "just_in_time_role").value == "20"
        assert not any(record.exc_info for record in caplog.records)
        assert not [record for record in caplog.records if record.levelname == "ERROR"]
        assert not response.wsgi_request.read(1)
        assert active(organization) is None

    def test_the_browser_can_know_it_before(self, browser: Client, path: str) -> None:
        (zone,) = page(browser.get(path)).xpath("//*[@data-drop]")
        assert zone.get("data-most-bytes") == "100000000"
        assert "larger than 100 MB" in zone.xpath(".//@data-too-large")[0]

    @pytest.mark.parametrize("length", ["", "x", "-1"])
    def test_odd_lengths_are_no_server_error(self, browser: Client, path: str, length: str) -> None:
        response = browser.generic("POST", path, b"", content_type=MULTIPART_CONTENT, CONTENT_LENGTH=length)
        assert response.status_code < 500

    def test_the_form_still_needs_its_token(self, admin: User, path: str, client_of: SignedIn) -> None:
        browser = client_of(admin)
        browser.handler.enforce_csrf_checks = True
        browser.get(path)
        assert browser.post(path, typed(metadata_text=descriptor())).status_code == 403
        token = page(browser.get(path)).xpath("//input[@name='csrfmiddlewaretoken']/@value")[0]
        fields = typed(metadata_file=uploaded(descriptor()), csrfmiddlewaretoken=token)
        assert browser.post(path, fields, headers={"referer": f"https://amplisso.example{path}"}).status_code == 303

    def test_nobody_else_brings_files(
        self, path: str, client_of: SignedIn, organization: Organization, member: MakeMember, on_disk: Path
    ) -> None:
        strangers = [new_browser(), client_of(member(organization, Role.MANAGER).user)]
        for browser in strangers:
            response = browser.post(path, typed(metadata_file=uploaded(b"x" * 3_000_000)))
            assert response.status_code in {403, 404}
            assert not list(on_disk.iterdir())

    @pytest.mark.parametrize("page_path", ["/sign-in", "/account/login/", "/account/signup/", "/saml/2/acs/10001"])
    def test_no_other_page_takes_files(self, visitor: Client, page_path: str, on_disk: Path) -> None:
        response = visitor.post(page_path, {"email": "ada@contoso.example", "file": uploaded(b"x" * 3_000_000)})
        assert response.status_code < 500
        assert not response.wsgi_request.FILES
        assert not list(on_disk.iterdir())

    def test_large_files_wait_on_the_disk_and_leave_it(
        self, browser: Client, path: str, on_disk: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        body = encode_multipart(BOUNDARY, typed(metadata_file=uploaded(large(), "federation.xml")))
        response = browser.generic("POST", path, body, content_type=MULTIPART_CONTENT)
        assert response.status_code == 303
        assert isinstance(response.wsgi_request.FILES["metadata_file"], TemporaryUploadedFile)
        response.wsgi_request.FILES["metadata_file"].close()
        assert not list(on_disk.iterdir())

    @pytest.fixture
    def on_disk(self, tmp_path: Path, settings: Settings) -> Path:
        """Where uploads wait."""
        settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
        return tmp_path


class Unread(io.BytesIO):
    """A request body that records whether it was read; it must not be."""

    was_read = False

    def read(self, size: int | None = -1, /) -> bytes:
        self.was_read = True
        return b""
