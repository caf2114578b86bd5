"""The format of a file is detected, and what it lacks is asked for."""

from pathlib import Path

import pytest

from support.import_files import (
    MERCHANT_FEED,
    NOW,
    SHOPIFY_ORDERS,
    SHOPIFY_PRODUCTS,
    WOO_ORDERS,
    WOO_PRODUCTS,
    file_with,
    import_rows,
    notes_in,
)
from tactful.connectors.files import formats
from tactful.connectors.files.byte_sources import open_source
from tactful.connectors.files.formats import BY_NAME, detect_format, read_rows
from tactful.connectors.files.results import FoundFact, ImportTerms, SourceError


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("colour,size\nred,4\n", "has no known format. Its columns are colour, size"),
    ],
)
def test_a_file_of_no_known_format_is_refused_with_the_formats(
    tmp_path: Path, content: str, message: str
) -> None:
    with pytest.raises(SourceError, match=message):
        import_rows(file_with(tmp_path, content))


def test_a_missing_term_is_reported_with_its_option(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="Add --territory GB --tax-rate 20% --currency GBP"):
        import_rows(file_with(tmp_path, SHOPIFY_PRODUCTS), ImportTerms(now=NOW))


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ('{"type":"stock"}', "jsonl"),
        ("\ufeff [", "jsonl"),
        (MERCHANT_FEED, "merchant-xml"),
        ("ID\tTitle\tPrice\tAvailability\n", "merchant-tsv"),
        (SHOPIFY_PRODUCTS, "shopify-products"),
        (WOO_PRODUCTS, "woocommerce-products"),
        (SHOPIFY_ORDERS, "shopify-orders"),
        (WOO_ORDERS, "woocommerce-orders"),
    ],
)
def test_every_format_is_detected_by_its_content(tmp_path: Path, content: str, name: str) -> None:
    with open_source(str(file_with(tmp_path, content))) as source:
        assert detect_format(source).name == name


def test_a_missing_column_is_reported_with_its_name(tmp_path: Path) -> None:
    text = WOO_ORDERS.replace("item_sku", "sku")
    with open_source(str(file_with(tmp_path, text))) as source:
        rows = read_rows(source, ImportTerms(now=NOW), BY_NAME["woocommerce-orders"])
        with pytest.raises(SourceError, match="a column 'item_sku', which is missing here"):
            list(rows)


def test_an_item_that_is_repeated_with_another_content_is_noted(tmp_path: Path) -> None:
    head = "id\ttitle\tprice\tavailability\n"
    rows = ("A\tCup\t5.00 EUR\t", "A\tCup\t5.00 EUR\t", "A\tMug\t6.00 EUR\t", "B\tMug\t6.00 EUR\t")
    found = import_rows(file_with(tmp_path, head + "\n".join(rows) + "\n"))
    assert notes_in(found) == [
        (line, "A SKU is in several rows: the last of them counts.") for line in (2, 4)
    ]


def test_items_whose_skus_differ_only_in_case_are_kept_and_noted(tmp_path: Path) -> None:
    head = "id\ttitle\tprice\tavailability\n"
    rows = (
        "a-1\tCup\t5.00 EUR\t",
        "A-1\tJug\t6.00 EUR\t",
        "B-1\tPot\t7.00 EUR\t",
        "B-1\tPot\t7.00 EUR\t",
    )
    found = import_rows(file_with(tmp_path, head + "\n".join(rows) + "\n"))
    message = "SKUs differ only in upper and lower case: they are different items."
    assert notes_in(found) == [(2, message), (3, message)]
    skus = {
        row.fact.sku for row in found if isinstance(row, FoundFact) and hasattr(row.fact, "sku")
    }
    assert skus == {"a-1", "A-1", "B-1"}


def test_what_json_lines_report_one_after_the_other_is_no_repetition(tmp_path: Path) -> None:
    line = '{"type": "stock", "sku": "A", "territory": "DE", "available": %d}\n'
    assert notes_in(import_rows(file_with(tmp_path, line % 1 + line % 2))) == []


def test_only_so_many_items_are_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "_MAX_KEPT", 2)
    head = "id\ttitle\tprice\tavailability\n"
    rows = ("A\tCup\t5.00 EUR\t", "B\tCup\t5.00 EUR\t", "B\tMug\t6.00 EUR\t", "A\tMug\t6.00 EUR\t")
    found = import_rows(file_with(tmp_path, head + "\n".join(rows) + "\n"))
    assert [line for line, _ in notes_in(found)] == [2, 5]
