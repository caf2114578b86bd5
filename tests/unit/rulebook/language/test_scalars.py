"""Values are read by what is expected, with units written out, and described as JSON Schema."""

import re
from typing import Any

import pytest

from tactful.core.values.calendar import DAY, MINUTE, SECOND
from tactful.rulebook.language import scalars as values
from tactful.rulebook.language import units
from tactful.rulebook.language.mappings import (
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
from tactful.rulebook.source.diagnostics import Findings
from tactful.rulebook.source.tree import Node, parse


def node(text: str) -> Node:
    tree = parse("a.yaml", f"v: {text}\n", Findings())
    assert tree is not None
    return tree.pairs[0][1]


def read(kind: values.ValueType, text: str) -> tuple[Any, list[str], str]:
    findings = Findings()
    value = kind.read(node(text), findings)
    found = findings.sorted()
    return value, [one.code for one in found], found[0].help if found else ""


SHAPE = MappingSchema(
    "a thing",
    (
        KeySchema("size", values.CountType(), "How large.", "3", required=True),
        KeySchema("name", values.TextType(longest=5), "Its name.", "Ann"),
    ),
)

GOOD: list[tuple[values.ValueType, str, Any]] = [
    (values.TextType(), "hello", "hello"),
    (values.TextType(), "''", ""),
    (values.IdType(), "spring-sale.2", "spring-sale.2"),
    (values.FlagType(), "true", True),
    (values.FlagType(), "false", False),
    (values.CountType(), "0", 0),
    (values.CountType(least=-5), "-5", -5),
    (values.OneOfType(("a", "b")), "b", "b"),
    (values.ListType(values.CountType()), "[1, 2]", (1, 2)),
    (values.ListType(values.CountType()), "3", (3,)),
    (units.DurationType(), "45s", 45 * SECOND),
    (units.DurationType(), "30d", 30 * DAY),
    (units.PercentType(), "12.5%", 1250),
    (units.PercentType(), "0%", 0),
    (units.PercentType(), "33.33%", 3333),
    (units.AmountsType(), "12.50 EUR", {"EUR": 1250}),
    (units.AmountsType(), "{EUR: 12.50, JPY: 1900}", {"EUR": 1250, "JPY": 1900}),
    (units.TerritoryType(), "US-NY", "US-NY"),
    (units.ZoneType(), "Europe/Berlin", "Europe/Berlin"),
    (units.LocalTimeType(), "2026-03-31 18:00", "2026-03-31 18:00"),
    (units.TimeOfDayType(), '"09:30"', 570),
    (units.TimeOfDayType(), '"24:00"', 1440),
    (SavingType(), "5%", 500),
    (SavingType(), "2.00 EUR", {"EUR": 200}),
    (MessagesType(), "Hello", {"": "Hello"}),
    (MessagesType(), "{de: Hallo, en: Hello}", {"de": "Hallo", "en": "Hello", "": "Hello"}),
    (MessagesType(), "{de: Hallo}", {"de": "Hallo", "": "Hallo"}),
]

BAD: list[tuple[values.ValueType, str, str, str]] = [
    (values.TextType(longest=3), "hello", "R215", "shorten"),
    (values.TextType(), "", "R204", "a text"),
    (values.TextType(), "[a]", "R204", "a text"),
    (values.TextType(), "{a: b}", "R204", "a text"),
    (values.IdType(), "Spring Sale", "R216", "letters, digits"),
    (values.FlagType(), "no", "R208", "did you mean 'false'"),
    (values.FlagType(), "On", "R208", "did you mean 'true'"),
    (values.FlagType(), "True", "R208", "did you mean 'true'"),
    (values.FlagType(), "'true'", "R208", "without quotes"),
    (values.FlagType(), "maybe", "R204", "true or false"),
    (values.FlagType(), "[true]", "R204", "true or false"),
    (values.CountType(), "010", "R208", "write 10"),
    (values.CountType(), "00", "R208", "write 0"),
    (values.CountType(), "1.5", "R204", "whole number"),
    (values.CountType(), "1_000", "R204", "whole number"),
    (values.CountType(), "-1", "R215", "in this range"),
    (values.CountType(), "{}", "R204", "whole number"),
    (values.OneOfType(("shadow", "live")), "shadwo", "R214", "did you mean 'shadow'"),
    (values.OneOfType(("shadow", "live")), "x", "R214", "one of shadow, live"),
    (values.ListType(values.CountType()), "{a: 1}", "R204", "whole number"),
    (values.ListType(values.CountType()), "[1, x]", "R204", "whole number"),
    (values.ListType(values.CountType()), "x", "R204", "whole number"),
    (units.DurationType(), "30", "R205", "30s, 30m, 30h or 30d"),
    (units.DurationType(), "30 min", "R205", "45s"),
    (units.DurationType(), "[]", "R204", "a duration"),
    (units.DurationType(most=MINUTE), "2h", "R215", "in this range"),
    (units.PercentType(), "15", "R205", "did you mean 15%"),
    (units.PercentType(), "lots", "R205", "15%"),
    (units.PercentType(), "1.234%", "R205", "15%"),
    (units.PercentType(), "101%", "R215", "in this range"),
    (units.PercentType(), "{}", "R204", "percentage"),
    (units.AmountsType(), "12.50", "R205", "12.50 EUR"),
    (units.AmountsType(), "12.505 EUR", "R213", "12.50 EUR"),
    (units.AmountsType(), "12 Euro", "R213", "12.50 EUR"),
    (units.AmountsType(), "{EURO: 5}", "R213", "did you mean 'EUR'"),
    (units.AmountsType(), "{coins: 5}", "R213", "such as EUR"),
    (units.AmountsType(), "{EUR: [5]}", "R204", "money"),
    (units.AmountsType(), "{EUR: x}", "R213", "money"),
    (units.AmountsType(), "{}", "R204", "money"),
    (units.AmountsType(), "[5]", "R204", "money"),
    (units.AmountsType(least=1), "0.00 EUR", "R215", "a larger amount"),
    (units.TerritoryType(), "de", "R214", "did you mean DE"),
    (units.TerritoryType(), "Germany", "R214", "DE or US-NY"),
    (units.ZoneType(), "Europe/Berlim", "R211", "did you mean 'Europe/Berlin'"),
    (units.ZoneType(), "qqqqqq", "R211", "Europe/Berlin"),
    (units.LocalTimeType(), "31.03.2026", "R212", "2026-03-31"),
    (units.LocalTimeType(), "2026-02-30", "R212", "2026-03-31"),
    (units.LocalTimeType(), "[]", "R204", "a date"),
    (units.TimeOfDayType(), '"9:30"', "R212", "09:00"),
    (units.TimeOfDayType(), "[]", "R204", "a time"),
    (MessagesType(), "{de: [x]}", "R204", "a text"),
    (MessagesType(), "{en-uk-long-x: x}", "R214", "such as en"),
    (SHAPE, "[1]", "R204", "a thing with keys"),
    (SHAPE, "x", "R204", "a thing with keys"),
    (SHAPE, "{name: Ann}", "R202", "size: 3"),
    (SHAPE, "{}", "R202", "size: 3"),
    (SHAPE, "{size: 3, nmae: Ann}", "R201", "did you mean 'name'"),
    (SHAPE, "{size: 3, zzzzzz: Ann}", "R201", "use one of the keys size, name"),
    (SequenceType(SHAPE, "things"), "{size: 1}", "R204", "begin each item with"),
    (NamedType(SHAPE, "things"), "[1]", "R204", "name: "),
    (NamedType(SHAPE, "things"), "{Bad Name: {size: 1}}", "R216", "letters, digits"),
]


@pytest.mark.parametrize(("kind", "text", "value"), GOOD)
def test_a_value_is_read(kind: values.ValueType, text: str, value: Any) -> None:
    assert read(kind, text) == (value, [], "")


@pytest.mark.parametrize(("kind", "text", "code", "words"), BAD)
def test_what_cannot_be_read_is_explained(
    kind: values.ValueType, text: str, code: str, words: str
) -> None:
    _, codes, help_text = read(kind, text)
    assert code in codes
    assert words in help_text


@pytest.mark.parametrize("kind", {type(kind): kind for kind, *_ in (*GOOD, *BAD)}.values())
def test_a_kind_says_what_it_wants_and_describes_itself(kind: values.ValueType) -> None:
    assert kind.expected
    schema = kind.json_schema()
    assert schema
    pattern = schema.get("pattern")
    assert pattern is None or re.compile(pattern)


def test_a_kind_of_its_own_must_say_how_it_is_read() -> None:
    bare = values.ValueType()
    for ask in (lambda: bare.read(node("x"), Findings()), bare.json_schema, lambda: bare.expected):
        with pytest.raises(NotImplementedError):
            ask()


def test_what_is_read_later_is_kept_as_it_stands() -> None:
    raw = RawType("conditions")
    assert raw.read(node("x"), Findings()).text == "x"
    assert raw.expected == "conditions"
    assert raw.json_schema() == {"$ref": "#/definitions/conditions"}


def test_a_shape_needs_one_of_some_keys() -> None:
    shape = MappingSchema(
        "a thing", (KeySchema("a", values.CountType(), "A.", "1"),), one_of=("a", "b")
    )
    assert read(shape, "{}")[1] == ["R202"]
    assert read(shape, "{a: 1}")[1] == []


def test_a_block_goes_over_another() -> None:
    inner = MappingSchema(
        "inner",
        (
            KeySchema("x", values.CountType(), "X.", "1"),
            KeySchema("y", values.CountType(), "Y.", "1"),
        ),
    )
    shape = MappingSchema(
        "outer",
        (
            KeySchema("inner", inner, "I.", "{}"),
            KeySchema("named", NamedType(inner, "named"), "N.", "{}"),
            KeySchema("money", units.AmountsType(), "M.", "{}"),
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


def test_money_and_shares_are_written_as_people_write_them() -> None:
    assert units.format_percent(1250) == "12.5%"
    assert units.format_percent(1000) == "10%"
    assert units.format_amounts({"EUR": 1250}) == "12.50 EUR"
    assert units.format_amounts({"EUR": 1250, "JPY": 19}) == "{EUR: 12.50, JPY: 19}"
