"""Generated functions of conditions agree with a naive reading of the same conditions."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from support.oracle.generated_rules import BRANDS, CAMPAIGNS, PATHS, RULES, SKUS, as_file
from support.rule_files import NOW as T0
from support.rule_files import check, item, rule, scene
from tactful.core.context import Scene
from tactful.core.facts.fact_types import Customer, Order, OrderLine, Product, ReportedFact
from tactful.core.facts.history import History
from tactful.core.rules.condition_evaluation import holds_from
from tactful.core.rules.rule import NEVER, NOW
from tactful.core.session.session import ViewedItem
from tactful.core.session.signals import LandingVisit
from tactful.core.values.calendar import DAY, MINUTE, SECOND
from tactful.core.values.money import Money
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
        return actual.currency == currency and bool(
            holds(actual.amount, round(float(number) * 100))
        )
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


def test_all_waits_for_the_last_and_any_for_the_first() -> None:
    running = scene(running_since=T0)
    both = "[session.dwell: {at_least: 30s}, session.age: {at_least: 2m}]"
    either = "[{any: [session.dwell: {at_least: 30s}, session.age: {at_least: 2m}]}]"
    assert rule(both).holds_from(running) == T0 + 2 * MINUTE
    assert rule(either).holds_from(running) == T0 + 30 * SECOND


def test_a_personal_rule_can_be_asked_what_it_would_say_of_a_known_shopper() -> None:
    one = rule("[customer.tier: gold, item.stock: {at_least: 5}]")
    assert one.holds_from_if_identified is not None
    assert one.holds_from_if_identified(scene()) == NOW
    assert one.holds_from_if_identified(scene(item(stock=1))) == NEVER
    assert rule("[item.stock: {at_least: 5}]").holds_from_if_identified is None
