"""A batch stores its facts together, and its bad deliveries fail alone."""

from collections.abc import Sequence

import pytest
from msgspec import structs

from contracts.test_inbox_store import delivery
from tactful.connectors.connector import Json
from tactful.connectors.inbox.delivery_batch import DeliveryBatch
from tactful.core.facts.checks.findings import FieldError
from tactful.core.facts.fact_codec import FactRejection
from tactful.runtime.ports.inbox_store import StoredDelivery
from tactful.runtime.ports.ledger import LedgerError


def row(number: int) -> StoredDelivery:
    fields = structs.asdict(delivery(number))
    del fields["subjects"]
    return StoredDelivery(number=number, problem="", **fields)


def facts(*words: str) -> list[Json]:
    return [{"type": "product", "sku": word} for word in words]


class Ledger:
    """Takes facts; a fact named after an error causes it."""

    def __init__(self) -> None:
        self.calls: list[int] = []

    async def ingest(self, raw: Sequence[bytes]) -> Sequence[FactRejection]:
        self.calls.append(len(raw))
        text = b"".join(raw)
        if b"full" in text:
            raise LedgerError("full")
        if b"poison" in text:
            raise OverflowError
        errors = (FieldError("word", "odd"), FieldError("word", "odd"))
        return [
            FactRejection(index, f"fact.{word}", "", errors)
            for index, one in enumerate(raw)
            for word in ("erased", "odd")
            if word.encode() in one
        ]


async def stored(ledger: Ledger, *rows: list[Json]) -> DeliveryBatch:
    batch = DeliveryBatch(ledger.ingest)
    for number, each in enumerate(rows, 1):
        batch.add(row(number), each)
    await batch.store_facts()
    return batch


def outcome(batch: DeliveryBatch) -> tuple[list[int], dict[int, str]]:
    failed = {number: problem for number, (_, problem) in batch.failed.items()}
    return [one.number for one in batch.done], failed


async def test_the_facts_of_all_deliveries_are_stored_in_one_call() -> None:
    ledger = Ledger()
    batch = await stored(ledger, facts("a", "b"), [], facts("c"))
    assert ledger.calls == [3]
    assert outcome(batch) == ([1, 2, 3], {})
    assert batch.skus == {"a", "b", "c"}


async def test_deliveries_without_facts_need_no_call() -> None:
    ledger = Ledger()
    assert outcome(await stored(ledger, [], [])) == ([1, 2], {})
    assert ledger.calls == []


async def test_a_rejected_fact_fails_its_own_delivery_once() -> None:
    batch = await stored(Ledger(), facts("a"), facts("b", "odd", "odd"), facts("c"))
    assert outcome(batch) == ([1, 3], {2: "A fact was rejected: fact.odd (word)."})


async def test_a_fact_of_an_erased_customer_fails_no_delivery() -> None:
    assert outcome(await stored(Ledger(), facts("erased", "b"))) == ([1], {})


async def test_a_delivery_that_breaks_the_batch_fails_alone() -> None:
    ledger = Ledger()
    batch = await stored(ledger, facts("a"), facts("poison"), facts("c"))
    problem = "Its facts cannot be stored (OverflowError)."
    assert outcome(batch) == ([1, 3], {2: problem})
    assert ledger.calls == [3, 1, 1, 1]


async def test_a_ledger_that_fails_decides_nothing() -> None:
    batch = DeliveryBatch(Ledger().ingest)
    batch.add(row(1), facts("full"))
    with pytest.raises(LedgerError):
        await batch.store_facts()
    assert outcome(batch) == ([], {})


async def test_a_problem_is_kept_in_part() -> None:
    batch = DeliveryBatch(Ledger().ingest)
    batch.fail(row(1), "x" * 999)
    assert outcome(batch) == ([], {1: "x" * 500})
