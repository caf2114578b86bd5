"""Reader of Shopify's product export, in its present and its previous format.

Each variant gives a product and a price, and a cost and stock where the export contains them.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from tactful.connectors.files import column_names, tables
from tactful.connectors.files.byte_sources import ByteSource
from tactful.connectors.files.product_facts import (
    LeftOutError,
    cost_facts,
    discontinued,
    price_fact,
    rows_of,
    stock_facts,
)
from tactful.connectors.files.product_ids import (
    OPTIONS,
    handle_and_options,
    required_column,
    sku_or_substitute,
)
from tactful.connectors.files.results import Fields, ImportTerms, Row, RowError
from tactful.connectors.files.shopify_markets import check_markets, market_facts
from tactful.connectors.files.stock_words import stock_without_number
from tactful.connectors.files.value_parsers import category_path, parse_integer, plain_text

COLUMNS: Final = frozenset({"Handle", "Title", "Variant SKU", "Variant Price"})
"""Columns by which the export is recognised, under the names that are read."""

_SKU_FROM: Final = {OPTIONS: OPTIONS, "barcode": "Variant Barcode", "id": "Variant ID"}
"""Value of `--sku-from` → the column."""
_NO_SKU: Final = "The variant has no SKU. Give it a SKU in Shopify, or say with --sku-from what stands in for it."


def shopify_rows(source: ByteSource, terms: ImportTerms) -> Iterator[Row]:
    """Yield the facts of each row, which is one variant.

    What belongs to the product is in the first row of the product only. Rows of further images and of
    gift cards are left out. A product that is not published is not sold any more.
    """
    column = required_column(source, terms, _SKU_FROM)
    yield from check_markets(source.name, tables.read_header(source), terms.markets)
    product: Fields = {}
    for record in tables.table_rows(source, column_names.SHOPIFY_PRODUCTS):
        if not isinstance(record, tables.TableRow):
            yield record
            continue
        fields = record.fields
        if fields["Title"] or fields["Handle"] != product.get("Handle"):
            product = fields
        yield from rows_of(record.line, partial(_facts, product, fields, column, terms))


def _facts(
    product: Fields, row: Fields, column: str, terms: ImportTerms, notes: list[str]
) -> Iterator[dict[str, Any]]:
    if not (row["Variant Price"] or row["Variant SKU"] or row.get("Option1 Value")):
        raise LeftOutError("a further image")
    named = column == OPTIONS
    other = handle_and_options(product["Handle"], row) if named else row.get(column, "")
    sku = sku_or_substitute(row["Variant SKU"], other, terms, notes)
    if product.get("Gift Card", "").lower() == "true":
        raise LeftOutError("a gift card", *(stock_facts(sku, terms, 0) if sku else ()))
    shown = _product(sku, product, row)
    if not _is_published(product, notes):
        raise LeftOutError("not published", *([discontinued(shown)] if sku else ()))
    if not sku:
        raise RowError(_NO_SKU)
    yield shown
    yield price_fact(
        sku, terms, row["Variant Price"], row.get("Variant Compare At Price", ""), notes
    )
    yield from cost_facts(sku, terms, row.get("Cost per item", ""), notes)
    available = _available(row, terms, notes)
    yield from stock_facts(sku, terms, available)
    yield from market_facts(sku, row, available, terms, notes)


def _product(sku: str, product: Fields, row: Fields) -> dict[str, Any]:
    kind = product.get("Type", "") or product.get("Product Category", "")
    return {
        "type": "product",
        "sku": sku,
        "product": product["Handle"],
        "title": plain_text(product["Title"]) or product["Handle"],
        "brand": plain_text(product.get("Vendor", "")) or None,
        "categories": [category_path(kind)] if kind else [],
        "image": row.get("Variant Image") or product.get("Image Src") or None,
    }


def _is_published(product: Fields, notes: list[str]) -> bool:
    status = product.get("Status", "").lower()
    if status not in {"", "active", "unlisted", "draft", "archived"}:
        notes.append(f"Status {status[:40]!r} is an unknown word: read as active.")
    hidden = product.get("Published", "").lower() == "false"
    return not hidden and status not in {"draft", "archived"}


def _available(row: Fields, terms: ImportTerms, notes: list[str]) -> int | None:
    """Return the pieces of a variant. Shopify always writes 0 for a variant without a tracker."""
    if row.get("Variant Inventory Tracker", "any") == "":
        return stock_without_number(terms, notes)
    number = row.get("Variant Inventory Qty", "")
    if number:
        return parse_integer(number, "stock")
    notes.append(
        "A variant has no inventory quantity: no stock fact is made. "
        "Import the inventory export too, if the shop has several locations."
    )
    return None
