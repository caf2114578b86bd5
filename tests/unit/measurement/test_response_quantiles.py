"""Response times from counts of buckets."""

import random  # noqa: TID251 -- seeded
from bisect import bisect_left
from collections import Counter

import pytest

from tactful.measurement.response_quantiles import (
    BOUNDS_MS,
    HISTOGRAM_MS,
    ResponseTime,
    bucket_name,
    response_times,
    signal_histogram,
)


def test_quantiles_are_within_their_bucket_and_evenly_spread_in_it() -> None:
    (one,) = response_times([(bucket_name("signal", "view", 3), 100)])
    assert one == ResponseTime(
        of="signal", kind="view", answers=100, p50_ms=4.0, p95_ms=4.9, p99_ms=4.98, slow=0
    )


@pytest.mark.parametrize("share", [0.5, 0.95, 0.99])
def test_an_estimate_lies_in_the_bucket_of_the_true_quantile(share: float) -> None:
    chance = random.Random(7)
    durations = sorted(chance.lognormvariate(2, 1) for _ in range(5_000))
    places = Counter(bisect_left(BOUNDS_MS, one) for one in durations)
    counts = [(bucket_name("fact", "price", place), count) for place, count in places.items()]
    (found,) = response_times(counts)
    true = durations[int(share * len(durations))]
    estimate = {0.5: found.p50_ms, 0.95: found.p95_ms, 0.99: found.p99_ms}[share]
    assert bisect_left(BOUNDS_MS, estimate) == bisect_left(BOUNDS_MS, true)
    assert found.answers == 5_000


def test_what_has_no_bound_counts_as_the_last_bound_and_is_told_apart() -> None:
    (one,) = response_times([("signal view inf", 3)])
    assert (one.p50_ms, one.p99_ms, one.slow) == (3_000, 3_000, 3)


def test_days_add_up_and_signals_come_before_facts() -> None:
    found = response_times([("fact case 5", 1), ("signal view 5", 2), ("signal view 5", 3)])
    assert [(one.of, one.kind, one.answers) for one in found] == [
        ("signal", "view", 5),
        ("fact", "case", 1),
    ]


def test_counts_under_bounds_of_another_release_still_count() -> None:
    (one,) = response_times([("signal view 4", 10)])
    assert 3 < one.p50_ms < 4
    (late,) = response_times([("signal view 9000", 10)])
    assert late.p50_ms == BOUNDS_MS[-1]


def test_the_histogram_of_a_page_has_signals_only() -> None:
    counts = [
        ("signal view 5", 2),
        ("signal timer 8", 3),
        ("signal view inf", 1),
        ("fact case 5", 9),
    ]
    assert signal_histogram(counts) == [2, 3, 0, 0, 0, 1]


def test_each_bucket_lies_within_one_of_the_histogram_of_a_page() -> None:
    assert {*HISTOGRAM_MS[:-1]} < {*BOUNDS_MS}


def test_nothing_gives_nothing() -> None:
    assert response_times([]) == []
