"""Hosts of one IPv6 network share a limit, and an IPv4 address has one form."""

import pytest

from tactful.core.values.addresses import limit_key, parse_address


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
