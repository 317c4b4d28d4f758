"""Uploads that wait for a choice: what is written, in which portions, and when it goes away."""

from __future__ import annotations

import io
import itertools
import random
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from orgs.models import Organization, Role, User
from sso import saml
from sso.models import OfferedProvider, Upload
from sso.models.kept_uploads import folded
from sso.selectors.kept_uploads import offered_provider, upload_by_public_id
from sso.selectors.keys import service_provider
from sso.services import kept_uploads
from tests.conftest import MakeMember, MakeOrganization
from tests.saml.metadata_files import SP_ROLE, aggregate, entities, entity, key, role, sso, ui

pytestmark = pytest.mark.django_db

SHIBBOLETH = "urn:mace:shibboleth:metadata:1.0"


def offer(organization: Organization, by: User, text: str = "", **choices: str) -> Upload:
    data = text or entities(entity(entity_id="https://one.test/"), entity(entity_id="https://two.test/"))
    return kept_uploads.offer_providers(
        organization=organization, by=by, file=io.BytesIO(data.encode()), name="federation.xml", choices=choices
    )


def test_what_is_written(organization: Organization, admin: User) -> None:
    scope = f'<s:Scope xmlns:s="{SHIBBOLETH}">contoso.example</s:Scope>'
    named = entity(role(ui(en="Contoso Üni", de="Contoso Hochschule", more=scope) + key() + sso()), "https://one.test/")
    upload = offer(organization, admin, entities(named, entity(SP_ROLE, "https://sp.test/")), provider="okta")
    assert (upload.name, upload.choices, upload.created_by) == ("federation.xml", {"provider": "okta"}, admin)
    provider = upload.providers.get()
    assert (provider.entity_id, provider.name, str(provider)) == ("https://one.test/", "Contoso Üni", "Contoso Üni")
    assert provider.search_text.split("\n") == [
        "contoso uni",
        "https://one.test/",
        "contoso uni",
        "contoso hochschule",
        "contoso.example",
    ]
    metadata = saml.read_idp_metadata(provider.document, our_entity_id="https://sp.test/", now=timezone.now())
    assert metadata.entity_id == "https://one.test/"


def test_what_a_file_may_write_is_bounded(organization: Organization, admin: User) -> None:
    endless = entity(role(ui(en="x" * 5000) + key() + sso()), "https://" + "a" * 5000)
    provider = offer(organization, admin, entities(endless, entity())).providers.order_by("id")[0]
    assert (len(provider.entity_id), len(provider.name), len(provider.search_text)) == (1024, 200, 2000)


def test_words_are_found_without_their_accents() -> None:
    assert folded("GÖTEBORGS Universitet, Straße, İstanbul") == "goteborgs universitet, strasse, istanbul"


def test_a_file_that_cannot_be_used_leaves_nothing(organization: Organization, admin: User) -> None:
    kept = offer(organization, admin)
    many = entities(*(entity(entity_id=f"https://idp{number}.test/") for number in range(500)))
    with pytest.raises(saml.MetadataError):
        offer(organization, admin, many[:-30])
    assert list(Upload.objects.all()) == [kept]
    assert OfferedProvider.objects.count() == 2


def test_each_admin_has_one_and_others_keep_theirs(
    organization: Organization, admin: User, make_organization: MakeOrganization, member: MakeMember
) -> None:
    other = member(organization, Role.ADMIN).user
    theirs, elsewhere = offer(organization, other), offer(make_organization("Fabrikam"), admin)
    first = offer(organization, admin)
    second = kept_uploads.keep_upload(organization=organization, by=admin, document=b"<x/>", name="x.xml")
    assert set(Upload.objects.all()) == {theirs, elsewhere, second.upload}
    kept_uploads.forget_uploads(organization=organization, by=admin)
    assert set(Upload.objects.all()) == {theirs, elsewhere}
    assert not OfferedProvider.objects.filter(upload_id=first.pk).exists()


def test_the_database_holds_to_one(organization: Organization, admin: User) -> None:
    upload = offer(organization, admin)
    with pytest.raises(IntegrityError), transaction.atomic():
        Upload.objects.create(
            organization=organization, created_by=admin, name="b", is_ready=True, expires_at=upload.expires_at
        )


def test_only_this_organizations_and_only_for_an_hour(
    organization: Organization, admin: User, make_organization: MakeOrganization
) -> None:
    upload, fabrikam = offer(organization, admin), make_organization("Fabrikam")
    number = str(upload.providers.all()[0].public_id)
    assert upload_by_public_id(organization, upload.public_id) == upload
    assert offered_provider(organization, number) is not None
    assert upload_by_public_id(fabrikam, upload.public_id) is None
    assert offered_provider(fabrikam, number) is None
    assert kept_uploads.purge_uploads() == 0
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        assert upload_by_public_id(organization, upload.public_id) is None
        assert offered_provider(organization, number) is None
        assert kept_uploads.purge_uploads() == 1
    assert not OfferedProvider.objects.exists()


def test_what_is_late_goes_with_the_next_upload(organization: Organization, admin: User, member: MakeMember) -> None:
    late = offer(organization, member(organization, Role.ADMIN).user)
    broken_off = Upload.objects.create(
        organization=organization, created_by=admin, name="b", expires_at=late.expires_at
    )
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        now = offer(organization, admin)
    assert list(Upload.objects.all()) == [now]
    assert not Upload.objects.filter(pk=broken_off.pk).exists()


def test_our_own_entry_is_none_to_choose(organization: Organization, admin: User) -> None:
    us = service_provider(organization.number).entity_id
    upload = offer(organization, admin, entities(entity(SP_ROLE, us), entity(entity_id="https://one.test/")))
    assert upload.providers.get().entity_id == "https://one.test/"
    with pytest.raises(saml.MetadataError, match="Amplisso's own metadata"):
        offer(organization, admin, entities(entity(SP_ROLE, us)))


def test_a_large_file_is_written_while_it_is_read(organization: Organization, admin: User) -> None:
    """However many there are, few are in memory at once: by number where they are small, by size where they are not."""
    chance = random.Random(7)  # noqa: S311 - what can't be compressed
    large = (
        entity(role(f"<Extensions><x>{chance.randbytes(100_000).hex()}</x></Extensions>" + key() + sso()))
        for _ in range(50)
    )
    for text in ("".join(aggregate(size=0, entities=2_000)), entities(*large)):
        found = positions(organization, admin, text)
        assert len(found) >= 5
        assert max(after - before for before, after in itertools.pairwise([0, *found])) < len(text) / 4


def positions(organization: Organization, admin: User, text: str) -> list[int]:
    """How far the file was read each time that something of it was written."""
    file, found = io.BytesIO(text.encode()), list[int]()

    def watch(execute: Callable[..., object], sql: str, *rest: object) -> object:
        if sql.startswith('INSERT INTO "sso_offeredprovider"'):
            found.append(file.tell())
        return execute(sql, *rest)

    with connection.execute_wrapper(watch):
        upload = kept_uploads.offer_providers(
            organization=organization, by=admin, file=file, name="large.xml", choices={}
        )
    assert upload.providers.count() == len(re.findall("<IDPSSODescriptor", text))
    return found
