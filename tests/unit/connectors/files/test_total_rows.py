"""A row of totals is told from a product whose SKU or title is such a word."""

import pytest

from tactful.connectors.files.total_rows import is_total_row


@pytest.mark.parametrize(
    "word",
    ["Total", "TOTAL:", "Grand total", "Sub-Total", "Gesamt", "Summe:", "Total général", "Suma",
     "Totaal", "Totalt", "Razem", "Celkem", "Összesen", "Итого", "合計", "Total (12)", "Total 12",
     "* Summe *"],
)  # fmt: skip
def test_a_word_for_a_total_is_one_in_the_languages_of_shops(word: str) -> None:
    assert is_total_row(word, None, {})
    assert is_total_row(word, "", {"SKU": word})
    assert is_total_row("", "", {"Pos.": word, "SKU": ""})


def test_a_product_with_a_title_of_its_own_may_have_such_a_sku() -> None:
    assert not is_total_row("TOTAL", "Engine oil 5W-30", {})
    assert is_total_row("TOTAL", "Gesamt", {})


@pytest.mark.parametrize("sku", ["TOTAL-5W30", "SUM41", "Totally", "A-1", "Gesamtpaket"])
def test_a_longer_sku_is_no_total(sku: str) -> None:
    assert not is_total_row(sku, None, {"Name": "Total"})


def test_a_row_without_a_sku_and_such_a_word_is_no_total() -> None:
    assert not is_total_row("", "Cup", {"Name": "Cup", "Price": "5,00"})
