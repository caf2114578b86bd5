"""Background tasks: kept while they run, awaited together, logged where the ledger fails."""

import asyncio
import gc

import pytest
from structlog.testing import capture_logs

from tactful.runtime.background import BackgroundTasks
from tactful.runtime.ports.ledger import LedgerError


async def test_waiting_ends_after_the_last_task_and_those_it_started() -> None:
    tasks, done, go = BackgroundTasks(), [], asyncio.Event()

    async def second() -> None:
        done.append("second")

    async def first() -> None:
        await go.wait()
        done.append("first")
        tasks.start(second())

    tasks.start(first())
    waiting = asyncio.ensure_future(tasks.wait_until_idle())
    await asyncio.sleep(0)
    assert not waiting.done()
    go.set()
    await waiting
    assert done == ["first", "second"]


async def test_a_ledger_error_of_work_that_nobody_awaits_is_logged() -> None:
    tasks = BackgroundTasks()

    async def fail() -> None:
        raise LedgerError("no room")

    with capture_logs() as logs:
        tasks.start_ledger_work(fail())
        await tasks.wait_until_idle()
    assert [(line["event"], line["error"]) for line in logs] == [("ledger.later", "no room")]


async def test_any_other_error_is_left_to_the_event_loop() -> None:
    tasks, reported = BackgroundTasks(), []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))

    async def crash() -> None:
        raise ZeroDivisionError

    tasks.start_ledger_work(crash())
    await tasks.wait_until_idle()
    gc.collect()
    assert [type(context["exception"]) for context in reported] == [ZeroDivisionError]


@pytest.mark.parametrize("count", [0, 3])
async def test_nothing_is_left_once_idle(count: int) -> None:
    tasks = BackgroundTasks()
    for _ in range(count):
        tasks.start(asyncio.sleep(0))
    await tasks.wait_until_idle()
    await asyncio.sleep(0)
    assert tasks._running == set()
