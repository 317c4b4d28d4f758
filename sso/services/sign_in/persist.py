"""Writing a successful sign-in: the request consumed, with its verdict, and the grant."""

from __future__ import annotations

from orgs.errors import OutdatedError
from orgs.models import SessionGrant
from sso.acs_sql.write import OUTCOME, can_write_at_once, write_at_once
from sso.errors import AlreadyConsumed, SignInRefused
from sso.models import SignIn
from sso.reasons import Reason
from sso.services.sign_in.resolve_person import Authorized


def consume_request(sign_in: SignIn) -> None:
    """Consume the request, once, and write down what became of it. Raises AlreadyConsumed.

    One UPDATE on the row's own columns, which one of many concurrent requests wins.
    """
    outcome = {name: getattr(sign_in, name) for name in OUTCOME}
    if not SignIn.objects.filter(pk=sign_in.pk, consumed_at__isnull=True).update(**outcome):
        raise AlreadyConsumed


def persist(sign_in: SignIn, authorized: Authorized, grant: SessionGrant) -> None:
    """Consume the request and write the grant.

    On PostgreSQL one statement asks again for everything that the grant depends on, and holds it until all is written,
    so that a service that shuts the user out finds the grant and ends it. On SQLite the caller has read all of it in
    this transaction, which is the only one that writes.
    Raises OutdatedError, SignInRefused and AlreadyConsumed; then nothing has been written.
    """
    if not can_write_at_once():
        consume_request(sign_in)
        grant.save(force_insert=True)
        return
    found = write_at_once(sign_in, grant, membership=authorized.membership.pk, identity=authorized.identity.pk)
    if not found.is_open:
        raise OutdatedError
    if not found.is_linked:
        raise SignInRefused(Reason.UNLINKED)
    if not found.is_unused:
        raise AlreadyConsumed
