"""Files that nobody asked for are not kept."""

from __future__ import annotations

from typing import Any, NoReturn

from django.core.files.uploadhandler import FileUploadHandler, SkipFile


class NoUploads(FileUploadHandler):
    """Drops every file of a form, so that a visitor can't fill the disk; a page that takes files sets other handlers.

    Django reads forms before it knows whose they are, to find their CSRF token.
    """

    def new_file(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Leave this one out."""
        raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Nothing of a file that is left out comes here."""

    def file_complete(self, file_size: int) -> None:
        """There is no file."""
