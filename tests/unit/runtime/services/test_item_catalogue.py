"""The catalogue lists what is in force, and nothing that is gone."""

import pytest
from msgspec import structs

from support.builders import stock
from support.ledger_rows import T0
from tactful.core.facts.fact_types import AnyFact, Gone, Product
from tactful.runtime.services.ingest import fact_row
from tactful.runtime.services.item_catalogue import read_page
from tactful.stores.memory.ledger import MemoryLedger

RUN = Product(sku="RUN-42", product="run", title="Runner")
WALK = Product(sku="WALK-1", product="walk", title="Walker")


async def ledger_of(*facts: AnyFact) -> MemoryLedger:
    ledger = MemoryLedger()
    for at, fact in enumerate(facts, T0):
        await ledger.record_facts([fact_row(fact, at)])
    return ledger


@pytest.mark.parametrize(
    "gone", [Gone(of="product", sku="RUN-42"), Gone(of="product", product="run")]
)
async def test_a_product_that_is_gone_is_not_listed_until_it_is_reported_again(gone: Gone) -> None:
    ledger = await ledger_of(RUN, WALK, gone)
    assert (await read_page(ledger, "product")).facts == (WALK,)
    await ledger.record_facts([fact_row(RUN, T0 + 9)])
    assert (await read_page(ledger, "product")).facts == (RUN, WALK)


async def test_pages_follow_one_another_until_the_last() -> None:
    ledger = await ledger_of(RUN, WALK)
    first = await read_page(ledger, "product", limit=1)
    assert (first.facts, first.next) == ((RUN,), "RUN-42")
    last = await read_page(ledger, "product", "RUN-42", limit=2)
    assert (last.facts, last.next) == ((WALK,), None)
    assert (await read_page(ledger, "cost")).facts == ()


async def test_a_damaged_fact_is_left_out() -> None:
    ledger = MemoryLedger()
    await ledger.record_facts([structs.replace(fact_row(stock(), T0), body=b"{")])
    assert (await read_page(ledger, "stock")).facts == ()
