"""Registry of the file formats, detection of a file's format, and reading its rows."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from msgspec import Struct

from tactful.connectors.files import (
    column_names,
    jsonl,
    mapped_tables,
    merchant,
    order_tables,
    shopify_inventory,
    shopify_products,
    tables,
    woocommerce_products,
)
from tactful.connectors.files.byte_sources import ByteSource
from tactful.connectors.files.results import FoundFact, ImportTerms, Row, RowNote, SourceError
from tactful.core.facts.fact_types import Price, Product, Stock

Reader = Callable[[ByteSource, ImportTerms], Iterator[Row]]
"""Yields every row of a source. It may raise OSError, EOFError, and KeyError for a missing column."""


class FileFormat(Struct, frozen=True):
    """A format of files that can be imported."""

    name: str
    """Value of `--format`."""
    title: str
    """What a file of this format is, as in `Shopify's order export`."""
    read: Reader
    required_terms: tuple[str, ...] = ()
    """Fields of `ImportTerms` that must be given, because the file does not contain them."""
    has_substitutes: bool = False
    """Whether another value of a row can stand in for a missing SKU."""


_PRICED: Final = ("territory", "tax_rate_bp")
FORMATS: Final = (
    FileFormat("jsonl", "facts as JSON Lines", jsonl.jsonl_rows),
    FileFormat("merchant-xml", "a Google Merchant feed", merchant.xml_rows, _PRICED),
    FileFormat("merchant-tsv", "a Google Merchant feed", merchant.tsv_rows, _PRICED),
    FileFormat(
        "shopify-products",
        "Shopify's product export",
        shopify_products.shopify_rows,
        (*_PRICED, "currency"),
        has_substitutes=True,
    ),
    FileFormat(
        "shopify-inventory",
        "Shopify's inventory export",
        shopify_inventory.inventory_rows,
        ("territory",),
    ),
    FileFormat(
        "woocommerce-products",
        "WooCommerce's product export",
        woocommerce_products.woocommerce_rows,
        (*_PRICED, "currency"),
        has_substitutes=True,
    ),
    FileFormat(
        "shopify-orders",
        "Shopify's order export",
        partial(order_tables.order_rows, dialect=order_tables.SHOPIFY),
    ),
    FileFormat(
        "woocommerce-orders",
        "WooCommerce's order export, a row for each item",
        partial(order_tables.order_rows, dialect=order_tables.WOOCOMMERCE),
    ),
    FileFormat("table", "a table whose columns the import names", mapped_tables.mapped_rows),
)
ORDERS: Final = frozenset({"shopify-orders", "woocommerce-orders"})
"""Names of the formats that have a column of customers."""
BY_NAME: Final = {form.name: form for form in FORMATS}
_OPTIONS: Final = {
    "territory": "--territory GB",
    "currency": "--currency GBP",
    "tax_rate_bp": "--tax-rate 20%",
}
_COLUMNS: Final[tuple[tuple[frozenset[str], column_names.Aliases, str], ...]] = (
    (shopify_products.COLUMNS, column_names.SHOPIFY_PRODUCTS, "shopify-products"),
    (shopify_inventory.COLUMNS, column_names.SHOPIFY_INVENTORY, "shopify-inventory"),
    (woocommerce_products.COLUMNS, column_names.WOOCOMMERCE_PRODUCTS, "woocommerce-products"),
    (order_tables.SHOPIFY.identifying_columns, {}, "shopify-orders"),
    (order_tables.WOOCOMMERCE.identifying_columns, {}, "woocommerce-orders"),
)
"""Columns by which each table is recognised, their other names, and the format."""
_START: Final = 512
"""Characters in which a file shows its format."""
_MERCHANT: Final = frozenset({"id", "title", "price", "availability"})


_MAX_KEPT: Final = 500_000
"""Most facts whose repetition is noticed: 50 MB, and as many SKUs. The whole file is read anyway."""
_HASH: Final = 2**32 - 1
_LINE_BITS: Final = 32
_REPEATED: Final = "A SKU is in several rows: the last of them counts."
_OTHER_CASE: Final = "SKUs differ only in upper and lower case: they are different items."


def detect_format(source: ByteSource) -> FileFormat:
    """Detect the format of a source by its first character, or by the columns of its header.

    Raises:
        SourceError: The source is empty, damaged, or of no known format.
    """
    try:
        with source.text() as text:
            start = text.read(_START).lstrip()
        if start[:1] in {"{", "["}:
            return BY_NAME["jsonl"]
        if start[:1] == "<":
            return BY_NAME["merchant-xml"]
        header = set(tables.read_header(source))
        if not header:
            raise SourceError(f"{source.name}: The file is empty. Name a file with facts.")
    except (OSError, EOFError) as error:  # compressed bytes that are cut off or damaged
        raise SourceError(
            f"{source.name}: The file cannot be decompressed: {error}. Compress it again with gzip."
        ) from error
    for columns, aliases, name in _COLUMNS:
        if columns <= column_names.read_names(header, aliases):
            return BY_NAME[name]
    if {name.lower().replace(" ", "_") for name in header} >= _MERCHANT:
        return BY_NAME["merchant-tsv"]
    shown = ", ".join(sorted(header))[:120]
    raise SourceError(
        f"{source.name}: The file has no known format. Its columns are {shown}. "
        "Name its columns with --column, as `tactful import --guess FILE` proposes, or name its "
        f"format with --format: {', '.join(BY_NAME)}."
    )


def read_rows(source: ByteSource, terms: ImportTerms, form: FileFormat) -> Iterator[Row]:
    """Yield every row of a source: its facts, its bad rows and those that are left out.

    Args:
        source: The source; it is read from the beginning.
        terms: What the file does not contain itself.
        form: The format of the source.

    Raises:
        SourceError: A required term or column is missing, or the bytes end too early.
    """
    missing = [name for name in form.required_terms if getattr(terms, name) is None]
    if missing:
        options = " ".join(_OPTIONS[name] for name in missing)
        raise SourceError(
            f"{source.name}: {_capitalised(form.title)} does not contain everything. Add {options}."
        )
    repeats = _Repeats()
    try:
        for row in form.read(source, terms):
            yield row
            if not isinstance(row, FoundFact):
                continue
            if row.notes:
                yield from (RowNote(row.line, note) for note in row.notes)
            # JSON Lines report what happened one after the other.
            if form.name != "jsonl":
                yield from (RowNote(line, _REPEATED) for line in repeats.lines(row))
                yield from (RowNote(line, _OTHER_CASE) for line in repeats.other_cases(row))
    except (OSError, EOFError) as error:
        raise SourceError(
            f"{source.name}: The file cannot be read to its end: {error}. Export it again."
        ) from error
    except KeyError as error:
        raise SourceError(
            f"{source.name}: {_capitalised(form.title)} has a column {error}, which is missing here. "
            "Export the file with all columns."
        ) from error


class _Repeats:
    """Finds the rows of a file that contradict an earlier one, or name nearly the same item."""

    def __init__(self) -> None:
        # One number holds the content's hash and its line: 500,000 pairs would take 40 MB more.
        self._seen: dict[int, int] = {}
        self._named: set[int] = set()
        self._skus: dict[int, int] = {}
        self._cased: set[int] = set()
        self._last = ""

    def lines(self, row: FoundFact) -> list[int]:
        """Return the lines of this row and of the earlier one, if they differ in name, price or stock.

        Each line is returned once.
        """
        fact = row.fact
        if type(fact) is Price:
            key = hash(("price", fact.sku, fact.territory, fact.price.currency))
            content = fact.price.amount
        elif type(fact) is Stock:
            key, content = hash(("stock", fact.sku, fact.territory)), hash(fact.available)
        elif type(fact) is Product:
            key = hash(("product", fact.sku))
            content = hash((fact.product, fact.title, fact.brand, fact.status))
        else:
            return []
        return _differing(self._seen, key, content, row.line, self._named)

    def other_cases(self, row: FoundFact) -> list[int]:
        """Return the lines of this row and of an earlier one whose SKUs differ only in case.

        Each line is returned once.
        """
        fact = row.fact
        if not isinstance(fact, Price | Stock | Product) or fact.sku == self._last:
            return []
        self._last = fact.sku
        key, content = hash(fact.sku.casefold()), hash(fact.sku)
        return _differing(self._skus, key, content, row.line, self._cased)


def _differing(
    seen: dict[int, int], key: int, content: int, line: int, named: set[int]
) -> list[int]:
    """Keep the content under a key; return the lines of two that differ, unless `named` has them."""
    if key not in seen and len(seen) == _MAX_KEPT:
        return []
    mine = (hash(content) & _HASH) << _LINE_BITS | line
    earlier = seen.setdefault(key, mine)
    if earlier >> _LINE_BITS == mine >> _LINE_BITS:
        return []
    seen[key] = mine
    both = sorted({earlier & (1 << _LINE_BITS) - 1, line} - named)
    named.update(both)
    return both


def _capitalised(title: str) -> str:
    return title[0].upper() + title[1:]
