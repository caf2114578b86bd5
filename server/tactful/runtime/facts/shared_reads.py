"""Reads of the ledger that callers share, and in which addresses take turns.

The clients of one address can ask for more entries than the disk can read: a cart names 200 SKUs. So few
reads run at once, and addresses take turns at the others. A read that no caller waits for any more is not
begun.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final

PLACES: Final = 16
"""Reads that run at once. One of an item asks the ledger some four times, one question after the other."""

Work = Callable[[], Coroutine[Any, Any, None]]
"""Starts one read."""


class SharedReads:
    """The reads of one cache, by the key of the entry that they bring."""

    def __init__(self, on_idle: Callable[[], None], places: int = PLACES) -> None:
        """Start without reads.

        Args:
            on_idle: Called when the last read has ended.
            places: The most reads that run at once.
        """
        self.awaited: Counter[str] = Counter()
        """Key → how many callers of `run` wait with it."""
        self.not_begun = 0
        """How many reads were given up before they began."""
        self._on_idle = on_idle
        self._free = places
        self._reads: dict[str, _Read] = {}
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}
        """Payer → the turns of the reads that it waits for; the first payer is the next."""

    def __len__(self) -> int:
        return len(self._reads)

    async def run(self, wanted: Mapping[str, Work], payer: str = "") -> None:
        """Return when the entries of all keys were read; a read that is under way is shared.

        Args:
            wanted: Key → the read that brings its entry.
            payer: The address whose turn the reads take; empty: they are not made for a client.

        Raises:
            Exception: What a read raised.
        """
        self.awaited.update(wanted.keys())
        reads = [self._join(key, work, payer) for key, work in wanted.items()]
        self._begin_next()
        try:
            await asyncio.gather(*[asyncio.shield(read) for read in reads])
        finally:
            for key in wanted:
                self._leave(key)

    async def wait_for(self, key: str) -> None:
        """Return when a key's read has ended, if there is one."""
        read = self._reads.get(key)
        if read is not None:
            await asyncio.wait({read.task})

    def _join(self, key: str, work: Work, payer: str) -> "asyncio.Task[None]":
        read = self._reads.get(key)
        if read is None:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            read = _Read(turn, asyncio.ensure_future(self._run_in_turn(turn, work)))
            self._reads[key] = read
            read.task.add_done_callback(lambda _: self._forget(key, read))
        if not read.turn.done():
            # Another payer may have asked first: the read begins with whichever turn comes first.
            self._waiting.setdefault(payer, deque()).append(read.turn)
        return read.task

    async def _run_in_turn(self, turn: "asyncio.Future[None]", work: Work) -> None:
        try:
            await turn
            await work()
        finally:
            if not turn.cancelled():
                self._free += 1
                self._begin_next()

    def _begin_next(self) -> None:
        while self._free and self._waiting:
            payer = next(iter(self._waiting))
            turns = self._waiting.pop(payer)
            while turns and turns[0].done():
                turns.popleft()
            if turns:
                turns.popleft().set_result(None)
                self._free -= 1
                self._waiting[payer] = turns  # behind all others

    def _leave(self, key: str) -> None:
        """Give up a read that has not begun when its last caller leaves."""
        self.awaited[key] -= 1
        if self.awaited[key]:
            return
        del self.awaited[key]
        read = self._reads.get(key)
        if read is not None and not read.turn.done():
            self.not_begun += 1
            read.turn.cancel()
            self._forget(key, read)

    def _forget(self, key: str, read: "_Read") -> None:
        if self._reads.get(key) is read:
            del self._reads[key]
            if not self._reads:
                self._on_idle()


class _Read:
    """A read: its turn, which is done once it may begin, and its task."""

    __slots__ = ("task", "turn")

    def __init__(self, turn: "asyncio.Future[None]", task: "asyncio.Task[None]") -> None:
        self.turn = turn
        self.task = task
