"""The client's address behind proxies."""

from collections.abc import Callable, Iterable, Sequence
from ipaddress import ip_network

from tactful.core.values.addresses import parse_address, parse_hop

# No real chain of proxies is longer; a longer header is forged, and reading it costs time.
MAX_HOPS = 32
"""Hops of `X-Forwarded-For` that are read, counted from the right."""


class TrustedProxies:
    """Addresses and networks of the proxies that are trusted to report the client's address."""

    def __init__(
        self, networks: Iterable[str] = (), on_unnamed: Callable[[str], None] | None = None
    ) -> None:
        """Parse addresses and networks in CIDR notation.

        Args:
            networks: The trusted proxies.
            on_unnamed: Called with the address of a proxy whose clients cannot be told apart, so
                that they have no limits: it runs on this machine and is not trusted, or it is
                trusted and names no client.

        Raises:
            ValueError: An entry is neither an address nor a network.
        """
        self._on_unnamed = on_unnamed
        self._networks = tuple(ip_network(each, strict=False) for each in networks)

    def __bool__(self) -> bool:
        return bool(self._networks)

    def trusts(self, address: str) -> bool:
        """Return whether `address` belongs to a trusted proxy."""
        if not self._networks:
            return False
        parsed = parse_address(address)
        return parsed is not None and any(parsed in network for network in self._networks)

    def client_address(
        self, peer: str, forwarded: Sequence[str], *, is_passed_on: bool = False
    ) -> str:
        """Return the right-most hop that is not a trusted proxy.

        A client can write anything into the header it sends. Those entries stand to the left of the
        entries that our proxies append, so they are never reached. An entry that is not an
        address ends the search.

        Args:
            peer: The address at the other end of the socket.
            forwarded: All values of the `X-Forwarded-For` header, in order.
            is_passed_on: Whether any other header shows that a proxy passed the request on.
        """
        is_passed_on = is_passed_on or any(forwarded)
        if not self.trusts(peer):
            if is_passed_on and _is_loopback(peer):
                self._report(peer)
            return peer
        hops = ",".join(forwarded).rsplit(",", MAX_HOPS)[-MAX_HOPS:]
        nearest = peer
        for place, hop in enumerate(reversed(hops)):
            parsed = parse_hop(hop)
            if parsed is None:
                if place == 0 and is_passed_on:
                    self._report(peer)
                break
            nearest = str(parsed)
            if not self.trusts(nearest):
                break
        return nearest

    def _report(self, proxy: str) -> None:
        if self._on_unnamed is not None:
            self._on_unnamed(proxy)


def _is_loopback(address: str) -> bool:
    parsed = parse_address(address)
    return parsed is not None and parsed.is_loopback
