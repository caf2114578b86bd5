"""The prior price and what may be claimed against it."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.broken_builds import assert_fails
from tactful.core.compliance.prior_price import (
    WINDOW,
    PriceClaim,
    PriorPrice,
    claim,
    is_general,
    prior_price,
)
from tactful.core.facts.price_history import PublicPrice
from tactful.core.values.calendar import DAY

T0 = 1_773_144_000_000
START = T0 - 30 * DAY


def ledger(*entries: tuple[int, int]) -> list[PublicPrice]:
    return [PublicPrice(since, amount, "EUR") for since, amount in entries]


def amount_of(*entries: tuple[int, int]) -> int | None:
    found = prior_price(ledger(*entries), T0, "EUR")
    return found.amount if found else None


def test_a_price_that_never_changed_is_the_prior_price() -> None:
    found = prior_price(ledger((T0 - 200 * DAY, 12900)), T0, "EUR")
    assert found == PriorPrice(12900, START, complete=True)


def test_the_lowest_price_of_the_window_counts() -> None:
    assert amount_of((START - DAY, 12900), (T0 - 20 * DAY, 9900), (T0 - 10 * DAY, 12900)) == 9900


def test_the_price_in_force_when_the_window_starts_counts() -> None:
    assert amount_of((START - 100 * DAY, 8900), (START + 1, 12900)) == 8900


def test_a_price_that_ended_when_the_window_starts_does_not_count() -> None:
    assert amount_of((START - 100 * DAY, 8900), (START, 12900)) == 12900


def test_a_lower_price_before_the_one_in_force_does_not_count() -> None:
    assert amount_of((START - 9 * DAY, 100), (START - 8 * DAY, 12900)) == 12900


def test_the_price_of_the_reduction_itself_does_not_count() -> None:
    assert amount_of((START, 12900), (T0, 9900)) == 12900


def test_a_price_of_the_last_millisecond_counts() -> None:
    assert amount_of((START, 12900), (T0 - 1, 9900)) == 9900


def test_a_history_shorter_than_the_window_is_used_and_flagged() -> None:
    found = prior_price(ledger((T0 - 5 * DAY, 12900), (T0 - 3 * DAY, 11900)), T0, "EUR")
    assert found == PriorPrice(11900, T0 - 5 * DAY, complete=False)


def test_a_history_of_exactly_the_window_is_complete() -> None:
    for since, complete in ((START, True), (START + 1, False)):
        found = prior_price(ledger((since, 12900)), T0, "EUR")
        assert found is not None
        assert found.complete is complete


def test_no_history_is_no_prior_price() -> None:
    assert prior_price([], T0, "EUR") is None
    assert prior_price(ledger((T0, 12900)), T0, "EUR") is None


def test_a_price_in_another_currency_is_no_history() -> None:
    assert prior_price(ledger((START, 12900)), T0, "USD") is None


def test_of_two_entries_for_one_instant_the_later_one_counts() -> None:
    assert amount_of((START, 100), (START, 12900)) == 12900


@given(
    st.lists(st.tuples(st.integers(-60, 5), st.integers(1, 50)), max_size=12).map(
        lambda entries: sorted(entries, key=lambda entry: entry[0])
    )
)
def test_it_is_the_minimum_over_every_instant_of_the_window(entries: list[tuple[int, int]]) -> None:
    """Against a walk over the days, which is what the definition says."""
    in_force = {since: amount for since, amount in entries if since < 0}
    days = [
        in_force[max(since for since in in_force if since <= day)]
        for day in range(-30, 0)
        if any(since <= day for since in in_force)
    ]
    found = prior_price(
        ledger(*((T0 + since * DAY, amount) for since, amount in entries)), T0, "EUR"
    )
    assert (found.amount if found else None) == (min(days) if days else None)
    assert found is None or found.complete == any(since <= -30 for since in in_force)


def forgets_what_was_in_force(
    entries: list[PublicPrice], t0: int, currency: str
) -> PriorPrice | None:
    within = [one for one in entries if t0 - WINDOW <= one.since < t0 and one.currency == currency]
    if not within:
        return None
    return PriorPrice(min(one.amount for one in within), t0 - WINDOW, complete=True)


def counts_its_own_start(entries: list[PublicPrice], t0: int, currency: str) -> PriorPrice | None:
    return prior_price_of(entries, t0 + 1, currency, WINDOW + 1)


prior_price_of = prior_price


@pytest.mark.parametrize("broken", [forgets_what_was_in_force, counts_its_own_start])
def test_a_broken_control_fails(monkeypatch: pytest.MonkeyPatch, broken: object) -> None:
    monkeypatch.setattr(sys.modules[__name__], "prior_price", broken)
    assert_fails(test_it_is_the_minimum_over_every_instant_of_the_window)


def test_the_window_is_thirty_days() -> None:
    assert WINDOW == 30 * 24 * 60 * 60 * 1000


def test_a_reduction_may_be_claimed_against_the_prior_price() -> None:
    assert claim(PriorPrice(12900, START, complete=True), 10965) == PriceClaim(12900, 15)
    assert claim(PriorPrice(18900, START, complete=False), 14900) == PriceClaim(18900, 21)


def test_a_reduction_below_one_percent_has_no_percentage() -> None:
    assert claim(PriorPrice(12900, START, complete=True), 12800) == PriceClaim(12900, None)


def test_an_offer_at_or_above_the_prior_price_claims_nothing() -> None:
    assert claim(PriorPrice(9900, START, complete=True), 9900) is None
    assert claim(PriorPrice(9900, START, complete=True), 10965) is None


def test_without_a_prior_price_nothing_is_claimed() -> None:
    assert claim(None, 10965) is None


def test_an_offer_to_more_than_half_of_the_viewers_is_general() -> None:
    assert not is_general(50, 100)
    assert is_general(51, 100)
    assert not is_general(0, 0)
