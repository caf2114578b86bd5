"""Stored deliveries become facts in order; what cannot be mapped is named and blocks nothing."""

import asyncio
from typing import Any

import pytest

from support.inbox import FakeRemote, InboxParts
from support.raw_connections import eventually
from tactful.connectors.inbox import mapping_worker
from tactful.connectors.inbox.mapping_worker import KEPT_MS, LATE_MS, MAX_ATTEMPTS
from tactful.connectors.objects.remote_objects import FetchError
from tactful.core.facts.fact_types import Stock
from tactful.runtime.ports.ledger import LedgerError

PATIENCE_S = 60
"""Seconds to wait on a busy machine before a test fails."""


def found_in(parts: InboxParts) -> list[tuple[str, int | None]]:
    return [(one.sku, one.available) for one in parts.facts if isinstance(one, Stock)]


def unreachable(wait_s: int = 7) -> Any:
    raise FetchError("no answer", later=True, wait_s=wait_s)


def answering(status: int) -> Any:
    raise FetchError(
        f"The system answered {status}.", later=status != 404, is_counted=status >= 500
    )


async def test_deliveries_are_mapped_in_order_of_arrival_and_only_once() -> None:
    parts = InboxParts()
    for number in (3, 1, 2):
        await parts.deliver(number)
    parts.clock.at += 250
    assert await parts.worker.map_waiting() is None
    assert found_in(parts) == [("S3", 3), ("S1", 1), ("S2", 2)]
    assert await parts.worker.map_waiting() is None
    assert len(parts.facts) == 3
    assert (parts.installed.mapped, parts.installed.lag_ms) == (3, 250)


async def test_a_restart_continues_with_what_waits() -> None:
    before = InboxParts()
    await before.deliver(1)
    after = InboxParts(store=before.store)
    assert await after.worker.map_waiting() is None
    assert found_in(after) == [("S1", 1)]


async def test_a_payload_of_another_form_is_failed_and_named_without_its_values() -> None:
    parts = InboxParts()
    await parts.deliver(1, count="mia@shop.example")
    await parts.deliver_bytes(b'{"id":2,"count":2}', 2)
    await parts.deliver(3)
    assert await parts.worker.map_waiting() is None
    assert found_in(parts) == [("S3", 3)]
    assert await parts.problems() == [
        "The payload has no field 'sku'.",
        "The payload has another form than expected (ValueError).",
    ]
    assert parts.installed.failed == 2


async def test_a_delivery_whose_fact_is_rejected_is_failed() -> None:
    parts = InboxParts()
    await parts.deliver(1, count=10**12)
    assert await parts.worker.map_waiting() is None
    (problem,) = await parts.problems()
    assert problem.startswith("A fact was rejected: fact.")
    assert "available" in problem


async def test_deliveries_that_wait_share_one_ingest() -> None:
    parts = InboxParts()
    for number in (1, 2, 3):
        await parts.deliver(number)
    assert await parts.worker.map_waiting() is None
    assert parts.batches == [3]


async def test_deliveries_that_nothing_can_map_or_store_fail_alone() -> None:
    parts = InboxParts()
    for number in (1, 4):
        await parts.deliver(number)
    await parts.deliver(2, topic="broken")
    await parts.deliver(3, sku="unstorable")
    assert await parts.worker.map_waiting() is None
    assert found_in(parts) == [("S1", 1), ("S4", 4)]
    assert await parts.problems() == [
        "Its facts cannot be stored (OverflowError).",
        "The payload has another form than expected (ZeroDivisionError).",
    ]
    assert (parts.installed.mapped, parts.installed.failed) == (2, 2)


async def test_a_delivery_that_reads_facts_sees_those_of_the_deliveries_before_it() -> None:
    parts = InboxParts()
    await parts.deliver(1)
    await parts.deliver(2, topic="known")
    await parts.deliver(3)
    assert await parts.worker.map_waiting() is None
    assert parts.batches == [1, 1]


async def test_what_was_left_out_is_counted_by_sentence() -> None:
    parts = InboxParts()
    await parts.deliver(1, count=0)
    await parts.deliver(2, count=0)
    assert await parts.worker.map_waiting() is None
    assert parts.installed.left_out == {"A sentence.": 2}


async def test_a_thin_payload_is_fetched_once_for_all_deliveries_about_it() -> None:
    remote = FakeRemote({"/items/1": lambda: {"sku": "S1", "count": 9}})
    parts = InboxParts(remote)
    for number in (1, 2):
        await parts.deliver_bytes(b'{"id":1,"topic":"thin"}', number)
    assert await parts.worker.map_waiting() is None
    assert remote.asked == ["/items/1"]
    assert found_in(parts) == [("S1", 9), ("S1", 9)]


async def test_an_old_payload_is_fetched_instead_of_mapped() -> None:
    remote = FakeRemote({"/items/1": lambda: [{"sku": "S1", "count": 9}, "odd"]})
    parts = InboxParts(remote)
    await parts.deliver(1, count=4, sent_at=parts.clock.at - LATE_MS - 1)
    await parts.deliver(2, sent_at=parts.clock.at - LATE_MS)
    assert await parts.worker.map_waiting() is None
    assert found_in(parts) == [("S1", 9), ("S2", 2)]


async def test_without_a_key_the_facts_that_are_known_stand() -> None:
    parts = InboxParts()
    await parts.deliver(1, topic="lonely")
    assert await parts.worker.map_waiting() is None
    assert found_in(parts) == [("ALONE", 0)]
    assert list(parts.installed.left_out) == [
        "Something is not known, because the connector has no key."
    ]


async def test_an_unreachable_system_stops_the_order_and_loses_nothing() -> None:
    remote = FakeRemote({"/items/1": unreachable})
    parts = InboxParts(remote)
    await parts.deliver(1, topic="thin")
    await parts.deliver(2)
    for _ in range(MAX_ATTEMPTS + 2):
        assert await parts.worker.map_waiting() == 7
    assert parts.facts == []
    assert parts.installed.fetch_problem == "no answer"
    remote.answers["/items/1"] = lambda: {"sku": "S1", "count": 9}
    assert await parts.worker.map_waiting() is None
    assert found_in(parts) == [("S1", 9), ("S2", 2)]
    assert parts.installed.fetch_problem is None


async def test_a_system_that_answers_with_errors_ends_a_delivery_after_some_attempts() -> None:
    parts = InboxParts(FakeRemote({"/items/1": lambda: answering(500)}))
    await parts.deliver(1, topic="thin")
    await parts.deliver(2)
    for _ in range(MAX_ATTEMPTS - 1):
        assert await parts.worker.map_waiting() == 0
    assert await parts.worker.map_waiting() is None
    assert await parts.problems() == ["The system answered 500."]
    assert found_in(parts) == [("S2", 2)]


async def test_a_refused_key_ends_no_delivery() -> None:
    parts = InboxParts(FakeRemote({"/items/1": lambda: answering(401)}))
    await parts.deliver(1, topic="thin")
    for _ in range(MAX_ATTEMPTS + 2):
        assert await parts.worker.map_waiting() == 0
    assert await parts.problems() == []


async def test_an_object_that_is_not_there_ends_its_delivery_at_once() -> None:
    parts = InboxParts(FakeRemote({"/items/1": lambda: answering(404)}))
    await parts.deliver(1, topic="thin")
    assert await parts.worker.map_waiting() is None
    assert await parts.problems() == ["The system answered 404."]


async def test_requests_without_end_end_their_delivery() -> None:
    parts = InboxParts(FakeRemote({"/endless": lambda: {"id": 1}}))
    await parts.deliver(1, topic="endless")
    assert await parts.worker.map_waiting() is None
    assert await parts.problems() == ["More than 200 requests are needed."]


async def test_a_mapper_sees_the_facts_that_it_reads() -> None:
    parts = InboxParts()
    parts.known = (Stock(sku="S1", territory="DE", available=1, version=4),)
    await parts.deliver(1, topic="known")
    assert await parts.worker.map_waiting() is None
    assert list(parts.installed.left_out) == ["4"]


async def test_deliveries_are_kept_for_seven_days() -> None:
    parts = InboxParts()
    await parts.deliver(1)
    await parts.deliver_bytes(b"{", 2)
    assert await parts.worker.map_waiting() is None
    parts.clock.at += KEPT_MS
    assert await parts.worker.map_waiting() is None
    assert len(await parts.store.delivery_counts()) == 2
    parts.clock.at += KEPT_MS
    assert await parts.worker.map_waiting() is None
    assert await parts.store.delivery_counts() == {}


async def test_the_worker_runs_when_it_is_woken_and_repeats_after_a_pause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mapping_worker, "FIRST_PAUSE_S", 0)
    failures = [0]

    def once() -> Any:
        return unreachable(failures.pop()) if failures else {"sku": "S1", "count": 9}

    parts = InboxParts(FakeRemote({"/items/1": once}))
    task = asyncio.create_task(parts.worker.run())
    await parts.deliver(1, topic="thin")
    await eventually(lambda: found_in(parts) == [("S1", 9)], PATIENCE_S)
    await parts.deliver(2)
    await eventually(lambda: len(parts.facts) == 2, PATIENCE_S)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_ledger_that_fails_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapping_worker, "FIRST_PAUSE_S", 0)
    parts = InboxParts()
    read, failures = parts.store.waiting_deliveries, ["full"]

    async def fails_once(connector: str, limit: int) -> Any:
        if failures:
            raise LedgerError(failures.pop())
        return await read(connector, limit)

    monkeypatch.setattr(parts.store, "waiting_deliveries", fails_once)
    await parts.deliver(1)
    task = asyncio.create_task(parts.worker.run())
    await eventually(lambda: found_in(parts) == [("S1", 1)], PATIENCE_S)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
