"""Reader of WooCommerce's product export, in several languages.

Each simple product and each variation gives a product and a price, and a cost and stock where the
export contains them.
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
from tactful.connectors.files.product_ids import required_column, sku_or_substitute
from tactful.connectors.files.results import Fields, ImportTerms, Row, RowError, SkippedRow
from tactful.connectors.files.stock_words import resolve_stock
from tactful.connectors.files.value_parsers import (
    UTC_ASSUMED,
    category_path,
    parse_integer,
    parse_price,
    period_bound,
    plain_text,
)

COLUMNS: Final = frozenset({"ID", "Type", "SKU", "Name", "Regular price"})
"""Columns by which the export is recognised, under the names that are read."""
_WITHOUT_PRICE: Final = frozenset({"variable", "variable-subscription", "grouped", "external"})
"""Types whose rows give no facts of their own."""
_KNOWN_TYPES: Final = frozenset(
    {"simple", "variation", "subscription", "subscription_variation", "virtual", "downloadable"}
)
_GIFT_CARDS: Final = frozenset({"gift-card", "gift_card", "pw-gift-card", "giftcard"})
_OF_PARENT: Final = ("ID", "SKU", "Name", "Published", "Categories", "Images", "Brands", "Stock")
"""Columns that a variation takes from its parent."""
_SKU_FROM: Final = {"barcode": "GTIN, UPC, EAN, or ISBN", "id": "ID"}
"""Value of `--sku-from` → the column."""
_NO_SKU: Final = "The product has no SKU. Give it a SKU in WooCommerce, or say with --sku-from what stands in for it."
_DATE_LENGTH: Final = len("2026-03-31")


def woocommerce_rows(source: ByteSource, terms: ImportTerms) -> Iterator[Row]:
    """Yield the facts of each row, which is a simple product or a variation.

    A row of a variable product gives no facts of its own: its variations take their name, brand,
    categories, image and shared stock from it.
    """
    column = required_column(source, terms, _SKU_FROM)
    parents: dict[str, Fields] = {}
    for record in tables.table_rows(source, column_names.WOOCOMMERCE_PRODUCTS):
        if not isinstance(record, tables.TableRow):
            yield record
            continue
        fields = record.fields
        kinds = {kind.strip() for kind in fields["Type"].lower().split(",")}
        if kinds & _WITHOUT_PRICE:
            # A parent's description can be long, and all parents are kept.
            parent = {name: fields[name] for name in _OF_PARENT if name in fields}
            parents[f"id:{fields['ID']}"] = parent
            if fields["SKU"]:
                parents[fields["SKU"]] = parent
            yield SkippedRow(record.line, f"{fields['Type']}: has no stock or price of its own")
            continue
        yield from rows_of(record.line, partial(_facts, parents, fields, kinds, column, terms))


def _facts(
    parents: dict[str, Fields],
    row: Fields,
    kinds: set[str],
    column: str,
    terms: ImportTerms,
    notes: list[str],
) -> Iterator[dict[str, Any]]:
    sku = sku_or_substitute(row["SKU"], row.get(column, ""), terms, notes)
    parent = _parent(parents, row, notes)
    if kinds & _GIFT_CARDS:
        raise LeftOutError("a gift card", *(stock_facts(sku, terms, 0) if sku else ()))
    product = _product(sku, parent, row)
    # The export marks a variation as published even if its product is a draft.
    if row.get("Published", "1") != "1" or parent.get("Published", "1") != "1":
        raise LeftOutError("not published", *([discontinued(product)] if sku else ()))
    unknown = sorted(kinds - _KNOWN_TYPES)
    notes += [f"Type {kind[:40]!r} is an unknown word: read as simple." for kind in unknown]
    if not sku:
        raise RowError(_NO_SKU)
    yield product
    regular = row["Regular price"]
    yield price_fact(sku, terms, _sale_price(row, terms, notes) or regular, regular, notes)
    yield from cost_facts(sku, terms, row.get("Cost of goods", ""), notes)
    yield from stock_facts(sku, terms, _available(parent, row, terms, notes))


def _product(sku: str, parent: Fields, row: Fields) -> dict[str, Any]:
    categories = (parent.get("Categories") or row.get("Categories", "")).split(",")
    return {
        "type": "product",
        "sku": sku,
        "product": parent["SKU"] or parent["ID"],
        "title": plain_text(parent["Name"]) or plain_text(row["Name"]),
        "brand": plain_text(parent.get("Brands", "").split(",")[0]) or None,
        "categories": [path for path in map(category_path, categories) if path],
        "image": (row.get("Images") or parent.get("Images", "")).split(",")[0].strip() or None,
    }


def _parent(parents: dict[str, Fields], row: Fields, notes: list[str]) -> Fields:
    """Return the row of the parent, or the row itself if it has no parent in the file."""
    named = row.get("Parent", "")
    if named and named not in parents:
        notes.append("The parent of a variation is not above it in the file: its own name is used.")
    return parents.get(named, row) if named else row


def _sale_price(row: Fields, terms: ImportTerms, notes: list[str]) -> str:
    """Return the sale price that applies now; empty: none."""
    sale = row.get("Sale price", "")
    price = parse_price(sale, terms.currency, terms.decimal)
    regular = parse_price(row["Regular price"], terms.currency, terms.decimal)
    if price is None:
        return ""
    if regular is not None and price["amount"] >= regular["amount"]:
        notes.append("A sale price is not below the price: left out.")
        return ""
    if not _in_force(row, terms, notes):
        notes.append("A sale price does not apply now: left out. Import again when it begins.")
        return ""
    return sale


def _in_force(row: Fields, terms: ImportTerms, notes: list[str]) -> bool:
    """Return whether a sale applies now: from its start to the end of its last day."""
    starts, ends = row.get("Date sale price starts", ""), row.get("Date sale price ends", "")
    began, began_assumed = period_bound(starts, terms, end=False) if starts else (terms.now, False)
    # WooCommerce ends a sale with its last day, whatever time of that day the export writes.
    ended, ended_assumed = (
        period_bound(ends[:_DATE_LENGTH], terms, end=True) if ends else (terms.now + 1, False)
    )
    if began_assumed or ended_assumed:
        notes.append(UTC_ASSUMED)
    return began <= terms.now < ended


def _available(parent: Fields, row: Fields, terms: ImportTerms, notes: list[str]) -> int | None:
    """Return the pieces of a product; a variation may share the number of its parent."""
    number = row.get("Stock", "")
    if number.lower() == "parent":
        number = parent.get("Stock", "") if parent is not row else ""
        notes.append("Variations share the stock of their parent: each states the whole number.")
    quantity = parse_integer(number, "stock") if number else None
    word = row.get("In stock?", "") or ("" if quantity is not None else "0")
    return resolve_stock(word, quantity, terms, notes)
