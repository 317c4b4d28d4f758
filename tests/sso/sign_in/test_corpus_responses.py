"""The responses of the collection, posted as they were sent: who gets in, and what the admin reads of who does not.

They stand beside the metadata files (tests/saml/metadata_corpus.py). All were signed by one key, whose certificate is
in most of them, for organization 10002 of http://localhost:9550, within three seconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest
import time_machine
from django.test import Client

from orgs.models import Organization, User
from sso.models import SignIn, SignInState
from sso.reasons import Reason
from tests.conftest import SignedIn
from tests.saml.metadata_corpus import CORPUS
from tests.saml.metadata_files import entity, key, role, sso
from tests.saml.provider import encode
from tests.sso.conftest import follow_again, upload
from tests.sso.views.pages import page, words

RESPONSES = CORPUS / "responses"
NAMES = sorted(path.stem for path in RESPONSES.glob("*.xml"))
BASE, HOST, NUMBER = "http://localhost:9550", "localhost:9550", 10002
ISSUER = "http://127.0.0.1:9551/920fd47c-b8cc-467c-8fdb-829aa37305bd/"
# When the browser asked, and when the response arrived: the responses were written in between.
ASKED = datetime(2026, 11, 29, 1, 15, 50, tzinfo=UTC)
ARRIVED = ASKED + timedelta(seconds=15)


class Right(NamedTuple):
    """The right answer: the address of the user who is signed in, or the reason with what the log's page says."""

    address: str = ""
    reason: str = ""
    says: tuple[str, ...] = ()


# Decided by reading the responses and the standard, not by asking the product.
RIGHT = {
    "changed-after-signing": Right(
        reason=Reason.CHANGED,
        says=(
            "The signature was made with a known certificate, but the content was changed after signing",
            "Find out what changes the message",
            "Received other content: the signature is good",
        ),
    ),
    "confirmation-notbefore": Right(
        reason=Reason.NOT_BEFORE,
        says=(
            "The subject confirmation has a NotBefore, which the standard forbids there",
            "Turn NotBefore off for the subject confirmation",
            "2026-11-29T02:15:59.481Z, with a NotBefore of 2026-11-29T01:10:59.481Z",
            "Clock of the provider No difference from ours",
        ),
    ),
    "destination-blank": Right("rep-destination-blank@fabrikam.example"),
    "duplicate-mail": Right("rep1@fabrikam.example"),
    "inclusive-c14n": Right("rep-inclusive-c14n@fabrikam.example"),
    "issuer-newline": Right("rep-issuer-newline@fabrikam.example"),
    "non-ascii-local-part": Right(
        reason=Reason.NO_ADDRESS,
        says=(
            "Name ID j\xfcrgen@fabrikam.example The part before the @ has letters other than a to z.",
            "claims/emailaddress j\xfcrgen@fabrikam.example The part before the @ has letters other than a to z.",
            "mail It was not sent.",
            "ASCII",
        ),
    ),
    "oid-mail": Right("rep2@fabrikam.example"),
    "plain-mail": Right("rep3@fabrikam.example"),
    "same-id-twice": Right(
        reason=Reason.PROVIDER_BUG,
        says=(
            "The identity provider sent something that the standard forbids",
            "Received the response and its assertion have the same ID",
        ),
    ),
    "times-with-offset": Right(
        reason=Reason.NOT_UTC,
        says=(
            "A time in the response is not written in UTC with a Z at its end",
            "Received 2026-11-29T01:15:59.564+00:00, not in UTC with a Z at its end",
        ),
    ),
    "two-attribute-statements": Right("rep-two-attribute-statem@fabrikam.example"),
    "undeclared-xs-prefix": Right(
        reason=Reason.PROVIDER_BUG,
        says=(
            "The response is not valid by the schema of the standard",
            "The QName value 'xs:string' has no corresponding namespace declaration in scope.",
        ),
    ),
}
# Texts about responses that no real provider sends, or about faults that none of these has.
UNTRUE = ("This may be an attack", "#EXT#", "The clocks of")

pytestmark = pytest.mark.skipif(not NAMES, reason="the responses are not here")


@pytest.fixture
def fabrikam(settings: Any, organization: Organization) -> Iterator[Organization]:
    """Organization 10002 of the deployment for which the responses were made, connected to their provider."""
    settings.DEBUG, settings.BASE_URL = True, BASE
    Organization.objects.filter(pk=organization.pk).update(number=NUMBER)
    organization.refresh_from_db()
    certificate = re.search("<X509Certificate>([^<]+)<", read("plain-mail"))
    assert certificate is not None
    with time_machine.travel(ASKED, tick=False):
        keys = key(certificate[1])
        upload(organization, entity(role(keys + sso("http://127.0.0.1:9551/saml2")), ISSUER).encode())
        yield organization


def read(name: str) -> str:
    return (RESPONSES / f"{name}.xml").read_text(encoding="utf-8")


def post(name: str) -> SignIn:
    """Ask for a sign-in under the ID that the response answers, and post the response 15 seconds later."""
    asked_for = re.search('InResponseTo="([^"]+)"', read(name))
    assert asked_for is not None
    browser = Client(headers={"host": HOST})
    assert browser.get(f"/sso/{NUMBER}/start").status_code == 302
    SignIn.objects.update(request_id=asked_for[1])
    with time_machine.travel(ARRIVED, tick=False):
        follow_again(browser, f"/saml/2/acs/{NUMBER}", {"SAMLResponse": encode(read(name).encode())})
    return SignIn.objects.get()


@pytest.mark.parametrize("name", sorted(RIGHT))
@pytest.mark.parametrize("provider", ["azure", "other"])
def test_every_response_gets_the_right_verdict_and_true_sentences(
    fabrikam: Organization, admin: User, client_of: SignedIn, name: str, provider: str
) -> None:
    fabrikam.connections.update(provider=provider)
    right, row = RIGHT[name], post(name)
    assert (row.reason, row.address) == (right.reason, right.address)
    assert row.state == (SignInState.REFUSED if right.reason else SignInState.SUCCEEDED)
    answer = client_of(admin).get(f"/o/{fabrikam.slug}/settings/sign-ins/{row.reference}")
    (main,) = page(answer).xpath("//main")
    text = words(main)
    assert [each for each in right.says if each not in text] == []
    assert [each for each in UNTRUE if each in text] == []


def test_every_response_has_a_right_answer() -> None:
    assert sorted(RIGHT) == NAMES
