"""The actor of an event: who did something, and from where."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network, ip_address

_IPV6_PREFIX = 64


@dataclass(frozen=True, slots=True)
class Actor:
    """One person or process, as it is written into the log.

    `user_id` is None for a process and for unknown visitors; `address` is an IP address as text ("" if none).
    """

    user_id: int | None = None
    email: str = ""
    address: str = ""
    user_agent: str = ""

    @property
    def client(self) -> str:
        """Return what limits are counted by: an IPv4 address, or the /64 network of an IPv6 address; "" if unknown.

        A single customer line usually has a whole /64 (RFC 6177, section 2), so its host part identifies no client.
        """
        if not self.address:
            return ""
        address = ip_address(self.address)
        if not isinstance(address, IPv6Address):
            return str(address)
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(IPv6Network((address, _IPV6_PREFIX), strict=False))


COMMAND_LINE = Actor(email="command line")
