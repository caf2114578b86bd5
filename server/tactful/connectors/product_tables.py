"""Readers of product exports of Shopify and WooCommerce.

Each variant gives a product and a price, and a cost and stock where the export contains them.
"""

from collections.abc import Iterator
from typing import Any, Final

from tactful.connectors import tables
from tactful.connectors.byte_sources import ByteSource
from tactful.connectors.results import (
    BadRow,
    Fields,
    ImportTerms,
    Row,
    RowError,
    SkippedRow,
    category_path,
    fact_or_error,
    parse_integer,
    parse_price,
)

SHOPIFY: Final = frozenset({"Handle", "Title", "Variant SKU", "Variant Price"})
"""Columns by which a Shopify product export is recognised."""
WOOCOMMERCE: Final = frozenset({"ID", "Type", "SKU", "Name", "Regular price"})
"""Columns by which a WooCommerce product export is recognised."""


def shopify_rows(source: ByteSource, terms: ImportTerms) -> Iterator[Row]:
    """Yield the facts of each row, which is one variant.

    What belongs to the product is in the first row of the product only. Rows of further images and
    of products that are not published are left out.
    """
    product: dict[str, str] = {}
    for record in tables.table_rows(source):
        if isinstance(record, BadRow):
            yield record
            continue
        fields = record.fields
        if fields["Title"] or fields["Handle"] != product.get("Handle"):
            product = dict(fields)
        yield from _rows_of(record.line, _shopify(product, fields, terms))


def woocommerce_rows(source: ByteSource, terms: ImportTerms) -> Iterator[Row]:
    """Yield the facts of each row, which is a simple product or a variation.

    A row of a variable product gives no facts of its own: its variations take their name, brand,
    categories and image from it.
    """
    parents: dict[str, Fields] = {}
    for record in tables.table_rows(source):
        if isinstance(record, BadRow):
            yield record
            continue
        fields = record.fields
        kinds = {kind.strip() for kind in fields["Type"].split(",")}
        if kinds & {"variable", "grouped", "external"}:
            parents |= {f"id:{fields['ID']}": fields, fields["SKU"]: fields}
            yield SkippedRow(record.line, f"{fields['Type']}: has no stock or price of its own")
            continue
        yield from _rows_of(record.line, _woocommerce(parents, fields, terms))


def _rows_of(line: int, facts: Iterator[dict[str, Any] | str]) -> Iterator[Row]:
    try:
        made = list(facts)
    except RowError as error:
        yield BadRow(line, str(error))
        return
    for fact in made:
        yield SkippedRow(line, fact) if isinstance(fact, str) else fact_or_error(line, fact)


def _shopify(product: Fields, row: Fields, terms: ImportTerms) -> Iterator[dict[str, Any] | str]:
    if not row["Variant Price"]:
        yield "a further image"
        return
    if (
        product.get("Status", "active") != "active"
        or product.get("Published", "").lower() == "false"
    ):
        yield "not published"
        return
    sku = (
        row["Variant SKU"].strip().lstrip("'")
    )  # Shopify puts one before numbers, for spreadsheets
    if not sku:
        raise RowError("The variant has no SKU. Give it a SKU in Shopify.")
    kind = product.get("Type", "") or product.get("Product Category", "")
    yield {
        "type": "product",
        "sku": sku,
        "product": product["Handle"],
        "title": product["Title"] or product["Handle"],
        "brand": product.get("Vendor") or None,
        "categories": [category_path(kind)] if kind else [],
        "image": row.get("Variant Image") or product.get("Image Src") or None,
    }
    price, was = row["Variant Price"], row.get("Variant Compare At Price", "")
    yield from _money_and_stock(
        sku, terms, price, was, row.get("Cost per item", ""), row.get("Variant Inventory Qty", "")
    )


def _woocommerce(
    parents: dict[str, Fields], row: Fields, terms: ImportTerms
) -> Iterator[dict[str, Any] | str]:
    if row.get("Published", "1") != "1":
        yield "not published"
        return
    if not row["SKU"]:
        raise RowError("The product has no SKU. Give it a SKU in WooCommerce.")
    parent = parents.get(row.get("Parent", ""), row)
    kinds = (parent.get("Categories") or row.get("Categories", "")).split(",")
    yield {
        "type": "product",
        "sku": row["SKU"],
        "product": parent["SKU"] or parent["ID"],
        "title": parent["Name"] or row["Name"],
        "brand": parent.get("Brands", "").split(",")[0].strip() or None,
        "categories": [path for path in map(category_path, kinds) if path],
        "image": (row.get("Images") or parent.get("Images", "")).split(",")[0].strip() or None,
    }
    regular, sale = row["Regular price"], row.get("Sale price", "")
    stock = row.get("Stock", "")
    if not stock:
        in_stock = row.get("In stock?", "0") == "1"
        stock = str(terms.assumed_stock or "") if in_stock else "0"
    yield from _money_and_stock(
        sku=row["SKU"], terms=terms, price=sale or regular, was=regular, cost="", stock=stock
    )


def _money_and_stock(
    sku: str, terms: ImportTerms, price: str, was: str, cost: str, stock: str
) -> Iterator[dict[str, Any]]:
    now, before = parse_price(price, terms.currency), parse_price(was, terms.currency)
    if now is None:
        raise RowError("The row has no price. Add one.")
    yield {
        "type": "price",
        "sku": sku,
        "territory": terms.territory,
        "price": now,
        "list": before if before and before["amount"] > now["amount"] else None,
        "tax_included": terms.tax_included,
        "tax_rate_bp": terms.tax_rate_bp,
    }
    if (net := parse_price(cost, terms.currency)) is not None:
        yield {"type": "cost", "sku": sku, "cost": net}
    if stock:
        available = parse_integer(stock, "stock")
        yield {"type": "stock", "sku": sku, "territory": terms.territory, "available": available}
