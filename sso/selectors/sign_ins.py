"""Reading sign-ins, the identities they used and the sessions they began."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any, Final

from django.db.models import Q, QuerySet

from database.paging import Order
from database.prefixes import is_exactly, values_beginning
from orgs.crypto.tokens import hash_of_token
from orgs.models import GrantKind, Organization, SessionGrant, User
from sso.models import (
    Configuration,
    Connection,
    Identity,
    SignIn,
    SignInState,
)
from sso.selectors.connections import active_configuration

NEWEST_FIRST: Final = Order(("-started_at", "-id"))

# Addresses that a search by their beginning finds at once.
_MOST_FOUND = 10

# Sign-ins of one user that may still have a live grant, with much to spare.
_RECENT = 200

# Sign-ins that fit into a cookie: one for each organization that a user was signed in to at once.
_MOST_TO_END = 40


def has_signed_in_through(configuration: Configuration, user: User) -> bool:
    """Return whether this user has signed in through exactly this configuration (invariant 9)."""
    return SignIn.objects.filter(configuration=configuration, user=user, state=SignInState.SUCCEEDED).exists()


def sign_ins_of(organization: Organization, *, state: str = "") -> QuerySet[SignIn]:
    """Return the sign-in log, in no order.

    A row that only keeps where an unsolicited response leads (`is_kept_path`) is no sign-in yet.
    """
    found = SignIn.objects.select_related("user", "connection", "configuration").filter(organization=organization)
    return (found.filter(state=state) if state else found).exclude(nonce_hash="").order_by()


def sign_ins_found(organization: Organization, search: str) -> list[Q]:
    """Return conditions of which a sign-in that a search finds satisfies one, each with an index of its own.

    A reference code is looked up first and alone. Otherwise the search finds sign-ins with an address that begins with
    it, for the first ten of these addresses, and those of the account that has exactly this address. Without a search,
    and so without conditions, every sign-in is found.
    """
    words = search.strip().lower()
    if not words:
        return []
    named = SignIn.objects.filter(organization=organization, reference=_as_reference(words)).values_list(
        "pk", flat=True
    )
    if alone := named.first():
        return [Q(pk=alone)]
    addresses = values_beginning(SignIn.objects.filter(organization=organization), "address", words, most=_MOST_FOUND)
    found = [is_exactly("address", address) for address in addresses]
    user = User.objects.filter(email=words, memberships__organization=organization).first()
    return [*found, Q(user=user)] if user else found or [Q(pk__in=[])]


def _as_reference(text: str) -> str:
    """Return a code as it is stored, however it was typed: 7kq4 m2xd p9tr is 7KQ4-M2XD-P9TR."""
    letters = "".join(letter for letter in text.upper() if letter.isalnum())
    return "-".join(letters[at : at + 4] for at in range(0, len(letters), 4))


def sign_in_by_reference(organization: Organization, reference: str) -> SignIn | None:
    """Return one row of the log, by the code that the visitor saw."""
    return (
        SignIn.objects.select_related("user", "connection", "configuration__connection", "restart_of")
        .filter(organization=organization, reference=reference.upper())
        .first()
    )


def identities_of_address(organization: Organization, address: str) -> QuerySet[Identity]:
    """Return the identities of the user with this address at the organization's identity providers."""
    return Identity.objects.select_related("connection__organization", "user").filter(
        connection__organization=organization, user__email=address
    )


def sign_in_of_grants(grants: Iterable[SessionGrant]) -> SignIn | None:
    """Return the newest sign-in through a connection that opened one of these grants."""
    ids = [grant.public_id for grant in grants if grant.kind == GrantKind.SSO]
    found = SignIn.objects.select_related("connection").filter(grant__in=ids)
    return found.order_by("-id").first() if ids else None


def sign_ins_to_end(grants: Iterable[SessionGrant]) -> list[SignIn]:
    """Return the sign-ins behind these grants whose connections use single logout, the newest first."""
    ids = [grant.public_id for grant in grants if grant.kind == GrantKind.SSO]
    found = SignIn.objects.select_related("organization").filter(grant__in=ids, connection__single_logout=True)
    return list(found.order_by("-id")[:_MOST_TO_END]) if ids else []


def may_sign_out_at_provider(sign_in: SignIn) -> Configuration | None:
    """Return the configuration to tell the provider of a sign-out by; None if it isn't told, or the grant is live."""
    if not sign_in.connection.single_logout or not sign_in.provider_session or sign_in.grant is None:
        return None
    if SessionGrant.objects.filter(public_id=sign_in.grant, ended_at__isnull=True).exists():
        return None
    active = active_configuration(sign_in.organization)
    if active is None or active.connection_id != sign_in.connection_id:
        return None
    return active if active.identity_provider().slo_url else None


def grants_of_provider_session(
    connection: Connection, name_id: str, session_indexes: tuple[str, ...]
) -> list[uuid.UUID]:
    """Return the grants that a provider's session opened, whatever format its name ID is said to have this time.

    Entra has other formats at sign-out than at sign-in; a session index that we don't know means all of the user's.
    """
    found = SignIn.objects.filter(
        connection=connection, name_id_hash=hash_of_token(name_id), grant__isnull=False, state=SignInState.SUCCEEDED
    ).values_list("grant", "provider_session")[:_RECENT]
    opened = [(grant, session) for grant, session in found if grant is not None]
    named = [grant for grant, session in opened if set(session_indexes) & _session_indexes(session)]
    return named or [grant for grant, _ in opened]


def _session_indexes(provider_session: dict[str, Any]) -> set[str]:
    return {provider_session.get("session_index", ""), *provider_session.get("other_session_indexes", ())}
