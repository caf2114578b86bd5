"""Facts in their JSON: every bad one comes back as a value that says what to do."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactful.core.fact_codec import KINDS, Rejection, decode, encode
from tactful.core.facts import Product, Stock

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


def refused(fact: Any) -> Rejection:
    found = decode(fact if isinstance(fact, bytes) else json.dumps(fact).encode(), 3)
    assert isinstance(found, Rejection)
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
        (CASE | {"status": "merged"}, "fact.inconsistent", "merged_into"),
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


def test_what_fits_together_is_taken() -> None:
    assert not isinstance(decode(json.dumps(CASE).encode()), Rejection)
    merged = CASE | {"status": "merged", "merged_into": "k2"}
    assert not isinstance(decode(json.dumps(merged).encode()), Rejection)
    listed = PRICE | {"list": {"amount": 1990, "currency": "EUR"}}
    assert not isinstance(decode(json.dumps(listed).encode()), Rejection)
    recall = {"type": "recall", "recall": "r", "product": "p", "status": "active"}
    assert not isinstance(decode(json.dumps(recall).encode()), Rejection)
    assert isinstance(decode(b'{"type":"product","sku":"A","product":"P","title":"T"}'), Product)


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
    assert isinstance(decode(json.dumps(value).encode()), Rejection)
