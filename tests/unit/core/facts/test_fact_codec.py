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
    objection,
    order,
    price,
    product,
    recall,
    remedy,
    returned,
    review,
    stock,
)
from tactful.core.facts.fact_codec import (
    MAX_FACT_BYTES,
    FactRejection,
    decode,
    decode_stored,
    encode,
    kind_or_unknown,
    read_fact,
)
from tactful.core.facts.fact_types import (
    KINDS,
    Case,
    Fact,
    Feed,
    Gone,
    Order,
    Price,
    Product,
    Stock,
)

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
    product(), price("A"), cost("A"), stock("A"), order("o1"), returned("b1", ("A", "fit"), order="o1"), case("k1", order="o1"),
    review("v1"), recall(product="p", skus=("A",)), customer("c1"), objection(), Feed(feed="stock"),
    remedy("m1", order="o1"), Gone(of="product", sku="A", product="p"),
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
    kinds = "product price cost stock order return case review recall customer feed remedy gone"
    kinds += " objection"
    assert set(KINDS) == set(kinds.split())


@pytest.mark.parametrize(
    ("fact", "code", "words"),
    [
        (b"{", "fact.malformed", "not JSON"),
        (b'{"type":"\xff"}', "fact.malformed", "not JSON"),
        (b'{"type":"feed","feed":"\\ud83d"}', "fact.malformed", "half a character"),
        (b"[" * 100_000, "fact.malformed", "deeply"),
        (b'{"x":' + b"[" * 100_000, "fact.malformed", "deeply"),
        ([], "fact.unknown_type", "an object with a `type`"),
        ({}, "fact.unknown_type", "an object with a `type`"),
        ({"type": 7}, "fact.unknown_type", "an object with a `type`"),
        ({"type": "stok"}, "fact.unknown_type", "did you mean `stock`?"),
        ({"type": "weather"}, "fact.unknown_type", "there are case, cost"),
        ({"type": "stock", "sku": "A"}, "fact.invalid", "territory"),
        (PRICE | {"tax_rate_bp": "19"}, "fact.invalid", "tax_rate_bp"),
        (PRICE | {"pric": 1}, "fact.unknown_field", "did you mean `price`?"),
        (PRICE | {"weather": 1}, "fact.unknown_field", "it has channel, group, list,"),
        (PRICE | {"price": {"amont": 1}}, "fact.unknown_field", "price"),
        (PRICE | {"list": {"amount": 1, "currency": "GBP"}}, "fact.inconsistent", "use one"),
        (PRICE | {"price": {"amount": 0, "currency": "EUR"}}, "fact.inconsistent", "more than 0"),
        (PRICE | {"target": {"amont": 1}}, "fact.unknown_field", "did you mean `amount`?"),
        (ORDER | {"lines": [{"gft": True}]}, "fact.unknown_field", "did you mean `gift`?"),
        (ORDER | {"lines": [{"unit": {"sum": 1}}]}, "fact.unknown_field", "it has amount, curr"),
        (CASE | {"kind": "defekt"}, "fact.invalid", "did you mean `defect`?"),
        (CASE | {"status": "x"}, "fact.invalid", "there are merged, open, pending"),
        (CASE | {"skus": None, "opened_at": None}, "fact.invalid", "opened_at"),
        (b'{"type":"stock","available":1' + b"0" * 5000 + b"}", "fact.malformed", "not JSON"),
        (b'{"type":"stock","sku":"A","sku":"B"}', "fact.malformed", "`sku` appears twice"),
        (
            b'{"type":"stock","sku" : "A", "x": {"a":1,"a" :2}}',
            "fact.malformed",
            "`a` appears twice",
        ),
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
        needed = field.name == "customer" and kind.__name__ in {"Review", "Remedy"}
        if not (field.required or needed):
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


def errors_of(fact: Any) -> list[str]:
    return [error.path for error in refused(fact).errors]


def test_all_errors_of_a_fact_are_reported_at_once_with_examples() -> None:
    found = refused(
        PRICE | {"territory": "UK", "tax_rate_bp": "19", "list": {"amount": 1, "currency": "GBP"}}
    )
    assert found.code == "fact.invalid"
    assert [(error.path, error.example) for error in found.errors] == [
        ("territory", "DE"),
        ("tax_rate_bp", 1900),
        ("list", {"amount": 14900, "currency": "EUR"}),
    ]
    for words in ("Did you mean GB?", "a whole number from 0 to 100,000", "use one"):
        assert words in found.message


def test_no_word_of_the_decoder_reaches_a_message() -> None:
    values: list[Any] = [None, 7, "x", [], {}, True, 1.5]
    for value in values:
        for name in ORDER:
            if name != "type":
                found = decode(json.dumps(ORDER | {name: value}).encode())
                if isinstance(found, FactRejection):
                    for word in ("`int`", "`str`", "Expected", "Object", "$"):
                        assert word not in found.message


def test_a_message_names_a_few_errors_and_counts_the_others() -> None:
    found = refused({"type": "order", **{f"field{number}": 1 for number in range(9)}})
    assert found.message.count("has no field") == 5
    assert "And 9 more errors." in found.message
    assert len(found.errors) == 14


def test_a_misspelt_required_field_is_one_error() -> None:
    found = refused({"type": "stock", "sku": "A", "territory": "DE", "avaliable": 1})
    assert (found.code, len(found.errors)) == ("fact.unknown_field", 1)
    assert "did you mean `available`?" in found.message


def test_a_text_that_looks_like_a_key_is_no_key() -> None:
    raw = b'{"type":"product","sku":"A","product":"P","title":"the \\" :key"}'
    assert isinstance(decode(raw), Product)


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b'{"type": "stock", "sku": 5}', "stock"),
        (b'{"type": "stokc"}', "unknown"),
        (b'{"sku": "RUN-42"}', "unknown"),
        (b"{", "unknown"),
    ],
)
def test_the_type_of_a_bad_fact_is_known_or_unknown(raw: bytes, kind: str) -> None:
    assert kind_or_unknown(raw) == kind


def test_an_unknown_territory_has_a_code_of_its_own() -> None:
    found = refused(PRICE | {"territory": "UK"})
    assert (found.code, errors_of(PRICE | {"territory": "UK"})) == (
        "fact.unknown_territory", ["territory"],
    )  # fmt: skip
    assert refused(PRICE | {"territory": "Schweiz"}).code == "fact.unknown_territory"
    assert "Did you mean CH?" in refused(PRICE | {"territory": "Schweiz"}).message
    assert "Did you mean GB?" in found.message


def test_a_return_dated_year_one_is_refused_and_a_case_resolved_then_is_open() -> None:
    back = {"type": "return", "return": "b", "order": "o", "status": "received"}
    assert errors_of(back | {"at": "0001-01-01T00:00:00Z"}) == ["at"]
    zero = CASE | {"status": "resolved", "resolved_at": "0001-01-01T00:00:00Z"}
    reading = read_fact(json.dumps(zero).encode())
    assert isinstance(reading.result, Case)
    assert reading.result.resolved_at is None
    assert [note.path for note in reading.notes] == ["resolved_at"]


@pytest.mark.parametrize(
    "text", ["0000-00-00T00:00:00Z", "0000-00-00 00:00:00", "1970-01-01T00:00:00Z"]
)
def test_the_zero_dates_of_databases_are_read_as_absent_and_noted(text: str) -> None:
    reading = read_fact(json.dumps(ORDER | {"promised_by": text, "version": text}).encode())
    assert isinstance(reading.result, Order)
    assert (reading.result.promised_by, reading.result.version) == (None, None)
    assert sorted(note.path for note in reading.notes) == ["promised_by", "version"]


def test_an_instant_before_what_it_follows_names_both() -> None:
    found = refused(CASE | {"resolved_at": "2026-03-09T12:00:00Z"})
    assert found.code == "fact.inconsistent"
    assert "2026-03-09T12:00:00Z" in found.message
    assert "2026-03-10T12:00:00Z" in found.message


LINE = {"sku": "A", "qty": 1, "unit": {"amount": 5, "currency": "EUR"}}


def test_a_bad_line_of_an_order_leaves_the_others_and_is_noted() -> None:
    lines = [LINE, LINE | {"qty": 0}, {"qty": 1, "unit": LINE["unit"]}, 7]
    reading = read_fact(json.dumps(ORDER | {"lines": lines}).encode())
    assert isinstance(reading.result, Order)
    assert [(line.sku, line.qty) for line in reading.result.lines] == [("A", 1), ("", 1)]
    assert sorted(note.path for note in reading.notes) == ["lines[1]", "lines[2]", "lines[3]"]


def test_an_order_whose_lines_are_all_bad_is_refused() -> None:
    assert errors_of(ORDER | {"lines": [LINE | {"qty": 0}]}) == ["lines[0].qty"]
    assert errors_of(ORDER | {"lines": 7}) == ["lines"]
    assert errors_of(ORDER | {"lines": [LINE, LINE | {"qty": 0}], "status": "x"}) == ["status"]


def test_a_bad_field_beside_a_contradiction_that_cannot_be_judged_is_reported_alone() -> None:
    value: dict[str, Any] = {
        "type": "remedy",
        "remedy": "v",
        "value": {"amount": 5},
        "cause": {},
        "x": 1,
    }
    assert errors_of(value | {"expires_at": "2026-06-01T00:00:00Z"}) == [
        "x", "value", "customer", "cause",
    ]  # fmt: skip


def test_every_fact_of_0_1_0_is_read_from_its_stored_spelling() -> None:
    stored = (
        b'{"type":"product","version":3,"sku":"A","product":"P","title":"T","brand":null,'
        b'"categories":["/Shoes"],"components":[],"consumable_days":null,"min_age":null,'
        b'"attributes":null,"url":"javascript:x","image":null}'
    )
    fact = decode_stored(stored)
    assert isinstance(fact, Product)
    assert fact.categories == ("/Shoes",)
    assert isinstance(
        decode_stored(
            b'{"type":"price","sku":"A","territory":"ZZ","price":'
            b'{"amount":1,"currency":"EUR"},"tax_included":true,"tax_rate_bp":0}'
        ),
        Price,
    )


@pytest.mark.parametrize("name", ["a.b", "a[0]", "x" * 65, "availabl" * 10_000, ""])
def test_an_unknown_field_of_any_name_is_reported_as_one(name: str) -> None:
    fact = {"type": "stock", "sku": "A", "territory": "DE", "available": 1, name: 1}
    found = decode(msgspec.json.encode(fact))
    assert isinstance(found, FactRejection)
    assert found.code == "fact.unknown_field"
    assert len(found.message) < 300


def test_a_fact_of_more_than_a_mebibyte_is_refused_unread() -> None:
    fact = {"type": "stock", "sku": "A", "territory": "DE", "available": 1}
    spaced = msgspec.json.encode(fact) + b" " * MAX_FACT_BYTES
    found = decode(spaced)
    assert isinstance(found, FactRejection)
    assert (found.code, "more than 1,048,576 bytes" in found.message) == ("fact.malformed", True)
    assert not isinstance(decode(spaced[:MAX_FACT_BYTES]), FactRejection)
