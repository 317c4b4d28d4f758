"""The log of a sign-in is packed: nothing is lost, old rows stay readable, and a row is small."""

import hashlib
from pathlib import Path

import pytest
from django.core import serializers
from django.db import connection

from sso.models import SignIn, packed_json
from sso.models.packed_json import pack, unpack

# A dictionary that a release has used is part of every row that was packed with it.
_DICTIONARIES = {"usual_texts_1.txt": "53d40341fcae4a3dc3a2ce5ec6a2266cd42d33ed78aa323a24c5c261993c5030"}
_MOST_BYTES = 1500


@pytest.mark.parametrize("value", [[], {}, None, "é\u2028", {"a": ["x" * 5000, 1, None]}, list(range(500))])
def test_nothing_is_lost(value):
    assert unpack(pack(value)) == value


def test_a_dictionary_in_use_never_changes():
    folder = Path(packed_json.__file__).parent
    found = {each.name: hashlib.sha256(each.read_bytes()).hexdigest() for each in folder.glob("usual_texts_*.txt")}
    assert found == _DICTIONARIES


def test_a_log_is_read_as_it_was_written(journey):
    journey.sign_in()
    row = SignIn.objects.get(pk=journey.last().pk)
    assert row.checks[0]["name"] == "size"
    assert row.claims["attributes"]
    (copy,) = serializers.deserialize("json", serializers.serialize("json", [row]))
    assert isinstance(copy.object, SignIn)
    assert (copy.object.checks, copy.object.claims) == (row.checks, row.claims)


def test_checks_and_claims_take_a_tenth_of_their_json(journey):
    """New texts of rules make rows longer; when they are too long, it is time for the next dictionary."""
    journey.sign_in()
    row = journey.last()
    assert len(pack(row.checks)) + len(pack(row.claims)) < 900


@pytest.mark.skipif(connection.vendor != "postgresql", reason="asks PostgreSQL for the size")
def test_the_row_of_a_successful_sign_in_is_small(journey):
    journey.sign_in()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_column_size(row.*) FROM sso_signin AS row WHERE id = %s", [journey.last().pk])
        assert cursor.fetchone()[0] <= _MOST_BYTES
