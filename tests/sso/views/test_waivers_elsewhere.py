"""Where waivers show besides their own form: in both logs, with files and drafts, and to operators."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import time_machine
from django.test import Client

from audit.actors import COMMAND_LINE
from orgs.models import GrantKind, Organization
from orgs.services import organizations
from sso.models import Configuration, SignIn, Waiver
from sso.reasons import Reason
from sso.selectors.connections import active_configuration
from sso.services import waivers
from tests.conftest import open_session
from tests.sso.views.conftest import MakeSignIn, Upload
from tests.sso.views.files import certificate, descriptor
from tests.sso.views.pages import links, page, words
from tests.sso.views.waivers import NOW, allow, waiver_path


@pytest.fixture(autouse=True)
def frozen() -> Any:
    """A day from which the last possible one is 3 February 2027."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def log(connected: Organization, sign_in_row: MakeSignIn) -> Any:
    """Make a refused sign-in that the first certificate verified, and return its row."""

    def make(reason: Reason, check: str, received: str, **fields: str) -> SignIn:
        configuration = Configuration.objects.get(connection__organization=connected, state="active")
        failed = {"name": check, "outcome": "failed", "expected": "", "received": received, "clause": ""}
        signer = {"certificate": configuration.signing_certificates()[0].fingerprint} | fields
        return sign_in_row(configuration, "refused", reason=reason, checks=[failed], **signer)

    return make


class TestElsewhere:
    """The sign-in log offers it, and whatever shows a version shows its waivers."""

    @pytest.mark.parametrize(
        ("reason", "check", "received", "kind"),
        [
            (Reason.CERTIFICATE_EXPIRED, "certificate_dates", "2022-01-01 to 2025-01-01", "expired_certificates"),
            (Reason.WEAK_ALGORITHM, "algorithms", "rsa-sha1, sha1", "sha1"),
            (Reason.WEAK_ALGORITHM, "algorithms", "rsa-sha1, sha256", "sha1"),
            (Reason.WEAK_ALGORITHM, "algorithms", "rsa-md5, sha1", ""),
            (Reason.WEAK_ALGORITHM, "algorithms", "rsa-sha384, sha1, sha512", "sha1"),
            (Reason.WEAK_ALGORITHM, "algorithms", "ecdsa-sha256, sha1", "sha1"),
            (Reason.WEAK_ALGORITHM, "algorithms", "sha1", "sha1"),
            (Reason.WEAK_ALGORITHM, "algorithms", "hmac-sha1, sha1", ""),
            (Reason.WEAK_ALGORITHM, "algorithms", "ecdsa-sha1, sha1", ""),
            (Reason.WEAK_ALGORITHM, "algorithms", "hmac-sha256, sha256", ""),
            (Reason.WEAK_ALGORITHM, "algorithms", "dsa-sha256, sha256", ""),
            (Reason.WEAK_ALGORITHM, "algorithms", "hmac-sha256, rsa-sha1, sha1", ""),
            (Reason.WEAK_ALGORITHM, "algorithms", "rsa-sha256, sha256", ""),
            (Reason.WEAK_ALGORITHM, "algorithms", "", ""),
            (Reason.UNTRUSTED, "signature", "not signed by any of them", ""),
        ],
    )
    def test_the_log_offers_what_would_have_helped(
        self, browser: Client, path: str, log: Any, reason: Reason, check: str, received: str, kind: str
    ) -> None:
        row = log(reason, check, received)
        address = f"/o/contoso/settings/sign-ins/{row.reference}"
        found = [link for link in links(page(browser.get(address))).items() if "#waiver" in (link[1] or "")]
        if not kind:
            assert found == []
            return
        wanted = Waiver(kind)
        assert found == [(f"accept {wanted.in_words} until a date", f"{path}#waiver-{kind}")]
        assert page(browser.get(path)).get_element_by_id(f"waiver-{kind}") is not None
        allow(browser, wanted)
        document = page(browser.get(address))
        assert f"{wanted.label} are accepted until 5 December 2026: the user can sign in again now." in words(document)
        assert links(document)["Change or end this"] == f"{path}#waiver-{kind}"

    @pytest.mark.parametrize(
        ("begins", "fields", "is_offered"),
        [(-1, {}, True), (0, {}, True), (1, {}, False), (-1, {"certificate": "0" * 64}, False)],
        ids=["begun", "begins now", "not begun", "not in the file"],
    )
    def test_it_is_offered_for_no_certificate_that_has_yet_to_begin(
        self,
        browser: Client,
        connected: Organization,
        upload: Upload,
        log: Any,
        begins: int,
        fields: dict[str, str],
        is_offered: bool,
    ) -> None:
        upload(connected, descriptor(certificates=(certificate(begins=begins), certificate(days=-1))))
        row = log(Reason.CERTIFICATE_EXPIRED, "certificate_dates", "", **fields)
        document = page(browser.get(f"/o/contoso/settings/sign-ins/{row.reference}"))
        assert any("#waiver-expired_certificates" in each for each in links(document).values()) == is_offered
        assert "expired or is not valid yet" in words(document)

    def test_an_uploaded_file_says_what_was_excepted(self, browser: Client, path: str, connected: Organization) -> None:
        before = active_configuration(connected)
        allow(browser, Waiver.SHA1)
        after = active_configuration(connected)
        said = "SHA-1 signatures accepted until 5 December 2026"
        pages = [words(page(browser.get(f"{path}/metadata/{each.public_id}"))) for each in (before, after)]
        assert [said in text for text in pages] == [False, True]
        assert "This version was saved now by" in pages[1]

    def test_the_audit_log_says_it_in_words(self, browser: Client, connected: Organization) -> None:
        allow(browser, Waiver.SHA1)
        browser.post(waiver_path(Waiver.SHA1, end=True))
        text = words(page(browser.get("/o/contoso/settings/audit")))
        summaries = [words(each) for each in page(browser.get("/o/contoso/settings/audit")).xpath("//li//summary")]
        allowed = next(each for each in summaries if "Waiver allowed until a date" in each)
        assert "SHA-1 signatures until 5 December 2026" in allowed
        ended = next(each for each in summaries if "Waiver ended" in each)
        assert "SHA-1 signatures" in ended
        assert "until" not in ended
        said = (
            "waiver SHA-1 signatures",
            "until 2026-12-05T23:59:59+00:00",
            "until none",
            "versions 2",
            "versions 3",
        )
        assert [each for each in said if f"After: {each}" not in text] == []

    def test_a_draft_of_another_provider_says_that_it_goes(
        self, browser: Client, path: str, connected: Organization, upload: Upload
    ) -> None:
        allow(browser, Waiver.SHA1)
        organizations.set_require_sso(organization=connected, required=True, actor=COMMAND_LINE)
        connected.refresh_from_db()
        upload(connected, descriptor("https://idp.fabrikam.example/"))
        Organization.objects.update(require_sso=False)  # so that this browser's password still opens the page
        said = "SHA-1 signatures will no longer be accepted: you allowed them for another provider."
        assert said in words(page(browser.get(path)))
        allow(browser, Waiver.SHA1, "2026-12-06")
        assert said in words(page(browser.get(path))), "it is not for the draft's provider"

    def test_the_log_offers_none_for_a_draft_of_another_provider(
        self, browser: Client, connected: Organization, upload: Upload, sign_in_row: MakeSignIn
    ) -> None:
        organizations.set_require_sso(organization=connected, required=True, actor=COMMAND_LINE)
        connected.refresh_from_db()
        same, other = upload(connected), upload(connected, descriptor("https://idp.fabrikam.example/"))
        Organization.objects.update(require_sso=False)  # so that this browser's password still opens the page
        failed = {"name": "algorithms", "outcome": "failed", "expected": "", "received": "rsa-sha1", "clause": ""}
        for draft, is_offered in ((same, True), (other, False)):
            row = sign_in_row(draft, "refused", reason=Reason.WEAK_ALGORITHM, checks=[failed])
            document = page(browser.get(f"/o/contoso/settings/sign-ins/{row.reference}"))
            assert ("accept SHA-1 signatures until a date" in links(document)) == is_offered

    def test_operators_see_it_with_the_connection(self, connected: Organization, make_user: Any) -> None:
        operator = open_session(make_user(is_staff=True, is_superuser=True), GrantKind.PASSWORD)
        address = f"/admin/sso/connection/{connected.connections.get().pk}/change/"
        assert "None" in words(page(operator.get(address)).xpath("//*[contains(@class, 'field-waivers')]")[0])
        waivers.allow_waiver(
            organization=connected, kind=Waiver.SHA1, last_day=date(2026, 12, 5), by=None, actor=COMMAND_LINE
        )
        shown = words(page(operator.get(address)).xpath("//*[contains(@class, 'field-waivers')]")[0])
        assert "SHA-1 signatures accepted until 2026-12-05, end of the day in UTC" in shown
