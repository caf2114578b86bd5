"""Conversion rates from the shop's own log."""

from tactful.core.pricing.conversion_rates import (
    EMPTY_TALLY,
    NO_CONVERSION_RATES,
    ConversionRates,
    Tally,
)


def test_a_tally_counts_more_shoppers() -> None:
    assert EMPTY_TALLY.plus(3, 1).plus(2, 2) == Tally(5, 3)


def test_a_rule_without_a_log_was_never_tried() -> None:
    rates = ConversionRates({("run", "DE"): {"R1": Tally(10, 2)}})
    assert rates.tally_of("R1", "run", "DE") == Tally(10, 2)
    assert rates.tally_of("R2", "run", "DE") == rates.tally_of("R1", "run", "GB") == EMPTY_TALLY
    assert NO_CONVERSION_RATES.tally_of("R1", "run", "DE") == EMPTY_TALLY
