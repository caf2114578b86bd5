"""The client's address behind proxies."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactful.transports.admission.client_address import TrustedProxies

PROXIES = TrustedProxies(["10.0.0.0/8", "2001:db8:ffff::/48", "127.0.0.1"])


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("192.0.2.1", [], "192.0.2.1"),
        ("192.0.2.1", ["198.51.100.7"], "192.0.2.1"),  # the header of an untrusted peer is ignored
        ("10.0.0.1", ["198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", ["198.51.100.7, 10.0.0.2"], "198.51.100.7"),
        ("10.0.0.1", ["198.51.100.7", "10.0.0.2"], "198.51.100.7"),
        (
            "10.0.0.1",
            ["1.2.3.4, 198.51.100.7"],
            "198.51.100.7",
        ),  # the client's own entry is ignored
        ("10.0.0.1", ["127.0.0.1, 198.51.100.7, 10.0.0.2"], "198.51.100.7"),
        ("10.0.0.1", ["10.0.0.3"], "10.0.0.3"),  # all trusted: the outermost
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["unknown"], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.7, unknown"], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.7:4711"], "198.51.100.7"),
        ("10.0.0.1", ["[2001:db8::7]:4711"], "2001:db8::7"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("2001:db8:ffff::1", ["2001:db8::7"], "2001:db8::7"),
        ("::ffff:10.0.0.1", ["::ffff:198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", [", ".join(["10.0.0.2"] * 1_000)], "10.0.0.2"),
    ],
)
def test_the_client_is_the_right_most_hop_that_is_no_trusted_proxy(
    peer: str, forwarded: list[str], client: str
) -> None:
    assert PROXIES.client_address(peer, forwarded) == client


@given(st.lists(st.text(max_size=40), max_size=5))
def test_no_header_changes_the_address_of_an_untrusted_peer(forwarded: list[str]) -> None:
    assert PROXIES.client_address("192.0.2.1", forwarded) == "192.0.2.1"


@given(st.lists(st.text(max_size=40), max_size=5))
def test_an_invented_hop_never_hides_the_address_our_proxy_saw(forwarded: list[str]) -> None:
    assert PROXIES.client_address("10.0.0.1", [*forwarded, "198.51.100.7"]) == "198.51.100.7"


def test_no_proxy_is_trusted_by_default() -> None:
    assert not TrustedProxies().trusts("127.0.0.1")


def test_a_name_is_no_proxy() -> None:
    assert not PROXIES.trusts("localhost")


@pytest.mark.parametrize(
    ("peer", "forwarded", "reported"),
    [
        ("127.0.0.1", ["198.51.100.7"], ["127.0.0.1"]),
        ("::1", ["198.51.100.7"], ["::1"]),
        ("127.0.0.1", [], []),
        ("127.0.0.1", [""], []),
        ("192.0.2.1", ["198.51.100.7"], []),
        ("10.0.0.1", ["198.51.100.7"], []),
        ("not an address", ["198.51.100.7"], []),
    ],
)
def test_a_proxy_on_this_machine_that_is_not_named_is_reported(
    peer: str, forwarded: list[str], reported: list[str]
) -> None:
    found: list[str] = []
    proxies = TrustedProxies(["10.0.0.0/8"], found.append)
    proxies.client_address(peer, forwarded)
    assert found == reported


@pytest.mark.parametrize(
    ("peer", "forwarded", "is_passed_on", "reported"),
    [
        ("127.0.0.1", [], True, ["127.0.0.1"]),  # not named, and recognised by another header
        ("10.0.0.1", [], True, ["10.0.0.1"]),  # named, and its clients are not
        ("10.0.0.1", ["unknown"], False, ["10.0.0.1"]),
        ("10.0.0.1", ["198.51.100.7, unknown"], False, ["10.0.0.1"]),
        ("10.0.0.1", [], False, []),  # a request of the proxy itself, such as a probe
        ("10.0.0.1", ["198.51.100.7"], True, []),
        ("10.0.0.1", ["unknown, 198.51.100.7"], True, []),  # a client cannot cause a report
        ("10.0.0.1", ["unknown, 10.0.0.2"], True, []),
        ("192.0.2.1", [], True, []),
    ],
)
def test_a_proxy_whose_clients_cannot_be_told_apart_is_reported(
    peer: str, forwarded: list[str], is_passed_on: bool, reported: list[str]
) -> None:
    found: list[str] = []
    proxies = TrustedProxies(["10.0.0.0/8"], found.append)
    proxies.client_address(peer, forwarded, is_passed_on=is_passed_on)
    assert found == reported
