"""Facts from JSON: a bad one comes back as a value that says what to do."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.builders import (
    case,
    cost,
    customer,
    order,
    price,
    product,
    recall,
    remedy,
    returned,
    review,
    stock,
)
from tactful.core.facts.fact_codec import KINDS, FactRejection, decode, encode
from tactful.core.facts.fact_types import Fact, Feed, Order, Product, Stock

PRICE = {
    "type": "price",
    "sku": "A",
    "territory": "DE",
    "price": {"amount": 990, "currency": "EUR"},
    "tax_included": True,
    "tax_rate_bp": 1900,
}
CASE = {
    "type": "case",
    "case": "k",
    "customer": "c",
    "kind": "defect",
    "status": "open",
    "opened_at": "2026-03-10T12:00:00Z",
}
ORDER = {
    "type": "order",
    "order": "o",
    "territory": "DE",
    "placed_at": "2026-03-10T12:00:00Z",
    "status": "placed",
    "lines": [],
}
GIVEN = [
    product(), price("A"), cost("A"), stock("A"), order("o1"), returned("b1"), case("k1"),
    review("v1"), recall(product="p", skus=("A",)), customer("c1"), Feed(feed="stock"),
    remedy("m1", order="o1"),
]  # fmt: skip


def refused(fact: Any) -> FactRejection:
    found = decode(fact if isinstance(fact, bytes) else json.dumps(fact).encode(), 3)
    assert isinstance(found, FactRejection)
    assert found.index == 3
    return found


def test_a_good_fact_is_read_and_written_in_one_spelling() -> None:
    raw = b'{"type":"stock","sku":"A","available":3,"territory":"DE","version":12}'
    fact = decode(raw)
    assert fact == Stock(sku="A", territory="DE", available=3, version=12)
    assert decode(encode(fact)) == fact
    assert decode(msgspec.Raw(raw)) == fact


def test_every_type_of_the_contract_is_known() -> None:
    kinds = "product price cost stock order return case review recall customer feed remedy"
    assert set(KINDS) == set(kinds.split())


@pytest.mark.parametrize(
    ("fact", "code", "words"),
    [
        (b"{", "fact.malformed", "not JSON"),
        (b'{"type":"\xff"}', "fact.malformed", "not JSON"),
        (b'{"type":"feed","feed":"\\ud83d"}', "fact.malformed", "half a character"),
        (b"[" * 100_000, "fact.unknown_type", "an object"),
        (b'{"x":' + b"[" * 100_000, "fact.malformed", "deeply"),
        ([], "fact.unknown_type", "an object with a `type`"),
        ({}, "fact.unknown_type", "an object with a `type`"),
        ({"type": 7}, "fact.unknown_type", "an object with a `type`"),
        ({"type": "stok"}, "fact.unknown_type", "did you mean `stock`?"),
        ({"type": "weather"}, "fact.unknown_type", "there are case, cost"),
        ({"type": "stock", "sku": "A"}, "fact.invalid", "territory"),
        (PRICE | {"tax_rate_bp": "19"}, "fact.invalid", "tax_rate_bp"),
        (PRICE | {"pric": 1}, "fact.unknown_field", "did you mean `price`?"),
        (PRICE | {"weather": 1}, "fact.unknown_field", "it has list,"),
        (PRICE | {"price": {"amont": 1}}, "fact.unknown_field", "price"),
        (PRICE | {"list": {"amount": 1, "currency": "GBP"}}, "fact.inconsistent", "use one"),
        (PRICE | {"price": {"amount": 0, "currency": "EUR"}}, "fact.inconsistent", "more than 0"),
        (PRICE | {"target": {"amont": 1}}, "fact.unknown_field", "did you mean `amount`?"),
        (ORDER | {"lines": [{"gft": True}]}, "fact.unknown_field", "did you mean `gift`?"),
        (ORDER | {"lines": [{"unit": {"sum": 1}}]}, "fact.unknown_field", "it has amount, curr"),
        (CASE | {"kind": "defekt"}, "fact.invalid", "did you mean `defect`?"),
        (CASE | {"status": "x"}, "fact.invalid", "there are merged, open, pending"),
        (CASE | {"skus": None, "opened_at": None}, "fact.invalid", "opened_at"),
        (b'{"type":"stock","available":1' + b"0" * 5000 + b"}", "fact.invalid", "available"),
        ({"type": "recall", "recall": "r", "status": "active"}, "fact.inconsistent", "skus"),
        (
            {
                "type": "remedy",
                "remedy": "v",
                "customer": "c",
                "value": {"percent_bp": 500},
                "cause": {},
                "expires_at": "2026-06-01T00:00:00Z",
            },
            "fact.inconsistent",
            "cause",
        ),
    ],
)
def test_a_bad_fact_says_what_is_wrong_and_what_to_do(fact: Any, code: str, words: str) -> None:
    found = refused(fact)
    assert found.code == code
    assert words in found.message


@pytest.mark.parametrize("value", [{}, {"amount": 5}, {"percent_bp": 5, "amount": 5}])
def test_a_remedy_is_worth_money_or_a_share(value: dict[str, int]) -> None:
    fact = {"type": "remedy", "remedy": "v", "customer": "c", "value": value}
    fact |= {"cause": {"case": "k"}, "expires_at": "2026-06-01T00:00:00Z"}
    assert refused(fact).code == "fact.invalid"


def test_consistent_facts_are_accepted() -> None:
    assert not isinstance(decode(json.dumps(CASE).encode()), FactRejection)
    for into in ({}, {"merged_into": "k2"}):
        merged = CASE | {"status": "merged"} | into
        assert not isinstance(decode(json.dumps(merged).encode()), FactRejection)
    listed = PRICE | {"list": {"amount": 1990, "currency": "EUR"}}
    assert not isinstance(decode(json.dumps(listed).encode()), FactRejection)
    recall = {"type": "recall", "recall": "r", "product": "p", "status": "active"}
    assert not isinstance(decode(json.dumps(recall).encode()), FactRejection)
    assert isinstance(decode(b'{"type":"product","sku":"A","product":"P","title":"T"}'), Product)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_an_optional_field_may_be_null(kind: type[Fact]) -> None:
    given: Any = next(fact for fact in GIVEN if isinstance(fact, kind))
    least = {k: v for k, v in msgspec.json.decode(encode(given)).items() if v is not None}
    for field in msgspec.structs.fields(kind):
        if not field.required:
            told = decode(msgspec.json.encode(least | {field.encode_name: None}))
            assert isinstance(told, kind), field.name
            assert getattr(told, field.name) == field.default


def test_null_in_a_nested_object_counts_as_absent() -> None:
    lines = [{"sku": "A", "qty": 1, "unit": {"amount": 5, "currency": "EUR"}, "gift": None}]
    told = decode(json.dumps(ORDER | {"lines": lines}).encode())
    assert isinstance(told, Order)
    assert told.lines[0].gift is False


@given(st.binary(max_size=200))
def test_no_bytes_raise(raw: bytes) -> None:
    decode(raw)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda c: st.lists(c) | st.dictionaries(st.text(), c),
        max_leaves=20,
    )
)
def test_no_json_raises(value: Any) -> None:
    assert isinstance(decode(json.dumps(value).encode()), FactRejection)
