"""Registry of the file formats, detection of a file's format, and reading its rows."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from msgspec import Struct

from tactful.connectors import jsonl, merchant, order_tables, product_tables, tables
from tactful.connectors.byte_sources import ByteSource
from tactful.connectors.results import ImportTerms, Row, SourceError

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


_PRICED: Final = ("territory", "tax_rate_bp")
FORMATS: Final = (
    FileFormat("jsonl", "facts as JSON Lines", jsonl.jsonl_rows),
    FileFormat("merchant-xml", "a Google Merchant feed", merchant.xml_rows, _PRICED),
    FileFormat("merchant-tsv", "a Google Merchant feed", merchant.tsv_rows, _PRICED),
    FileFormat(
        "shopify-products",
        "Shopify's product export",
        product_tables.shopify_rows,
        (*_PRICED, "currency"),
    ),
    FileFormat(
        "woocommerce-products",
        "WooCommerce's product export",
        product_tables.woocommerce_rows,
        (*_PRICED, "currency"),
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
)
BY_NAME: Final = {form.name: form for form in FORMATS}
_OPTIONS: Final = {
    "territory": "--territory GB",
    "currency": "--currency GBP",
    "tax_rate_bp": "--tax-rate 20%",
}
_COLUMNS: Final = (
    (product_tables.SHOPIFY, "shopify-products"),
    (product_tables.WOOCOMMERCE, "woocommerce-products"),
    (order_tables.SHOPIFY.identifying_columns, "shopify-orders"),
    (order_tables.WOOCOMMERCE.identifying_columns, "woocommerce-orders"),
    (frozenset({"id", "title", "price", "availability"}), "merchant-tsv"),
)


def detect_format(source: ByteSource) -> FileFormat:
    """Detect the format of a source by its first character, or by the columns of its header.

    Raises:
        SourceError: The source is empty, damaged, or of no known format.
    """
    try:
        start = source.stream().read(512).removeprefix(b"\xef\xbb\xbf").lstrip()
        if not start:
            raise SourceError(f"{source.name}: The file is empty. Name a file with facts.")
        if start[:1] in {b"{", b"["}:
            return BY_NAME["jsonl"]
        if start[:1] == b"<":
            return BY_NAME["merchant-xml"]
        header = {name.strip() for name in tables.read_header(source)}
    except (OSError, EOFError) as error:  # compressed bytes that are cut off or damaged
        raise SourceError(
            f"{source.name}: The file cannot be decompressed: {error}. Compress it again with gzip."
        ) from error
    for columns, name in _COLUMNS:
        if columns <= header or (name == "merchant-tsv" and columns <= _normalised(header)):
            return BY_NAME[name]
    shown = ", ".join(sorted(header))[:120]
    raise SourceError(
        f"{source.name}: The file has no known format. Its columns are {shown}. "
        "Convert it to facts, one JSON object a line, or name its format with --format: "
        f"{', '.join(BY_NAME)}."
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
    try:
        yield from form.read(source, terms)
    except (OSError, EOFError) as error:
        raise SourceError(
            f"{source.name}: The file cannot be read to its end: {error}. Export it again."
        ) from error
    except KeyError as error:
        raise SourceError(
            f"{source.name}: {_capitalised(form.title)} has a column {error}, which is missing here. "
            "Export the file with all columns."
        ) from error


def _capitalised(title: str) -> str:
    return title[0].upper() + title[1:]


def _normalised(header: set[str]) -> set[str]:
    return {name.lower().replace(" ", "_") for name in header}
