"""What is missing from complete files ends, and nothing else does."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactful.cli.data.import_completeness import Absence, FileContents, missing_facts
from tactful.core.facts.fact_types import AnyFact, Gone, Price, Product, Stock
from tactful.core.values.money import Money


def product(sku: str, *, sold: bool = True) -> Product:
    return Product(sku=sku, product=sku, title=sku, status="active" if sold else "discontinued")


def price(sku: str, territory: str = "DE") -> Price:
    amount = Money(1000, "EUR")
    return Price(sku=sku, territory=territory, price=amount, tax_included=True, tax_rate_bp=1900)


def stock(sku: str, location: str | None = None, territory: str = "DE") -> Stock:
    return Stock(sku=sku, territory=territory, available=3, location=location)


def contents_of(*facts: AnyFact) -> FileContents:
    contents = FileContents()
    for fact in facts:
        contents.add(fact)
    return contents


def ends(contents: FileContents, *known: AnyFact) -> list[Gone]:
    def listed(kind: str) -> Iterator[AnyFact]:
        return (fact for fact in known if type(fact).__name__.lower() == kind)

    return missing_facts(contents, listed)[0]


def test_a_missing_item_is_gone_with_its_price_and_stock() -> None:
    file = contents_of(product("A"), price("A"), stock("A"))
    known = (product("A"), product("B"), price("A"), price("B"), stock("A"), stock("B", "north"))
    assert ends(file, *known) == [
        Gone(of="product", sku="B"),
        Gone(of="price", sku="B", territory="DE"),
        Gone(of="stock", sku="B", territory="DE", location="north"),
    ]


@pytest.mark.parametrize(
    ("file", "known"),
    [
        pytest.param([stock("A")], [product("B"), price("B")], id="other kinds"),
        pytest.param([price("A")], [price("B", "AT")], id="another territory"),
        pytest.param([stock("A")], [stock("B", territory="AT")], id="stock of another territory"),
        pytest.param([product("A")], [product("B", sold=False)], id="not sold before"),
        pytest.param([stock("A")], [stock("A", "north")], id="the whole stock is in the file"),
        pytest.param([stock("A"), product("B")], [stock("B")], id="a row without a number"),
        pytest.param([product("A", sold=False), price("B")], [price("A")], id="a draft"),
    ],
)
def test_what_the_files_say_nothing_about_stays(file: list[AnyFact], known: list[AnyFact]) -> None:
    assert ends(contents_of(*file), *known) == []


def test_a_location_that_the_file_does_not_name_any_more_is_gone() -> None:
    known = (stock("A", "north"), stock("A", "south"))
    assert ends(contents_of(stock("A", "north")), *known) == [
        Gone(of="stock", sku="A", territory="DE", location="south")
    ]


SKUS = st.sets(st.sampled_from("ABCDEFGH"), min_size=1)


@given(before=SKUS, now=SKUS)
def test_after_a_complete_import_exactly_the_items_of_the_file_are_sold(
    before: set[str], now: set[str]
) -> None:
    gone = ends(contents_of(*map(product, now)), *map(product, before))
    assert {one.sku for one in gone} == before - now


@pytest.mark.parametrize(("missing", "asks"), [(20, False), (21, True), (100, True)])
def test_more_than_a_fifth_of_what_is_known_is_suspicious(missing: int, asks: bool) -> None:
    assert Absence("price", missing, 100).is_suspicious == asks
