"""Facts are stored, acknowledged once, and reach the sessions that they concern."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from journeys.fixture import CATALOGUE, order, price, rules, stock
from support.builders import T0
from support.builders import price as price_fact
from support.builders import stock as stock_fact
from support.live_server import LiveServer, live_server
from tactful.core.facts.fact_types import FeedName
from tactful.core.facts.fact_versions import FactOutcome
from tactful.core.facts.shopper_contacts import contact_hash
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.ports.ledger_rows import FactRow
from tactful.runtime.services.ingest import BUSY_SLICE_FACTS, SLICE_FACTS, IngestReport, fact_row


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[LiveServer]:
    async with live_server(tmp_path, rules()) as made:
        await made.facts(*CATALOGUE)
        yield made


async def ingest(one: LiveServer, *facts: dict[str, Any] | bytes) -> IngestReport:
    raw = [fact if isinstance(fact, bytes) else json.dumps(fact).encode() for fact in facts]
    return await one.parts.shop.ingest.ingest(raw)


async def test_a_batch_is_reported_as_accepted_ignored_and_rejected(one: LiveServer) -> None:
    report = await ingest(
        one,
        stock("RUN-42", "DE", 9, version=8),
        b"{",
        stock("RUN-42", "DE", 9, version=8),
        {"type": "stock", "sku": "RUN-42"},
    )
    assert (report.accepted, report.ignored) == (1, 1)
    assert [one.index for one in report.rejected] == [1, 3]


async def test_a_batch_repeated_changes_nothing(one: LiveServer) -> None:
    batch = [stock("RUN-42", "DE", 9, version=8), stock("RUN-43", "DE", 9, version=8)]
    assert (await ingest(one, *batch)).accepted == 2
    assert (await ingest(one, *batch)).accepted == 0


async def test_a_fact_withdraws_the_offer_it_contradicts_and_no_other(one: LiveServer) -> None:
    first, second = await one.shopper(), await one.shopper()
    for shopper, sku in ((first, "RUN-42"), (second, "TRAIL-42")):
        await shopper.view(sku, 31)
        assert (await shopper.offered())["sku"] == sku
    await ingest(one, stock("RUN-42", "DE", 0))
    await first.expect("withdraw")
    await second.nothing()


async def test_a_repeated_fact_is_a_heartbeat_of_its_feed(one: LiveServer) -> None:
    fact = stock("RUN-42", "DE", 9, version=8)
    await ingest(one, fact)
    await one.advance(60)
    assert (await ingest(one, fact)).ignored == 1
    ages = one.parts.shop.state.feeds.ages(one.parts.shop.clock.now())
    assert ages["stock"][0] == 0


async def test_a_heartbeat_is_stored_at_most_once_a_second(
    one: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored: list[FeedName] = []
    ledger = one.parts.shop.ledger

    async def record_heartbeat(feed: FeedName, at: int) -> None:
        stored.append(feed)

    monkeypatch.setattr(ledger, "record_heartbeat", record_heartbeat)
    await one.advance(5)
    stored.clear()
    for _ in range(3):
        await ingest(one, stock("RUN-42", "DE", 9))
    await one.parts.shop.settled()
    assert stored == ["stock"]
    await one.advance(1)
    await ingest(one, stock("RUN-42", "DE", 9))
    await one.parts.shop.settled()
    assert stored == ["stock", "stock"]


async def test_the_answer_to_a_fact_waits_for_no_heartbeat(
    one: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_store = asyncio.Event()

    async def record_heartbeat(feed: FeedName, at: int) -> None:
        await may_store.wait()

    await one.advance(5)
    monkeypatch.setattr(one.parts.shop.ledger, "record_heartbeat", record_heartbeat)
    try:
        answer = await asyncio.wait_for(ingest(one, stock("RUN-42", "DE", 9)), 20)
    finally:
        may_store.set()
    assert answer.accepted == 1


def count_slices(
    one: LiveServer, monkeypatch: pytest.MonkeyPatch, *, fail_at: int = -1
) -> list[int]:
    """Have the ledger list how many facts it was given at once, and fail at one of these calls."""
    sizes: list[int] = []
    record_facts = one.parts.shop.ledger.record_facts

    async def counted(rows: Sequence[FactRow], *, can_wait: bool = False) -> list[FactOutcome]:
        assert not can_wait, "the shop waits for the answer to its report"
        sizes.append(len(rows))
        if len(sizes) - 1 == fail_at:
            raise LedgerError("the disk is full")
        return await record_facts(rows)

    monkeypatch.setattr(one.parts.shop.ledger, "record_facts", counted)
    return sizes


async def test_a_large_batch_is_stored_in_slices_and_reported_as_one(
    one: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = count_slices(one, monkeypatch)
    batch: list[Any] = [stock(f"SKU-{number}", "DE", 9, version=1) for number in range(1_000)]
    batch[700] = b"{"
    report = await ingest(one, *batch)
    assert (report.accepted, report.ignored) == (999, 0)
    assert [rejected.index for rejected in report.rejected] == [700]
    assert max(sizes) <= SLICE_FACTS
    assert sum(sizes) == 999


async def test_slices_are_smaller_while_shoppers_are_made_promises(
    one: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = count_slices(one, monkeypatch)
    batch: list[Any] = [stock(f"SKU-{number}", "DE", 9, version=1) for number in range(300)]
    await ingest(one, *batch)
    one.parts.shop.state.telemetry.record_commit(0)
    await ingest(one, *batch[: BUSY_SLICE_FACTS + 9])
    assert sizes == [SLICE_FACTS, 300 - SLICE_FACTS, BUSY_SLICE_FACTS, 9]


async def test_a_large_batch_lets_promises_pass_between_two_slices_and_not_before_the_first(
    one: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = count_slices(one, monkeypatch)
    stored_before: list[int] = []

    async def wait_for_promises() -> None:
        stored_before.append(len(sizes))

    monkeypatch.setattr(one.parts.shop.ledger, "wait_for_promises", wait_for_promises)
    await ingest(one, *(stock(f"SKU-{n}", "DE", 9, version=1) for n in range(2 * SLICE_FACTS + 1)))
    assert stored_before == [1, 2]


async def test_a_batch_that_failed_half_way_is_complete_once_it_is_reported_again(
    one: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = [stock(f"SKU-{number}", "DE", 9, version=1) for number in range(600)]
    with monkeypatch.context() as patch:
        count_slices(one, patch, fail_at=1)
        with pytest.raises(LedgerError):
            await ingest(one, *batch)
    report = await ingest(one, *batch)
    assert (report.accepted, report.ignored) == (600 - SLICE_FACTS, SLICE_FACTS)


async def test_a_late_dated_price_drops_the_item_from_memory_and_is_kept(one: LiveServer) -> None:
    cache = one.parts.shop.state.fact_cache
    await ingest(one, price("RUN-42", "DE", 12900, version=5, since="2026-03-01T00:00:00Z"))
    await cache.load(["RUN-42"], [])
    assert cache.item("RUN-42") is not None
    late = price("RUN-42", "DE", 11900, version=4, since="2026-02-20T00:00:00Z")
    assert (await ingest(one, late)).ignored == 1
    assert cache.item("RUN-42") is None
    versions = await one.parts.shop.ledger.fact_versions("price", "RUN-42|DE|EUR||")
    assert [json.loads(kept.body)["price"]["amount"] for kept in versions][-1] == 11900


async def test_an_order_is_reported_to_the_session_in_which_it_was_placed(one: LiveServer) -> None:
    shopper = await one.shopper()
    await shopper.view("RUN-42", 31)
    await shopper.offered()
    placed = order("o1", "", "RUN-42", session=shopper.session)
    del placed["customer"]
    await ingest(one, placed)
    await one.parts.shop.settled()
    state = one.parts.shop.state.registry.by_id[shopper.session.partition(".")[0]].state
    assert [bought.order for bought in state.bought] == ["o1"]


def test_a_row_without_a_version_is_named_by_its_arrival() -> None:
    row = fact_row(stock_fact(), T0)
    assert (row.kind, row.version, row.at, row.dated) == ("stock", None, T0, False)
    assert ("sku", "RUN-42") in row.subjects


def test_only_a_price_that_says_since_when_it_holds_is_dated() -> None:
    assert not fact_row(price_fact(), T0).dated
    assert fact_row(price_fact(since=T0 - 1000), T0).dated


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


async def test_a_case_known_by_an_address_only_withdraws_the_customers_offer(
    one: LiveServer, tmp_path: Path
) -> None:
    contact = {"email": "canary@shop.example"}
    await one.facts({"type": "customer", "customer": "c1", "contact": contact})
    mia, omar = await one.known("c1"), await one.known("c2")
    for shopper in (mia, omar):
        await shopper.view("RUN-42", 31)
        await shopper.offered()
    opened = "2026-03-10T11:00:00Z"
    complaint = {"type": "case", "case": "k1", "kind": "defect", "status": "open",
                 "opened_at": opened, "skus": ["RUN-42"], "contact": contact}  # fmt: skip
    await one.facts(complaint)
    await mia.expect("withdraw")
    await omar.nothing()
    kept = bytes_of(tmp_path)
    assert b"canary" not in kept
    assert contact_hash("canary@shop.example").encode() not in kept
    assert (await one.http.delete("/v1/customers/c1")).status_code == 204
    report = await ingest(one, complaint)
    assert [refused.code for refused in report.rejected] == ["fact.erased"]
