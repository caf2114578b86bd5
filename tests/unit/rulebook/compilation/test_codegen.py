"""Generated functions of conditions agree with a naive reading of the same conditions."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.oracle.generated_rules import BRANDS, CAMPAIGNS, PATHS, RULES, SKUS, as_file
from support.rule_files import NOW as T0
from support.rule_files import check, item, one_rule, rule, scene
from tactful.core.context import Scene
from tactful.core.facts.fact_types import Customer, Order, OrderLine, Product, ReportedFact
from tactful.core.facts.history import History
from tactful.core.rules.condition_evaluation import holds_from
from tactful.core.rules.rule import NEVER, NOW
from tactful.core.session.session import ViewedItem
from tactful.core.session.signals import LandingVisit
from tactful.core.values.calendar import DAY, MINUTE, SECOND
from tactful.core.values.money import Money
from tactful.rulebook.compilation import codegen
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
    """A naive evaluation of the condition, now."""
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


@pytest.mark.thorough
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


def test_a_personal_rule_says_from_when_it_would_hold_for_an_identified_customer() -> None:
    one = rule("[customer.tier: gold, item.stock: {at_least: 5}]")
    assert one.holds_from_if_identified is not None
    assert one.holds_from_if_identified(scene()) == NOW
    assert one.holds_from_if_identified(scene(item(stock=1))) == NEVER
    assert rule("[item.stock: {at_least: 5}]").holds_from_if_identified is None


def test_the_example_in_the_documentation_is_what_is_generated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sources: list[str] = []

    def remember(source: str, name: str, mode: str) -> Any:
        sources.append(source)
        return compile(source, name, mode)

    monkeypatch.setattr(codegen, "compile", remember, raising=False)
    codegen._factory.cache_clear()
    rule(
        "[item.stock: {at_least: 5}, item.brand: [Velo, Nordek], session.dwell: {at_least: 30s}]",
        "unless: [item.on_sale: true]",
    )
    [source] = sources
    documented = "".join((codegen.__doc__ or "").split())
    assert "".join(source.replace(str(NEVER), "NEVER").split()) in documented


def test_no_text_of_a_rule_file_is_part_of_the_source(monkeypatch: pytest.MonkeyPatch) -> None:
    sources: list[str] = []
    compiled = codegen._factory

    def remember(body: str, operands: int) -> Any:
        sources.append(body)
        return compiled(body, operands)

    monkeypatch.setattr(codegen, "_factory", remember)
    strange = "__import__('os').system('x')"
    rule(
        f'[item.brand: "{strange}", item.title: {{matches: "{strange}"}}, item.stock: 12345,'
        f' item.attributes.strange: "{strange}", visit.campaign: {{not: "{strange}"}},'
        f' item.category: {{under: "{strange}"}}, customer.segment: {{not: "{strange}"}},'
        " session.dwell: {at_least: 54321s}]"
    )
    assert len(sources) == 2  # with and without a verified customer
    assert not [text for text in sources if "import" in text or "strange" in text]
    assert not [text for text in sources if "12345" in text or "54321" in text]


def test_rules_of_one_form_share_their_code() -> None:
    first, second = rule("[item.stock: {at_least: 5}]"), rule("[item.stock: {at_least: 6}]")
    assert first.holds_from.__code__ is second.holds_from.__code__
    other = rule("[item.stock: {at_most: 5}]")
    assert first.holds_from.__code__ is not other.holds_from.__code__


def test_a_condition_of_one_timed_clause_is_that_clause() -> None:
    running = scene(running_since=T0)
    assert rule("[session.dwell: {at_least: 30s}]").holds_from(running) == T0 + 30 * SECOND
    assert rule("[{any: [session.dwell: {at_least: 30s}]}]").holds_from(running) == T0 + 30 * SECOND


def test_under_none_only_the_present_counts() -> None:
    young = "[{none: [session.dwell: {at_least: 30s}]}]"
    assert rule(young).holds_from(scene(running_since=T0)) == NOW
    assert rule(young).holds_from(scene(running_since=T0 - 30 * SECOND)) == NEVER


def test_an_untimed_alternative_that_holds_needs_no_time() -> None:
    either = "[{any: [item.stock: {at_least: 5}, session.dwell: {at_least: 30s}]}]"
    assert rule(either).holds_from(scene(running_since=T0)) == NOW
    assert rule(either).holds_from(scene(item(stock=1), running_since=T0)) == T0 + 30 * SECOND


def test_a_rule_does_not_wait_while_an_untimed_condition_fails() -> None:
    both = "[item.stock: {at_least: 5}, session.dwell: {at_least: 30s}]"
    assert rule(both).holds_from(scene(item(stock=1), running_since=T0)) == NEVER


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("item.stock: {between: [5, 7]}", True),
        ("item.stock: {between: [7, 9]}", False),
        ("item.stock: {not: [5, 7]}", True),
        ("item.stock: {not: [6]}", False),
        ("item.discount: {at_most: 5%}", True),
        ("item.discount: {at_least: 5%}", False),
        ("item.brand: {not: Nordek}", True),
        ("item.brand: {not: Velo}", False),
        ("item.category: {not: hats}", True),
        ("item.category: {not: shoes/running}", False),
        ("item.category: {under: shoes}", True),
        ("item.category: {under: shoe}", False),
        ("item.category: shoes/running", True),
        ("item.on_sale: false", True),
        ("item.on_sale: true", False),
        ("session.dwell: {at_most: 30s}", True),
        ("{all: []}", True),
        ("{none: []}", True),
        ("{any: [item.brand: x, item.stock: 6]}", True),
        ("{any: [{all: [item.brand: Velo, item.stock: 6]}, item.brand: x]}", True),
        ("{none: [item.brand: x, {all: [item.brand: Velo, item.stock: 7]}]}", True),
    ],
)
def test_each_form_of_a_clause_is_generated(condition: str, holds: bool) -> None:
    text = condition if condition.startswith("{") else f"{{{condition}}}"
    assert (rule(f"[{text}]").holds_from(scene()) == NOW) is holds


def test_a_rulebook_without_conditions_always_applies() -> None:
    book = check(one_rule("offer: {percent: 1%}")).rulebook
    assert book is not None
    assert book.rules["one"].holds_from(scene()) == NOW
