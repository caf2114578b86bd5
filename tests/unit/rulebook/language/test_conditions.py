"""Parsing of `when` and `unless`."""

import pytest

from support.rule_files import check, codes, one_rule
from support.value_types import node
from tactful.core.rules.condition_evaluation import clauses
from tactful.rulebook.fields.field_registry import FIELDS
from tactful.rulebook.language.conditions import (
    OPERATORS,
    Comparison,
    ConditionGroup,
    comparisons,
    conjuncts,
    operand_type,
    read_unless,
    read_when,
    spelled,
)
from tactful.rulebook.source.diagnostics import Findings
from tactful.rulebook.source.tree import Node


def test_a_missing_colon_is_named() -> None:
    text = one_rule("when:\n  - item.stock {at_least: 5}\noffer: {percent: 1%}")
    [one] = check(text).diagnostics
    assert (one.code, one.help) == ("R203", "write a colon and a blank after 'item.stock'")


def test_a_suggestion_is_made_only_for_a_near_name() -> None:
    near = check(one_rule("when: [item.stokc: {at_least: 1}]\noffer: {percent: 1%}"))
    far = check(one_rule("when: [zzz: {at_least: 1}]\noffer: {percent: 1%}"))
    assert near.diagnostics[0].help == "did you mean 'item.stock'?"
    assert "tactful rules explain --fields" in far.diagnostics[0].help


CONDITIONS = [
    ("when: hello", "R204"),
    ("when: [hello]", "R204"),
    ("when: [item.stock: 5 pieces]", "R204"),
    ("when: [item.category: under shoes]", "R206"),
    ("when: [session.dwell: 30s]", "R206"),
    ("when: [item.brand: {at_least: x}]", "R206"),
    ("when: [item.brand: {lieks: x}]", "R206"),
    ("when: [item.brand: {}]", "R204"),
    ("when: [item.price: {}]", "R204"),
    ("when: [customer.orders: {within: 30d}]", "R204"),
    ("when: [customer.orders: {at_least: 1, within: 30}]", "R205"),
    ("when: [customer.orders: {at_least: 1, since: 1.1.2026}]", "R212"),
    ("when: [item.brand: {in: []}]", "R301"),
    ("when: [{any: []}]", "R301"),
    ("when: [item.brand: []]", "R301"),
    ("when: [item.stock: {between: 5}]", "R204"),
    ("when: [item.stock: {between: [1, 2, 3]}]", "R204"),
    ("when: [item.stock: {between: [1, x]}]", "R204"),
    ("when: [item.brand: no]", "R208"),
    ("when: [item.attributes.washable: yes]", "R208"),
    ("when: [item.stock: {between: [5, 1]}]", "R301"),
    ("when: [item.price: {between: [5.00 EUR, 9.00 GBP]}]", "R301"),
    ("when: [time.weekday: monday]", "R214"),
    ("when: [session.page: basket]", "R214"),
    ("unless: [item.stokc: 1]", "R203"),
]


@pytest.mark.parametrize(("text", "code"), CONDITIONS)
def test_an_invalid_condition_is_reported(text: str, code: str) -> None:
    assert code in codes(one_rule(f"{text}\noffer: {{percent: 10%}}"))


SENSIBLE = [
    "when: {item.stock: {at_least: 1}, item.brand: Velo}",
    "when: [{item.stock: {at_least: 1}, item.brand: Velo}]",
    "when: {any: [item.brand: Velo, item.brand: Nordek]}",
    "when: [item.stock: {at_least: 1, at_most: 5}]",
    "when: [item.stock: [1, 2], item.stock: {not: 2}]",
    "when: [item.brand: [Velo, Nordek], item.brand: {not: Nordek}]",
    "when: [item.category: shoes, item.category: boots]",
    "when: [item.price: {at_least: 5.00 EUR}, item.price: {at_most: 9.00 EUR}]",
    "when: [item.price: {between: [{EUR: 5, GBP: 4}, {EUR: 9, GBP: 8}]}]",
    "when: [customer.orders: {at_least: 9}, customer.orders: {at_most: 1, within: 30d}]",
    "when: []\nunless: {item.on_sale: true}",
    "when: [item.brand: 'no']",
    "when: [{any: [item.stock: {at_least: 9}]}, {any: [item.brand: x]}]",
    "when: [item.stock: {at_least: 5}]\nunless: [{all: [item.stock: {at_least: 5}, item.brand: x]}]",
    "when: [item.brand: {matches: 'V*'}, item.brand: {not: Velo}]",
]


@pytest.mark.parametrize("text", SENSIBLE)
def test_a_valid_condition_has_no_finding(text: str) -> None:
    assert codes(one_rule(f"{text}\noffer: {{percent: 10%}}")) == []


def test_a_list_name_is_replaced_by_its_values() -> None:
    lists = "lists: {heroes: [Velo, Nordek], feet: [shoes, socks]}\n"
    text = one_rule(
        "when: [item.brand: {in: [$heroes, Other]}, item.category: {under: $feet}]\n"
        "offer: {percent: 10%}",
        lists,
    )
    compiled = check(text)
    assert compiled.rulebook is not None
    clause = clauses(compiled.rulebook.rules["one"].condition)[0]
    assert clause.value == ("velo", "nordek", "other")


def test_a_list_must_be_a_list_of_fitting_values() -> None:
    assert codes("lists: {a: b}\n") == ["R315", "R204"]
    text = one_rule("when: [item.stock: {in: $sizes}]\noffer: {percent: 1%}", "lists: {sizes: [x]}")
    assert codes(text) == ["R204"]


def test_a_node_is_spelled_in_one_line() -> None:
    quoted = Node("a", text="b", style="'")
    assert spelled(quoted) == "'b'"


def parsed(text: str, *, unless: bool = False) -> ConditionGroup:
    findings = Findings()
    read = read_unless if unless else read_when
    tree = read(node(text), {"l": node("[a, b]")}, findings)
    assert findings.sorted() == ()
    return tree


def kinds(tree: ConditionGroup) -> list[str]:
    return [part.kind if isinstance(part, ConditionGroup) else part.name for part in tree.parts]


def test_when_must_all_hold_and_unless_must_not() -> None:
    assert parsed("[item.sku: A]").kind == "all"
    assert parsed("[item.sku: A]", unless=True).kind == "none"
    assert kinds(parsed("{item.sku: A, item.brand: B}")) == ["item.sku", "item.brand"]


def test_redundant_groups_are_dissolved() -> None:
    assert kinds(parsed("[{all: [item.sku: A, item.brand: B]}]")) == ["item.sku", "item.brand"]
    assert kinds(parsed("[{any: [item.sku: A]}]")) == ["item.sku"]
    assert kinds(parsed("[{none: [item.sku: A]}]")) == ["none"]
    assert kinds(parsed("[{any: [item.sku: A, item.brand: B]}]", unless=True)) == [
        "item.sku",
        "item.brand",
    ]
    assert kinds(parsed("[{item.sku: A, item.brand: B}]", unless=True)) == ["all"]


def test_every_comparison_and_those_that_must_hold_are_listed() -> None:
    tree = parsed(
        "[item.sku: A, {any: [item.brand: B, item.stock: 1]}, {any: [{all: [item.title: C]}]}]"
    )
    assert [one.name for one in comparisons(tree)] == [
        "item.sku",
        "item.brand",
        "item.stock",
        "item.title",
    ]
    assert [one.name for one in conjuncts(tree)] == ["item.sku", "item.title"]
    assert list(conjuncts(None)) == []


@pytest.mark.parametrize(
    ("text", "op", "value", "spelling"),
    [
        ("item.brand: A", "in", ("A",), "item.brand: A"),
        ("item.brand: [A, 'B']", "in", ("A", "B"), "item.brand: [A, 'B']"),
        ("item.brand: {is: A}", "in", ("A",), "item.brand: {is: A}"),
        ("item.brand: {in: [$l, C]}", "in", ("a", "b", "C"), "item.brand: {in: [$l, C]}"),
        ("item.brand: {not: $l}", "not", ("a", "b"), "item.brand: {not: $l}"),
        ("item.stock: {between: [1, 5]}", "between", (1, 5), "item.stock: {between: [1, 5]}"),
        ("item.price: 5.00 EUR", "in", ({"EUR": 500},), "item.price: 5.00 EUR"),
        ("item.price: {EUR: 5}", "in", ({"EUR": 500},), "item.price: {EUR: 5}"),
        ("item.price_since: {before: 2d}", "before", 172_800_000, "item.price_since: {before: 2d}"),
    ],
)
def test_a_comparison_has_its_operand_and_its_spelling(
    text: str, op: str, value: object, spelling: str
) -> None:
    [one] = parsed(f"[{text}]").parts
    assert isinstance(one, Comparison)
    assert (one.op, one.value, one.text) == (op, value, spelling)


def test_a_time_window_applies_to_every_comparison_of_its_field() -> None:
    tree = parsed("[customer.orders: {at_least: 1, at_most: 5, within: 30d}]")
    found = [(one.op, one.window) for one in comparisons(tree)]
    window = ("within", 30 * 86_400_000)
    assert found == [("at_least", window), ("at_most", window)]
    assert [one.text for one in comparisons(tree)] == [
        "customer.orders: {at_least: 1, within: 30d}",
        "customer.orders: {at_most: 5, within: 30d}",
    ]


@pytest.mark.parametrize("name", FIELDS)
def test_every_comparison_of_a_field_has_a_type_of_operand(name: str) -> None:
    field = FIELDS[name]
    assert [operand_type(field, op).expected for op in OPERATORS[field.type]]


@pytest.mark.parametrize("field", ["cart.total", "item.stock", "customer.spent", "session.dwell"])
@pytest.mark.parametrize(
    ("word", "meant"), [("above", "at_least"), ("gt", "at_least"), ("max", "at_most")]
)
def test_another_name_of_a_comparison_is_understood(field: str, word: str, meant: str) -> None:
    [one] = check(one_rule(f"when: [{field}: {{{word}: 50}}]\noffer: {{percent: 1%}}")).diagnostics
    assert (one.code, one.help) == ("R206", f"did you mean '{meant}'?")


def test_another_name_of_a_comparison_that_does_not_fit_lists_those_that_do() -> None:
    [one] = check(one_rule("when: [item.on_sale: {above: 5}]\noffer: {percent: 1%}")).diagnostics
    assert one.help == "use one of is"


@pytest.mark.parametrize("name", ["late_deliveries", "late_parcels", "open_cases", "bad_reviews"])
def test_a_field_about_a_disappointment_is_said_to_suppress_by_itself(name: str) -> None:
    text = one_rule(f"when: [customer.{name}: {{at_least: 1}}]\noffer: {{percent: 1%}}")
    [one] = check(text).diagnostics
    assert one.code == "R203"
    assert "suppress offers by themselves" in one.help
