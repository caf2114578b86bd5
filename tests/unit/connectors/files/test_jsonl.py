"""Facts as JSON Lines are read line by line."""

from pathlib import Path

from support.import_files import bad_rows_in, facts_in, file_with, import_rows
from tactful.core.facts.fact_types import Stock


def test_json_lines_are_facts_and_a_bad_one_is_named_with_its_line(tmp_path: Path) -> None:
    lines = [
        '{"type":"stock","sku":"A","territory":"GB","available":3}',
        "",
        '{"type":"stock","sku":"A","territory":"GB","avaliable":3}',
        '{"type":"stock"',
    ]
    found = import_rows(file_with(tmp_path, "\n".join(lines)))
    assert facts_in(found) == [Stock(sku="A", territory="GB", available=3)]
    assert [line for line, _ in bad_rows_in(found)] == [3, 4]
    assert "did you mean `available`?" in bad_rows_in(found)[0][1]


def test_a_json_array_is_refused_with_what_to_do(tmp_path: Path) -> None:
    assert "jq -c" in bad_rows_in(import_rows(file_with(tmp_path, "[{}]")))[0][1]


def test_json_lines_in_utf_16_are_read(tmp_path: Path) -> None:
    line = '{"type":"stock","sku":"Ä","territory":"GB","available":3}\r\n'
    found = import_rows(file_with(tmp_path, (line * 2).encode("utf-16")))
    assert facts_in(found) == [Stock(sku="Ä", territory="GB", available=3)] * 2
