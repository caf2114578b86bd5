"""Reader of tables of any system; the options of the import name the columns.

Each row gives a product, a price, a cost and stock, as far as its columns are named.
"""

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

import msgspec

from tactful.connectors import tables
from tactful.connectors.byte_sources import ByteSource
from tactful.connectors.product_facts import cost_facts, price_fact, rows_of, stock_facts
from tactful.connectors.results import Fields, ImportTerms, Row, RowError, SourceError
from tactful.connectors.stock_words import resolve_stock
from tactful.connectors.value_parsers import category_path, parse_integer, plain_text

FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "sku": (
        "sku",
        "artikelnr",
        "artikelnummer",
        "article number",
        "item number",
        "référence",
        "reference",
        "ugs",
        "артикул",
        "referencia",
        "codice",
        "artikelnr.",
        "art.-nr.",
    ),
    "product": ("product id", "parent sku", "group", "handle", "item group id", "produkt-id"),
    "title": (
        "title",
        "name",
        "product name",
        "bezeichnung",
        "produktname",
        "nom",
        "titre",
        "название",
        "nombre",
        "nome",
        "naam",
        "description",
    ),
    "brand": ("brand", "vendor", "manufacturer", "marke", "hersteller", "marque", "бренд", "marca"),
    "category": (
        "category",
        "categories",
        "kategorie",
        "warengruppe",
        "catégorie",
        "категория",
        "categoría",
        "categoria",
    ),
    "url": ("url", "link", "product url", "lien"),
    "image": ("image", "image url", "image link", "bild", "bild-url"),
    "price": (
        "price",
        "preis",
        "verkaufspreis",
        "vk",
        "vk brutto",
        "prix",
        "prix ttc",
        "цена",
        "precio",
        "prezzo",
        "prijs",
        "selling price",
    ),
    "list": ("list price", "rrp", "msrp", "uvp", "compare at price", "prix barré", "listenpreis"),
    "cost": (
        "cost",
        "cost price",
        "cost per item",
        "einkaufspreis",
        "ek",
        "wholesale price",
        "prix d'achat",
        "себестоимость",
    ),
    "stock": (
        "stock",
        "quantity",
        "qty",
        "bestand",
        "lagerbestand",
        "quantité",
        "остаток",
        "cantidad",
        "inventory",
    ),
    "availability": ("availability", "in stock?", "verfügbarkeit", "disponibilité", "наличие"),
    "currency": ("currency", "währung", "devise", "валюта", "moneda"),
}
"""Field that a column can give → column names for which this field is proposed."""  # fmt: skip
_AMOUNTS: Final = ("price", "list", "cost")
_LAST_SEPARATOR = re.compile(r"([.,])([0-9]+)[^0-9.,]*$", re.ASCII)


def propose_columns(header: tuple[str, ...]) -> dict[str, str]:
    """Return field → column of the header, for each field that a column seems to contain."""
    folded = {name.casefold(): name for name in header}
    found: dict[str, str] = {}
    for field, names in FIELDS.items():
        column = next((folded[name] for name in names if name in folded), None)
        if column is not None and column not in found.values():
            found[field] = column
    return found


def mapped_rows(source: ByteSource, terms: ImportTerms) -> Iterator[Row]:
    """Yield the facts of each row.

    Raises:
        SourceError: No column is named for the SKU or for anything else, a named column is missing,
            the territory or the tax rate is missing, or amounts can be read in two ways.
    """
    columns = terms.columns
    _check_columns(source, columns)
    _check_terms(source, terms)
    if terms.decimal is None:
        terms = msgspec.structs.replace(terms, decimal=_decimal_sign(source, columns))
    for record in tables.table_rows(source):
        if not isinstance(record, tables.TableRow):
            yield record
        else:
            row = {field: record.fields[column] for field, column in columns.items()}
            yield from rows_of(record.line, partial(_facts, row, terms))


def _check_columns(source: ByteSource, columns: Mapping[str, str]) -> None:
    if "sku" not in columns or not columns.keys() & {"title", "stock", "availability", *_AMOUNTS}:
        raise SourceError(
            f"{source.name}: A table needs the column of the SKU and of one other field. Add "
            "--column sku=NAME --column price=NAME, as `tactful import --guess FILE` proposes."
        )
    for column in columns.values():
        tables.require_column(source, column)


def _check_terms(source: ByteSource, terms: ImportTerms) -> None:
    missing = []
    if terms.territory is None and terms.columns.keys() & {"price", "stock", "availability"}:
        missing.append("--territory GB")
    if terms.tax_rate_bp is None and "price" in terms.columns:
        missing.append("--tax-rate 20%")
    if missing:
        raise SourceError(
            f"{source.name}: The table does not contain everything. Add {' '.join(missing)}."
        )


def _decimal_sign(source: ByteSource, columns: Mapping[str, str]) -> str | None:
    """Return the decimal sign of the amounts of the whole table; None: no amount depends on it.

    An amount such as `1.234` or `1,234` can be read in two ways. Other amounts of the table decide.
    """
    signs: set[str] = set()
    ambiguous = ""
    names = [columns[field] for field in _AMOUNTS if field in columns]
    for record in tables.table_rows(source):
        if not isinstance(record, tables.TableRow):
            continue
        for text in (record.fields[name] for name in names):
            found = _LAST_SEPARATOR.search(text)
            if found is None:
                continue
            if len(found[2]) != 3 or len({*text} & {".", ","}) == 2:
                signs.add(found[1])
            else:
                ambiguous = ambiguous or text
    if ambiguous and len(signs) != 1:
        raise SourceError(
            f"{source.name}: {ambiguous[:40]!r} can be read in two ways. "
            "Say with --decimal whether a comma or a point separates decimals."
        )
    return signs.pop() if len(signs) == 1 else None


def _categories(text: str) -> list[str]:
    """Return the paths in a cell: `A > B`, `A/B`, or several of the second form with commas."""
    if ">" in text or "/" not in text:
        paths = [category_path(text)]
    else:
        paths = [plain_text(path) for path in text.split(",")]
    return [path for path in paths if path]


def _facts(row: Fields, terms: ImportTerms, notes: list[str]) -> Iterator[dict[str, Any]]:
    sku = row["sku"].lstrip("'")
    if not sku:
        raise RowError("The row has no SKU. Give it one.")
    if row.get("currency"):
        terms = msgspec.structs.replace(terms, currency=row["currency"])
    if "title" in row:
        yield {
            "type": "product",
            "sku": sku,
            "product": row.get("product") or sku,
            "title": plain_text(row["title"]) or sku,
            "brand": plain_text(row.get("brand", "")) or None,
            "categories": _categories(row.get("category", "")),
            "url": row.get("url") or None,
            "image": row.get("image") or None,
        }
    if "price" in row:
        yield price_fact(sku, terms, row["price"], row.get("list", ""))
    yield from cost_facts(sku, terms, row.get("cost", ""))
    number = row.get("stock", "")
    quantity = parse_integer(number, "stock") if number else None
    available = resolve_stock(row.get("availability", ""), quantity, terms, notes)
    if "stock" in row and available is None and not row.get("availability"):
        notes.append("A row has no number of pieces: no stock fact is made.")
    yield from stock_facts(sku, terms, available)
