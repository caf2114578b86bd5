"""Texts and instants in their normal form."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from support.builders import case, customer, order, price, product, remedy, returned, review, stock
from tactful.core.facts.checks.normal_forms import (
    OPTIONAL_INSTANTS,
    REQUIRED_INSTANTS,
    category_path,
    is_no_date,
    is_no_date_text,
    missing_instants,
    normalised,
    trimmed,
)
from tactful.core.facts.fact_types import AnyFact, Customer, Feed

NO_DATES = [
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1))),
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(1970, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))),
]
FACTS: list[Any] = [
    price(), order(), case(), Feed(feed="stock"), returned("b1", order="o1"), review(),
    remedy(order="o1"), stock(),
]  # fmt: skip


@pytest.mark.parametrize("instant", NO_DATES)
@pytest.mark.parametrize("fact", FACTS)
def test_an_instant_that_means_no_date_is_absent_and_noted_or_missing(
    fact: AnyFact, instant: datetime
) -> None:
    assert is_no_date(instant)
    for name in ("version", *OPTIONAL_INSTANTS.get(type(fact), ())):
        read, notes = normalised(structs.replace(fact, **{name: instant}))
        assert getattr(read, name) is None
        assert [note.path for note in notes] == [name]
    for name in REQUIRED_INSTANTS.get(type(fact), ()):
        findings = list(missing_instants(structs.replace(fact, **{name: instant})))
        assert [(one.code, one.error.path) for one in findings] == [("fact.invalid", name)]


@pytest.mark.parametrize("fact", FACTS)
def test_other_instants_stay(fact: AnyFact) -> None:
    now = datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
    fact = structs.replace(fact, version=now)
    assert normalised(fact) == (fact, [])
    assert not list(missing_instants(fact))


def test_a_text_of_zeros_means_no_date() -> None:
    assert is_no_date_text("0000-00-00 00:00:00")
    assert not is_no_date_text("2026-03-10")
    assert not is_no_date_text(7)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("shoes/running", "shoes/running"),
        ("/Shoes / Running/", "Shoes/Running"),
        ("shoes//running", "shoes/running"),
        (" / ", ""),
        ("cafe\u0301", "café"),
    ],
)
def test_a_category_loses_spaces_and_empty_parts(text: str, path: str) -> None:
    assert category_path(text) == path


@given(st.text())
def test_a_normal_form_is_its_own(text: str) -> None:
    assert trimmed(trimmed(text)) == trimmed(text)
    assert category_path(category_path(text)) == category_path(text)


def test_texts_of_products_and_customers_are_brought_to_their_normal_form() -> None:
    read, notes = normalised(
        product(title="Cafe\u0301", brand=" Velo ", categories=("/a/", "a", "/", "b"))
    )
    assert read == product(title="Café", brand="Velo", categories=("a", "b"))
    assert not notes
    assert normalised(product(brand="Velo", categories=("a/b",)))[0] == product(
        brand="Velo", categories=("a/b",)
    )
    assert normalised(product(brand="  "))[0] == product()
    read, _ = normalised(customer(tier=" gold ", segments=("a ", "a", " ")))
    assert read == customer(tier="gold", segments=("a",))
    assert normalised(customer(tier="gold"))[0] == customer(tier="gold")
    assert normalised(customer(tier=" "))[0] == customer()


def test_the_group_and_the_name_of_a_customer_are_trimmed() -> None:
    given = Customer(customer="mia", group=" club  gold ", name=" ")
    fact, notes = normalised(given)
    assert fact == Customer(customer="mia", group="club gold")
    assert notes == []
