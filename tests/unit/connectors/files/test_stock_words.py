"""Availability is read in any spelling and known language, and anything else is unknown."""

import pytest

from support.import_files import IMPORT_TERMS
from tactful.connectors.files.results import ImportTerms
from tactful.connectors.files.stock_words import (
    availability_of,
    resolve_stock,
    stock_without_number,
)


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("in stock", "in"),
        ("In Stock", "in"),
        ("in_stock", "in"),
        ("http://schema.org/InStock", "in"),
        ("https://schema.org/LimitedAvailability", "in"),
        ("auf Lager", "in"),
        ("En stock", "in"),
        ("в наличии", "in"),
        ("OUT_OF_STOCK", "out"),
        ("https://schema.org/SoldOut", "out"),
        ("nicht auf Lager", "out"),
        ("épuisé", "out"),
        ("нет в наличии", "out"),
        ("preorder", "out"),
        ("backorder", "out"),
        ("soon", None),
        ("", None),
    ],
)
def test_a_word_for_availability_is_known_in_its_spellings(text: str, known: str | None) -> None:
    assert availability_of(text) == known


@pytest.mark.parametrize(
    ("word", "quantity", "available", "named"),
    [
        ("", 4, 4, False),
        ("", None, None, False),
        ("in stock", 4, 4, False),
        ("in stock", 0, 0, True),
        ("in stock", -2, -2, True),
        ("sold out", 4, 0, True),
        ("sold out", None, 0, False),
        ("soon", 4, None, True),
        ("in stock", None, None, True),
    ],
)
def test_a_contradiction_is_resolved_to_the_safe_side_and_named(
    word: str, quantity: int | None, available: int | None, *, named: bool
) -> None:
    notes: list[str] = []
    assert resolve_stock(word, quantity, IMPORT_TERMS, notes) == available
    assert bool(notes) == named


def test_an_assumed_number_is_named() -> None:
    notes: list[str] = []
    assert stock_without_number(ImportTerms(now=0, assumed_stock=10), notes) == 10
    assert notes == ["An item in stock has no number of pieces: 10 are assumed."]
