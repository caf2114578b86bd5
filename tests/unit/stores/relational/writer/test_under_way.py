"""Large work waits for promises and reads under way, and no stream of them starves it."""

import asyncio
from pathlib import Path
from threading import Event

import pytest

from support.ledger_rows import accepted, push
from tactful.stores.relational.writer import under_way as under_way_module
from tactful.stores.relational.writer.under_way import UnderWay
from tactful.stores.sqlite.ledger import SqliteLedger


async def test_large_work_continues_after_the_callers_of_the_last_promise() -> None:
    under_way = UnderWay()
    order: list[str] = []

    async def large_work() -> None:
        await under_way.wait_for_none()
        order.append("large work")

    under_way.add()
    under_way.add()
    working = asyncio.ensure_future(large_work())
    await asyncio.sleep(0)
    under_way.remove()
    await asyncio.sleep(0)
    assert not working.done()
    asyncio.get_running_loop().call_soon(order.append, "the promise is answered")
    under_way.remove()
    await working
    assert order == ["the promise is answered", "large work"]


async def test_a_read_under_way_is_waited_for(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "tactful.db")
    await ledger.open()
    read = asyncio.ensure_future(ledger.facts_about([("sku", "RUN-42")]))
    await asyncio.sleep(0)
    await ledger.wait_for_promises()
    assert read.done()
    await ledger.close()


async def test_a_promise_that_is_not_answered_in_time_does_not_stop_large_work(
    tmp_path: Path,
) -> None:
    may_begin = Event()

    def pause(point: str) -> None:
        if point == "before-begin":
            assert may_begin.wait(30)

    ledger = SqliteLedger(tmp_path / "tactful.db", failpoint=pause)
    await ledger.open()
    promise = asyncio.ensure_future(ledger.commit(push(accepted(), limit=None)))
    await asyncio.sleep(0)
    await asyncio.wait_for(ledger.wait_for_promises(), 20)
    assert not promise.done()
    may_begin.set()
    assert await promise is None
    await ledger.close()


async def test_waits_that_ended_leave_nothing_behind_while_promises_follow_one_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(under_way_module, "LONGEST_WAIT_S", 0)
    under_way = UnderWay()
    under_way.add()
    await asyncio.gather(*(under_way.wait_for_none() for _ in range(10)))
    assert not under_way._waiters


async def test_work_that_is_cancelled_while_it_waits_is_not_woken() -> None:
    under_way = UnderWay()
    under_way.add()
    working = asyncio.ensure_future(under_way.wait_for_none())
    await asyncio.sleep(0)
    working.cancel()
    await asyncio.wait([working])
    under_way.remove()
    assert working.cancelled()
