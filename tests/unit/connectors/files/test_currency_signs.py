"""The currency of a price is its code or sign; an ambiguous sign needs the import's currency."""

import pytest

from tactful.connectors.files.currency_signs import CURRENCIES, currency_of, split_price
from tactful.connectors.files.results import RowError
from tactful.core.values.money import exponent_of


def test_every_sign_stands_for_currencies_of_iso_4217() -> None:
    for codes in CURRENCIES.values():
        assert codes
        for code in codes:
            assert exponent_of(code) >= 0


@pytest.mark.parametrize(
    ("text", "number", "names"),
    [
        ("1 299,00 kr.", "1 299,00", ["kr"]),
        ("CHF 12.50", "12.50", ["chf"]),
        ("Fr.12.50", "12.50", ["fr"]),
        ("€-5", "-5", ["€"]),
        ("349:-", "349", []),
        ("12,— Euro", "12", ["euro"]),
        ("EUR .50", ".50", ["eur"]),
    ],
)
def test_a_price_is_its_number_and_what_stands_around_it(
    text: str, number: str, names: list[str]
) -> None:
    assert split_price(text) == (number, names)


def test_a_text_without_a_number_is_no_price() -> None:
    with pytest.raises(RowError, match="Write plain digits"):
        split_price("on request")


def test_an_ambiguous_sign_is_decided_by_the_currency_of_the_import() -> None:
    assert [currency_of(["kr"], code, "5 kr") for code in ("SEK", "DKK")] == ["SEK", "DKK"]
    for given in (None, "EUR"):
        with pytest.raises(RowError, match="is in SEK, NOK, DKK, ISK"):
            currency_of(["kr"], given, "5 kr")


def test_a_code_of_the_price_wins_over_the_currency_of_the_import() -> None:
    assert currency_of(["usd"], "EUR", "5 usd") == "USD"
    assert currency_of(["$", "cad"], None, "$5 CAD") == "CAD"


def test_a_price_without_any_currency_asks_for_one() -> None:
    with pytest.raises(RowError, match="Name its currency with --currency"):
        currency_of([], None, "5")
