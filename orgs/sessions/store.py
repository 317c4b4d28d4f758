"""Sessions in the database, by Django's own store, with fewer statements."""

from __future__ import annotations

from secrets import token_hex
from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import CreateError, UpdateError
from django.db import IntegrityError, InterfaceError, OperationalError, router

_KEY_BYTES = 20


class SessionStore(db.SessionStore):
    """A session store that writes a new session in one statement, in the transaction there is; Django's takes seven.

    A key is made without checking whether it is taken: it holds 160 random bits, and the INSERT would fail. In
    interleaved rounds, the ACS with Django's store took 1.4 times the processor time (docs/performance.md).
    """

    def __init__(self, session_key: str | None = None) -> None:
        self._is_new = False
        self._is_written = False
        super().__init__(session_key)

    @property
    def modified(self) -> bool:
        """Return whether the browser has to be given the session's cookie again."""
        return self._modified

    @modified.setter
    def modified(self, value: bool) -> None:
        self._modified = value
        if value:
            self._is_written = False

    def create(self) -> None:
        """Begin a new session; it is written when it is saved."""
        self._session_key = token_hex(_KEY_BYTES)
        self._session_cache: dict[str, Any] = {}
        self._is_new = self.modified = True

    def save(self, must_create: bool = False) -> None:  # noqa: FBT001, FBT002 - Django's signature
        """Write the session unless it is written as it is. Raises CreateError or UpdateError."""
        if self.session_key is None:
            data = dict(self.items())
            self.create()
            self._session_cache = data
        if self._is_written:
            return
        if must_create or self._is_new:
            self._insert()
        else:
            self._update()
        self._is_new, self._is_written = False, True

    def _update(self) -> None:
        """Update the row. Raises UpdateError for a session that has ended, and database errors as they are."""
        try:
            super().save()
        except UpdateError as error:
            if isinstance(error.__context__, OperationalError | InterfaceError):
                raise error.__context__ from error
            raise

    def _insert(self) -> None:
        row = self.create_model_instance(dict(self.items()))
        try:
            row.save(force_insert=True, using=router.db_for_write(self.model))
        except IntegrityError as error:
            raise CreateError from error
