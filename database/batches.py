"""Deleting many rows in steps of bounded memory and time, each a transaction of its own."""

from __future__ import annotations

from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet

# Rows of one transaction: a tenth of a second or so, during which others may wait for these rows.
BATCH: Final = 1000


def delete_in_batches(rows: QuerySet[Any], *, by: str, size: int = BATCH) -> int:
    """Delete rows, those with the smallest value of a field first; return how many.

    The field has an index and takes part in the conditions, so that no step looks at rows of which an earlier one has
    seen that they stay. What has been deleted stays deleted when a later step fails.
    """
    count = 0
    while keys := list(rows.order_by(by).values_list("pk", flat=True)[:size]):
        with transaction.atomic():
            gone = rows.filter(pk__in=keys).order_by().delete()[1].get(rows.model._meta.label, 0)
        count += gone
        if not gone or len(keys) < size:
            break
    return count
