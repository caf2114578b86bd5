"""Values are written for people on the pages of the console."""

import pytest

from support.builders import offer
from tactful.console.rendering import (
    format_instant,
    format_length,
    format_money,
    offer_terms,
)
from tactful.core.values.allocation import Deduction


def test_money_time_and_durations_are_written_for_people() -> None:
    assert format_money(10965, "EUR") == "109.65 EUR"
    assert format_money(15749, "JPY") == "15,749 JPY"
    assert format_instant(1_773_144_000_999, "UTC") == "2026-03-10 12:00:00 UTC"
    assert format_instant(None, "UTC") == ""
    assert format_length(960_999) == "16m"
    assert format_length(0) == "0s"


def test_instants_are_written_in_the_zone_of_the_shop() -> None:
    assert format_instant(1_773_144_000_999, "Europe/Berlin") == "2026-03-10 13:00:00 CET"


@pytest.mark.parametrize(
    ("deduction", "said"),
    [
        (None, "109.65 EUR"),
        (Deduction("order", 5000, 1250), "12.5% off the order, at most 50.00 EUR"),
        (Deduction("shipping", 300), "3.00 EUR off the shipping"),
    ],
)
def test_an_offer_is_written_as_its_price_or_its_deduction(
    deduction: Deduction | None, said: str
) -> None:
    assert offer_terms(offer(deduction=deduction)) == said
