"""Whose connection is it: the client's address behind proxies, and the key its limits count under."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

MAX_HOPS = 32  # nobody has more proxies; a longer header is a forgery and costs time


class TrustedProxies:
    """The proxies that may name the client, by address or network."""

    def __init__(self, networks: Iterable[str] = ()) -> None:
        self._networks = tuple(ip_network(each, strict=False) for each in networks)

    def trusts(self, address: str) -> bool:
        """Whether this peer is one of our proxies."""
        if not self._networks:
            return False
        parsed = _parse(address)
        return parsed is not None and any(parsed in network for network in self._networks)

    def client_address(self, peer: str, forwarded: Iterable[str]) -> str:
        """Find the right-most hop that is not a trusted proxy.

        `forwarded` holds the values of `X-Forwarded-For`. What a client wrote there itself stands to
        the left of what our proxies added, and is never reached. A hop that is no address ends it.
        """
        if not self.trusts(peer):
            return peer
        hops = ",".join(forwarded).rsplit(",", MAX_HOPS)[-MAX_HOPS:]
        nearest = peer
        for hop in reversed(hops):
            parsed = _parse(hop.strip())
            if parsed is None:
                break
            nearest = str(parsed)
            if not self.trusts(nearest):
                break
        return nearest


def limit_key(address: str) -> str:
    """The key under which an address is limited: an IPv6 host has a whole /64 to itself."""
    if ":" not in address:
        return address
    parsed = _parse(address)
    if isinstance(parsed, IPv6Address):
        return str(IPv6Network((parsed, 64), strict=False).network_address)
    return str(parsed) if parsed else address


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    """Read an address; an IPv4 one in IPv6 clothes is the IPv4 one."""
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
