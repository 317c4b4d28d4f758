"""Selection of an identity provider's addresses: for each binding the first that is usable (metadata 2.2.2)."""

from collections.abc import Iterator
from typing import NamedTuple

from lxml import etree

from sso.saml.errors import MetadataError, MetadataProblem
from sso.saml.metadata.addresses import Flaw, flaw_of, unsafe_address
from sso.saml.types import Binding
from sso.saml.xml.names import MD


class LeftOut(NamedTuple):
    """An address that was not taken, and why."""

    address: str
    flaw: Flaw


class SignInAddresses(NamedTuple):
    """The addresses for requests, "" for a binding without one; at least one of them is there."""

    redirect: str
    post: str
    left_out: tuple[LeftOut, ...]


class SignOutAddresses(NamedTuple):
    """The Redirect addresses for LogoutRequests and LogoutResponses, or ""; `left_out` is the first flawed one."""

    request: str
    response: str
    left_out: LeftOut | None


def sign_in_locations(role: etree._Element) -> tuple[str, ...]:
    """Return every sign-in address of the two bindings that we use, as it is written."""
    return tuple(
        endpoint.get("Location", "").strip()
        for binding in (Binding.REDIRECT, Binding.POST)
        for endpoint in _endpoints(role, "SingleSignOnService", binding)
    )


def sign_in_addresses(role: etree._Element, *, allow_loopback_http: bool) -> SignInAddresses:
    """Return the addresses to use. Raise `MetadataError` where none of them can be."""
    left_out: list[LeftOut] = []
    redirect, post = (
        _first_usable(
            _endpoints(role, "SingleSignOnService", binding), left_out, allow_loopback_http=allow_loopback_http
        )
        for binding in (Binding.REDIRECT, Binding.POST)
    )
    if not redirect and not post:
        raise unsafe_address(*left_out[0]) if left_out else _no_address()
    return SignInAddresses(redirect, post, tuple(left_out))


def _first_usable(endpoints: Iterator[etree._Element], left_out: list[LeftOut], *, allow_loopback_http: bool) -> str:
    """Return the first address that can be used, "" if none can; add those before it to `left_out`."""
    for endpoint in endpoints:
        address = endpoint.get("Location", "").strip()
        flaw = flaw_of(address, allow_loopback_http=allow_loopback_http)
        if flaw is None:
            return address
        left_out.append(LeftOut(address, flaw))
    return ""


def sign_out_addresses(role: etree._Element, *, allow_loopback_http: bool) -> SignOutAddresses:
    """Return the sign-out addresses; one that can't be used counts as none."""
    left_out = None
    for endpoint in _endpoints(role, "SingleLogoutService", Binding.REDIRECT):
        request = endpoint.get("Location", "").strip()
        response = endpoint.get("ResponseLocation", "").strip() or request
        flaws = [(each, flaw_of(each, allow_loopback_http=allow_loopback_http)) for each in (request, response)]
        flawed = [LeftOut(each, flaw) for each, flaw in flaws if flaw is not None]
        if not flawed:
            return SignOutAddresses(request, response, None)
        left_out = left_out or flawed[0]
    return SignOutAddresses("", "", left_out)


def _endpoints(role: etree._Element, service: str, binding: Binding) -> Iterator[etree._Element]:
    """Yield the endpoints of a binding that have an address."""
    for endpoint in role.iterchildren(MD + service):
        if endpoint.get("Binding", "").strip() == binding and endpoint.get("Location", "").strip():
            yield endpoint


def _no_address() -> MetadataError:
    return MetadataError(
        MetadataProblem.NO_SIGN_IN_ADDRESS,
        "This file has no sign-in address (SingleSignOnService by HTTP-Redirect or HTTP-POST). Turn one of these "
        "bindings on at your identity provider, or download the file again, unchanged.",
    )
