"""Keeping the normal form of name IDs that are e-mail addresses (invariant 8)."""

from __future__ import annotations

from collections import Counter
from typing import Any

from orgs.transactions import atomic
from sso.models import Identity, SignIn, SubjectKind
from sso.selectors.name_id_forms import comparable, last_format


@atomic
def normalize_subjects() -> int:
    """Fill in the normal form of identities that an earlier release stored without it; return how many."""
    return normalize_stored(Identity, SignIn)


def normalize_stored(identities: Any, sign_ins: Any) -> int:
    """Fill in the normal form of stored identities, given the models (or a migration's); return how many.

    Where the identities of different accounts have one normal form, none gets it: each is known by its exact text
    alone. So is an identity whose last sign-in had a name ID in another format.
    """
    addresses = identities.objects.filter(subject_kind=SubjectKind.ADDRESS.value)
    forms = {each.pk: (each, each.subject) for each in addresses.filter(normalized_subject=None)}
    for each in identities.objects.filter(subject_kind=SubjectKind.NAME_ID.value, subject__contains="@").iterator():
        form = each.normalized_subject or comparable(each.subject, last_format(each, sign_ins) or "")
        if form is not None:
            forms[each.pk] = (each, form)
    alike = Counter(_key(identity, form) for identity, form in forms.values())
    return sum(_fill_in(identity, form) for identity, form in forms.values() if alike[_key(identity, form)] == 1)


def _key(identity: Any, form: str) -> tuple[Any, ...]:
    return identity.connection_id, identity.provider_entity_id, identity.subject_kind, form


def _fill_in(identity: Any, form: str) -> int:
    if identity.normalized_subject is not None:
        return 0
    unfilled = type(identity).objects.filter(pk=identity.pk, normalized_subject=None)
    return int(unfilled.update(normalized_subject=form))
