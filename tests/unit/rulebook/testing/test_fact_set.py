"""A set of facts in memory amounts to what the same facts amount to on the server."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from support.builders import (
    DAY,
    T0,
    case,
    cost,
    customer,
    order,
    price,
    product,
    recall,
    remedy,
    returned,
    review,
    stock,
)
from support.oracle.generated_worlds import BOUGHT, world
from tactful.core.facts.fact_types import AnyFact
from tactful.core.facts.history import History
from tactful.core.facts.item import Item
from tactful.core.facts.price_history import PublicPrice
from tactful.rulebook.testing.fact_set import FactSet
from tactful.runtime.facts.fact_reader import FactReader
from tactful.runtime.services.ingest import fact_row
from tactful.stores.memory.ledger import MemoryLedger

Reported = Sequence[tuple[AnyFact, int]]
SKUS = ("A", "B", "C", "GHOST")
CUSTOMERS = ("c1", "c2")


def in_memory(reported: Reported) -> FactSet:
    facts = FactSet()
    for fact, at in reported:
        facts.add(fact, at)
    return facts


async def on_the_server(
    reported: Reported, skus: Sequence[str]
) -> tuple[list[Item], list[History]]:
    ledger = MemoryLedger()
    for fact, at in reported:
        await ledger.record_facts([fact_row(fact, at)])
    items = [await FactReader(ledger).item(sku) for sku in skus]
    histories = [await FactReader(ledger).history(one) for one in CUSTOMERS]
    return [structs.replace(one, upto=0) for one in items], [
        structs.replace(one, upto=0) for one in histories
    ]


async def assert_equal_readings(reported: Reported, skus: Sequence[str]) -> None:
    facts = in_memory(reported)
    items, histories = await on_the_server(reported, skus)
    assert [facts.item(sku) for sku in skus] == items
    assert [facts.history(one) for one in CUSTOMERS] == histories


VERSIONS = st.one_of(
    st.none(),
    st.integers(0, 3),
    st.integers(-2, 2).map(lambda n: datetime.fromtimestamp(T0 / 1000, UTC) + timedelta(seconds=n)),
)
SINCE = st.sampled_from([None, T0 - 40 * DAY, T0 - DAY, T0])


@st.composite
def facts_of_a_shop(draw: st.DrawFn) -> AnyFact:
    """Few ids, so that versions, recalls, bundles, merged cases and shared orders meet often."""
    skus, ids = st.sampled_from(SKUS), st.sampled_from(("1", "2", "3"))
    one, version, who = draw(skus), draw(VERSIONS), draw(st.sampled_from((*CUSTOMERS, "c3")))
    several = tuple(draw(st.lists(skus, max_size=2, unique=True)))
    ident = draw(ids)
    made: dict[str, Any] = {
        "product": lambda: product(one, draw(st.sampled_from("pq")), components=several),
        "price": lambda: price(
            one, draw(st.integers(1, 9)), draw(st.sampled_from(("DE", "GB"))), since=draw(SINCE)
        ),
        "cost": lambda: cost(one, 3),
        "stock": lambda: stock(
            one, draw(st.integers(0, 9)), location=draw(st.sampled_from((None, "x")))
        ),
        "recall": lambda: recall(
            ident, draw(st.sampled_from(("active", "lifted"))), product="p", skus=several
        ),
        "order": lambda: order(f"o{ident}", *several, customer=who),
        "return": lambda: returned(
            f"r{ident}", *((sku, "quality") for sku in several), order=f"o{draw(ids)}", customer=who
        ),
        "case": lambda: case(
            f"k{ident}",
            customer=who,
            order=draw(st.sampled_from((None, "o1", "o2", "o9"))),
            skus=several,
            status=draw(st.sampled_from(("open", "resolved", "merged"))),
            merged_into=draw(st.sampled_from((None, "k1", "k2", "k9"))),
        ),
        "review": lambda: review(f"v{ident}", one, draw(st.integers(1, 5)), customer=who),
        "customer": lambda: customer(who, tier=draw(st.sampled_from((None, "gold")))),
        "remedy": lambda: remedy(f"m{ident}", customer=who, case=f"k{draw(ids)}", skus=several),
    }
    fact: AnyFact = draw(st.sampled_from(sorted(made)).map(lambda kind: made[kind]()))
    return structs.replace(fact, version=version)


@settings(max_examples=150, deadline=None)
@given(
    facts=st.lists(facts_of_a_shop(), max_size=25), gaps=st.lists(st.integers(0, 2), min_size=25)
)
async def test_random_facts_amount_to_the_same_in_memory_and_on_the_server(
    facts: list[AnyFact], gaps: list[int]
) -> None:
    reported = [(fact, T0 + sum(gaps[:place]) * 500) for place, fact in enumerate(facts)]
    await assert_equal_readings(reported, SKUS)


@pytest.mark.parametrize("start", range(0, 200, 50))
async def test_generated_worlds_amount_to_the_same_in_memory_and_on_the_server(start: int) -> None:
    for seed in range(start, start + 50):
        await assert_equal_readings(world(seed).facts, BOUGHT)


def test_facts_become_items_with_their_price_history() -> None:
    facts = FactSet()
    facts.add(product("A", "p", components=("B", "C")), T0)
    facts.add(stock("A", 1, location="x"), T0)
    facts.add(stock("A", 2, location="y"), T0)
    facts.add(stock("B", 2), T0)
    facts.add(cost("A", 1), T0)
    facts.add(recall("r", product="p"), T0)
    facts.add(recall("q", "lifted", skus=("A",)), T0)
    facts.add(price("A", 10), T0)
    facts.add(price("A", 9, since=T0 - 5), T0)
    assert sorted(facts.items()) == ["A", "B"]
    item = facts.items()["A"]
    assert item.available("DE") == 3
    assert item.recalls == ("r",)
    assert item.costs["EUR"].fact == cost("A", 1)
    assert [part.sku for part in item.components] == ["B", "C"]
    # The price of 9 is in force, so it is the last entry too.
    assert item.history["DE"] == (
        PublicPrice(T0 - 5, 9, "EUR"), PublicPrice(T0, 10, "EUR"), PublicPrice(T0, 9, "EUR"),
    )  # fmt: skip
    assert facts.history("nobody").orders == ()


def test_an_older_version_is_ignored_as_on_the_server() -> None:
    facts = in_memory([(stock("A", 5, version=2), T0), (stock("A", 9, version=1), T0 + 1)])
    assert facts.item("A").available("DE") == 5


def test_a_late_price_enters_the_history_once() -> None:
    late = price("A", 7, since=T0 - DAY, version=1)
    facts = in_memory([(price("A", 9, since=T0, version=2), T0), (late, T0 + 1), (late, T0 + 2)])
    item = facts.item("A")
    assert item.prices["DE"].fact.price.amount == 9
    assert [entry.amount for entry in item.history["DE"]] == [7, 9]


def test_cases_are_found_by_their_id() -> None:
    facts = in_memory([(case("k1"), T0), (case("k1", status="resolved"), T0 + 1)])
    assert facts.cases() == {"k1": case("k1", status="resolved")}


def test_the_customers_in_force_are_listed_by_id() -> None:
    reported: Reported = [(customer("c2"), T0), (customer("c1"), T0), (stock("A", 1), T0)]
    assert [one.customer for one in in_memory(reported).customers()] == ["c1", "c2"]
