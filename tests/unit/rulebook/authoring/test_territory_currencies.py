"""The currency of shop prices in each territory."""

import pytest

from tactful.core.values.money import EXPONENTS
from tactful.core.values.territories import countries
from tactful.rulebook.authoring.territory_currencies import currency_of_territory

NONE = {"AQ"}
"""Territories without shops."""


def test_every_country_has_a_currency_of_iso_4217() -> None:
    found = {code: currency_of_territory(code) for code in countries()}
    assert {code for code, currency in found.items() if currency is None} == NONE
    assert {currency for currency in found.values() if currency} <= set(EXPONENTS)


@pytest.mark.parametrize(
    ("territory", "currency"),
    [
        ("DE", "EUR"),
        ("SE", "SEK"),
        ("JP", "JPY"),
        ("US-NY", "USD"),
        ("GB-SCT", "GBP"),
        ("LI", "CHF"),
    ],
)
def test_a_subdivision_has_the_currency_of_its_country(territory: str, currency: str) -> None:
    assert currency_of_territory(territory) == currency


@pytest.mark.parametrize("territory", [None, "", "ZZ", "AQ"])
def test_an_unknown_territory_has_none(territory: str | None) -> None:
    assert currency_of_territory(territory) is None
