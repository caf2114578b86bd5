"""The currency of a price is its code or sign; an ambiguous sign needs the import's currency."""

import pytest

from tactful.connectors.files.currency_signs import (
    CURRENCIES,
    currency_in,
    currency_of,
    split_price,
)
from tactful.connectors.files.results import RowError
from tactful.core.values.money import EXPONENTS, exponent_of


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


def test_a_minus_behind_decimals_is_not_read_as_missing_decimals() -> None:
    for text in ("5,00-", "1.299,00 -", "5.5-"):
        with pytest.raises(RowError, match="is not a price"):
            split_price(text)
    assert split_price("1.299-") == ("1.299", [])


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


def test_a_cell_names_every_currency_by_its_code_in_any_case() -> None:
    for code in EXPONENTS:
        assert currency_in(code, None) == currency_in(f" {code.lower()} ", "EUR") == code


def test_a_cell_may_hold_a_sign_and_an_ambiguous_one_needs_the_currency_of_the_import() -> None:
    for sign, codes in CURRENCIES.items():
        if len(codes) == 1:
            assert currency_in(sign.upper(), "EUR") == codes[0]
            continue
        assert [currency_in(sign, code) for code in codes] == list(codes)
        with pytest.raises(RowError, match="Write the code of the currency"):
            currency_in(sign, None)


def test_a_cell_that_names_no_currency_is_left_to_its_price() -> None:
    assert currency_in("points", "EUR") == "points"
