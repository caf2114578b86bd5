"""Parsing of `when` and `unless`."""

import pytest

from support.rule_files import check, codes, one_rule
from tactful.core.rules.condition_evaluation import clauses
from tactful.rulebook.language.conditions import spelled
from tactful.rulebook.source.tree import Node


def test_a_missing_colon_is_named() -> None:
    text = one_rule("when:\n  - item.stock {at_least: 5}\noffer: {percent: 1%}")
    [one] = check(text).diagnostics
    assert (one.code, one.help) == ("R203", "write a colon and a blank after 'item.stock'")


def test_did_you_mean_is_said_only_where_something_is_near() -> None:
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
def test_a_condition_that_makes_no_sense_is_found(text: str, code: str) -> None:
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
def test_a_condition_that_makes_sense_is_not_found(text: str) -> None:
    assert codes(one_rule(f"{text}\noffer: {{percent: 10%}}")) == []


def test_shared_lists_stand_for_their_values() -> None:
    lists = "lists: {heroes: [Velo, Nordek], feet: [shoes, socks]}\n"
    text = one_rule(
        "when: [item.brand: {in: [$heroes, Other]}, item.category: {under: $feet}]\n"
        "offer: {percent: 10%}",
        lists,
    )
    compiled = check(text)
    assert compiled.rulebook is not None
    clause = next(clauses(compiled.rulebook.rules["one"].condition))
    assert clause.value == ("Velo", "Nordek", "Other")


def test_a_list_must_be_one_and_its_values_must_fit() -> None:
    assert codes("lists: {a: b}\n") == ["R315", "R204"]
    text = one_rule("when: [item.stock: {in: $sizes}]\noffer: {percent: 1%}", "lists: {sizes: [x]}")
    assert codes(text) == ["R204"]


def test_a_node_is_spelled_in_one_line() -> None:
    quoted = Node("a", text="b", style="'")
    assert spelled(quoted) == "'b'"
