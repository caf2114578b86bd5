"""Hosts of one IPv6 network share a limit, and an IPv4 address has one form."""

import pytest

from tactful.core.values.addresses import is_this_machine, limit_key, parse_address, parse_hop


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::1", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("not:an:address", "not:an:address"),
    ],
)
def test_an_ipv6_host_is_limited_by_its_network(address: str, key: str) -> None:
    assert limit_key(address) == key


def test_a_text_that_is_no_address_is_its_own_key() -> None:
    assert parse_address("shop.example") is None
    assert limit_key("no:address") == "no:address"


@pytest.mark.parametrize(
    ("hop", "address"),
    [
        (" 192.0.2.1 ", "192.0.2.1"),
        ("192.0.2.1:4711", "192.0.2.1"),
        ("2001:db8::7", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("[2001:db8::7]:4711", "2001:db8::7"),
        ("[::ffff:192.0.2.1]:1", "192.0.2.1"),
        ("unknown", None),
        ("_hidden:1", None),
        ("[", None),
        ("", None),
    ],
)
def test_a_hop_is_an_address_with_or_without_a_port(hop: str, address: str | None) -> None:
    found = parse_hop(hop)
    assert (str(found) if found else None) == address


@pytest.mark.parametrize(
    ("host", "is_here"),
    [
        ("localhost", True),
        ("LocalHost:8000", True),
        ("localhost.", True),
        ("offers.localhost:8000", True),
        ("127.0.0.1:8000", True),
        ("127.9.9.9", True),
        ("[::1]:8000", True),
        ("[::1]", True),
        ("offers.shop.example", False),
        ("localhost.shop.example", False),
        ("192.0.2.1:8000", False),
        ("[2001:db8::7]:8000", False),
        ("", False),
    ],
)
def test_only_loopback_names_and_addresses_are_this_machine(host: str, is_here: bool) -> None:
    assert is_this_machine(host) is is_here
