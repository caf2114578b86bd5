"""What the ledger's facts amount to, read by index, is what they amount to read as a list."""

from typing import Any

import pytest

from support.builders import case, order, product, recall
from support.naive_assembly import NaiveShop
from support.oracle.generated_worlds import BOUGHT, world
from tactful.core.customer import taints as letdowns
from tactful.core.facts import purchases
from tactful.core.facts.fact_types import AnyFact
from tactful.core.rules.policy import Policy
from tactful.runtime.facts.fact_cache import FactCache
from tactful.runtime.services.ingest import fact_row
from tactful.stores.memory.ledger import MemoryLedger


async def world_of(told: list[tuple[AnyFact, int]]) -> tuple[FactCache, MemoryLedger]:
    ledger = MemoryLedger()
    for fact, at in told:
        await ledger.record_facts([fact_row(fact, at)])
    return FactCache(ledger), ledger


def meaning(history: Any) -> tuple[Any, Any]:
    return letdowns.derive_taints(history, Policy()), purchases.derive_purchases(history)


@pytest.mark.parametrize("start", range(0, 400, 100))
async def test_a_customer_read_by_index_has_the_letdowns_and_purchases_of_the_whole_list(
    start: int,
) -> None:
    for seed in range(start, start + 100):
        told = world(seed).facts
        known, _ = await world_of(told)
        for customer in ("c1", "c2"):
            read = await known.read_history(customer)
            assert meaning(read) == meaning(NaiveShop(told).history(customer)), f"world({seed})"


async def test_an_item_read_by_index_has_the_parts_and_recalls_of_the_whole_list() -> None:
    for seed in range(200):
        told = world(seed).facts
        known, _ = await world_of(told)
        for sku in BOUGHT:
            read, listed = await known.read_item(sku), NaiveShop(told).item(sku)
            assert (read.product, read.recalls) == (listed.product, listed.recalls), f"{seed}"
            assert [one.recalls for one in read.components] == [
                one.recalls for one in listed.components
            ]


async def report(
    known: FactCache, ledger: MemoryLedger, fact: AnyFact
) -> tuple[set[str], set[str]]:
    await ledger.record_facts([fact_row(fact, 2)])
    return known.invalidate(fact)


async def test_a_recall_of_one_variant_reaches_the_others_and_the_bundles_they_are_in() -> None:
    catalogue = [
        product("RUN-42", "run"),
        product("RUN-43", "run"),
        product("BOOT-42", "boot"),
        product("SET-1", "set", components=("RUN-42",)),
    ]
    known, ledger = await world_of([(one, 1) for one in catalogue])
    await known.load(["RUN-42", "BOOT-42", "SET-1"], [])
    skus, _ = await report(known, ledger, recall(skus=("RUN-43",)))
    assert skus == {"RUN-42", "RUN-43", "SET-1"}
    assert (await known.read_item("RUN-42")).recalls == ("x1",)


async def test_a_recall_of_a_product_reaches_the_bundles_that_it_is_part_of() -> None:
    catalogue = [product("SOCK-3", "sock"), product("SET-1", "set", components=("SOCK-3",))]
    known, ledger = await world_of([(one, 1) for one in catalogue])
    await known.load(["SET-1"], [])
    skus, _ = await report(known, ledger, recall(product="sock"))
    assert skus == {"SET-1"}
    assert known.item("SET-1") is None


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (order("o1", "RUN-42"), case(customer="c9", order="o1")),
        (case(status="merged", merged_into="k2"), case("k2", customer="c9")),
        (case(order="o9"), order("o9", "RUN-42", customer="c9")),
    ],
    ids=["a stranger's case about my order", "the case mine became part of", "the order it names"],
)
async def test_what_others_report_reaches_a_customer_whom_it_concerns(
    first: AnyFact, then: AnyFact
) -> None:
    known, ledger = await world_of([(first, 1)])
    await known.load([], ["c1"])
    _, customers = await report(known, ledger, then)
    assert "c1" in customers
    assert then in [kept.fact for kept in _all(await known.read_history("c1"))]


def _all(history: Any) -> list[Any]:
    return [*history.orders, *history.cases]
