"""Rate limits per client address."""

from typing import Any

from tactful.transports.admission.address_limits import (
    EXPLAINED_REJECTIONS_PER_S,
    FLOOD_COST,
    SESSION_RATE_DIVISOR,
    TRUSTED_MS,
    VIOLATION_COST,
    AddressLimiter,
)
from tactful.transports.admission.limits import AdmissionLimits
from tactful.transports.admission.message_quotas import PRUNE_FROM


def limiter(**limits: Any) -> AddressLimiter:
    return AddressLimiter(AdmissionLimits(request_burst=64, requests_per_s=10, **limits))


def test_an_address_has_a_burst_and_then_a_rate() -> None:
    some = limiter()
    assert [some.admit_request("a", 0) for _ in range(65)] == [True] * 64 + [False]
    assert some.admit_request("b", 0)
    assert [some.admit_request("a", 100) for _ in range(2)] == [True, False]


def test_an_unlimited_address_has_no_rate() -> None:
    some = limiter(unlimited=frozenset({"a"}))
    assert all(some.admit_request("a", 0) for _ in range(1_000))
    some.penalize("a", 0)
    some.refund_request("a", 0)
    assert len(some) == 0


def test_an_address_that_has_presented_the_key_has_no_rate_for_ten_minutes() -> None:
    some = limiter()
    some.trust("a", 0)
    assert all(some.admit_request("a", TRUSTED_MS - 1) for _ in range(1_000))
    assert not all(some.admit_request("a", TRUSTED_MS) for _ in range(1_000))


def test_a_violation_costs_requests_and_a_flood_costs_more() -> None:
    some = limiter()
    some.penalize("a", 0)
    assert sum(some.admit_request("a", 0) for _ in range(100)) == 64 - VIOLATION_COST
    some = AddressLimiter(AdmissionLimits(request_burst=100, requests_per_s=10))
    some.penalize("a", 0, flooded=True)
    assert sum(some.admit_request("a", 0) for _ in range(100)) == 100 - FLOOD_COST


def test_a_refunded_request_costs_nothing() -> None:
    some = limiter()
    for _ in range(1_000):
        assert some.admit_request("a", 0)
        some.refund_request("a", 0)


def test_only_some_rejections_a_second_are_explained() -> None:
    some = limiter()
    answers = [some.may_explain(0) for _ in range(EXPLAINED_REJECTIONS_PER_S + 1)]
    assert answers.count(False) == 1
    assert some.may_explain(1_000)


def test_the_number_of_remembered_addresses_is_bounded() -> None:
    some = limiter()
    for number in range(20 * PRUNE_FROM):
        some.admit_request(f"{number}", number * 1_000)
        some.admit_session(f"{number}", number * 1_000)
        some.trust(f"{number}", number * 2_000)
    assert len(some) <= 3 * PRUNE_FROM


def test_new_sessions_have_a_lower_rate_than_requests() -> None:
    some = AddressLimiter(AdmissionLimits(request_burst=64, requests_per_s=32))
    assert sum(some.admit_session("a", 0) for _ in range(100)) == 64
    assert sum(some.admit_session("a", 1_000) for _ in range(100)) == 32 // SESSION_RATE_DIVISOR
    some.trust("b", 0)
    assert all(some.admit_session("b", 0) for _ in range(1_000))
    assert all(limiter(unlimited=frozenset({"a"})).admit_session("a", 0) for _ in range(1_000))
