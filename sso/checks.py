"""`manage.py check` proves that XML signatures work on this machine, before a sign-in needs one."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from django.core import checks
from django.core.checks import CheckMessage, Error, Info, Tags, register
from django.db import DEFAULT_DB_ALIAS, DatabaseError

from sso import saml
from sso.crypto.key_encryption import can_encrypt
from sso.selectors.connections import active_configurations

if TYPE_CHECKING:
    from sso.models import Configuration


@register()
def signatures_work(**kwargs: Any) -> list[CheckMessage]:
    """Sign and verify a sample with the installed xmlsec and lxml."""
    try:
        saml.self_check()
    except saml.SAMLError as error:
        return [Error(str(error), id="sso.E001")]
    return []


@register(Tags.security, deploy=True)
def keys_can_be_kept(**kwargs: Any) -> list[CheckMessage]:
    """Check KEY_ENCRYPTION_KEYS; a deployment runs without them, until an admin wants a certificate."""
    if can_encrypt():
        return []
    return [
        Info(
            "KEY_ENCRYPTION_KEYS is not set, so no organization can have signed requests or encrypted assertions.",
            hint="Create one with `manage.py keys new` and keep a copy: stored keys cannot be read without it.",
            id="sso.I001",
        )
    ]


@register(Tags.database)
def stored_metadata_is_accepted(*, databases: Collection[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """List the organizations whose stored metadata breaks a rule that is newer.

    A database that has no tables yet, or not all of them, lists none: `migrate` makes this check first.
    """
    if DEFAULT_DB_ALIAS not in (databases or ()):
        return []
    from sso.models import Configuration

    try:
        # Only an ordinary cursor says in an error of Django's that a table or column is missing; that of an iterator
        # fails on PostgreSQL once more while it is closed, with an error of psycopg2's own.
        Configuration.objects.select_related("connection__organization").first()
        return [message for each in active_configurations() for message in _about_stored_metadata(each)]
    except DatabaseError:
        return []


def _about_stored_metadata(configuration: Configuration) -> list[CheckMessage]:
    organization, ignored = configuration.connection.organization, configuration.stored_keys().ignored
    if configuration.flaw:
        sentence = (
            f"Members of {organization} ({organization.number}) cannot sign in with single sign-on. "
            f"{configuration.flaw}"
        )
        hint = "`manage.py connection suspend` suspends Require SSO there and tells the admins."
        return [checks.Warning(sentence, hint=hint, id="sso.W001")]
    if ignored:
        sentence = f"Signing keys of {organization} ({organization.number}) are ignored: {'; '.join(ignored)}."
        hint = "If sign-ins fail there, an admin must upload metadata with other keys."
        return [checks.Warning(sentence, hint=hint, id="sso.W002")]
    return []
