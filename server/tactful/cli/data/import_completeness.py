"""What a complete file does not contain any more, and the guard against cut-off files.

An item that is missing from a complete file is not sold any more. A fact counts as missing only within
what the files are about: their kinds of facts, and for prices and stock their territories.
"""

from typing import Any, Final

from msgspec import Struct

from tactful.cli.data.import_targets import ListFacts
from tactful.core.facts.fact_types import AnyFact, Gone, Price, Product, Stock
from tactful.core.facts.item_facts import GoneKind
from tactful.core.values.counts import counted

MAX_MISSING: Final = 0.2
"""Share of the known facts of a kind that may be missing before the import stops and asks."""

_GONE_KINDS: Final[dict[type[AnyFact], GoneKind]] = {
    Product: "product",
    Price: "price",
    Stock: "stock",
}


class Absence(Struct, frozen=True):
    """How many of the known facts of one kind are missing from the files."""

    kind: str
    missing: int
    known: int

    @property
    def is_suspicious(self) -> bool:
        """Whether so many are missing that the files may be cut off."""
        return self.missing > MAX_MISSING * self.known

    def text(self) -> str:
        """Return the absence as a sentence for a person."""
        share = 100 * self.missing / self.known
        verb = "is" if self.missing == 1 else "are"
        return f"{self.missing:,} of {counted(self.known, f'known {self.kind} fact')} ({share:.0f} %) {verb} missing."


class FileContents:
    """What the files of an import contain, as far as completeness needs it."""

    def __init__(self) -> None:
        self._skus: set[str] = set()
        self._ended: set[str] = set()
        self._products: set[str] = set()
        self._prices: dict[str, set[str]] = {}
        self._stock: dict[str, dict[str, set[str | None]]] = {}

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of facts for which the files can say what is missing."""
        found = {"product": self._products, "price": self._prices, "stock": self._stock}
        return tuple(kind for kind, contents in found.items() if contents)

    def add(self, fact: AnyFact) -> None:
        """Add a fact of a file."""
        match fact:
            case Product():
                self._products.add(fact.sku)
                if fact.status == "discontinued":
                    self._ended.add(fact.sku)
            case Price():
                self._prices.setdefault(fact.territory, set()).add(fact.sku)
            case Stock():
                places = self._stock.setdefault(fact.territory, {})
                places.setdefault(fact.sku, set()).add(fact.location)
            case _:
                pass
        if (sku := getattr(fact, "sku", None)) is not None:
            self._skus.add(sku)

    def is_missing(self, fact: AnyFact) -> bool:
        """Return whether a known fact should be in the files, and is not.

        A row without a number of pieces gives no stock fact. The stock of its SKU is not missing.
        """
        match fact:
            case Product():
                return fact.status == "active" and fact.sku not in self._products
            case Price():
                skus = self._prices.get(fact.territory)
                return skus is not None and fact.sku not in skus and fact.sku not in self._ended
            case Stock():
                places = self._stock.get(fact.territory)
                if places is None:
                    return False
                if fact.sku not in places:
                    return fact.sku not in self._skus
                return places[fact.sku].isdisjoint({None, fact.location})
            case _:
                return False

    def concerns(self, fact: AnyFact) -> bool:
        """Return whether a known fact is among those that the files should contain."""
        match fact:
            case Product():
                return fact.status == "active"
            case Price():
                return fact.territory in self._prices
            case Stock():
                return fact.territory in self._stock
            case _:
                return False


def missing_facts(contents: FileContents, listed: ListFacts) -> tuple[list[Gone], list[Absence]]:
    """Return the reports that end what is missing, and how much that is of each kind.

    Args:
        contents: What the files contain.
        listed: Returns the facts in force of a kind.
    """
    gone: list[Gone] = []
    absences: list[Absence] = []
    for kind in contents.kinds:
        known = [fact for fact in listed(kind) if contents.concerns(fact)]
        missing = [fact for fact in known if contents.is_missing(fact)]
        gone += map(_end_of, missing)
        if missing:
            absences.append(Absence(kind, len(missing), len(known)))
    return gone, absences


def _end_of(fact: Any) -> Gone:
    return Gone(
        of=_GONE_KINDS[type(fact)],
        sku=fact.sku,
        territory=getattr(fact, "territory", None),
        location=getattr(fact, "location", None),
    )
