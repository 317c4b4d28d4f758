"""Uploaded files that no page asked for are not kept."""

from __future__ import annotations

from typing import Any, NoReturn

from django.core.files.uploadhandler import FileUploadHandler, SkipFile


class NoUploads(FileUploadHandler):
    """Drop every file of a form, so that a visitor can't fill the disk; a page that takes files sets other handlers.

    Django reads forms before it knows which user sent them, to find their CSRF token.
    """

    def new_file(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Skip this file."""
        raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Do nothing: no data of a skipped file comes here."""

    def file_complete(self, file_size: int) -> None:
        """Return None: there is no file."""
