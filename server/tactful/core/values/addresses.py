"""Network addresses: parsing, and the key under which an address is limited."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

PROXY_FIELDS: Final = frozenset(
    {
        "forwarded",  # RFC 7239
        "via",  # RFC 9110
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-real-ip",
    }
)
"""Header fields that a proxy adds to the requests of its clients, in lower case."""


def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """Parse an address; an IPv4-mapped IPv6 address (RFC 4291) becomes its IPv4 address."""
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def parse_hop(text: str) -> IPv4Address | IPv6Address | None:
    """Parse an entry of `X-Forwarded-For`: an address, which some proxies write with its port."""
    plain = text.strip()
    if plain.startswith("["):
        plain = plain[1:].partition("]")[0]
    elif plain.count(":") == 1:
        plain = plain.partition(":")[0]
    return parse_address(plain)


def is_this_machine(host: str) -> bool:
    """Return whether a `Host` header names the machine itself (RFC 6761), with or without a port."""
    name = host.lower()
    if not name.startswith("["):
        name = name.partition(":")[0]
    if name.rstrip(".") == "localhost" or name.rstrip(".").endswith(".localhost"):
        return True
    parsed = parse_hop(name)
    return parsed is not None and parsed.is_loopback


def limit_key(address: str) -> str:
    """Return the key of an address for limits: an IPv6 host counts by its /64 network."""
    if ":" not in address:
        return address
    parsed = parse_address(address)
    if isinstance(parsed, IPv6Address):
        return str(IPv6Network((parsed, 64), strict=False).network_address)
    return str(parsed) if parsed else address
