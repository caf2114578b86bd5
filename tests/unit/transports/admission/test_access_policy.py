"""Checks of `Host` and `Origin`."""

import pytest

from support.raw_connections import ORIGIN, policy
from tactful.transports.admission.access_policy import Rejection


def status_of(rejection: Rejection | None) -> int | None:
    return None if rejection is None else rejection.status


HOSTS = frozenset({"offers.shop.example", "127.0.0.1:8000", "[::1]"})


@pytest.mark.parametrize(
    ("values", "status"),
    [
        (["offers.shop.example"], None),
        (["Offers.Shop.Example:443"], None),
        (["127.0.0.1:8000"], None),
        (["127.0.0.1"], 421),  # only with its port
        (["[::1]:9"], None),
        (["shop.example"], 421),
        (["offers.shop.example.evil.example"], 421),
        ([], 400),
        (["offers.shop.example"] * 2, 400),
        (["offers.shop.example,evil.example"], 400),
        (["offers.shop.example:443:443"], 400),
        (["offers.shop.example:"], 400),
        (["offers.shop.example\n"], 400),
        (["[::1"], 400),
    ],
)
def test_a_host_must_be_present_once_and_ours(values: list[str], status: int | None) -> None:
    rejection = policy(hosts=HOSTS).check_host(values)
    assert status_of(rejection) == status


def test_without_a_list_any_well_formed_host_passes() -> None:
    assert policy(hosts=None).check_host(["anything.example:1"]) is None
    assert status_of(policy(hosts=None).check_host(["any thing"])) == 400


def test_an_origin_must_be_present_once_and_on_the_list() -> None:
    shop = policy()
    assert shop.check_origin([ORIGIN]) is None
    for values in ([], [ORIGIN, ORIGIN], ["null"], [ORIGIN + "/"], ["https://evil.example"]):
        assert status_of(shop.check_origin(values)) == 403


def test_without_a_list_every_origin_is_rejected() -> None:
    rejection = policy(origins=frozenset()).check_origin([ORIGIN])
    assert rejection is not None
    assert rejection.code == "origin.refused"


def test_localhost_is_the_only_name_by_default() -> None:
    assert policy().check_host(["localhost:8000"]) is None
    assert status_of(policy().check_host(["rebound.example"])) == 421
