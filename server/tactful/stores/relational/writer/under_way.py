"""Promises and reads under way in the ledger, for which large work on the event loop waits.

Each statement of a transaction releases the interpreter and needs it again, and a promise has 14. While
the event loop converts a large report or export, each of them waits for the loop: a promise that takes
0.5 ms alone then takes 10 ms. So large work pauses until the promise is answered.
"""

import asyncio
from typing import Final

LONGEST_WAIT_S: Final = 0.02
"""Seconds for which large work waits at most, so that no stream of promises starves it."""


class UnderWay:
    """The number of promises and reads that the ledger has not answered yet; event loop only."""

    def __init__(self) -> None:
        self._count = 0
        self._waiters: set[asyncio.Future[None]] = set()

    def add(self) -> None:
        """Count a promise or read that has begun."""
        self._count += 1

    def remove(self, count: int = 1) -> None:
        """Count promises or reads as answered, after their callers are notified."""
        self._count -= count
        if not self._count:
            for waiter in self._waiters:
                _wake(waiter)

    async def wait_for_none(self) -> None:
        """Return when nothing is under way, or after `LONGEST_WAIT_S`; let other tasks run at least."""
        if not self._count:
            await asyncio.sleep(0)
            return
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        self._waiters.add(waiter)
        timer = loop.call_later(LONGEST_WAIT_S, _wake, waiter)
        try:
            await waiter
        finally:
            timer.cancel()
            self._waiters.discard(waiter)


def _wake(waiter: "asyncio.Future[None]") -> None:
    if not waiter.done():
        waiter.set_result(None)
