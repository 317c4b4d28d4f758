"""Letting requests bring a file, and bounding its size."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.files.uploadhandler import MemoryFileUploadHandler, TemporaryFileUploadHandler
from django.http import UnreadablePostError

from sso import saml

if TYPE_CHECKING:
    from django.http import HttpRequest

# All fields but files count together, up to DATA_UPLOAD_MAX_MEMORY_SIZE. Django drops all of it if it is more.
TEXT_TOO_LARGE = (
    "This text is larger than 2 MB. Save it as a file and upload that. Other changes on this page were lost and "
    "have to be made again."
)
_CHUNK_BYTES = 65_536


def is_too_large(request: HttpRequest) -> bool:
    """Return whether the body is larger than any upload with the rest of its form, before a byte of it is read."""
    length = str(request.META.get("CONTENT_LENGTH", ""))
    return length.isdecimal() and int(length) > saml.MAX_AGGREGATE_BYTES + (settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0)


def take_files(request: HttpRequest) -> None:
    """Let this request bring files, which no other may (amplisso/upload_handler.py); large ones go to the disk.

    Call it before anything looks at the form, and only for a user who may upload here.
    """
    request.upload_handlers = [MemoryFileUploadHandler(request), TemporaryFileUploadHandler(request)]


def read_to_the_end(request: HttpRequest) -> None:
    """Read and discard the rest of a body: browsers show no response to a request they could not send."""
    with suppress(UnreadablePostError):
        while request.read(_CHUNK_BYTES):
            pass
