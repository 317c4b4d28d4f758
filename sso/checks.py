"""`manage.py check` proves that XML signatures work on this machine, before anybody needs one."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, Info, Tags, register

from sso.key_encryption import can_encrypt
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


@register(Tags.security, deploy=True)
def keys_can_be_kept(**kwargs: Any) -> list[CheckMessage]:
    """A deployment runs without them, until an admin wants a certificate."""
    if can_encrypt():
        return []
    return [
        Info(
            "KEY_ENCRYPTION_KEYS is not set, so no organization can have signed requests or encrypted assertions.",
            hint="Make one with `manage.py keys new`, and keep a copy: stored keys cannot be read without it.",
            id="sso.I001",
        )
    ]
