"""A Google Merchant feed gives products, prices, costs and stock, and nothing in it is expanded."""

import time
from pathlib import Path

import pytest

from support.import_files import (
    MERCHANT_FEED,
    NOW,
    bad_rows_in,
    facts_in,
    file_with,
    import_rows,
    notes_in,
)
from tactful.connectors.files.results import ImportTerms
from tactful.connectors.files.value_parsers import UTC_ASSUMED
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


def test_the_google_title_takes_precedence_over_the_title_of_rss(tmp_path: Path) -> None:
    feed = MERCHANT_FEED.replace("<title>T</title>", "<title>Long</title><g:title>Cup</g:title>")
    products = [
        f for f in facts_in(import_rows(file_with(tmp_path, feed))) if isinstance(f, Product)
    ]
    assert products[1].title == "Cup"


def test_an_attribute_with_two_values_is_named(tmp_path: Path) -> None:
    feed = MERCHANT_FEED.replace("<title>T</title>", "<title>T</title><title>U</title>")
    found = import_rows(file_with(tmp_path, feed))
    assert notes_in(found) == [(12, "An item has several <title>; the first is read.")]


@pytest.mark.parametrize(
    ("period", "price"),
    [
        ("2026-03-01T13:00-0800 / 2026-03-20T15:30-0800", 9950),
        ("2026-03-10T12:00:00/2026-03-10T12:30:00", 9950),
        ("2026-03-10T12:30:00/2026-03-10T13:00:00", 12900),
        ("2026-03-01/2026-03-10", 9950),
    ],
)
def test_a_sale_period_is_read_with_blanks_and_without_a_zone_in_utc(
    tmp_path: Path, period: str, price: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    dated = MERCHANT_FEED.replace(
        "</g:sale_price>",
        f"</g:sale_price><g:sale_price_effective_date>{period}</g:sale_price_effective_date>",
    )
    rows = import_rows(file_with(tmp_path, dated))
    monkeypatch.undo()
    time.tzset()
    assert next(f.price.amount for f in facts_in(rows) if isinstance(f, Price)) == price
    assert (UTC_ASSUMED in [text for _, text in notes_in(rows)]) == ("-0800" not in period)


def test_a_sale_price_above_the_price_is_no_sale_in_a_feed(tmp_path: Path) -> None:
    feed = MERCHANT_FEED.replace("99.5 EUR", "149 EUR")
    found = import_rows(file_with(tmp_path, feed))
    price = next(f for f in facts_in(found) if isinstance(f, Price))
    assert (price.price, price.list) == (Money(12900, "EUR"), None)
    assert (3, "A sale price is not below the price: left out.") in notes_in(found)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("<!DOCTYPE html><html><body>Log in</body></html>", "a web page (HTML)"),
        ("<html><p>Log in<br></html>", "a web page (HTML)"),
        ("<goods><offer><id>1</id></offer></goods>", "its root is <goods> with <offer>"),
        ('<rss version="2.0"><channel><title>A</title></channel></rss>', "has no <item>"),
    ],
)
def test_a_file_without_items_says_what_it_looks_like(
    tmp_path: Path, content: str, message: str
) -> None:
    found = import_rows(file_with(tmp_path, content))
    assert not facts_in(found)
    assert message in bad_rows_in(found)[0][1]


def test_cost_price_bound_and_age_are_read_from_their_attributes(tmp_path: Path) -> None:
    feed = MERCHANT_FEED.replace(
        "<title>T</title>",
        "<title>T</title><g:auto_pricing_min_price>99 EUR</g:auto_pricing_min_price><g:adult>yes</g:adult>",
    )
    facts = facts_in(import_rows(file_with(tmp_path, feed)))
    assert [f.min_age for f in facts if isinstance(f, Product)] == [None, 18]
    assert [f.target for f in facts if isinstance(f, Price)] == [None, Money(9900, "EUR")]
