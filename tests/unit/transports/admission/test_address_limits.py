"""How often an address may come before it shows the key."""

from tactful.transports.admission.address_limits import (
    DEAF,
    EXPLAINED_REJECTIONS_PER_S,
    FLOOD_COST,
    SESSION_RATE_DIVISOR,
    TRUSTED_MS,
    VIOLATION_COST,
    AddressLimiter,
)
from tactful.transports.admission.limits import AdmissionLimits
from tactful.transports.admission.message_quotas import PRUNE_FROM


def callers(**limits):
    return AddressLimiter(AdmissionLimits(request_burst=64, requests_per_s=10, **limits))


def test_an_address_may_come_so_often_at_once_and_then_at_its_pace():
    some = callers()
    assert [some.admit_request("a", 0) for _ in range(65)] == [True] * 64 + [False]
    assert some.admit_request("b", 0)
    assert [some.admit_request("a", 100) for _ in range(2)] == [True, False]


def test_an_address_without_limits_comes_as_often_as_it_likes():
    some = callers(unlimited=frozenset({"a"}))
    assert all(some.admit_request("a", 0) for _ in range(1_000))
    some.penalize("a", 0)
    some.refund_request("a", 0)
    assert len(some) == 0


def test_who_has_shown_the_key_comes_as_often_as_they_like_for_a_while():
    some = callers()
    some.trust("a", 0)
    assert all(some.admit_request("a", TRUSTED_MS - 1) for _ in range(1_000))
    assert not all(some.admit_request("a", TRUSTED_MS) for _ in range(1_000))


def test_who_had_to_be_closed_may_come_back_less_often():
    some = callers()
    some.penalize("a", 0)
    assert sum(some.admit_request("a", 0) for _ in range(100)) == 64 - VIOLATION_COST
    some = AddressLimiter(AdmissionLimits(request_burst=100, requests_per_s=10))
    some.penalize("a", 0, flooded=True)
    assert sum(some.admit_request("a", 0) for _ in range(100)) == 100 - FLOOD_COST


def test_what_is_charged_elsewhere_is_given_back():
    some = callers()
    for _ in range(1_000):
        assert some.admit_request("a", 0)
        some.refund_request("a", 0)


def test_who_goes_on_without_a_pause_floods():
    some = callers()
    for _ in range(64 + DEAF - 1):
        some.admit_request("a", 0)
    assert not some.record_flood("a", 0)
    assert not some.admit_request("a", 0)
    assert some.record_flood("a", 0)
    assert some.admit_request("a", 100)
    assert not some.record_flood("a", 100)


def test_a_few_are_told_why_and_a_flood_is_not():
    some = callers()
    assert [some.may_explain(0) for _ in range(EXPLAINED_REJECTIONS_PER_S + 1)].count(False) == 1
    assert some.may_explain(1_000)


def test_addresses_are_not_remembered_without_bound():
    some = callers()
    for number in range(20 * PRUNE_FROM):
        some.admit_request(f"{number}", number * 1_000)
        some.admit_session(f"{number}", number * 1_000)
        some.trust(f"{number}", number * 2_000)
    assert len(some) <= 3 * PRUNE_FROM


def test_sessions_are_opened_less_often_than_connections():
    some = AddressLimiter(AdmissionLimits(request_burst=64, requests_per_s=32))
    assert sum(some.admit_session("a", 0) for _ in range(100)) == 64
    assert sum(some.admit_session("a", 1_000) for _ in range(100)) == 32 // SESSION_RATE_DIVISOR
    some.trust("b", 0)
    assert all(some.admit_session("b", 0) for _ in range(1_000))
    assert all(callers(unlimited=frozenset({"a"})).admit_session("a", 0) for _ in range(1_000))
