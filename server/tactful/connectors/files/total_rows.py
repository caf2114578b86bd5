"""Rows of a table that sum the others up, in the languages of shops."""

import re
from collections.abc import Mapping
from typing import Final

_WORDS: Final = frozenset(
    word.strip()
    for words in """
        total, totals, grand total, subtotal, sub total, sum, overall, summary
        gesamt, gesamtsumme, summe, zwischensumme, insgesamt, gesamtbetrag
        total général, total general, sous total, somme, suma, suma total, totales
        totale, totale generale, somma, subtotale, totaal, eindtotaal, subtotaal, som
        soma, total geral, summa, totalt, delsumma, sammanlagt, i alt, sum i alt, totalsum
        yhteensä, välisumma, razem, suma częściowa, łącznie, ogółem, celkem, součet, spolu, súčet
        összesen, végösszeg, итого, всего, сумма, toplam, genel toplam
        ara toplam, 合計, 総計, 小計, σύνολο, γενικό σύνολο
    """.strip().splitlines()
    for word in words.split(",")
)
_AROUND: Final = re.compile(r"[\s:=.#*\-–—_]+")
_NUMBER: Final = re.compile(r"\s*\([^)]*\)$|\s[\d.,\s]+$")


def is_total_row(sku: str, title: str | None, cells: Mapping[str, str]) -> bool:
    """Return whether a row sums up other rows and describes no product.

    A SKU such as `TOTAL` is that of a product where the row has a title of its own.

    Args:
        sku: Content of the column of SKUs; may be empty.
        title: Content of the column of titles; None: no column is named for it.
        cells: Name of a column → content, of all columns of the row.
    """
    if sku:
        return _is_total(sku) and (not title or _is_total(title))
    return any(map(_is_total, cells.values()))


def _is_total(text: str) -> bool:
    """Return whether a text is a word for a total, with nothing but a number or brackets behind it."""
    words = _AROUND.sub(" ", text.casefold()).strip()
    return words in _WORDS or _NUMBER.sub("", words).strip() in _WORDS
