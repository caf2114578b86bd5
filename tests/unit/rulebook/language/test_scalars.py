"""Values are read by what is expected, with units written out, and described as JSON Schema."""

import re
from typing import Any

import pytest

from tactful.core.values.calendar import DAY, MINUTE, SECOND
from tactful.rulebook.language import scalars as values
from tactful.rulebook.language import units
from tactful.rulebook.language.mappings import (
    Block,
    Entries,
    Key,
    Messages,
    Named,
    Raw,
    Saving,
    Sequence,
    Shape,
)
from tactful.rulebook.source.diagnostics import Findings
from tactful.rulebook.source.tree import Node, parse


def node(text: str) -> Node:
    tree = parse("a.yaml", f"v: {text}\n", Findings())
    assert tree is not None
    return tree.pairs[0][1]


def read(kind: values.Kind, text: str) -> tuple[Any, list[str], str]:
    findings = Findings()
    value = kind.read(node(text), findings)
    found = findings.sorted()
    return value, [one.code for one in found], found[0].help if found else ""


SHAPE = Shape(
    "a thing",
    (
        Key("size", values.Count(), "How large.", "3", required=True),
        Key("name", values.Text(longest=5), "Its name.", "Ann"),
    ),
)

GOOD: list[tuple[values.Kind, str, Any]] = [
    (values.Text(), "hello", "hello"),
    (values.Text(), "''", ""),
    (values.Id(), "spring-sale.2", "spring-sale.2"),
    (values.Flag(), "true", True),
    (values.Flag(), "false", False),
    (values.Count(), "0", 0),
    (values.Count(least=-5), "-5", -5),
    (values.OneOf(("a", "b")), "b", "b"),
    (values.ListOf(values.Count()), "[1, 2]", (1, 2)),
    (values.ListOf(values.Count()), "3", (3,)),
    (units.Duration(), "45s", 45 * SECOND),
    (units.Duration(), "30d", 30 * DAY),
    (units.Percent(), "12.5%", 1250),
    (units.Percent(), "0%", 0),
    (units.Percent(), "33.33%", 3333),
    (units.Amounts(), "12.50 EUR", {"EUR": 1250}),
    (units.Amounts(), "{EUR: 12.50, JPY: 1900}", {"EUR": 1250, "JPY": 1900}),
    (units.Territory(), "US-NY", "US-NY"),
    (units.Zone(), "Europe/Berlin", "Europe/Berlin"),
    (units.LocalTime(), "2026-03-31 18:00", "2026-03-31 18:00"),
    (units.Clock(), '"09:30"', 570),
    (units.Clock(), '"24:00"', 1440),
    (Saving(), "5%", 500),
    (Saving(), "2.00 EUR", {"EUR": 200}),
    (Messages(), "Hello", {"": "Hello"}),
    (Messages(), "{de: Hallo, en: Hello}", {"de": "Hallo", "en": "Hello", "": "Hello"}),
    (Messages(), "{de: Hallo}", {"de": "Hallo", "": "Hallo"}),
]

BAD: list[tuple[values.Kind, str, str, str]] = [
    (values.Text(longest=3), "hello", "R215", "shorten"),
    (values.Text(), "", "R204", "a text"),
    (values.Text(), "[a]", "R204", "a text"),
    (values.Text(), "{a: b}", "R204", "a text"),
    (values.Id(), "Spring Sale", "R216", "letters, digits"),
    (values.Flag(), "no", "R208", "did you mean 'false'"),
    (values.Flag(), "On", "R208", "did you mean 'true'"),
    (values.Flag(), "True", "R208", "did you mean 'true'"),
    (values.Flag(), "'true'", "R208", "without quotes"),
    (values.Flag(), "maybe", "R204", "true or false"),
    (values.Flag(), "[true]", "R204", "true or false"),
    (values.Count(), "010", "R208", "write 10"),
    (values.Count(), "00", "R208", "write 0"),
    (values.Count(), "1.5", "R204", "whole number"),
    (values.Count(), "1_000", "R204", "whole number"),
    (values.Count(), "-1", "R215", "in range"),
    (values.Count(), "{}", "R204", "whole number"),
    (values.OneOf(("shadow", "live")), "shadwo", "R214", "did you mean 'shadow'"),
    (values.OneOf(("shadow", "live")), "x", "R214", "one of shadow, live"),
    (values.ListOf(values.Count()), "{a: 1}", "R204", "whole number"),
    (values.ListOf(values.Count()), "[1, x]", "R204", "whole number"),
    (values.ListOf(values.Count()), "x", "R204", "whole number"),
    (units.Duration(), "30", "R205", "30s, 30m, 30h or 30d"),
    (units.Duration(), "30 min", "R205", "45s"),
    (units.Duration(), "[]", "R204", "a duration"),
    (units.Duration(most=MINUTE), "2h", "R215", "in range"),
    (units.Percent(), "15", "R205", "did you mean 15%"),
    (units.Percent(), "lots", "R205", "15%"),
    (units.Percent(), "1.234%", "R205", "15%"),
    (units.Percent(), "101%", "R215", "in range"),
    (units.Percent(), "{}", "R204", "percentage"),
    (units.Amounts(), "12.50", "R205", "12.50 EUR"),
    (units.Amounts(), "12.505 EUR", "R213", "12.50 EUR"),
    (units.Amounts(), "12 Euro", "R213", "12.50 EUR"),
    (units.Amounts(), "{EURO: 5}", "R213", "did you mean 'EUR'"),
    (units.Amounts(), "{coins: 5}", "R213", "such as EUR"),
    (units.Amounts(), "{EUR: [5]}", "R204", "money"),
    (units.Amounts(), "{EUR: x}", "R213", "money"),
    (units.Amounts(), "{}", "R204", "money"),
    (units.Amounts(), "[5]", "R204", "money"),
    (units.Amounts(least=1), "0.00 EUR", "R215", "raise"),
    (units.Territory(), "de", "R214", "did you mean DE"),
    (units.Territory(), "Germany", "R214", "DE or US-NY"),
    (units.Zone(), "Europe/Berlim", "R211", "did you mean 'Europe/Berlin'"),
    (units.Zone(), "qqqqqq", "R211", "Europe/Berlin"),
    (units.LocalTime(), "31.03.2026", "R212", "2026-03-31"),
    (units.LocalTime(), "2026-02-30", "R212", "2026-03-31"),
    (units.LocalTime(), "[]", "R204", "a date"),
    (units.Clock(), '"9:30"', "R212", "09:00"),
    (units.Clock(), "[]", "R204", "a time"),
    (Messages(), "{de: [x]}", "R204", "a text"),
    (Messages(), "{en-uk-long-x: x}", "R214", "such as en"),
    (SHAPE, "[1]", "R204", "a thing with keys"),
    (SHAPE, "x", "R204", "a thing with keys"),
    (SHAPE, "{name: Ann}", "R202", "size: 3"),
    (SHAPE, "{}", "R202", "size: 3"),
    (SHAPE, "{size: 3, nmae: Ann}", "R201", "did you mean 'name'"),
    (SHAPE, "{size: 3, zzzzzz: Ann}", "R201", "it has the keys size, name"),
    (Sequence(SHAPE, "things"), "{size: 1}", "R204", "begin each with"),
    (Named(SHAPE, "things"), "[1]", "R204", "name: "),
    (Named(SHAPE, "things"), "{Bad Name: {size: 1}}", "R216", "letters, digits"),
]


@pytest.mark.parametrize(("kind", "text", "value"), GOOD)
def test_a_value_is_read(kind: values.Kind, text: str, value: Any) -> None:
    assert read(kind, text) == (value, [], "")


@pytest.mark.parametrize(("kind", "text", "code", "words"), BAD)
def test_what_cannot_be_read_is_explained(
    kind: values.Kind, text: str, code: str, words: str
) -> None:
    _, codes, help_text = read(kind, text)
    assert code in codes
    assert words in help_text


@pytest.mark.parametrize("kind", {type(kind): kind for kind, *_ in (*GOOD, *BAD)}.values())
def test_a_kind_says_what_it_wants_and_describes_itself(kind: values.Kind) -> None:
    assert kind.wanted
    schema = kind.schema()
    assert schema
    pattern = schema.get("pattern")
    assert pattern is None or re.compile(pattern)


def test_a_kind_of_its_own_must_say_how_it_is_read() -> None:
    bare = values.Kind()
    for ask in (lambda: bare.read(node("x"), Findings()), bare.schema, lambda: bare.wanted):
        with pytest.raises(NotImplementedError):
            ask()


def test_what_is_read_later_is_kept_as_it_stands() -> None:
    raw = Raw("conditions")
    assert raw.read(node("x"), Findings()).text == "x"
    assert raw.wanted == "conditions"
    assert raw.schema() == {"$ref": "#/definitions/conditions"}


def test_a_shape_needs_one_of_some_keys() -> None:
    shape = Shape("a thing", (Key("a", values.Count(), "A.", "1"),), one_of=("a", "b"))
    assert read(shape, "{}")[1] == ["R202"]
    assert read(shape, "{a: 1}")[1] == []


def test_a_block_goes_over_another() -> None:
    inner = Shape(
        "inner", (Key("x", values.Count(), "X.", "1"), Key("y", values.Count(), "Y.", "1"))
    )
    shape = Shape(
        "outer",
        (
            Key("inner", inner, "I.", "{}"),
            Key("named", Named(inner, "named"), "N.", "{}"),
            Key("money", units.Amounts(), "M.", "{}"),
        ),
    )
    own, _, _ = read(shape, "{inner: {x: 1}, named: {a: {x: 1}, b: {x: 2}}, money: {EUR: 1}}")
    other, _, _ = read(
        shape, "{inner: {x: 5, y: 6}, named: {a: {y: 7}, c: {x: 8}}, money: {GBP: 1}}"
    )
    both = own.over(other)
    assert (both.get("inner").get("x"), both.get("inner").get("y")) == (1, 6)
    named = both.get("named")
    assert isinstance(named, Entries)
    assert {name: block.values for name, (_, block) in named.items()} == {
        "a": {"x": 1, "y": 7},
        "b": {"x": 2},
        "c": {"x": 8},
    }
    assert both.get("money") == {"EUR": 100}
    assert both.at("nowhere") == both.start
    assert Block(Node("a")).start == Node("a")


def test_money_and_shares_are_written_as_people_write_them() -> None:
    assert units.format_percent(1250) == "12.5%"
    assert units.format_percent(1000) == "10%"
    assert units.format_amounts({"EUR": 1250}) == "12.50 EUR"
    assert units.format_amounts({"EUR": 1250, "JPY": 19}) == "{EUR: 12.50, JPY: 19}"
