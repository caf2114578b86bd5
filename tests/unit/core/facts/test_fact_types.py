"""The keys and subjects of facts."""

from typing import get_args

import msgspec
import pytest

from support.builders import (
    T0,
    case,
    cost,
    customer,
    line,
    objection,
    order,
    price,
    product,
    recall,
    remedy,
    returned,
    review,
    stock,
    when,
)
from tactful.core.facts.fact_types import (
    FEEDS,
    AnyFact,
    CaseLine,
    Feed,
    Gone,
    RemedyValue,
    feed_of,
    key_of,
    kind_of,
    ms,
    subjects_of,
)

EACH: list[tuple[AnyFact, str, str, list[tuple[str, str]]]] = [
    (product("A", "p", components=("B",)), "product", "A", [("sku", "A"), ("product", "p"), ("component", "B")]),
    (price("A", territory="GB"), "price", "A|GB|GBP||", [("sku", "A")]),
    (cost("A"), "cost", "A|EUR", [("sku", "A")]),
    (cost("A", currency="GBP"), "cost", "A|GBP", [("sku", "A")]),
    (cost("A", territory="GB"), "cost", "A|GB", [("sku", "A")]),
    (stock("A"), "stock", "A|DE|", [("sku", "A")]),
    (stock("A", location="attic"), "stock", "A|DE|attic", [("sku", "A")]),
    (order("o1"), "order", "o1", [("order", "o1"), ("customer", "c1")]),
    (order("o1", customer=None, session="s1"), "order", "o1", [("order", "o1"), ("session", "s1")]),
    (order("o1", line(offer="x"), line(offer="x")), "order", "o1", [("order", "o1"), ("customer", "c1"), ("offer", "x")]),
    (returned("b1", order="o1"), "return", "b1", [("customer", "c1"), ("order", "o1")]),
    (returned("b1", customer=None), "return", "b1", []),
    (case("k1"), "case", "k1", [("case", "k1"), ("customer", "c1")]),
    (case("k1", purchaser="c2", order="o1"), "case", "k1", [("case", "k1"), ("customer", "c1"), ("customer", "c2"), ("order", "o1")]),
    (case("k1", purchaser="c1"), "case", "k1", [("case", "k1"), ("customer", "c1")]),
    (review("v1"), "review", "v1|7", [("customer", "c1")]),
    (recall("x1", product="p", skus=("A",)), "recall", "x1", [("product", "p"), ("sku", "A")]),
    (recall("x1", skus=("A",)), "recall", "x1", [("sku", "A")]),
    (customer("c1"), "customer", "c1", [("customer", "c1")]),
    (Feed(feed="stock"), "feed", "stock", [("feed", "stock")]),
    (remedy("m1", order="o1"), "remedy", "m1", [("customer", "c1")]),
    (objection("n1", skus=("A",)), "objection", "n1", [("customer", "c1")]),
    (order("o1", also=("cart-7",)), "order", "o1", [("order", "o1"), ("order", "cart-7"), ("customer", "c1")]),
    (case("k1", customer=None, order="o1"), "case", "k1", [("case", "k1"), ("order", "o1")]),
    (case("k1", lines=(CaseLine("o1", "1"), CaseLine("o2", "1"))), "case", "k1", [("case", "k1"), ("customer", "c1"), ("order", "o1"), ("order", "o2")]),
    (Gone(of="product", sku="A"), "gone", "product|A|||", [("sku", "A")]),
    (Gone(of="product", product="p"), "gone", "product||p||", [("product", "p")]),
    (Gone(of="price", sku="A", territory="DE"), "gone", "price|A||DE|", [("sku", "A")]),
    (Gone(of="stock", sku="A", territory="DE", location="attic"), "gone", "stock|A||DE|attic", [("sku", "A")]),
    (Gone(of="order", order="o1"), "gone", "order|o1||", [("order", "o1")]),
]  # fmt: skip


@pytest.mark.parametrize(("fact", "kind", "key", "subjects"), EACH)
def test_a_fact_is_found_under_its_key_and_what_it_is_about(
    fact: AnyFact, kind: str, key: str, subjects: list[tuple[str, str]]
) -> None:
    assert kind_of(fact) == kind
    assert key_of(fact, "7") == key
    assert list(subjects_of(fact)) == subjects


def test_every_type_of_fact_is_tried_here() -> None:
    assert {type(fact) for fact, *_ in EACH} == set(get_args(AnyFact))
    assert set(FEEDS.values()) == {"stock", "prices", "orders", "cases"}


def test_a_fact_counts_for_the_feed_of_what_it_is_about() -> None:
    assert feed_of(stock("A")) == feed_of(Gone(of="stock", sku="A")) == "stock"
    assert feed_of(Gone(of="price", sku="A")) == "prices"
    assert feed_of(Gone(of="order", order="o")) == feed_of(returned("b1")) == "orders"
    assert feed_of(Gone(of="product", sku="A")) is None
    assert feed_of(product("A")) is None


def test_an_instant_is_whole_milliseconds() -> None:
    assert ms(when(T0)) == T0
    assert ms(when(T0 + 999)) == T0 + 999


@pytest.mark.parametrize(
    ("value", "valid"),
    [
        ({"amount": 1, "currency": "EUR"}, True),
        ({"percent_bp": 1000}, True),
        ({}, False),
        ({"amount": 1}, False),
        ({"currency": "EUR"}, False),
        ({"amount": 1, "currency": "EUR", "percent_bp": 1}, False),
        ({"amount": 1, "percent_bp": 1}, False),
    ],
)
def test_a_remedy_is_worth_money_or_a_share_and_not_both(
    value: dict[str, object], valid: bool
) -> None:
    if valid:
        assert msgspec.convert(value, RemedyValue) == RemedyValue(**value)  # type: ignore[arg-type]
    else:
        with pytest.raises(msgspec.ValidationError, match="a value is"):
            msgspec.convert(value, RemedyValue)
