"""Product exports of WooCommerce give facts for each simple product and variation, in any language."""

from pathlib import Path

import pytest

from support.import_files import (
    IMPORT_TERMS,
    NOW,
    WOO_PRODUCTS,
    facts_in,
    file_with,
    import_rows,
    notes_in,
)
from tactful.connectors.files.column_names import WOOCOMMERCE_PRODUCTS
from tactful.connectors.files.results import ImportTerms
from tactful.connectors.files.value_parsers import UTC_ASSUMED
from tactful.core.facts.fact_types import Price, Product, Stock
from tactful.core.values.calendar import DAY
from tactful.core.values.money import Money

HEADER = "ID,Type,SKU,Name,In stock?,Stock,Date sale price starts,Date sale price ends,Sale price,Regular price,Parent\n"


def test_variations_of_a_woocommerce_product_take_its_name_and_categories(
    tmp_path: Path,
) -> None:
    facts = facts_in(import_rows(file_with(tmp_path, WOO_PRODUCTS)))
    assert facts[0] == Product(
        sku="TEE-S",
        product="TEE",
        title="Tee",
        brand="Velo",
        categories=("Clothing/Tees", "Sale"),
        image="https://shop.example/t.jpg",
    )
    assert isinstance(facts[1], Price)
    assert (facts[1].price.amount, facts[1].list) == (1500, Money(1800, "GBP"))
    assert [f for f in facts if isinstance(f, Stock)] == [
        Stock(sku="TEE-S", territory="GB", available=4),
        Stock(sku="GONE", territory="GB", available=0),
    ]


def test_a_blank_parent_is_no_parent(tmp_path: Path) -> None:
    rows = "1,variable,,Raincoat,1,,,,,,\n2,simple,MUG,Mug,1,4,,,,9.90,\n"
    found = import_rows(file_with(tmp_path, HEADER + rows))
    product = facts_in(found)[0]
    assert isinstance(product, Product)
    assert (product.product, product.title) == ("MUG", "Mug")


def test_a_parent_that_is_not_in_the_file_is_named(tmp_path: Path) -> None:
    found = import_rows(file_with(tmp_path, HEADER + "2,variation,M-S,Mug S,1,4,,,,9.90,id:1\n"))
    assert ["not above it in the file" in text for _, text in notes_in(found)] == [True]


def test_variations_share_the_stock_of_their_parent(tmp_path: Path) -> None:
    rows = "1,variable,TEE,Tee,1,9,,,,,\n2,variation,TEE-S,Tee S,1,parent,,,,18,id:1\n"
    found = import_rows(file_with(tmp_path, HEADER + rows))
    assert Stock(sku="TEE-S", territory="GB", available=9) in facts_in(found)
    assert [line for line, _ in notes_in(found)] == [3]


@pytest.mark.parametrize(
    ("starts", "ends", "price"),
    [
        ("", "", 500),
        ("2027-01-01 00:00:00", "", 1000),
        ("2026-03-10", "2026-03-10", 500),
        ("", "2026-03-10 00:00:00", 500),
        ("2026-03-01", "2026-03-09 23:59:59", 1000),
    ],
)
def test_a_sale_counts_from_its_start_to_the_end_of_its_last_day(
    tmp_path: Path, starts: str, ends: str, price: int
) -> None:
    row = f"1,simple,A,A,1,5,{starts},{ends},5,10,\n"
    found = facts_in(import_rows(file_with(tmp_path, HEADER + row)))
    assert [f.price.amount for f in found if isinstance(f, Price)] == [price]


def test_the_last_day_of_a_sale_is_a_day_of_the_shops_zone(tmp_path: Path) -> None:
    path = file_with(tmp_path, HEADER + "1,simple,A,A,1,5,,2026-03-10,5,10,\n")
    midnight = NOW + DAY // 2
    for zone, price in (("Pacific/Auckland", 1000), ("Europe/London", 1000), ("America/Lima", 500)):
        terms = ImportTerms(
            now=midnight, zone=zone, territory="GB", currency="GBP", tax_rate_bp=2000
        )
        rows = import_rows(path, terms)
        assert [f.price.amount for f in facts_in(rows) if isinstance(f, Price)] == [price]
        assert UTC_ASSUMED not in [text for _, text in notes_in(rows)]
    assert UTC_ASSUMED in [text for _, text in notes_in(import_rows(path, IMPORT_TERMS))]


def test_a_sale_price_above_the_price_is_no_sale(tmp_path: Path) -> None:
    found = import_rows(file_with(tmp_path, HEADER + "1,simple,A,A,1,5,,,12,10,\n"))
    (price,) = [f for f in facts_in(found) if isinstance(f, Price)]
    assert (price.price, price.list) == (Money(1000, "GBP"), None)
    assert notes_in(found) == [(2, "A sale price is not below the price: left out.")]


@pytest.mark.parametrize("language", [1, 2, 3])
def test_a_translated_header_is_read_like_the_english_one(tmp_path: Path, language: int) -> None:
    header, rest = WOO_PRODUCTS.split("\n", 1)
    names = []
    for name in header.split(","):
        others = (name, *WOOCOMMERCE_PRODUCTS[name])
        names.append(others[min(language, len(others) - 1)])
    translated = ",".join(names) + "\n" + rest
    assert import_rows(file_with(tmp_path, translated)) == import_rows(
        file_with(tmp_path, WOO_PRODUCTS, "english")
    )


def test_a_decimal_comma_is_read_and_an_ambiguous_one_asks(tmp_path: Path) -> None:
    path = file_with(tmp_path, HEADER + '1,simple,A,A,1,5,,,,"12,50",\n')
    assert Money(1250, "GBP") in [
        f.price for f in facts_in(import_rows(path)) if isinstance(f, Price)
    ]


@pytest.mark.parametrize(("parent", "own"), [(0, 1), (1, 0), (-1, 1)])
def test_a_variation_is_sold_only_where_it_and_its_parent_are_published(
    tmp_path: Path, parent: int, own: int
) -> None:
    rows = f"1,variable,TEE,Tee,{parent},,,,,\n2,variation,TEE-S,Tee S,{own},1,4,,18,id:1\n"
    header = "ID,Type,SKU,Name,Published,In stock?,Stock,Sale price,Regular price,Parent\n"
    found = import_rows(file_with(tmp_path, header + rows))
    (shown,) = facts_in(found)
    assert isinstance(shown, Product)
    assert (shown.sku, shown.status) == ("TEE-S", "discontinued")
