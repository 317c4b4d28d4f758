"""Reading how users are known at identity providers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from orgs.models import Organization
from sso.models import Identity, SignIn, SubjectKind
from sso.models.identities import UNNORMALIZED
from sso.selectors.address_forms import as_address
from sso.selectors.name_id_forms import comparable, last_format


def colliding_identities(organization: Organization) -> list[list[Identity]]:
    """Return groups of identities of different accounts whose subjects differ only in how one address is written.

    Each group has one at least that is compared letter for letter because of the others (`normalize_stored`).
    """
    name_ids = Identity.objects.select_related("user").filter(
        connection__organization=organization, subject_kind=SubjectKind.NAME_ID
    )
    exact = list(name_ids.filter(UNNORMALIZED))
    forms = {_form(each) for each in exact}
    known = list(name_ids.filter(normalized_subject__in=forms)) if exact else []
    groups = _grouped([*exact, *known])
    return [found for group in groups if len(found := _without_others(group)) > 1]


def _form(identity: Identity) -> str:
    """Return what different spellings of an address have in common; for most, that needs no parser of addresses."""
    if identity.normalized_subject is not None:
        return identity.normalized_subject
    text = identity.subject.strip()
    return text.lower() if text.isascii() else as_address(text)


def _grouped(identities: Iterable[Identity]) -> list[list[Identity]]:
    groups = defaultdict[tuple[int, str, str], list[Identity]](list)
    for each in sorted(identities, key=lambda each: each.pk):
        groups[each.connection_id, each.provider_entity_id, _form(each)].append(each)
    return [group for group in groups.values() if len(group) > 1]


def _without_others(group: list[Identity]) -> list[Identity]:
    """Leave out name IDs in a format that is no address, whatever they look like."""
    return [
        each for each in group if each.normalized_subject or comparable(each.subject, last_format(each, SignIn) or "")
    ]
