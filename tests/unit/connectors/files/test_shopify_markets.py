"""Prices of markets are facts of their territories, and a market that is not named is noted."""

import pytest
from msgspec import structs

from support.import_files import IMPORT_TERMS
from tactful.connectors.files.results import Market, RowNote, SourceError
from tactful.connectors.files.shopify_markets import check_markets, market_facts

TERMS = structs.replace(IMPORT_TERMS, markets={"EU": Market("DE", "EUR", 1900)})


def test_a_market_that_the_file_lacks_is_refused_and_one_that_is_not_named_is_noted() -> None:
    with pytest.raises(SourceError, match="no column 'Price / EU'"):
        check_markets("f.csv", ["SKU", "Price / Japan"], TERMS.markets)
    with pytest.raises(SourceError, match="It has no prices of markets"):
        check_markets("f.csv", ["SKU"], TERMS.markets)
    (note,) = check_markets("f.csv", ["Price / EU", "Price / Japan"], TERMS.markets)
    assert isinstance(note, RowNote)
    assert "Name its territory with --market" in note.message


def test_a_price_of_a_market_has_its_own_territory_currency_and_tax() -> None:
    price, stock = market_facts("A", {"Price / EU": "12.50"}, 3, TERMS, [])
    assert (price["territory"], price["price"], price["tax_rate_bp"]) == (
        "DE",
        {"amount": 1250, "currency": "EUR"},
        1900,
    )
    assert (stock["territory"], stock["available"]) == ("DE", 3)


def test_what_a_market_does_not_say_is_taken_from_the_import() -> None:
    terms = structs.replace(TERMS, markets={"EU": Market("DE")})
    (price,) = market_facts("A", {"Price / EU": "12.50"}, None, terms, [])
    assert (price["price"]["currency"], price["tax_rate_bp"]) == ("GBP", 2000)


def test_in_a_market_that_excludes_a_product_nothing_can_be_sold() -> None:
    row = {"Included / EU": "FALSE", "Price / EU": "12.50"}
    (stock,) = market_facts("A", row, 3, TERMS, [])
    assert (stock["type"], stock["available"]) == ("stock", 0)
