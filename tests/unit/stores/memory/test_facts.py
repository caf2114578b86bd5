"""Facts in dictionaries: superseded, indexed by subject, erased and expired."""

import msgspec
import pytest
from msgspec import structs

from support.ledger_rows import T0, fact, stock
from tactful.core.facts.fact_versions import FactOutcome
from tactful.runtime.ports.customer_data import EXTRA_PRICE_RETENTION
from tactful.stores.memory.facts import MemoryFacts
from tactful.stores.memory.ledger import MemoryLedger

SHARED = (("customer", "c1"), ("customer", "c2"))


@pytest.fixture
def facts() -> MemoryFacts:
    return MemoryFacts()


async def test_a_new_version_ends_the_one_before_at_its_own_instant(facts: MemoryFacts) -> None:
    await facts.record_facts([stock(5, 1, at=T0), stock(4, 2, at=T0 + 7)])
    kept = await facts.fact_versions("stock", "RUN-42|DE|")
    assert [(one.at, one.ended, one.number) for one in kept] == [
        (T0, T0 + 7, 1),
        (T0 + 7, None, 2),
    ]


async def test_erasing_the_only_customer_of_a_fact_forgets_its_versions() -> None:
    ledger = MemoryLedger()
    own = fact("customer", "c1", 5, subjects=(("customer", "c1"),), customer="c1")
    await ledger.record_facts([own])
    await ledger.erase_customer("c1", "erased-1", T0)
    assert await ledger.fact_versions("customer", "c1") == []
    later = structs.replace(own, own_at=T0 + 1)
    assert await ledger.record_facts([own, later]) == [FactOutcome.ERASED, FactOutcome.ACCEPTED]


async def test_erasing_one_of_two_customers_leaves_the_fact_to_the_other() -> None:
    ledger = MemoryLedger()
    await ledger.record_facts(
        [fact("case", "k1", 1, subjects=SHARED, customer="c2", purchaser="c1")]
    )
    await ledger.erase_customer("c1", "erased-1", T0)
    assert await ledger.facts_about([("customer", "c1")]) == []
    (kept,) = await ledger.facts_about([("customer", "c2")])
    assert msgspec.json.decode(kept.body)["purchaser"] == "erased-1"


async def test_pruning_keeps_superseded_prices_longer_than_superseded_stock() -> None:
    ledger = MemoryLedger()
    await ledger.record_facts([stock(5, 1, at=10), stock(4, 2, at=20)])
    await ledger.record_facts([fact("price", "p", one, at=at) for one, at in ((1, 10), (2, 20))])
    assert await ledger.prune(before=30) == 1
    assert len(await ledger.fact_versions("price", "p")) == 2
    assert await ledger.prune(before=30 + EXTRA_PRICE_RETENTION) == 1
