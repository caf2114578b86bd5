"""Words for the availability of an item, in the spellings and languages of feeds."""

import re
from typing import Final, Literal

from tactful.connectors.files.results import ImportTerms

Availability = Literal["in", "out"]

_IN: Final = """
instock available limitedavailability onlineonly yes true 1 onsale
auflager vorrätig verfügbar lagernd sofortlieferbar
enstock disponible disponibles
hayexistencias enexistencia enexistencias
disponibile disponibili inmagazzino
opvoorraad beschikbaar leverbaar
emestoque emstock disponível
wmagazynie dostępny nastanie
skladem dostupné
ilager pålager finnsilager tilgængelig
вналичии доступно
在庫あり 有货
"""
_OUT: Final = """
outofstock soldout discontinued unavailable notavailable no false 0
preorder presale backorder onbackorder madetoorder reserved instoreonly
nichtauflager nichtvorrätig nichtverfügbar ausverkauft vorbestellung vorbestellbar nachbestellung
enrupturedestock rupturedestock rupture épuisé indisponible précommande
agotado sinexistencias fueradestock sinstock nodisponible reserva
esaurito nondisponibile preordine
nietopvoorraad uitverkocht nietbeschikbaar nabestelling
foradeestoque semestoque esgotado semstock indisponível
brakwmagazynie niedostępny brak
nenískladem nedostupné vyprodáno
slutilager ejilager ikkepålager udsolgt
нетвналичии нетналичии отсутствует предзаказ
在庫なし 缺货
"""
_WORDS: Final[dict[str, Availability]] = {
    **dict.fromkeys(_IN.split(), "in"),
    **dict.fromkeys(_OUT.split(), "out"),
}
"""Word without case, blanks and punctuation → whether pieces can be sold now.

Items that can only be ordered in advance, or only in a shop, are out of stock: no offer may promise them.
"""
_NOT_A_WORD = re.compile(r"[\W_]+")


def availability_of(text: str) -> Availability | None:
    """Return whether a text says that an item can be sold now; None: the word is unknown.

    Args:
        text: A word such as `In Stock`, `in_stock`, `https://schema.org/InStock` or `auf Lager`.
    """
    return _WORDS.get(_NOT_A_WORD.sub("", text.rpartition("/")[2]).casefold())


def resolve_stock(
    word: str, quantity: int | None, terms: ImportTerms, notes: list[str]
) -> int | None:
    """Return the pieces that a row states; None: no stock fact is made.

    A word and a quantity that contradict each other are read as out of stock, which promises nothing.

    Args:
        word: What the row says about availability; empty: nothing.
        quantity: Pieces that the row states; None: no number.
        terms: Contains the number that the shop assumes for items in stock.
        notes: Receives what was unknown, contradicted or assumed.
    """
    if not word:
        return quantity
    known = availability_of(word)
    if known is None:
        notes.append(f"Availability {word[:40]!r} is an unknown word: no stock fact is made.")
        return None
    if quantity is None:
        return 0 if known == "out" else stock_without_number(terms, notes)
    if (known == "in") != (quantity > 0):
        notes.append(
            f"Availability {word[:40]!r} and a quantity contradict each other: read as out of stock."
        )
        return min(quantity, 0)
    return quantity


def stock_without_number(terms: ImportTerms, notes: list[str]) -> int | None:
    """Return the pieces assumed for an item that is in stock without a number, and note that."""
    if terms.assumed_stock is None:
        notes.append(
            "An item in stock has no number of pieces: no stock fact is made. "
            "Assume a number with --assume-stock."
        )
    else:
        notes.append(
            f"An item in stock has no number of pieces: {terms.assumed_stock} are assumed."
        )
    return terms.assumed_stock
