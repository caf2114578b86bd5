"""A row gives its facts with its notes, or is left out, or is bad."""

from collections.abc import Iterator
from typing import Any

import pytest

from support.import_files import IMPORT_TERMS
from tactful.connectors.files.product_facts import (
    LeftOutError,
    cost_facts,
    price_fact,
    rows_of,
    stock_facts,
)
from tactful.connectors.files.results import BadRow, FoundFact, RowError, RowNote, SkippedRow
from tactful.core.facts.fact_types import Stock

STOCK = {"type": "stock", "sku": "A", "territory": "GB", "available": 3}


def test_the_notes_of_a_row_follow_its_facts() -> None:
    def make(notes: list[str]) -> Iterator[dict[str, Any]]:
        notes.append("assumed")
        yield STOCK

    fact, note = rows_of(7, make)
    assert isinstance(fact, FoundFact)
    assert note == RowNote(7, "assumed")


@pytest.mark.parametrize(
    ("error", "row"),
    [
        (RowError("no price"), BadRow(7, "no price")),
        (LeftOutError("an image"), SkippedRow(7, "an image")),
    ],
)
def test_a_row_that_fails_gives_no_facts(error: Exception, row: object) -> None:
    def make(notes: list[str]) -> Iterator[dict[str, Any]]:
        yield STOCK
        raise error

    assert list(rows_of(7, make)) == [row]


def test_a_row_that_is_left_out_still_says_that_its_variant_cannot_be_sold() -> None:
    def make(notes: list[str]) -> Iterator[dict[str, Any]]:
        yield STOCK
        raise LeftOutError("a draft", {**STOCK, "available": 0})

    assert list(rows_of(7, make)) == [
        SkippedRow(7, "a draft"),
        FoundFact(7, Stock(sku="A", territory="GB", available=0)),
    ]


@pytest.mark.parametrize(
    ("was", "amount", "noted"),
    [("6.00", 600, 0), ("5.00", None, 0), ("4.99", None, 1), ("0.00", None, 0), ("", None, 0)],
)
def test_a_list_price_below_the_price_is_left_out_and_noted(
    was: str, amount: int | None, noted: int
) -> None:
    notes: list[str] = []
    listed = price_fact("A", IMPORT_TERMS, "5.00", was, notes)["list"]
    assert (listed and listed["amount"], len(notes)) == (amount, noted)


def test_a_price_fact_needs_a_price() -> None:
    with pytest.raises(RowError, match="no price"):
        price_fact("A", IMPORT_TERMS, "", "6.00", [])


def test_cost_and_stock_are_facts_only_where_they_are_known() -> None:
    notes: list[str] = []
    assert list(cost_facts("A", IMPORT_TERMS, "", notes)) == []
    costs = [fact["cost"]["amount"] for fact in cost_facts("A", IMPORT_TERMS, "2.50", notes)]
    assert (costs, notes) == ([250], [])
    assert list(cost_facts("A", IMPORT_TERMS, "0", notes))
    assert "counts as unknown" in notes[0]
    assert list(stock_facts("A", IMPORT_TERMS, None)) == []
    assert list(stock_facts("A", IMPORT_TERMS, 3)) == [STOCK]
