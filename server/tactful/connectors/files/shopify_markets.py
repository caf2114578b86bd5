"""Prices of the markets of Shopify, from the columns of its product export."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from tactful.connectors.files.product_facts import price_fact, stock_facts
from tactful.connectors.files.results import Fields, ImportTerms, Market, RowNote, SourceError

_PRICE: Final = "Price / "
_LIST_PRICE: Final = "Compare At Price / "
_INCLUDED: Final = "Included / "


def check_markets(name: str, header: Iterable[str], markets: Mapping[str, Market]) -> list[RowNote]:
    """Return a note for each market of a header whose territory the import does not name.

    Args:
        name: Name of the file.
        header: Names of the columns.
        markets: Name of a market → its terms.

    Raises:
        SourceError: The file has no prices of a market that the import names.
    """
    found = [column.removeprefix(_PRICE) for column in header if column.startswith(_PRICE)]
    for market in markets:
        if market not in found:
            known = f"It has {', '.join(found)}." if found else "It has no prices of markets."
            raise SourceError(f"{name}: The file has no column {_PRICE + market!r}. {known}")
    return [
        RowNote(
            1,
            f"The prices of the market {market[:40]!r} are not read. "
            f"Name its territory with --market '{market[:40]}=US'.",
        )
        for market in found
        if market not in markets
    ]


def market_facts(
    sku: str, row: Fields, available: int | None, terms: ImportTerms, notes: list[str]
) -> Iterator[dict[str, Any]]:
    """Yield the price of a variant in each market that the import names, and its stock there.

    All markets sell the same pieces. In a market that excludes the product, nothing can be sold.

    Args:
        sku: The variant.
        row: Its row.
        available: Its pieces; None: unknown.
        terms: Contains the markets, and the decimal sign and tax of their prices.
        notes: Receives each market without a price.

    Raises:
        RowError: A text is not a price.
    """
    for name, market in terms.markets.items():
        place = msgspec.structs.replace(
            terms,
            territory=market.territory,
            currency=market.currency or terms.currency,
            tax_rate_bp=terms.tax_rate_bp if market.tax_rate_bp is None else market.tax_rate_bp,
        )
        if row.get(_INCLUDED + name, "").lower() == "false":
            yield from stock_facts(sku, place, 0)
            continue
        price = row[_PRICE + name]
        if price:
            yield price_fact(sku, place, price, row.get(_LIST_PRICE + name, ""), notes)
        else:
            notes.append(
                f"The market {name!r} has no price of its own for a variant: "
                "Shopify converts the price, and no price fact is made."
            )
        yield from stock_facts(sku, place, available)
