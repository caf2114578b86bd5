"""From which pages and under which names the server may be reached."""

import pytest

from support.raw_connections import ORIGIN, policy

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
def test_a_host_must_be_there_once_and_be_ours(values, status):
    refusal = policy(hosts=HOSTS).check_host(values)
    assert (refusal and refusal.status) == status


def test_without_a_list_any_well_formed_host_passes():
    assert policy(hosts=None).check_host(["anything.example:1"]) is None
    assert policy(hosts=None).check_host(["any thing"]).status == 400


def test_an_origin_must_be_there_once_and_be_on_the_list():
    shop = policy()
    assert shop.check_origin([ORIGIN]) is None
    for values in ([], [ORIGIN, ORIGIN], ["null"], [ORIGIN + "/"], ["https://evil.example"]):
        assert shop.check_origin(values).status == 403


def test_without_a_list_no_page_may_come():
    assert policy(origins=frozenset()).check_origin([ORIGIN]).code == "origin.refused"


def test_localhost_is_the_only_name_by_default():
    assert policy().check_host(["localhost:8000"]) is None
    assert policy().check_host(["rebound.example"]).status == 421
