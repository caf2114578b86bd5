"""Tables are read with any usual delimiter, and every bad row is named by its line."""

from pathlib import Path

import pytest

from support.import_files import (
    SHOPIFY_PRODUCTS,
    WOO_ORDERS,
    bad_rows_in,
    facts_in,
    file_with,
    import_rows,
)
from tactful.connectors.files.byte_sources import open_source
from tactful.connectors.files.results import RowNote, SourceError
from tactful.connectors.files.tables import TableRow, read_header, require_column, table_rows


def test_a_table_may_be_delimited_by_semicolons_and_have_a_byte_order_mark(tmp_path: Path) -> None:
    text = "\ufeff" + WOO_ORDERS.replace(",", ";")
    assert len(facts_in(import_rows(file_with(tmp_path, text)))) == 2


def test_a_table_in_another_encoding_is_named_with_its_line(tmp_path: Path) -> None:
    raw = SHOPIFY_PRODUCTS.replace("Velo", "V\xe9lo").encode("latin-1")
    assert (
        "Name the encoding of the file" in bad_rows_in(import_rows(file_with(tmp_path, raw)))[0][1]
    )


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


def test_a_quotation_mark_in_tab_separated_text_is_a_character(tmp_path: Path) -> None:
    text = 'id\ttitle\tprice\tavailability\nA\t"Best" cup\t1 GBP\t\nB\t15" bowl\t1 GBP\t\n'
    with open_source(str(file_with(tmp_path, text))) as source:
        rows = list(table_rows(source))
    assert [row.fields["title"] for row in rows if isinstance(row, TableRow)] == [
        '"Best" cup',
        '15" bowl',
    ]


@pytest.mark.parametrize(
    ("damaged", "bad"),
    [
        ('1,"a"b', [2]),
        ('1,"never closed', [2]),
        ('1,"begins\nin "two" lines"', [2, 3]),
    ],
)
def test_reading_goes_on_at_the_line_after_a_broken_quotation_mark(
    tmp_path: Path, damaged: str, bad: list[int]
) -> None:
    text = f'id,name\n{damaged}\n8,eight\n9,"nine\n9"\n10,ten\n'
    with open_source(str(file_with(tmp_path, text))) as source:
        rows = list(table_rows(source))
    assert [row.line for row in rows if not isinstance(row, TableRow)] == bad
    kept = [(row.line, row.fields["name"]) for row in rows if isinstance(row, TableRow)]
    first = 2 + len(bad)
    assert kept == [(first, "eight"), (first + 1, "nine\n9"), (first + 3, "ten")]


def test_many_open_quotation_marks_are_read_in_bounded_steps(tmp_path: Path) -> None:
    text = "id,name\n" + '1,"open\n' * 4001
    with open_source(str(file_with(tmp_path, text))) as source:
        rows = list(table_rows(source))
    assert len(rows) >= 1
    assert not [
        row for row in rows if isinstance(row, TableRow) and "open" not in row.fields["name"]
    ]


@pytest.mark.parametrize("start", ["\n\n", ";;\n", "sep=;\n"])
def test_lines_before_the_header_do_not_hide_it(tmp_path: Path, start: str) -> None:
    path = file_with(tmp_path, start + WOO_ORDERS.replace(",", ";"))
    assert len(facts_in(import_rows(path))) == 2


def test_an_extra_empty_last_cell_is_no_value(tmp_path: Path) -> None:
    text = "\n".join(f"{line}," for line in WOO_ORDERS.splitlines())
    assert facts_in(import_rows(file_with(tmp_path, text))) == facts_in(
        import_rows(file_with(tmp_path, WOO_ORDERS, "plain"))
    )
    wide = WOO_ORDERS.replace("50.000001", "50.000001,,")
    assert bad_rows_in(import_rows(file_with(tmp_path, wide))) == []


def test_a_column_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    with open_source(str(file_with(tmp_path, "Name,Email\n"))) as source:
        require_column(source, "Email")
        with pytest.raises(SourceError, match="Did you mean 'Email'"):
            require_column(source, "e-mail")
        with pytest.raises(SourceError, match="It has Name, Email"):
            require_column(source, "shopper_number")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_row_with_too_few_values_is_read_and_named(tmp_path: Path, delimiter: str) -> None:
    text = "id,name,price\n1,one,2.50\n2,two\n".replace(",", delimiter)
    with open_source(str(file_with(tmp_path, text))) as source:
        *_, short, note = table_rows(source)
    assert short == TableRow(3, {"id": "2", "name": "two", "price": ""})
    assert isinstance(note, RowNote)
    assert (note.line, "fewer values than the header" in note.message) == (3, True)


def test_a_name_in_the_header_may_have_a_line_break(tmp_path: Path) -> None:
    path = file_with(tmp_path, 'a;"b\n(long)";c\n1;"2\n3";4\n5;6;7\n')
    with open_source(str(path)) as source:
        assert read_header(source) == ("a", "b (long)", "c")
        rows = [row for row in table_rows(source) if isinstance(row, TableRow)]
    assert [(row.line, row.fields["b (long)"]) for row in rows] == [(3, "2\n3"), (5, "6")]


def test_an_open_quotation_mark_in_the_header_takes_no_rows(tmp_path: Path) -> None:
    path = file_with(tmp_path, 'a;"b;c\n1;2;3\n')
    with open_source(str(path)) as source:
        assert len(list(table_rows(source))) == 1


def test_bars_may_separate_values(tmp_path: Path) -> None:
    with open_source(str(file_with(tmp_path, "a|b\n1,5|2\n"))) as source:
        (row,) = table_rows(source)
    assert isinstance(row, TableRow)
    assert dict(row.fields) == {"a": "1,5", "b": "2"}


def test_a_name_that_occurs_twice_is_noted_and_its_first_column_read(tmp_path: Path) -> None:
    with open_source(str(file_with(tmp_path, "a,b,a\n1,2,3\n"))) as source:
        note, row = table_rows(source)
    assert isinstance(row, TableRow)
    assert (row.fields["a"], row.fields["a (2)"]) == ("1", "3")
    assert isinstance(note, RowNote)
    assert note.message == "More than one column is called 'a': the first is read."


def test_a_named_header_is_found_below_a_title(tmp_path: Path) -> None:
    path = file_with(tmp_path, "Title;of it\n\nsep\na;b\n1;2\n")
    with open_source(str(path)) as source:
        assert read_header(source, ["b"]) == ("a", "b")
        (row,) = table_rows(source, columns=["b"])
        assert isinstance(row, TableRow)
        assert (row.line, row.fields["b"]) == (5, "2")
        # Where no line has the names, the first one is the header, and nothing is lost.
        assert read_header(source, ["z"]) == ("Title", "of it")
        assert len(list(table_rows(source, columns=["z"]))) == 4


@pytest.mark.parametrize("around", ["\u200b", "\ufeff", "\u00a0", "\u00ad", "\u3000", "\u2060 "])
def test_a_cell_has_no_invisible_characters_around_it(tmp_path: Path, around: str) -> None:
    text = f"SKU;Name\n{around}A-1{around};{around}Caf\u00e9 du{around} coin\n"
    with open_source(str(file_with(tmp_path, text))) as source:
        (row,) = table_rows(source)
    assert isinstance(row, TableRow)
    assert dict(row.fields) == {"SKU": "A-1", "Name": f"Caf\u00e9 du{around} coin"}
