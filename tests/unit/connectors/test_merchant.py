"""A Google Merchant feed gives products, prices, costs and stock, and nothing in it is expanded."""

from pathlib import Path

import pytest

from support.import_files import (
    MERCHANT_FEED,
    NOW,
    bad_rows_in,
    facts_in,
    file_with,
    import_rows,
)
from tactful.connectors.results import ImportTerms
from tactful.core.facts.fact_types import Cost, Price, Product, Stock
from tactful.core.values.money import Money


def test_a_merchant_feed_gives_product_price_cost_and_stock(tmp_path: Path) -> None:
    found = facts_in(import_rows(file_with(tmp_path, MERCHANT_FEED)))
    assert found[:4] == [
        Product(
            sku="RUN-42",
            product="RUN",
            title="Aero & Runner",
            brand="Velo",
            categories=("Shoes/Running", "Sale"),
            url="https://shop.example/run",
        ),
        Price(
            sku="RUN-42",
            territory="GB",
            price=Money(9950, "EUR"),
            list=Money(12900, "EUR"),
            tax_included=True,
            tax_rate_bp=2000,
        ),
        Cost(sku="RUN-42", cost=Money(5200, "EUR")),
        Stock(sku="RUN-42", territory="GB", available=6),
    ]
    assert found[-1] == Stock(sku="RUN-43", territory="GB", available=0)


@pytest.mark.parametrize(
    ("period", "price"),
    [
        ("2026-03-10T12:00Z/2026-03-11T00:00Z", 9950),
        ("2026-03-01T00:00Z/2026-03-10T12:00Z", 12900),
        ("2026-03-10T13:00+01:00/2026-03-11T00:00+01:00", 9950),
    ],
)
def test_a_sale_price_applies_from_its_start_until_before_its_end(
    tmp_path: Path, period: str, price: int
) -> None:
    dated = MERCHANT_FEED.replace(
        "</g:sale_price>",
        f"</g:sale_price><g:sale_price_effective_date>{period}</g:sale_price_effective_date>",
    )
    found = facts_in(import_rows(file_with(tmp_path, dated)))
    assert next(f.price.amount for f in found if isinstance(f, Price)) == price


def test_in_stock_without_a_number_is_a_stock_fact_only_with_an_assumed_number(
    tmp_path: Path,
) -> None:
    feed = MERCHANT_FEED.replace("<g:quantity>6</g:quantity>", "")
    stocks = [f for f in facts_in(import_rows(file_with(tmp_path, feed))) if isinstance(f, Stock)]
    assert [s.sku for s in stocks] == ["RUN-43"]
    terms = ImportTerms(now=NOW, territory="GB", tax_rate_bp=0, assumed_stock=10)
    assert any(
        f == Stock(sku="RUN-42", territory="GB", available=10)
        for f in facts_in(import_rows(file_with(tmp_path, feed), terms))
    )


def test_a_merchant_feed_as_text_has_the_same_columns(tmp_path: Path) -> None:
    text = "id\ttitle\tprice\tavailability\tquantity\nA-1\tFan\t0.83 GBP\tin_stock\t4\nA-2\tFan\t\tin_stock\t4\n"
    found = import_rows(file_with(tmp_path, text))
    assert [type(f) for f in facts_in(found)] == [Product, Price, Stock]
    assert bad_rows_in(found) == [(3, "The item has no price. Add one.")]


@pytest.mark.parametrize(
    "attack",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><rss>&b;</rss>',
        '<!DOCTYPE x SYSTEM "file:///etc/passwd"><rss/>',
    ],
)
def test_a_feed_with_a_document_type_is_refused_before_anything_expands(
    tmp_path: Path, attack: str
) -> None:
    found = import_rows(file_with(tmp_path, attack))
    assert [line for line, _ in bad_rows_in(found)] == [1]
    assert "has a document type" in bad_rows_in(found)[0][1]


def test_a_feed_that_is_cut_off_gives_its_items_and_names_the_line(tmp_path: Path) -> None:
    found = import_rows(
        file_with(tmp_path, MERCHANT_FEED[: MERCHANT_FEED.index("<item><g:id>RUN-43") + 30])
    )
    assert len(facts_in(found)) == 4
    assert bad_rows_in(found)[0][0] == 12
