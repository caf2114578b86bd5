"""Product exports of Shopify give facts for each published variant."""

from pathlib import Path

import pytest

from support.import_files import (
    SHOPIFY_PRODUCTS,
    bad_rows_in,
    facts_in,
    file_with,
    import_rows,
    notes_in,
)
from tactful.connectors.files.results import SkippedRow
from tactful.core.facts.fact_types import Price, Product, Stock
from tactful.core.values.money import Money


def test_a_shopify_product_export_gives_a_fact_for_each_published_variant(tmp_path: Path) -> None:
    found = import_rows(file_with(tmp_path, SHOPIFY_PRODUCTS))
    facts = facts_in(found)
    assert facts[0] == Product(
        sku="0042",
        product="aero",
        title="Aero Runner",
        brand="Velo",
        categories=("Shoes",),
        image="https://shop.example/a.jpg",
    )
    assert facts[1] == Price(
        sku="0042",
        territory="GB",
        price=Money(9950, "GBP"),
        list=Money(12900, "GBP"),
        tax_included=True,
        tax_rate_bp=2000,
    )
    assert Stock(sku="RUN-43", territory="GB", available=-2) in facts
    second = [f for f in facts if isinstance(f, Product)][1]
    assert (second.title, second.brand) == ("Aero Runner", "Velo")
    assert [(r.line, r.reason) for r in found if isinstance(r, SkippedRow)] == [
        (4, "a further image"),
        (5, "not published"),
    ]
    ((line, message),) = bad_rows_in(found)
    assert line == 6
    assert message.startswith("The variant has no SKU. Give it a SKU in Shopify, or say")


def test_todays_export_is_read_like_the_one_before(tmp_path: Path) -> None:
    header, rest = SHOPIFY_PRODUCTS.split("\n", 1)
    for old, new in (
        ("Handle", "URL handle"),
        ("Published", "Published on online store"),
        ("Variant SKU", "SKU"),
        ("Variant Inventory Qty", "Inventory quantity"),
        ("Variant Price", "Price"),
        ("Variant Compare At Price", "Compare-at price"),
        ("Image Src", "Product image URL"),
    ):
        header = header.replace(old, new)
    today = import_rows(file_with(tmp_path, f"{header}\n{rest}"))
    assert today == import_rows(file_with(tmp_path, SHOPIFY_PRODUCTS, "before"))


def test_a_gift_card_is_left_out_and_named(tmp_path: Path) -> None:
    header, first, *_ = SHOPIFY_PRODUCTS.splitlines()
    found = import_rows(file_with(tmp_path, f"{header},Gift Card\n{first},TRUE\n"))
    assert found[0] == SkippedRow(2, "a gift card")
    assert facts_in(found) == [Stock(sku="0042", territory="GB", available=0)]


def test_a_variant_without_a_price_is_a_bad_row_and_no_further_image(tmp_path: Path) -> None:
    header = "Handle,Title,Option1 Value,Variant SKU,Variant Price,Variant Inventory Qty,Status\n"
    rows = "cup,Cup,Default Title,A-1,,3,active\ncup,,,,,,\n"
    found = import_rows(file_with(tmp_path, header + rows))
    assert bad_rows_in(found) == [(2, "The row has no price. Add one.")]
    assert [row for row in found if isinstance(row, SkippedRow)] == [
        SkippedRow(3, "a further image")
    ]


@pytest.mark.parametrize("status", ["archived", "Draft", "draft"])
def test_a_product_that_is_not_published_is_not_sold_any_more(tmp_path: Path, status: str) -> None:
    found = facts_in(import_rows(file_with(tmp_path, SHOPIFY_PRODUCTS.replace("draft", status))))
    (ghost,) = [f for f in found if getattr(f, "sku", "") == "G-1"]
    assert isinstance(ghost, Product)
    assert ghost.status == "discontinued"


def test_an_unknown_status_is_read_as_active_and_named(tmp_path: Path) -> None:
    found = import_rows(file_with(tmp_path, SHOPIFY_PRODUCTS.replace("draft", "Ruht")))
    assert (5, "Status 'ruht' is an unknown word: read as active.") in notes_in(found)


def test_a_variant_without_a_tracker_or_a_quantity_has_unknown_stock(tmp_path: Path) -> None:
    text = (
        "Handle,Title,Variant SKU,Variant Price,Variant Inventory Tracker,Variant Inventory Qty\n"
    )
    rows = "a,A,A,5.00,,0\nb,B,B,5.00,shopify,\n"
    found = import_rows(file_with(tmp_path, text + rows))
    assert not [fact for fact in facts_in(found) if isinstance(fact, Stock)]
    assert [line for line, _ in notes_in(found)] == [2, 3]
