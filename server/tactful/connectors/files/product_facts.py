"""Facts of one variant, as the readers of product tables make them."""

from collections.abc import Callable, Iterator
from typing import Any

from tactful.connectors.files.results import (
    BadRow,
    ImportTerms,
    Row,
    RowError,
    RowNote,
    SkippedRow,
    fact_or_error,
)
from tactful.connectors.files.value_parsers import parse_price


class LeftOutError(Exception):
    """A row is left out; the text says why.

    Attributes:
        facts: What the row still says about its variant, such as that it is not sold any more. An
            earlier import may have put the variant on offer.
    """

    def __init__(self, reason: str, *facts: dict[str, Any]) -> None:
        super().__init__(reason)
        self.facts = facts


def rows_of(line: int, make: Callable[[list[str]], Iterator[dict[str, Any]]]) -> Iterator[Row]:
    """Yield the facts of one row with its notes, or the reason why the row is left out or bad.

    Args:
        line: Line on which the row begins.
        make: Yields the facts, and adds its notes to the given list. It raises `RowError` for a
            bad row and `LeftOutError` for a row that is left out.
    """
    notes: list[str] = []
    try:
        facts = list(make(notes))
    except RowError as error:
        yield BadRow(line, str(error))
        return
    except LeftOutError as reason:
        yield SkippedRow(line, str(reason))
        yield from (fact_or_error(line, fact) for fact in reason.facts)
        return
    for fact in facts:
        yield fact_or_error(line, fact)
    for note in notes:
        yield RowNote(line, note)


def discontinued(product: dict[str, Any]) -> dict[str, Any]:
    """Return a product fact that says that the variant is not sold any more."""
    return {**product, "status": "discontinued"}


def price_fact(
    sku: str, terms: ImportTerms, price: str, was: str, notes: list[str]
) -> dict[str, Any]:
    """Return the price of a variant in the territory of the import.

    Args:
        sku: The variant.
        terms: Territory, currency, decimal sign and tax of the price.
        price: The price now, as text.
        was: The list price as text; one that is not above the price is left out.
        notes: Gets a note where the list price is below the price.

    Raises:
        RowError: There is no price, or a text is not a price.
    """
    now = parse_price(price, terms.currency, terms.decimal)
    before = parse_price(was, terms.currency, terms.decimal)
    if now is None:
        raise RowError("The row has no price. Add one.")
    if before and 0 < before["amount"] < now["amount"]:
        notes.append("A list price is below the price: left out.")
    return {
        "type": "price",
        "sku": sku,
        "territory": terms.territory,
        "price": now,
        "list": before if before and before["amount"] > now["amount"] else None,
        "tax_included": terms.tax_included,
        "tax_rate_bp": terms.tax_rate_bp,
    }


def cost_facts(
    sku: str, terms: ImportTerms, cost: str, notes: list[str]
) -> Iterator[dict[str, Any]]:
    """Yield the cost of a variant, if the row states one; a cost of 0 gives a note.

    Raises:
        RowError: The text is not a price.
    """
    if (net := parse_price(cost, terms.currency, terms.decimal)) is not None:
        if net["amount"] == 0:
            notes.append(
                "A cost of 0 counts as unknown: report it with cost_is_zero where it is true."
            )
        yield {"type": "cost", "sku": sku, "cost": net}


def stock_facts(sku: str, terms: ImportTerms, available: int | None) -> Iterator[dict[str, Any]]:
    """Yield the stock of a variant, if the number of pieces is known."""
    if available is not None:
        yield {"type": "stock", "sku": sku, "territory": terms.territory, "available": available}
