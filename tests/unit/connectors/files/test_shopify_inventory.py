"""Inventory exports of Shopify give one stock for each SKU, summed over its locations."""

from pathlib import Path

import pytest

from support.import_files import bad_rows_in, facts_in, file_with, import_rows
from tactful.connectors.files.results import SkippedRow, SourceError
from tactful.core.facts.fact_types import Stock

ROWS = """\
Handle,Title,SKU,COO,Location,Available
lamp,Lamp,LAMP,,Warehouse,5
lamp,Lamp,LAMP,,Shop,2
bulb,Bulb,BULB,,Warehouse,not stocked
"""


def test_locations_in_rows_are_summed(tmp_path: Path) -> None:
    found = import_rows(file_with(tmp_path, ROWS))
    assert facts_in(found) == [Stock(sku="LAMP", territory="GB", available=7)]
    assert SkippedRow(4, "not stocked at a location") in found


def test_locations_in_columns_are_summed(tmp_path: Path) -> None:
    text = "Handle,Title,SKU,HS Code,COO,Warehouse,Shop\nlamp,Lamp,'0042,,,5,2\n"
    found = import_rows(file_with(tmp_path, text))
    assert facts_in(found) == [Stock(sku="0042", territory="GB", available=7)]


def test_a_number_that_cannot_be_read_is_a_bad_row(tmp_path: Path) -> None:
    found = import_rows(file_with(tmp_path, ROWS.replace(",2\n", ",two\n")))
    assert bad_rows_in(found) == [(3, "stock is 'two'. Write a whole number.")]


def test_an_export_without_available_pieces_is_refused_with_the_column(tmp_path: Path) -> None:
    text = ROWS.replace("Available", "Incoming")
    with pytest.raises(SourceError, match="has a column 'Available', which is missing here"):
        import_rows(file_with(tmp_path, text))
