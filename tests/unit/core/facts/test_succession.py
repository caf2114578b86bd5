"""Which of several facts about one thing holds, whatever the order of arrival."""

from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest

from support.builders import T0, cost, order, price, product, review, stock
from tactful.core.facts.assembly import read_history, read_item
from tactful.core.facts.fact_types import AnyFact, Gone, Order, ReportedFact, key_of, kind_of
from tactful.core.facts.succession import end_of, ends, is_newer, rivals_of, stock_in_force
from tactful.rulebook.testing.fact_set import FactSet

LATER = datetime(2026, 3, 10, tzinfo=UTC)


def reported(fact: Any, at: int = T0, number: int = 0) -> ReportedFact[Any]:
    return ReportedFact(fact, at, number)


def shop(*facts: AnyFact) -> FactSet:
    """A set of facts that arrived in this order."""
    made = FactSet()
    for number, fact in enumerate(facts):
        made.add(fact, T0 + number)
    return made


def test_versions_of_one_kind_decide_and_otherwise_the_later_report() -> None:
    one, two = stock(version=1), stock(version=2)
    assert is_newer(reported(two, T0), reported(one, T0 + 9))
    assert not is_newer(reported(one, T0 + 9), reported(two, T0))
    assert is_newer(reported(one, T0 + 1), reported(stock(version=LATER), T0))
    assert is_newer(reported(stock(), T0 + 1), reported(two, T0))
    assert is_newer(reported(one, T0, 2), reported(one, T0, 1))


@pytest.mark.parametrize(
    ("gone", "fact", "ended"),
    [
        (Gone(of="product", sku="A"), product("A", "p"), True),
        (Gone(of="product", product="p"), product("A", "p"), True),
        (Gone(of="product", sku="B"), product("A", "p"), False),
        (Gone(of="price", sku="A"), price("A"), True),
        (Gone(of="price", sku="A", territory="AT"), price("A"), False),
        (Gone(of="stock", sku="A"), stock("A", location="x"), True),
        (Gone(of="stock", sku="A", territory="DE", location="x"), stock("A", location="x"), True),
        (Gone(of="stock", sku="A", location="y"), stock("A", location="x"), False),
        (Gone(of="stock", sku="A"), price("A"), False),
        (Gone(of="order", order="cart-7"), order("o1", also=("cart-7",)), True),
        (Gone(of="order", order="o2"), order("o1"), False),
        (Gone(of="product", sku="A"), cost("A"), False),
    ],
)
def test_a_report_ends_what_it_names(gone: Gone, fact: AnyFact, ended: bool) -> None:
    assert ends(gone, fact) is ended
    later, earlier = reported(gone, T0 + 1), reported(gone, T0 - 1)
    assert (end_of(reported(fact), [later]) is later) is ended
    assert end_of(reported(fact), [earlier]) is None


def test_stock_with_and_without_a_location_replace_one_another() -> None:
    whole, berlin, munich = (
        stock("A", 1, version=1),
        stock("A", 1, location="berlin", version=2),
        stock("A", 4, location="munich", version=3),
    )
    again = stock("A", 7, version=4)
    assert shop(whole, berlin).item("A").available("DE") == 1
    assert shop(whole, berlin, munich).item("A").available("DE") == 5
    assert shop(whole, berlin, munich, again).item("A").available("DE") == 7


@pytest.mark.parametrize("order_of_arrival", list(permutations(range(4))))
def test_the_view_of_the_stock_does_not_depend_on_the_order_of_arrival(
    order_of_arrival: tuple[int, ...],
) -> None:
    facts = (
        stock("A", 9, version=1),
        stock("A", 1, location="berlin", version=2),
        stock("A", 4, location="munich", version=3),
        Gone(of="stock", sku="A", territory="DE", location="berlin", version=4),
    )
    item = shop(*(facts[place] for place in order_of_arrival)).item("A")
    assert item.available("DE") == 4


def test_two_reports_for_one_pair_give_one_pair() -> None:
    one = shop(stock(available=1, version=1), stock(available=1, location="berlin", version=2))
    assert one.item("RUN-42").available("DE") == 1


def test_an_unchanged_report_of_the_other_view_counts_again() -> None:
    facts = shop(stock("A", 9), stock("A", 1, location="berlin"), stock("A", 9))
    assert facts.item("A").available("DE") == 9
    facts.add(stock("A", 1, location="berlin"), T0 + 9)
    assert facts.item("A").available("DE") == 1


@pytest.mark.parametrize(
    ("thing", "gone"),
    [
        (product("A", "p"), Gone(of="product", sku="A")),
        (product("A", "p"), Gone(of="product", product="p")),
        (price("A"), Gone(of="price", sku="A")),
        (price("A"), Gone(of="price", sku="A", territory="DE")),
        (stock("A", 3), Gone(of="stock", sku="A")),
        (stock("A", 3, location="x"), Gone(of="stock", sku="A", territory="DE", location="x")),
        (order("o1", "A"), Gone(of="order", order="o1")),
    ],
)
def test_what_is_gone_comes_back_when_it_is_reported_again_and_goes_again(
    thing: AnyFact, gone: Gone
) -> None:
    facts = shop(product("B", "p"), thing)
    for number, (fact, there) in enumerate(
        [(gone, False), (thing, True), (gone, False), (thing, True), (thing, True)]
    ):
        facts.add(fact, T0 + 10 + number)
        assert is_there(facts, thing) is there


def is_there(facts: FactSet, thing: AnyFact) -> bool:
    if isinstance(thing, Order):
        return "o1" not in facts.history("c1").gone_orders
    item = facts.item("A")
    holds = {
        "product": item.ended is None,
        "price": "DE" in item.prices,
        "stock": bool(item.stock.get("DE")),
    }
    return holds[kind_of(thing)]


def test_the_rivals_of_a_fact_are_found_by_their_keys() -> None:
    gone: list[Gone] = [
        Gone(of="product", sku="A"), Gone(of="product", product="p"), Gone(of="price", sku="A"),
        Gone(of="price", sku="A", territory="DE"), Gone(of="stock", sku="A"),
        Gone(of="stock", sku="A", territory="DE", location="x"), Gone(of="order", order="o1"),
    ]  # fmt: skip
    things: list[AnyFact] = [
        product("A", "p"), price("A"), stock("A"), stock("A", location="x"), order("o1"),
    ]  # fmt: skip
    for one in gone:
        for thing in things:
            if ends(one, thing):
                assert in_ranges(one, rivals_of(thing))
                assert in_ranges(thing, rivals_of(one))
    assert not rivals_of(review())


def in_ranges(fact: AnyFact, ranges: tuple[tuple[str, str, str], ...]) -> bool:
    key = key_of(fact, "1")
    return any(kind == kind_of(fact) and first <= key < end for kind, first, end in ranges)


def test_only_one_location_replaces_only_the_whole() -> None:
    berlin = rivals_of(stock("A", location="berlin"))
    assert in_ranges(stock("A"), berlin)
    assert not in_ranges(stock("A", location="munich"), berlin)
    assert stock_in_force([reported(stock("A", location="x"))])


def test_readings_ask_for_what_is_gone() -> None:
    assert "gone" in next(read_item("A")).kinds  # type: ignore[union-attr]
    assert "gone" in next(read_history("c1")).kinds  # type: ignore[union-attr]
