"""A field for JSON that is written at every sign-in and read by few: compressed with a dictionary of usual texts.

The checks and claims of a sign-in are 9 KB of JSON, of which nearly all is the same in every row: the names of the
rules, what they expect, their clauses, the names of claims. Deflate (RFC 1951) starts with a dictionary of those texts,
so that a row keeps what differs. `usual_texts_1.txt` is that dictionary. A row names the number of its dictionary in
its first byte, so a file never changes once a release has used it; texts that are not in it only take more room.
"""

from __future__ import annotations

import json
import zlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import Expression

if TYPE_CHECKING:
    # Its Python value is JSON, not bytes; and Django's fields take no type arguments when they run.
    _BinaryField = models.Field[Any, Any]
else:
    _BinaryField = models.BinaryField

_NEWEST = 1
# A raw deflate stream: no header and no checksum, which the database's pages have already.
_WINDOW = -15


def pack(value: Any) -> bytes:
    """Return a JSON value as bytes: the number of the dictionary, then the compressed text."""
    compressor = zlib.compressobj(wbits=_WINDOW, zdict=_dictionary(_NEWEST))
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return bytes([_NEWEST]) + compressor.compress(text) + compressor.flush()


def unpack(packed: bytes) -> Any:
    """Return the JSON value that `pack` made."""
    data = zlib.decompressobj(wbits=_WINDOW, zdict=_dictionary(packed[0]))
    return json.loads(data.decompress(packed[1:]))


@cache
def _dictionary(number: int) -> bytes:
    return Path(__file__).with_name(f"usual_texts_{number}.txt").read_bytes()


class PackedJSONField(_BinaryField):
    """JSON, packed. No query can look into it."""

    description = "Packed JSON"

    def to_python(self, value: Any) -> Any:
        """Return the value of a fixture, which holds JSON; any other value is returned unchanged."""
        return json.loads(value) if isinstance(value, str) else value

    def value_to_string(self, obj: models.Model) -> str:
        """Return the value for a fixture: as JSON, that people can read."""
        return json.dumps(self.value_from_object(obj))

    def from_db_value(self, value: Any, _: Expression | None, __: BaseDatabaseWrapper) -> Any:
        """Return the value of a column."""
        return None if value is None else unpack(bytes(value))

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:  # noqa: FBT001, FBT002
        """Return what the database stores."""
        return super().get_db_prep_value(None if value is None else pack(value), connection, prepared)
