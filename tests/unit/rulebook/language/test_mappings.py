"""Mappings, sequences, messages and savings."""

from typing import Any

import pytest

from support.value_types import assert_describes_itself, node, read
from tactful.rulebook.language.mappings import (
    BareOrMapping,
    KeySchema,
    MappingSchema,
    MessagesType,
    NamedType,
    ParsedEntries,
    ParsedMapping,
    RawType,
    SavingType,
    SequenceType,
)
from tactful.rulebook.language.scalars import CountType, TextType, ValueType
from tactful.rulebook.language.units import AmountsType
from tactful.rulebook.source.diagnostics import Findings
from tactful.rulebook.source.tree import Node

SHAPE = MappingSchema(
    "a thing",
    (
        KeySchema("size", CountType(), "How large.", "3", required=True),
        KeySchema("name", TextType(longest=5), "Its name.", "Ann"),
    ),
)

ACCEPTED: list[tuple[ValueType, str, Any]] = [
    (SavingType(), "5%", 500),
    (SavingType(), "2.00 EUR", {"EUR": 200}),
    (MessagesType(), "Hello", {"": "Hello"}),
    (MessagesType(), "{de: Hallo, en: Hello}", {"de": "Hallo", "en": "Hello", "": "Hello"}),
    (MessagesType(), "{de: Hallo}", {"de": "Hallo", "": "Hallo"}),
]

REJECTED: list[tuple[ValueType, str, str, str]] = [
    (MessagesType(), "{de: [x]}", "R204", "a text"),
    (MessagesType(), "{en-uk-long-x: x}", "R214", "such as en"),
    (SHAPE, "[1]", "R204", "a thing such as {size: 3}"),
    (SHAPE, "x", "R204", "a thing such as {size: 3}"),
    (SHAPE, "{name: Ann}", "R202", "size: 3"),
    (SHAPE, "{}", "R202", "size: 3"),
    (SHAPE, "{size: 3, nmae: Ann}", "R201", "did you mean 'name'"),
    (SHAPE, "{size: 3, zzzzzz: Ann}", "R201", "use one of the keys size, name"),
    (SequenceType(SHAPE, "things"), "{size: 1}", "R204", "begin each item with"),
    (NamedType(SHAPE, "things"), "[1]", "R204", "name: "),
    (BareOrMapping(SHAPE, "size"), "x", "R204", "a whole number"),
    (BareOrMapping(SHAPE, "size"), "{name: Ann}", "R202", "size: 3"),
    (NamedType(SHAPE, "things"), "{Bad Name: {size: 1}}", "R216", "letters, digits"),
]


@pytest.mark.parametrize(("value_type", "text", "value"), ACCEPTED)
def test_a_structured_value_is_read(value_type: ValueType, text: str, value: Any) -> None:
    assert read(value_type, text) == (value, [], "")


@pytest.mark.parametrize(("value_type", "text", "code", "words"), REJECTED)
def test_a_structured_value_that_cannot_be_read_is_explained(
    value_type: ValueType, text: str, code: str, words: str
) -> None:
    _, codes, help_text = read(value_type, text)
    assert code in codes
    assert words in help_text


@pytest.mark.parametrize(
    "value_type", {type(one): one for one, *_ in (*ACCEPTED, *REJECTED)}.values()
)
def test_a_structured_type_describes_itself(value_type: ValueType) -> None:
    assert_describes_itself(value_type)


def test_a_raw_value_is_kept_as_a_node() -> None:
    raw = RawType("conditions")
    assert raw.read(node("x"), Findings()).text == "x"
    assert raw.expected == "conditions"
    assert raw.json_schema() == {"$ref": "#/definitions/conditions"}


def test_a_mapping_can_require_one_of_several_keys() -> None:
    shape = MappingSchema("a thing", (KeySchema("a", CountType(), "A.", "1"),), one_of=("a", "b"))
    assert read(shape, "{}")[1] == ["R202"]
    assert read(shape, "{a: 1}")[1] == []


def test_a_mapping_keeps_its_own_keys_and_takes_the_missing_ones_from_another() -> None:
    inner = MappingSchema(
        "inner",
        (
            KeySchema("x", CountType(), "X.", "1"),
            KeySchema("y", CountType(), "Y.", "1"),
        ),
    )
    shape = MappingSchema(
        "outer",
        (
            KeySchema("inner", inner, "I.", "{}"),
            KeySchema("named", NamedType(inner, "named"), "N.", "{}"),
            KeySchema("money", AmountsType(), "M.", "{}"),
        ),
    )
    own, _, _ = read(shape, "{inner: {x: 1}, named: {a: {x: 1}, b: {x: 2}}, money: {EUR: 1}}")
    other, _, _ = read(
        shape, "{inner: {x: 5, y: 6}, named: {a: {y: 7}, c: {x: 8}}, money: {GBP: 1}}"
    )
    both = own.over(other)
    assert (both.get("inner").get("x"), both.get("inner").get("y")) == (1, 6)
    named = both.get("named")
    assert isinstance(named, ParsedEntries)
    assert {name: block.values for name, (_, block) in named.items()} == {
        "a": {"x": 1, "y": 7},
        "b": {"x": 2},
        "c": {"x": 8},
    }
    assert both.get("money") == {"EUR": 100}
    assert both.span_of("nowhere") == both.start
    assert ParsedMapping(Node("a")).start == Node("a")


def test_a_mapping_may_be_written_as_the_value_of_one_key_alone() -> None:
    bare, whole = (
        BareOrMapping(SHAPE, "size").read(node(text), Findings()) for text in ("3", "{size: 3}")
    )
    assert bare is not None
    assert whole is not None
    assert bare.values == whole.values == {"size": 3}


def test_a_required_key_may_have_further_help() -> None:
    size = KeySchema("size", CountType(), "How large.", "3", required=True, missing="; or none")
    assert read(MappingSchema("a thing", (size,)), "{}")[2] == "add `size: 3`; or none"
