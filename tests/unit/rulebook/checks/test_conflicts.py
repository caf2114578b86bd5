"""Conditions that cannot hold and rules that never win."""

import pytest

from support.rule_files import check, codes, one_rule

CONTRADICTIONS = [
    "when: [item.brand: Velo, item.brand: Nordek]",
    "when: [item.brand: [Velo], item.brand: {not: Velo}]",
    "when: [item.stock: [1, 2], item.stock: {at_least: 5}]",
    "when: [item.stock: [7, 9], item.stock: {at_most: 5}]",
    "when: [{any: [item.stock: {at_least: 9}]}, item.stock: {between: [1, 5]}]",
    "when: [item.on_sale: true, item.on_sale: false]",
    "when: [session.dwell: {at_least: 60s}, session.dwell: {at_most: 30s}]",
    "when: [item.stock: {at_least: 5}]\nunless: [item.stock: {at_least: 5}]",
]


@pytest.mark.parametrize("text", CONTRADICTIONS)
def test_contradictory_conditions_are_reported(text: str) -> None:
    assert codes(one_rule(f"{text}\noffer: {{percent: 10%}}")) == ["R302"]


@pytest.mark.parametrize(
    ("off", "named", "expected"),
    [
        ("percent: 1%, off_the: order, at_most: 1.00 EUR", "stacks_with: [a]", []),
        ("amount: 1.00 EUR, off_the: shipping", "stacks_with: [a]", []),
        ("percent: 1%", "stacks_with: [a]", ["R303"]),
        ("percent: 1%, off_the: order, at_most: 1.00 EUR", "note: alone", ["R309", "R303"]),
    ],
)
def test_a_rule_that_stacks_with_the_winner_is_not_shadowed(
    off: str, named: str, expected: list[str]
) -> None:
    winner = "  - {id: a, priority: 5, stacks_with: [b], offer: {percent: 1%}}\n"
    loser = f"  - {{id: b, {named}, offer: {{{off}}}}}\n"
    assert codes(f"rules:\n{winner}{loser}") == expected


def test_a_rule_with_a_further_condition_and_a_lower_priority_is_shadowed() -> None:
    winner = "  - {id: a, priority: 5, when: [item.brand: x], offer: {percent: 1%}}\n"
    for loser, expected in [
        ("{id: b, when: [item.brand: x, item.stock: 5], offer: {percent: 1%}}", ["R303"]),
        ("{id: b, when: [item.brand: y], offer: {percent: 1%}}", []),
        ("{id: b, priority: 5, when: [item.brand: x], offer: {percent: 1%}}", []),
        ("{id: b, moment: rescue, when: [item.brand: x], offer: {percent: 1%}}", []),
        ("{id: b, remedy: true, when: [item.brand: x]}", []),
    ]:
        assert codes(f"rules:\n{winner}  - {loser}\n") == expected


def test_a_restricted_rule_shadows_no_other_rule() -> None:
    loser = "  - {id: b, when: [item.brand: x], offer: {percent: 1%}}\n"
    for more in ("paused: true", "mode: shadow", "limits: {per_session: 1}", "territories: [DE]"):
        winner = (
            f"  - {{id: a, priority: 5, {more}, when: [item.brand: x], offer: {{percent: 1%}}}}\n"
        )
        assert codes(f"rules:\n{winner}{loser}") == []
    assert codes("rules:\n  - {id: a, priority: 1, offer: {percent: 1%}}\n" + loser) == ["R303"]
    narrow = loser.replace("when:", "territories: [DE], unless: [item.on_sale: true], when:")
    wide = "  - {id: a, priority: 5, territories: [DE, AT], when: [item.brand: x], offer: {percent: 1%}}\n"
    assert codes(f"rules:\n{wide}{narrow}") == ["R303"]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("item.stock: {between: [5, 5]}", []),
        ("item.stock: {between: [6, 5]}", ["R301"]),
        ("item.price: {between: [{EUR: 9}, {EUR: 5, GBP: 9}]}", ["R301"]),
        ("item.price: {between: [{EUR: 9, GBP: 1}, {EUR: 5, GBP: 9}]}", []),
        ('time.of_day: {between: ["18:00", "09:00"]}', ["R301"]),
    ],
)
def test_a_range_without_a_value_is_found(condition: str, expected: list[str]) -> None:
    assert codes(one_rule(f"when: [{condition}]\noffer: {{percent: 1%}}")) == expected


def test_a_third_condition_is_not_blamed_for_an_earlier_contradiction() -> None:
    text = one_rule(
        "when: [item.stock: {at_least: 9}, item.stock: {at_most: 5}, item.stock: {at_most: 4}]\n"
        "offer: {percent: 1%}"
    )
    assert codes(text) == ["R302"]


def test_the_same_field_over_another_time_is_another_field() -> None:
    text = (
        "when: [customer.orders: {at_least: 5}, customer.orders: {at_most: 1, within: 30d}]\n"
        "offer: {percent: 1%}"
    )
    assert codes(one_rule(text)) == []


def test_the_warning_on_a_shadowed_rule_names_the_winner() -> None:
    text = """
rules:
  - {id: a, priority: 5, offer: {percent: 1%}}
  - {id: b, when: [item.brand: x], offer: {percent: 2%}}
"""
    [one] = check(text).diagnostics
    assert (one.code, one.severity, one.line) == ("R303", "warning", 4)
    assert one.message.startswith("'a' always wins")


@pytest.mark.parametrize(
    ("winner", "loser", "shadowed"),
    [
        ("valid: {until: 2026-12-31}", "note: x", False),
        ("note: x", "valid: {until: 2026-12-31}", True),
        ("territories: [DE]", "territories: [DE, AT]", False),
        ("territories: [DE, AT]", "territories: [DE]", True),
        ("unless: [item.on_sale: true]", "note: x", False),
    ],
)
def test_a_rule_is_shadowed_only_where_the_winner_always_applies(
    winner: str, loser: str, shadowed: bool
) -> None:
    text = (
        f"rules:\n  - {{id: a, priority: 5, {winner}, offer: {{percent: 1%}}}}\n"
        f"  - {{id: b, {loser}, offer: {{percent: 2%}}}}\n"
    )
    assert codes(text) == (["R303"] if shadowed else [])
