"""Compiled, indexed matching agrees with a naive reading of the same conditions, on random ones."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from support.oracle.generated_rules import BRANDS, CAMPAIGNS, PATHS, RULES, SKUS, as_file
from support.rule_files import NOW as T0
from support.rule_files import check, item, rule, rulebook, scene
from tactful.core.context import Scene
from tactful.core.facts.fact_types import Customer, Order, OrderLine, Product, ReportedFact
from tactful.core.facts.history import History
from tactful.core.rules.condition_evaluation import holds_from
from tactful.core.rules.rule import NEEDS_ACTIVITY, NEVER, NOW
from tactful.core.session.session import ViewedItem
from tactful.core.session.signals import LandingVisit
from tactful.core.values.calendar import DAY, MINUTE, SECOND
from tactful.core.values.money import Money
from tactful.rulebook.language.conditions import spelled
from tactful.rulebook.source.tree import Node
from tactful.rulebook.testing.given import as_datetime


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    sku = draw(st.sampled_from(SKUS))
    it = item(
        sku,
        stock=draw(st.none() | st.integers(0, 6)),
        price=draw(st.none() | st.integers(900, 2100)),
        brand=draw(st.none() | st.sampled_from(BRANDS)),
        categories=tuple(draw(st.lists(st.sampled_from(PATHS), max_size=2))),
    )
    cart = tuple(draw(st.lists(st.sampled_from(SKUS), max_size=2, unique=True)))
    return scene(
        it,
        territory=draw(st.sampled_from(("DE", "AT", None))),
        history=draw(st.none() | histories()),
        rescue=draw(st.booleans()),
        visit=LandingVisit(campaign=draw(st.none() | st.sampled_from(CAMPAIGNS))),
        dwell_before_ms=draw(st.integers(0, 50)) * SECOND,
        running_since=draw(st.none() | st.just(T0 - 5 * SECOND)),
        viewed_items=(ViewedItem(sku, draw(st.integers(1, 3)), T0, T0),),
        cart=tuple((item(one), 1) for one in cart),
    )


@st.composite
def histories(draw: st.DrawFn) -> History:
    tier = draw(st.none() | st.sampled_from(("gold", "basic")))
    return History(
        customer="c1",
        about=ReportedFact(Customer(customer="c1", tier=tier), T0),
        orders=tuple(order(n) for n in range(draw(st.integers(0, 3)))),
        products={sku: Product(sku=sku, product=sku, title=sku) for sku in SKUS},
    )


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


def truth(tree: Any, seen: Scene) -> bool:
    """The naive reading: what a person would say of the condition, now."""
    return all(_entry(name, value, seen) for name, value in tree.items())


def _entry(name: str, value: Any, seen: Scene) -> bool:
    match name:
        case "all":
            return all(truth(part, seen) for part in value)
        case "any":
            return any(truth(part, seen) for part in value)
        case "none":
            return not any(truth(part, seen) for part in value)
    actual = _read(name, seen)
    if actual is None:
        return False
    if not isinstance(value, dict):
        value = {"in": value if isinstance(value, list) else [value]}
    [(op, operand)] = value.items()
    many = list(actual) if isinstance(actual, tuple) else [actual]
    operands = operand if isinstance(operand, list) else [operand]
    match op:
        case "in":
            return any(one in operands for one in many)
        case "not":
            return not any(one in operands for one in many)
        case "under":
            return any(
                one == path or one.startswith(path + "/") for one in many for path in operands
            )
        case "matches":
            return any(one.lower() == pattern.lower() for one in many for pattern in operands)
        case "at_least":
            return _cmp(actual, operand, lambda a, b: a >= b)
        case "at_most":
            return _cmp(actual, operand, lambda a, b: a <= b)
        case _:
            low, high = operand
            return _cmp(actual, low, lambda a, b: a >= b) and _cmp(
                actual, high, lambda a, b: a <= b
            )


def _cmp(actual: Any, operand: Any, holds: Any) -> bool:
    if isinstance(actual, Money):
        number, currency = operand.split()
        return actual.currency == currency and holds(actual.amount, round(float(number) * 100))
    if isinstance(operand, str):
        return bool(holds(actual, int(operand[:-1]) * SECOND))
    return bool(holds(actual, operand))


def _read(name: str, seen: Scene) -> Any:
    session, history = seen.session, seen.history
    match name:
        case "item.sku":
            return seen.item.sku
        case "item.brand":
            return seen.item.brand
        case "item.category":
            return seen.product.categories if seen.product else None
        case "visit.campaign":
            return session.visit.campaign
        case "customer.tier":
            return history.about.fact.tier if history and history.about else None
        case "cart.has_item":
            return tuple(line.sku for line in session.cart)
        case "item.stock":
            return seen.available
        case "session.dwell":
            resting = session.running_since is None
            enough = session.dwell(seen.now)
            return session.dwell_before_ms if resting else enough
        case "customer.orders":
            return len(history.orders) if history else None
        case "item.price":
            return seen.price.fact.price if seen.price else None
        case _:
            return session.viewed_items[0].views >= 2


IMPOSSIBLE = {"R301", "R302"}
"""Random conditions may contradict themselves; those files are refused, and rightly."""


@settings(max_examples=300, deadline=None)
@given(rules=st.lists(RULES, min_size=1, max_size=4), seen=scenes())
def test_compiled_and_naive_agree_and_the_index_misses_nothing(
    rules: list[dict[str, Any]], seen: Scene
) -> None:
    compiled = check(as_file(rules))
    if compiled.rulebook is None:
        assert {one.code for one in compiled.diagnostics if one.severity == "error"} <= IMPOSSIBLE
        return
    found = compiled.rulebook.index.for_item(seen)
    for number, text in enumerate(rules):
        one = compiled.rulebook.rules[f"rule-{number:02}"]
        at = one.holds_from(seen)
        assert at == holds_from(one.condition, seen)
        holds = truth({"all": text["when"], "none": text.get("unless", [])}, seen)
        holds = holds and ("moment" not in text or seen.session.rescue)
        assert (at == NOW) == holds
        if one.holds_from_if_identified is not None:
            assert one.holds_from_if_identified(seen) <= at
        here = not one.territories or seen.territory in one.territories
        if at != NEVER and here:
            assert one.id in {other.id for other in found}
    ids = [one.id for one in found]
    assert ids == sorted(set(ids))


def test_dwell_ripens_at_the_instant_at_which_it_is_reached() -> None:
    one = rule("[session.dwell: {at_least: 30s}]")
    assert one.holds_from(scene(running_since=T0 - 5 * SECOND)) == T0 + 25 * SECOND
    assert one.holds_from(scene(running_since=T0 - 40 * SECOND)) == NOW
    assert one.holds_from(scene(dwell_before_ms=10 * SECOND)) == NEEDS_ACTIVITY


def test_all_waits_for_the_last_and_any_for_the_first() -> None:
    running = scene(running_since=T0)
    both = "[session.dwell: {at_least: 30s}, session.age: {at_least: 2m}]"
    either = "[{any: [session.dwell: {at_least: 30s}, session.age: {at_least: 2m}]}]"
    assert rule(both).holds_from(running) == T0 + 2 * MINUTE
    assert rule(either).holds_from(running) == T0 + 30 * SECOND


def test_what_is_not_known_does_not_hold_nor_does_its_opposite() -> None:
    nobody = scene()
    assert rule("[customer.tier: gold]").holds_from(nobody) == NEVER
    assert rule("[customer.tier: {not: gold}]").holds_from(nobody) == NEVER
    assert rule("[{none: [customer.tier: gold]}]").holds_from(nobody) == NOW


def test_a_personal_rule_can_be_asked_what_it_would_say_of_a_known_shopper() -> None:
    one = rule("[customer.tier: gold, item.stock: {at_least: 5}]")
    assert one.holds_from_if_identified is not None
    assert one.holds_from_if_identified(scene()) == NOW
    assert one.holds_from_if_identified(scene(item(stock=1))) == NEVER
    assert rule("[item.stock: {at_least: 5}]").holds_from_if_identified is None


def test_a_known_rescue_page_is_what_a_moment_asks_for() -> None:
    one = rule("[item.stock: {at_least: 1}]", "moment: rescue")
    assert one.holds_from(scene()) == NEVER
    assert one.holds_from(scene(rescue=True)) == NOW


def test_a_date_is_compared_on_the_clocks_of_the_rule() -> None:
    zone = "valid: {timezone: Pacific/Auckland}"
    tomorrow = "[time.date: 2026-03-11]"
    assert rule(tomorrow, zone).holds_from(scene()) == NOW
    assert rule(tomorrow).holds_from(scene()) == T0 + 12 * 60 * MINUTE
    assert rule("[time.date: {at_most: 2026-03-09}]").holds_from(scene()) == NEVER
    assert rule("[time.date: {between: [2026-03-09, 2026-03-10]}]").holds_from(scene()) == NOW


def test_hours_and_weekdays_open_by_themselves() -> None:
    evening = rule('[time.of_day: {between: ["18:00", "20:00"]}]')
    assert evening.holds_from(scene()) == T0 + 6 * 60 * MINUTE
    assert evening.holds_from(scene(now=T0 + 7 * 60 * MINUTE)) == NOW
    tuesday = rule("[time.weekday: tue]")
    assert [tuesday.holds_from(scene(now=T0 + n * MINUTE)) for n in (0, 1, 2)] == [NOW] * 3
    assert rule("[time.weekday: {not: [tue]}]").holds_from(scene()) == T0 + 12 * 60 * MINUTE
    assert rule('[time.of_day: {at_most: "13:00"}]').holds_from(scene()) == NOW
    assert rule('[time.of_day: {at_least: "13:00"}]').holds_from(scene()) == T0 + 60 * MINUTE


def test_an_instant_can_be_recent_or_long_ago() -> None:
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
    shown = {clause.field: clause.read(seen) for clause in condition.parts}  # type: ignore[union-attr]
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


def test_a_value_that_is_not_known_is_shown_as_such() -> None:
    condition = rule("[customer.tier: gold]").condition
    assert condition.parts[0].read(scene()) is None  # type: ignore[union-attr]


def test_a_node_is_spelled_in_one_line() -> None:
    quoted = Node("a", text="b", style="'")
    assert spelled(quoted) == "'b'"
