"""Network addresses: parsing, and the key under which an address is limited."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address


def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """Parse an address; an IPv4-mapped IPv6 address (RFC 4291) becomes its IPv4 address."""
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def limit_key(address: str) -> str:
    """Return the key of an address for limits: an IPv6 host counts by its /64 network."""
    if ":" not in address:
        return address
    parsed = parse_address(address)
    if isinstance(parsed, IPv6Address):
        return str(IPv6Network((parsed, 64), strict=False).network_address)
    return str(parsed) if parsed else address
