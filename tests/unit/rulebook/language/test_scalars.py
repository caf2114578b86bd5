"""Value types of scalars: text, id, flag, count, word, list."""

from typing import Any

import pytest

from support.value_types import assert_describes_itself, node, read
from tactful.rulebook.language.scalars import (
    CountType,
    FlagType,
    IdType,
    ListType,
    OneOfType,
    TextType,
    ValueType,
    either,
)
from tactful.rulebook.source.diagnostics import Findings

ACCEPTED: list[tuple[ValueType, str, Any]] = [
    (TextType(), "hello", "hello"),
    (TextType(), "''", ""),
    (IdType(), "spring-sale.2", "spring-sale.2"),
    (FlagType(), "true", True),
    (FlagType(), "false", False),
    (CountType(), "0", 0),
    (CountType(least=-5), "-5", -5),
    (OneOfType(("a", "b")), "b", "b"),
    (ListType(CountType()), "[1, 2]", (1, 2)),
    (ListType(CountType()), "3", (3,)),
]

REJECTED: list[tuple[ValueType, str, str, str]] = [
    (TextType(longest=3), "hello", "R215", "shorten"),
    (TextType(), "", "R204", "a text"),
    (TextType(), "[a]", "R204", "a text"),
    (TextType(), "{a: b}", "R204", "a text"),
    (IdType(), "Spring Sale", "R216", "letters, digits"),
    (FlagType(), "no", "R208", "did you mean 'false'"),
    (FlagType(), "On", "R208", "did you mean 'true'"),
    (FlagType(), "True", "R208", "did you mean 'true'"),
    (FlagType(), "'true'", "R208", "without quotes"),
    (FlagType(), "maybe", "R204", "true or false"),
    (FlagType(), "[true]", "R204", "true or false"),
    (CountType(), "010", "R208", "write 10"),
    (CountType(), "00", "R208", "write 0"),
    (CountType(), "1.5", "R204", "whole number"),
    (CountType(), "1_000", "R204", "whole number"),
    (CountType(), "-1", "R215", "in this range"),
    (CountType(), "{}", "R204", "whole number"),
    (OneOfType(("shadow", "live")), "shadwo", "R214", "did you mean 'shadow'"),
    (OneOfType(("shadow", "live")), "x", "R214", "one of shadow, live"),
    (ListType(CountType()), "{a: 1}", "R204", "whole number"),
    (ListType(CountType()), "[1, x]", "R204", "whole number"),
    (ListType(CountType()), "x", "R204", "whole number"),
]


@pytest.mark.parametrize(("value_type", "text", "value"), ACCEPTED)
def test_a_scalar_is_read(value_type: ValueType, text: str, value: Any) -> None:
    assert read(value_type, text) == (value, [], "")


@pytest.mark.parametrize(("value_type", "text", "code", "words"), REJECTED)
def test_a_scalar_that_cannot_be_read_is_explained(
    value_type: ValueType, text: str, code: str, words: str
) -> None:
    _, codes, help_text = read(value_type, text)
    assert code in codes
    assert words in help_text


@pytest.mark.parametrize(
    "value_type", {type(one): one for one, *_ in (*ACCEPTED, *REJECTED)}.values()
)
def test_a_scalar_type_describes_itself(value_type: ValueType) -> None:
    assert_describes_itself(value_type)


def test_a_value_type_must_implement_all_three_members() -> None:
    bare = ValueType()
    for ask in (lambda: bare.read(node("x"), Findings()), bare.json_schema, lambda: bare.expected):
        with pytest.raises(NotImplementedError):
            ask()


def test_a_schema_of_three_shapes_asks_for_their_types_one_by_one() -> None:
    pair = either({"enum": ["all"]}, {"type": "object"})
    assert either({"type": "integer"}, pair) == {
        "if": {"type": ["object", "string"]},
        "then": pair,
        "else": {"type": "integer"},
    }
