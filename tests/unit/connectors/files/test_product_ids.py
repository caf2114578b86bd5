"""A value of the file stands in for a missing SKU, and the widget reads the same one on the page."""

import json
from pathlib import Path

import pytest

from support.import_files import IMPORT_TERMS, file_with
from support.vectors import FOLDER
from tactful.connectors.files.byte_sources import open_source
from tactful.connectors.files.product_ids import (
    OPTIONS,
    handle_and_options,
    required_column,
    sku_or_substitute,
)
from tactful.connectors.files.results import SourceError

PAGES = Path(__file__).parents[3] / "journeys" / "widget" / "pages"


def test_a_sku_of_the_file_comes_first_as_on_the_page() -> None:
    notes: list[str] = []
    assert sku_or_substitute("'042", "4006381333931", IMPORT_TERMS, notes) == "042"
    assert sku_or_substitute("", "'4006381333931", IMPORT_TERMS, notes) == "4006381333931"
    assert sku_or_substitute("", "", IMPORT_TERMS, notes) == ""
    assert len(notes) == 1


def test_a_product_without_options_is_named_by_its_handle_alone() -> None:
    assert handle_and_options("socks", {"Option1 Value": "Default Title"}) == "socks"
    assert handle_and_options("aero", {"Option1 Value": "42", "Option2 Value": "red"}) == (
        "aero/42/red"
    )


@pytest.mark.parametrize(
    ("wanted", "message"),
    [("column:Artikel", "Did you mean 'Artikelnr'"), ("id", "Use handle\\+options, column:NAME")],
)
def test_a_value_that_the_file_does_not_have_is_refused(
    tmp_path: Path, wanted: str, message: str
) -> None:
    terms = type(IMPORT_TERMS)(now=0, sku_from=wanted)
    with (
        open_source(str(file_with(tmp_path, "Artikelnr,Preis\n"))) as source,
        pytest.raises(SourceError, match=message),
    ):
        required_column(source, terms, {OPTIONS: OPTIONS})


def test_a_named_column_stands_in(tmp_path: Path) -> None:
    terms = type(IMPORT_TERMS)(now=0, sku_from="column:Artikelnr")
    with open_source(str(file_with(tmp_path, "Artikelnr,Preis\n"))) as source:
        assert required_column(source, terms, {}) == "Artikelnr"
        assert required_column(source, IMPORT_TERMS, {}) == ""


def test_the_import_of_barcodes_names_the_item_that_the_widget_finds_on_the_page() -> None:
    """`tests/journeys/widget` opens the same page in browsers, and expects the same SKU."""
    page = (PAGES / "ld-gtin-only.html").read_text("utf-8")
    found = json.loads(page.split(" -->")[0].removeprefix("<!-- "))["sku"]
    file = FOLDER / "imports" / "shopify" / "barcodes.csv.json"
    assert json.loads(file.read_text("utf-8"))["facts"][0]["sku"] == found
