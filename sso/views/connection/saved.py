"""Messages about the result of saving Access & SSO Settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.utils import timezone

from sso.selectors.versions import works
from sso.views.connection.page import undated_findings

if TYPE_CHECKING:
    from django.http import HttpRequest

    from sso.models import Configuration
    from sso.services.connections import Saved

_OFF = "Single sign-on is still off: upload the Metadata XML of your identity provider to turn it on."
_ON = "Single sign-on is on. Try it with Test sign-in before you tell your members."
_REFUSING = "Single sign-on is on, but sign-ins are refused: no signing certificate in this metadata is valid now."
_DRAFT = "The new metadata is saved as a draft{}. Use Test sign-in: when your sign-in succeeds, the draft is used."
_AS_BEFORE = ", and members sign in as before"
_DROPPED = (
    "The new metadata no longer lists the certificate that verified the latest sign-in. If your provider still "
    "signs with it, members could not sign in."
)
_NOTHING = "There were no changes to save."
_NOTICED = "What we noticed in the metadata:"


def tell_what_saving_did(request: HttpRequest, saved: Saved, changed: list[str], *, has_metadata: bool) -> None:
    """Leave messages for the next page: what changed, what it led to, and what was noticed in new metadata.

    What is odd about a draft stands on the page as long as it waits.
    """
    configuration = saved.configuration
    refuses = configuration is not None and not saved.is_draft and _refuses(configuration)
    then = _REFUSING if refuses else _outcome(saved)
    level = messages.WARNING if refuses or saved.dropped else messages.SUCCESS
    _tell(request, level, "Saved." if changed or then else f"Saved. {_NOTHING}", changed, then)
    if configuration is not None and has_metadata and not saved.is_draft:
        findings = undated_findings(configuration)
        _tell(request, messages.WARNING, _NOTICED if len(findings) > 1 else "", findings)


def _refuses(configuration: Configuration) -> bool:
    return not configuration.accepts_signatures_at(timezone.now())


def _outcome(saved: Saved) -> str:
    active = saved.after.active
    if saved.is_draft:
        draft = _DRAFT.format(_AS_BEFORE if active is not None and works(active) else "")
        return f"{_DROPPED} {draft}" if saved.dropped else draft
    if saved.configuration is not None:
        return _ON
    return _OFF if active is None else ""


def _tell(request: HttpRequest, level: int, first: str, lines: list[str], then: str = "") -> None:
    """Add a message: one line as a sentence among the others, more as a list beneath them."""
    if len(lines) > 1:
        heading = " ".join(filter(None, [first, then]))
        messages.add_message(request, level, "\n".join([heading, *lines]), extra_tags="list")
    elif text := " ".join(filter(None, [first, *lines, then])):
        messages.add_message(request, level, text)
