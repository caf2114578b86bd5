"""Amounts, instants and addresses as platforms write them."""

import pytest

from tactful.connectors.shops.shop_values import (
    discount_codes,
    instant,
    minor_units,
    money,
    present,
    territory_of,
    unit_of_line,
)


@pytest.mark.parametrize(
    ("number", "currency", "amount"),
    [
        ("129", "EUR", 12_900),
        ("184.29", "EUR", 18_429),
        ("92.142857", "EUR", 9_214),
        ("0.005", "EUR", 1),
        ("-17.50", "EUR", -1_750),
        (129, "JPY", 129),
        ("1.2345", "KWD", 1_235),
    ],
)
def test_an_amount_is_read_into_minor_units(number: object, currency: str, amount: int) -> None:
    assert minor_units(number, currency) == amount
    assert money(number, currency) == {"amount": amount, "currency": currency}


@pytest.mark.parametrize("number", ["", "12,50", None, "NaN", "abc"])
def test_what_is_no_amount_is_an_error(number: object) -> None:
    with pytest.raises(ValueError, match=r"amount|convert"):
        minor_units(number, "EUR")


def test_a_fact_takes_each_of_some_codes_once() -> None:
    assert discount_codes(["A", None, "", "B", "A"]) == ["A", "B"]
    assert discount_codes([None, ""]) is None
    assert discount_codes(["x" * 300]) == ["x" * 255]
    assert len(discount_codes(f"C{number}" for number in range(30)) or ()) == 20


def test_the_unit_of_a_line_favours_the_shopper() -> None:
    assert unit_of_line(21_930, 2, "EUR") == {"amount": 10_965, "currency": "EUR"}
    assert unit_of_line(999, 2, "EUR")["amount"] == 499


def test_an_instant_without_a_zone_is_in_utc() -> None:
    assert instant("2026-11-29T19:24:31") == "2026-11-29T19:24:31Z"
    assert instant("2026-11-29 19:24:31") == "2026-11-29T19:24:31Z"
    assert instant("2026-11-29T19:24:31+01:00") == "2026-11-29T19:24:31+01:00"
    assert instant("") is None
    assert instant(None) is None


def test_a_territory_is_the_subdivision_where_there_is_one() -> None:
    assert territory_of("US", "NY", None) == "US-NY"
    assert territory_of("de", "", "AT") == "DE"
    assert territory_of("DE", "unknown", None) == "DE"
    assert territory_of(None, None, "AT") == "AT"
    assert territory_of("XX", None, None) is None


def test_absent_fields_are_left_out() -> None:
    assert present({"a": 0, "b": None, "c": ""}) == {"a": 0, "c": ""}
