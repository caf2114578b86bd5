"""Prices, numbers and categories of exports are parsed exactly, and facts are checked as by the server."""

import pytest

from tactful.connectors.results import (
    BadRow,
    FoundFact,
    RowError,
    category_path,
    decode_or_error,
    fact_or_error,
    parse_integer,
    parse_price,
)


@pytest.mark.parametrize(
    ("text", "currency", "price"),
    [
        ("12.50 EUR", None, (1250, "EUR")),
        ("EUR 12.5", "GBP", (1250, "EUR")),
        (" 12 ", "GBP", (1200, "GBP")),
        ("12.500", "GBP", (1250, "GBP")),
        ("17999", "JPY", (17999, "JPY")),
        ("17999.00", "JPY", (17999, "JPY")),
    ],
)
def test_a_price_is_read_in_minor_units(
    text: str, currency: str | None, price: tuple[int, str]
) -> None:
    found = parse_price(text, currency)
    assert found is not None
    assert (found["amount"], found["currency"]) == price


def test_an_empty_price_is_no_price() -> None:
    assert parse_price("  ", None) is None


@pytest.mark.parametrize(
    ("text", "currency", "advice"),
    [
        ("12.50", None, "Name its currency with --currency."),
        ("12,50 EUR", None, "Write plain digits"),
        ("12.505", "EUR", ""),
        ("1 XXZ", None, ""),
    ],
)
def test_a_price_that_cannot_be_read_is_refused(
    text: str, currency: str | None, advice: str
) -> None:
    with pytest.raises(RowError) as caught:
        parse_price(text, currency)
    assert advice in str(caught.value)


def test_a_number_is_whole() -> None:
    assert parse_integer(" -2 ", "stock") == -2
    with pytest.raises(RowError, match=r"stock is '1\.5'\. Write a whole number\."):
        parse_integer("1.5", "stock")


def test_a_category_becomes_a_path_and_its_slashes_become_hyphens() -> None:
    assert category_path("Shoes > Men/Women >  Running") == "Shoes/Men-Women/Running"
    assert category_path(" > ") == ""


def test_a_row_is_checked_as_the_server_checks_a_fact() -> None:
    fact = {"type": "stock", "sku": "A", "territory": "DE", "available": 3, "version": None}
    found = fact_or_error(7, fact)
    assert isinstance(found, FoundFact)
    assert found.line == 7
    bad = fact_or_error(8, fact | {"available": "three"})
    assert isinstance(bad, BadRow)
    assert (bad.line, "available" in bad.message) == (8, True)
    assert isinstance(decode_or_error(9, b"{"), BadRow)
