"""Product exports of Shopify and WooCommerce give facts for each published variant."""

from pathlib import Path

from support.import_files import (
    SHOPIFY_PRODUCTS,
    WOO_PRODUCTS,
    bad_rows_in,
    facts_in,
    file_with,
    import_rows,
)
from tactful.connectors.results import SkippedRow
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
    assert bad_rows_in(found) == [(6, "The variant has no SKU. Give it a SKU in Shopify.")]


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
