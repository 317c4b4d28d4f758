"""Reading how users are known at identity providers."""

from __future__ import annotations

from collections import defaultdict

from orgs.models import Organization
from sso.models import Identity, SubjectKind
from sso.services.asserted import as_address


def colliding_identities(organization: Organization) -> list[list[Identity]]:
    """Return groups of identities of different accounts whose subjects differ only in how one address is written."""
    exact = Identity.objects.select_related("user").filter(
        connection__organization=organization,
        subject_kind=SubjectKind.NAME_ID,
        subject__contains="@",
        normalized_subject=None,
    )
    groups = defaultdict[tuple[int, str, str], list[Identity]](list)
    for each in exact.order_by("id"):
        groups[each.connection_id, each.provider_entity_id, as_address(each.subject)].append(each)
    return [group for (*_, address), group in groups.items() if address and len(group) > 1]
