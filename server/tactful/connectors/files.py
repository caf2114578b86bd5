"""Which facts are in this file, whatever its format?"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from msgspec import Struct

from tactful.connectors import jsonl, merchant, order_tables, product_tables, tables
from tactful.connectors.byte_sources import ByteSource
from tactful.connectors.results import ImportTerms, Row, SourceError

Reader = Callable[[ByteSource, ImportTerms], Iterator[Row]]


class FileFormat(Struct, frozen=True):
    """A kind of file; `needs` the terms that it does not carry itself."""

    name: str
    title: str
    read: Reader
    required_terms: tuple[str, ...] = ()


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
    """What the file looks like; SourceError when it looks like nothing known."""
    try:
        start = source.stream().read(512).removeprefix(b"\xef\xbb\xbf").lstrip()
        if not start:
            raise SourceError(f"{source.name}: is empty")
        if start[:1] in {b"{", b"["}:
            return BY_NAME["jsonl"]
        if start[:1] == b"<":
            return BY_NAME["merchant-xml"]
        header = {name.strip() for name in tables.read_header(source)}
    except (OSError, EOFError) as error:  # a gzip that is cut or damaged
        raise SourceError(f"{source.name}: cannot be unpacked: {error}") from error
    for columns, name in _COLUMNS:
        if columns <= header or (name == "merchant-tsv" and columns <= _normalised(header)):
            return BY_NAME[name]
    shown = ", ".join(sorted(header))[:120]
    raise SourceError(
        f"{source.name}: no known format; its columns are {shown}. "
        f"Convert it to facts, one JSON object a line, or name a --format of {', '.join(BY_NAME)}"
    )


def read_rows(source: ByteSource, terms: ImportTerms, form: FileFormat) -> Iterator[Row]:
    """Every row; SourceError when a term is missing or the bytes break off."""
    missing = [name for name in form.required_terms if getattr(terms, name) is None]
    if missing:
        options = " ".join(_OPTIONS[name] for name in missing)
        raise SourceError(f"{source.name}: {form.title} does not say everything: add {options}")
    try:
        yield from form.read(source, terms)
    except (OSError, EOFError) as error:
        raise SourceError(f"{source.name}: cannot be read to its end: {error}") from error
    except KeyError as error:
        raise SourceError(
            f"{source.name}: {form.title} has a column {error}; this has not"
        ) from error


def _normalised(header: set[str]) -> set[str]:
    return {name.lower().replace(" ", "_") for name in header}
