"""Reader of Shopify's product export, in its present and its previous format.

Each variant gives a product and a price, and a cost and stock where the export contains them.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from tactful.connectors import column_names, tables
from tactful.connectors.byte_sources import ByteSource
from tactful.connectors.product_facts import (
    LeftOutError,
    cost_facts,
    price_fact,
    rows_of,
    stock_facts,
)
from tactful.connectors.results import Fields, ImportTerms, Row, RowError
from tactful.connectors.stock_words import stock_without_number
from tactful.connectors.value_parsers import category_path, parse_integer, plain_text

COLUMNS: Final = frozenset({"Handle", "Title", "Variant SKU", "Variant Price"})
"""Columns by which the export is recognised, under the names that are read."""


def shopify_rows(source: ByteSource, terms: ImportTerms) -> Iterator[Row]:
    """Yield the facts of each row, which is one variant.

    What belongs to the product is in the first row of the product only. Rows of further images, of
    gift cards and of products that are not published are left out.
    """
    product: Fields = {}
    for record in tables.table_rows(source, column_names.SHOPIFY_PRODUCTS):
        if not isinstance(record, tables.TableRow):
            yield record
            continue
        fields = record.fields
        if fields["Title"] or fields["Handle"] != product.get("Handle"):
            product = fields
        yield from rows_of(record.line, terms, partial(_facts, product, fields, terms))


def _facts(
    product: Fields, row: Fields, terms: ImportTerms, notes: list[str]
) -> Iterator[dict[str, Any]]:
    # Shopify puts an apostrophe before numbers, for spreadsheets.
    sku = row["Variant SKU"].lstrip("'")
    _leave_out(sku, product, row, notes)
    if not sku:
        raise RowError("The variant has no SKU. Give it a SKU in Shopify.")
    kind = product.get("Type", "") or product.get("Product Category", "")
    yield {
        "type": "product",
        "sku": sku,
        "product": product["Handle"],
        "title": plain_text(product["Title"]) or product["Handle"],
        "brand": plain_text(product.get("Vendor", "")) or None,
        "categories": [category_path(kind)] if kind else [],
        "image": row.get("Variant Image") or product.get("Image Src") or None,
    }
    yield price_fact(sku, terms, row["Variant Price"], row.get("Variant Compare At Price", ""))
    yield from cost_facts(sku, terms, row.get("Cost per item", ""))
    yield from stock_facts(sku, terms, _available(row, terms, notes))


def _leave_out(sku: str, product: Fields, row: Fields, notes: list[str]) -> None:
    if not row["Variant Price"]:
        raise LeftOutError("a further image")
    status = product.get("Status", "").lower()
    if status in {"draft", "archived"}:
        raise LeftOutError("not published", sku)
    if status not in {"", "active", "unlisted"}:
        notes.append(f"Status {status[:40]!r} is an unknown word: read as active.")
    if product.get("Published", "").lower() == "false":
        raise LeftOutError("not published", sku)
    if product.get("Gift Card", "").lower() == "true":
        raise LeftOutError("a gift card", sku)


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
