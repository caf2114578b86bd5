"""Background tasks of one owner: started without waiting, awaited together."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

from tactful.runtime.ports.ledger import LedgerError

log = structlog.get_logger("tactful.shop")


class BackgroundTasks:
    """Keeps the running tasks of its owner.

    The event loop holds only weak references to tasks. Without another reference, a task can be
    garbage-collected before it ends.
    """

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Run `work` on the event loop; it handles its own errors."""
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    def start_ledger_work(self, work: Coroutine[Any, Any, object]) -> None:
        """Run `work` on the event loop; a `LedgerError` is logged, because no caller waits for it."""
        self.start(_log_ledger_error(work))

    async def wait_for_running(self) -> None:
        """Return when the tasks that run now have ended; those started meanwhile may still run."""
        if self._running:
            await asyncio.wait(tuple(self._running))

    async def wait_until_idle(self) -> None:
        """Return when no task runs, including tasks that other tasks started meanwhile."""
        while self._running:
            await asyncio.wait(tuple(self._running))


async def _log_ledger_error(work: Coroutine[Any, Any, object]) -> None:
    try:
        await work
    except LedgerError as error:
        log.error("ledger.later", error=str(error))  # noqa: TRY400 - the traceback says no more
