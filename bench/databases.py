"""PostgreSQL databases that live as long as a run."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import psycopg2
from psycopg2 import sql

DEFAULT_URL = "postgres://postgres@127.0.0.1:5432/amplisso_bench"


def reachable(url: str) -> str:
    """Return why the server can't be used, "" if it can."""
    try:
        with _maintenance(url):
            return ""
    except psycopg2.OperationalError as error:
        return str(error).strip().partition("\n")[0]


@contextlib.contextmanager
def database(url: str, name: str, *, template: str = "template0") -> Iterator[str]:
    """Make a database beside the one that `url` names, yield its address, and drop it in the end."""
    named = sql.Identifier(name)
    with _maintenance(url) as cursor:
        cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(named))
        cursor.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(named, sql.Identifier(template)))
    try:
        yield urlunsplit(urlsplit(url)._replace(path="/" + name))
    finally:
        with _maintenance(url) as cursor:
            cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(named))


@contextlib.contextmanager
def _maintenance(url: str) -> Iterator[psycopg2.extensions.cursor]:
    """Return a cursor of the database that every server has: a database can't be made from inside itself."""
    connection = psycopg2.connect(urlunsplit(urlsplit(url)._replace(scheme="postgresql", path="/postgres")))
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()
