"""Tables are read with any usual delimiter, and every bad row is named by its line."""

from pathlib import Path

from support.import_files import (
    SHOPIFY_PRODUCTS,
    WOO_ORDERS,
    bad_rows_in,
    facts_in,
    file_with,
    import_rows,
)
from tactful.connectors.byte_sources import open_source
from tactful.connectors.tables import read_header


def test_a_table_may_be_delimited_by_semicolons_and_have_a_byte_order_mark(tmp_path: Path) -> None:
    text = "\ufeff" + WOO_ORDERS.replace(",", ";")
    assert len(facts_in(import_rows(file_with(tmp_path, text)))) == 2


def test_a_table_in_another_encoding_is_named_with_its_line(tmp_path: Path) -> None:
    raw = SHOPIFY_PRODUCTS.replace("Velo", "V\xe9lo").encode("latin-1")
    assert "Save the file as UTF-8." in bad_rows_in(import_rows(file_with(tmp_path, raw)))[0][1]


def test_a_row_with_too_many_values_and_a_broken_quote_are_named(tmp_path: Path) -> None:
    wide = SHOPIFY_PRODUCTS.replace("draft", "draft,more")
    assert (
        "Quote values that contain the delimiter."
        in bad_rows_in(import_rows(file_with(tmp_path, wide)))[0][1]
    )
    broken = SHOPIFY_PRODUCTS.replace("aero,,,,,RUN-43", 'aero,"x"y,,,,RUN-43')
    assert bad_rows_in(import_rows(file_with(tmp_path, broken)))[0][0] == 3


def test_a_quoted_line_break_does_not_shift_the_lines(tmp_path: Path) -> None:
    text = SHOPIFY_PRODUCTS.replace("Aero Runner", '"Aero\nRunner"')
    assert bad_rows_in(import_rows(file_with(tmp_path, text)))[0][0] == 7


def test_the_header_names_the_columns(tmp_path: Path) -> None:
    for text in ("a,b c\n1,2\n", "a;b c\n", "a\tb c"):
        with open_source(str(file_with(tmp_path, text))) as source:
            assert read_header(source) == ("a", "b c")
