"""Comparing the name IDs that are e-mail addresses in their normal form (invariant 8)."""

from __future__ import annotations

from collections import Counter
from typing import Any

from orgs.transactions import atomic
from sso.models import Identity, SignIn, SignInState, SubjectKind
from sso.services.asserted import as_address

# A name ID in another format is no address, whatever it looks like (SAML core 8.3). "" is none, which is unspecified.
_FORMATS_OF_ADDRESSES = {
    "",
    "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
    "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
}
# Beyond this no text is an address, and none is parsed for being one.
_LONGEST = 320


def comparable(name_id: str, name_id_format: str) -> str | None:
    """Return a name ID that is an address in its normal form; None if it is compared letter for letter."""
    if name_id_format not in _FORMATS_OF_ADDRESSES or len(name_id) > _LONGEST:
        return None
    return as_address(name_id) or None


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


def last_format(identity: Any, sign_ins: Any) -> str | None:
    """Return the format of a name ID at the last sign-in with it, "" if that named none; None if no row tells."""
    rows = sign_ins.objects.filter(
        connection_id=identity.connection_id, user_id=identity.user_id, state=SignInState.SUCCEEDED.value
    )
    for claims in rows.order_by("-id").values_list("claims", flat=True)[:20]:
        if claims and claims.get("name_id") == identity.subject:
            return str(claims.get("name_id_format", ""))
    return None


def _fill_in(identity: Any, form: str) -> int:
    if identity.normalized_subject is not None:
        return 0
    unfilled = type(identity).objects.filter(pk=identity.pk, normalized_subject=None)
    return int(unfilled.update(normalized_subject=form))
