"""`manage.py check` proves that XML signatures work on this machine, before anybody needs one."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, register

from sso.saml.errors import SAMLError
from sso.saml.self_check import self_check


@register()
def signatures_work(**kwargs: Any) -> list[CheckMessage]:
    """Sign and verify a sample with the installed xmlsec and lxml."""
    try:
        self_check()
    except SAMLError as error:
        return [Error(str(error), id="sso.E001")]
    return []
