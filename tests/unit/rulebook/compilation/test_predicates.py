"""Clauses as functions of the scene: patterns, instants, money, attributes, explanations."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from support.counted_work import counted
from support.rule_files import NOW as T0
from support.rule_files import item, rule, rulebook, scene
from tactful.core.facts.fact_types import Customer, Order, OrderLine, ReportedFact, Stock
from tactful.core.facts.history import History
from tactful.core.rules.condition_evaluation import clauses
from tactful.core.rules.rule import NEEDS_ACTIVITY, NEVER, NOW
from tactful.core.session.signals import LandingVisit
from tactful.core.values.calendar import DAY, MINUTE, SECOND
from tactful.core.values.money import Money
from tactful.rulebook.compilation.predicates import glob
from tactful.rulebook.testing.given import as_datetime


def test_a_dwell_condition_holds_from_the_instant_at_which_it_is_reached() -> None:
    one = rule("[session.dwell: {at_least: 30s}]")
    assert one.holds_from(scene(running_since=T0 - 5 * SECOND)) == T0 + 25 * SECOND
    assert one.holds_from(scene(running_since=T0 - 40 * SECOND)) == NOW
    assert one.holds_from(scene(dwell_before_ms=10 * SECOND)) == NEEDS_ACTIVITY


def test_a_condition_on_an_unknown_value_does_not_hold_nor_does_its_opposite() -> None:
    nobody = scene()
    assert rule("[customer.tier: gold]").holds_from(nobody) == NEVER
    assert rule("[customer.tier: {not: gold}]").holds_from(nobody) == NEVER
    assert rule("[{none: [customer.tier: gold]}]").holds_from(nobody) == NOW


HIGH = History(
    customer="c1",
    about=ReportedFact(Customer(customer="c1", tier="GOLD", segments=("Runners",)), T0),
)
CASE = [
    ("item.brand: VELO", True),
    ("item.brand: {in: [x, velo]}", True),
    ("item.brand: {not: vELO}", False),
    ("item.title: aero runner", True),
    ("item.category: Shoes/Running", True),
    ("item.category: {under: ' /SHOES/ '}", True),
    ("item.category: {under: shoes / running}", True),
    ("item.category: {not: [Shoes/Running]}", False),
    ("item.attributes.colour: RED", True),
    ("customer.tier: gold", True),
    ("customer.tier: {not: Gold}", False),
    ("customer.segment: runners", True),
    ("customer.segment: {not: RUNNERS}", False),
    ("visit.campaign: Spring", True),
    ("item.sku: run-42", False),
    ("item.product: AERO-RUNNER", False),
    ("item.sku: RUN-42", True),
]


@pytest.mark.parametrize(("condition", "holds"), CASE)
def test_upper_and_lower_case_differ_only_in_ids(condition: str, holds: bool) -> None:
    seen = scene(
        item(attributes={"colour": "Red"}), history=HIGH, visit=LandingVisit(campaign="SPRING")
    )
    one = rulebook(
        f"rules:\n  - id: one\n    when: [{condition}]\n    offer: {{percent: 10%}}\n"
    ).rules["one"]
    [clause] = clauses(one.condition)
    assert (one.holds_from(seen), clause.holds_from(seen)) == (
        (NOW, NOW) if holds else (NEVER,) * 2
    )


@pytest.mark.parametrize("condition", [text for text, holds in CASE if holds])
def test_the_index_finds_a_rule_whatever_the_case_of_its_texts(condition: str) -> None:
    seen = scene(item(), history=HIGH, visit=LandingVisit(campaign="SPRING"))
    book = rulebook(f"rules: [{{id: one, when: [{condition}], offer: {{percent: 10%}}}}]")
    assert [one.id for one in book.index.for_item(seen)] == ["one"]


def test_a_rule_for_the_rescue_moment_applies_only_there() -> None:
    one = rule("[item.stock: {at_least: 1}]", "moment: rescue")
    assert one.holds_from(scene()) == NEVER
    assert one.holds_from(scene(rescue=True)) == NOW


def test_an_instant_is_compared_with_within_before_and_since() -> None:
    fresh, old = "[item.stock_reported: {within: 1h}]", "[item.stock_reported: {before: 1h}]"
    later = scene(now=T0 + 2 * 60 * MINUTE)
    assert (rule(fresh).holds_from(scene()), rule(fresh).holds_from(later)) == (NOW, NEVER)
    assert (rule(old).holds_from(scene()), rule(old).holds_from(later)) == (T0 + 60 * MINUTE, NOW)
    assert rule("[item.stock_reported: {since: 2026-03-10}]").holds_from(scene()) == NOW
    assert rule("[item.stock_reported: {since: 2026-03-11}]").holds_from(scene()) == NEVER
    assert rule(old).holds_from(scene(item(stock=None))) == NEVER


def test_counts_can_be_limited_to_a_window() -> None:
    history = History(customer="c1", orders=(order(1), order(5)))
    seen = scene(history=history)
    assert rule("[customer.orders: {at_least: 2}]").holds_from(seen) == NOW
    assert rule("[customer.orders: {at_least: 2, within: 30d}]").holds_from(seen) == NEVER
    assert rule("[customer.orders: {at_least: 2, since: 2026-01-01}]").holds_from(seen) == NOW


def test_money_is_compared_only_in_its_own_currency() -> None:
    assert rule("[item.price: {at_least: {EUR: 100.00, GBP: 90.00}}]").holds_from(scene()) == NOW
    assert rule("[item.price: {at_least: {GBP: 90.00}}]").holds_from(scene()) == NEVER
    assert rule("[item.price: {at_most: 129.00 EUR}]").holds_from(scene()) == NOW
    assert rule("[item.price: 129.00 EUR]").holds_from(scene()) == NOW
    assert rule("[item.price: {EUR: 129.00}]").holds_from(scene()) == NOW
    assert rule("[item.price: {is: 128.00 EUR}]").holds_from(scene()) == NEVER


def test_attributes_are_texts_numbers_or_flags() -> None:
    seen = scene(item(attributes={"colour": "red", "size": 42, "washable": True}))
    holds = [
        "item.attributes.colour: red",
        "item.attributes.size: 42",
        "item.attributes.size: {at_least: 40}",
        "item.attributes.size: {between: [40, 44]}",
        "item.attributes.washable: true",
        'item.attributes.colour: {matches: "R*"}',
        "item.attributes.colour: {not: [blue, green]}",
    ]
    fails = [
        "item.attributes.colour: {at_least: 40}",
        "item.attributes.washable: {at_least: 1}",
        "item.attributes.missing: red",
    ]
    assert [rule(f"[{one}]").holds_from(seen) for one in holds] == [NOW] * len(holds)
    assert [rule(f"[{one}]").holds_from(seen) for one in fails] == [NEVER] * len(fails)


def test_an_explanation_shows_values_as_a_file_spells_them() -> None:
    text = """
    rules:
      - id: one
        when:
          - session.dwell: {at_least: 30s}
          - item.price: {at_most: 100.00 EUR}
          - item.discount: {at_least: 5%}
          - item.stock_reported: {before: 1h}
          - item.category: {under: hats}
          - time.weekday: fri
          - time.of_day: {at_least: "18:00"}
          - time.date: {at_least: 2027-01-01}
          - item.brand: Nordek
        offer: {percent: 10%}
    """
    condition = rulebook(text).rules["one"].condition
    seen = scene(running_since=T0 - 12 * SECOND)
    shown = {clause.field: clause.read(seen) for clause in clauses(condition)}
    assert shown == {
        "session.dwell": "12s",
        "item.price": "129.00 EUR",
        "item.discount": "0%",
        "item.stock_reported": "2026-03-10T12:00:00Z",
        "item.category": ["shoes/running"],
        "time.weekday": "tue",
        "time.of_day": "12:00",
        "time.date": "2026-03-10",
        "item.brand": "Velo",
    }


UNCOUNTED: list[dict[str, Any]] = [
    {"available": None, "policy": "untracked"},
    {"available": None, "policy": "backorder"},
    {"available": 2, "policy": "backorder"},
]


@pytest.mark.parametrize("reported", UNCOUNTED)
@pytest.mark.parametrize(
    ("comparison", "holds"),
    [
        ("{at_least: 1}", True),
        ("{at_least: 1000000000}", True),
        ("{not: 0}", True),
        ("{at_most: 1000000000}", False),
        ("{between: [0, 1000000000]}", False),
        ("2", False),
        ("{in: [0, 2]}", False),
    ],
)
def test_an_item_whose_stock_limits_nothing_has_more_units_than_every_number(
    reported: dict[str, Any], comparison: str, holds: bool
) -> None:
    stock = ReportedFact(Stock(sku="RUN-42", territory="DE", **reported), T0)
    seen = scene(structs.replace(item(), stock={"DE": (stock,)}))
    one = rule(f"[item.stock: {comparison}]")
    assert one.holds_from(seen) == (NOW if holds else NEVER)
    (clause,) = clauses(one.condition)
    assert clause.holds_from(seen) == one.holds_from(seen)
    assert clause.read(seen) == "unlimited"


def test_an_unknown_value_is_shown_as_none() -> None:
    condition = rule("[customer.tier: gold]").condition
    assert clauses(condition)[0].read(scene()) is None


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("abc", "ABC", True),
        ("abc", "abcd", False),
        ("a*", "abc", True),
        ("*c", "abc", True),
        ("a*c", "abc", True),
        ("a*c", "ac", True),
        ("ab*bc", "abc", False),
        ("*b*", "abc", True),
        ("*x*", "abc", False),
        ("a*b*c", "a-b-c", True),
        ("a*b*b*c", "a-b-c", False),
        ("*", "", True),
        ("**", "anything", True),
        ("a.c", "abc", False),
        ("STRASSE*", "straße 5", True),
    ],
)
def test_a_star_matches_any_text(pattern: str, text: str, matches: bool) -> None:
    assert glob(pattern)(text) is matches


@given(
    st.lists(st.text("ab", max_size=3), max_size=4), st.lists(st.text("ab", max_size=2), max_size=5)
)
def test_any_text_between_the_pieces_of_a_pattern_matches(
    pieces: list[str], fillings: list[str]
) -> None:
    pattern = "*".join(["", *pieces, ""])
    text = "".join(
        piece + filling for piece, filling in zip(pieces, [*fillings, *pieces], strict=False)
    )
    assert glob(pattern)("x" + text)


def test_a_hostile_pattern_is_searched_once_per_piece() -> None:
    matches = glob("*a" * 50 + "*b*")
    found, calls = counted(lambda: matches("a" * 100_000))
    assert found is False
    assert calls < 150  # one search and two measurements of each of 51 pieces


def order(number: int) -> ReportedFact[Order]:
    fact = Order(
        order=f"o{number}",
        customer="c1",
        territory="DE",
        placed_at=as_datetime(T0 - number * 10 * DAY),
        status="delivered",
        lines=(OrderLine("A", 1, Money(1000, "EUR")),),
    )
    return ReportedFact(fact, T0)
