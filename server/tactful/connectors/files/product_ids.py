"""The SKU of a variant, or what stands in for a missing one on the shop's pages too.

The widget takes the first of SKU, identifier and GTIN that a page has. An import with `--sku-from` takes the
same value where a variant has no SKU, so that both mean the same item.
"""

from collections.abc import Mapping
from typing import Final

from tactful.connectors.files import tables
from tactful.connectors.files.byte_sources import ByteSource
from tactful.connectors.files.results import Fields, ImportTerms, SourceError

COLUMN: Final = "column:"
"""Start of a value of `--sku-from` that names a column of the file."""
OPTIONS: Final = "handle+options"
"""The value of `--sku-from` for the handle of the product, with the options of the variant."""
_OPTION_COLUMNS: Final = ("Option1 Value", "Option2 Value", "Option3 Value")
_NO_OPTION: Final = frozenset({"", "Default Title"})
"""Values of a product without options, as Shopify writes them."""


def required_column(source: ByteSource, terms: ImportTerms, columns: Mapping[str, str]) -> str:
    """Return the column that stands in for a missing SKU; empty: none does.

    Args:
        source: The file.
        terms: Contains the value of `--sku-from`.
        columns: Value of `--sku-from` → column of this format, under the name that is read.

    Raises:
        SourceError: The file has no such column, or the format knows no such value.
    """
    wanted = terms.sku_from
    if not wanted:
        return ""
    if wanted.startswith(COLUMN):
        name = wanted.removeprefix(COLUMN)
        tables.require_column(source, name)
        return name
    if wanted not in columns:
        known = ", ".join((*columns, "column:NAME"))
        raise SourceError(
            f"{source.name}: --sku-from {wanted} does not suit this file. Use {known}."
        )
    return columns[wanted]


def sku_or_substitute(sku: str, substitute: str, terms: ImportTerms, notes: list[str]) -> str:
    """Return the SKU of a variant, or where it has none what stands in for it; empty: nothing does.

    Args:
        sku: The SKU as the file writes it.
        substitute: The value that `--sku-from` names.
        terms: Contains the value of `--sku-from`, for the note.
        notes: Receives that a SKU was replaced.
    """
    # Shopify puts an apostrophe before numbers, for spreadsheets.
    sku, substitute = sku.lstrip("'"), substitute.lstrip("'")
    if sku or not substitute:
        return sku
    notes.append(
        f"A variant has no SKU: its {(terms.sku_from or '').removeprefix(COLUMN)} is used."
    )
    return substitute


def handle_and_options(handle: str, row: Fields) -> str:
    """Return the handle of a product and the options of a variant, as in `aero-runner/42/black`."""
    options = [row.get(name, "") for name in _OPTION_COLUMNS]
    return "/".join([handle, *(option for option in options if option not in _NO_OPTION)])
