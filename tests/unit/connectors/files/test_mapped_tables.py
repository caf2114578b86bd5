"""Tables of any system are read by the columns that the import names."""

from pathlib import Path

import msgspec
import pytest

from support.import_files import (
    IMPORT_TERMS,
    NOW,
    bad_rows_in,
    facts_in,
    file_with,
    import_rows,
    notes_in,
)
from tactful.connectors.files.byte_sources import open_source
from tactful.connectors.files.mapped_tables import guess_header
from tactful.connectors.files.results import ImportTerms, SkippedRow, SourceError
from tactful.core.facts.fact_types import Cost, Price, Product, Stock
from tactful.core.values.money import Money

TEXT = "Artikelnr;Bezeichnung;Preis;EK;Bestand\n1001;Tasse;12,50;4,00;7\n"
COLUMNS = {"sku": "Artikelnr", "title": "Bezeichnung", "price": "Preis"}
TERMS = msgspec.structs.replace(IMPORT_TERMS, columns=COLUMNS)


def test_a_named_column_gives_its_field(tmp_path: Path) -> None:
    columns = COLUMNS | {"cost": "EK", "stock": "Bestand"}
    terms = msgspec.structs.replace(TERMS, columns=columns)
    product, price, cost, stock = facts_in(import_rows(file_with(tmp_path, TEXT), terms))
    assert product == Product(sku="1001", product="1001", title="Tasse")
    assert isinstance(price, Price)
    assert price.price == Money(1250, "GBP")
    assert cost == Cost(sku="1001", cost=Money(400, "GBP"))
    assert stock == Stock(sku="1001", territory="GB", available=7)


def test_only_the_named_fields_become_facts(tmp_path: Path) -> None:
    terms = ImportTerms(now=NOW, columns={"sku": "Artikelnr", "stock": "Bestand"}, territory="DE")
    found = import_rows(file_with(tmp_path, TEXT + "1002;Teller;;;\n;Schale;;;7\n"), terms)
    assert facts_in(found) == [Stock(sku="1001", territory="DE", available=7)]
    assert notes_in(found) == [(3, "A row has no number of pieces: no stock fact is made.")]
    assert bad_rows_in(found) == [(4, "The row has no SKU. Give it one.")]


def test_a_row_of_totals_is_left_out(tmp_path: Path) -> None:
    found = import_rows(file_with(tmp_path, TEXT + ";Summe;12,50;;7\nGesamt;;12,50;;7\n"), TERMS)
    assert {fact.sku for fact in facts_in(found) if isinstance(fact, Price)} == {"1001"}
    left_out = [(row.line, row.reason) for row in found if isinstance(row, SkippedRow)]
    assert left_out == [(line, "a total of other rows") for line in (3, 4)]


@pytest.mark.parametrize(
    ("others", "amount"), [("9,95", 125000), ("9.95", 125), ("1.100,00", 125000)]
)
def test_the_decimal_sign_of_a_table_is_read_from_its_other_amounts(
    tmp_path: Path, others: str, amount: int
) -> None:
    text = f"Artikelnr;Bezeichnung;Preis\n1;A;{others}\n2;B;1.250\n"
    prices = facts_in(import_rows(file_with(tmp_path, text), TERMS))
    assert [f.price.amount for f in prices if isinstance(f, Price)][1] == amount


@pytest.mark.parametrize("others", ["5", "9,95\n3;C;9.95"])
def test_an_amount_that_the_table_does_not_explain_asks_for_the_decimal_sign(
    tmp_path: Path, others: str
) -> None:
    path = file_with(tmp_path, f"Artikelnr;Bezeichnung;Preis\n1;A;1.250\n2;B;{others}\n")
    with pytest.raises(SourceError, match=r"'1\.250' can be read in two ways\. Say with --decimal"):
        import_rows(path, TERMS)
    terms = msgspec.structs.replace(TERMS, decimal=",")
    assert Money(125000, "GBP") in [
        f.price for f in facts_in(import_rows(path, terms)) if isinstance(f, Price)
    ]


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ({"columns": {"price": "Preis"}}, "needs the column of the SKU"),
        ({"columns": {"sku": "Artikelnr"}}, "and of one other field"),
        ({"columns": {"sku": "artikelnr", "price": "Preis"}}, "Did you mean 'Artikelnr'"),
        ({"territory": None, "tax_rate_bp": None}, "Add --territory GB --tax-rate 20%"),
    ],
)
def test_what_is_missing_is_reported_with_the_option(
    tmp_path: Path, terms: dict[str, object], message: str
) -> None:
    with pytest.raises(SourceError, match=message):
        import_rows(file_with(tmp_path, TEXT), msgspec.structs.replace(TERMS, **terms))


def test_the_currency_of_a_row_takes_precedence(tmp_path: Path) -> None:
    terms = msgspec.structs.replace(TERMS, columns=COLUMNS | {"currency": "Währung"})
    text = "Artikelnr;Bezeichnung;Preis;Währung\n1;A;5,00;EUR\n2;B;5,00;\n"
    prices = [f.price for f in facts_in(import_rows(file_with(tmp_path, text), terms))
              if isinstance(f, Price)]  # fmt: skip
    assert prices == [Money(500, "EUR"), Money(500, "GBP")]


def test_a_header_below_a_title_is_guessed_by_its_names(tmp_path: Path) -> None:
    def guess(text: str) -> tuple[tuple[str, ...], dict[str, str]]:
        with open_source(str(file_with(tmp_path, text))) as source:
            return guess_header(source)

    titled = guess("Price list\n\n" + TEXT)
    assert titled == guess(TEXT)
    assert titled[1] == COLUMNS | {"cost": "EK", "stock": "Bestand"}
    assert guess("Shelf;Room\n1;2\n") == (("Shelf", "Room"), {})


def test_a_table_below_a_title_is_read(tmp_path: Path) -> None:
    found = import_rows(file_with(tmp_path, "Price list\nof autumn;;\n\n" + TEXT), TERMS)
    assert [getattr(fact, "sku", None) for fact in facts_in(found)] == ["1001", "1001"]


def test_a_column_that_occurs_twice_is_refused(tmp_path: Path) -> None:
    text = "Artikelnr;Bezeichnung;Preis;Preis\n1001;Tasse;12,50;99,00\n"
    with pytest.raises(SourceError, match="more than one column 'Preis'"):
        import_rows(file_with(tmp_path, text), TERMS)
    second = msgspec.structs.replace(TERMS, columns=COLUMNS | {"price": "Preis (2)"})
    price = facts_in(import_rows(file_with(tmp_path, text), second))[1]
    assert isinstance(price, Price)
    assert price.price.amount == 9900


def test_a_sku_in_several_rows_is_noted(tmp_path: Path) -> None:
    found = import_rows(file_with(tmp_path, TEXT + "1001;Tasse;13,50;;\n"), TERMS)
    assert notes_in(found) == [
        (line, "A SKU is in several rows: the last of them counts.") for line in (2, 3)
    ]


@pytest.mark.parametrize(("cell", "sku"), [("'00123", "00123"), ('"=""00123"""', "00123")])
def test_a_sku_is_read_without_the_marks_of_a_spreadsheet(
    tmp_path: Path, cell: str, sku: str
) -> None:
    text = f"Artikelnr;Bezeichnung;Preis\n{cell};Tasse;12,50\n"
    product = facts_in(import_rows(file_with(tmp_path, text), TERMS))[0]
    assert isinstance(product, Product)
    assert product.sku == sku


def test_a_sku_that_a_spreadsheet_has_rounded_is_a_bad_row(tmp_path: Path) -> None:
    text = "Artikelnr;Bezeichnung;Preis\n4,00639E+12;Tasse;12,50\n"
    ((line, message),) = bad_rows_in(import_rows(file_with(tmp_path, text), TERMS))
    assert (line, "a spreadsheet has rounded" in message) == (2, True)


@pytest.mark.parametrize(
    ("currency", "texts", "amounts"),
    [
        ("KWD", ("1.250", "12.500"), [1250, 12500]),
        ("KWD", ("1,250", "12,500"), [1250, 12500]),
        ("JPY", ("1,980", "980"), [1980, 980]),
        ("JPY", ("1.980", "12.800"), [1980, 12800]),
        ("SEK", ("1.299,-", "1.349"), [129900, 134900]),
        ("SEK", ("1 299 kr.", "349:-"), [129900, 34900]),
    ],
)
def test_amounts_are_read_with_the_decimals_of_their_currency(
    tmp_path: Path, currency: str, texts: tuple[str, ...], amounts: list[int]
) -> None:
    rows = "".join(f"{number};A;{text}\n" for number, text in enumerate(texts))
    terms = msgspec.structs.replace(TERMS, currency=currency)
    found = import_rows(file_with(tmp_path, "Artikelnr;Bezeichnung;Preis\n" + rows), terms)
    assert bad_rows_in(found) == []
    assert [fact.price.amount for fact in facts_in(found) if isinstance(fact, Price)] == amounts


def test_a_currency_that_is_none_is_said_of_each_row(tmp_path: Path) -> None:
    terms = msgspec.structs.replace(TERMS, currency="XXZ")
    assert len(bad_rows_in(import_rows(file_with(tmp_path, TEXT), terms))) == 1


@pytest.mark.parametrize(
    ("cell", "paths"),
    [
        ("Gear", ("Gear",)),
        ("Gear > Bags", ("Gear/Bags",)),
        ("Gear / Bags", ("Gear/Bags",)),
        ("Default/Gear,Default/Gear/Bags", ("Default/Gear", "Default/Gear/Bags")),
        ("Salt, pepper", ("Salt, pepper",)),
        ("", ()),
    ],
)
def test_a_category_is_read_as_the_path_or_the_paths_that_the_cell_has(
    tmp_path: Path, cell: str, paths: tuple[str, ...]
) -> None:
    table = f'nr;name;gruppe\nA-1;Bag;"{cell}"\n'
    terms = ImportTerms(now=NOW, columns={"sku": "nr", "title": "name", "category": "gruppe"})
    (fact,) = facts_in(import_rows(file_with(tmp_path, table), terms))
    assert isinstance(fact, Product)
    assert fact.categories == paths
