"""The changes of the ledger, applied to memory in their order.

Every fact, redemption, activation, pause, claim and erasure reaches memory here and nowhere else,
also those that this process wrote itself. So what is in memory at any instant is what the ledger
held at one position of the change log. A promise names that position, and the ledger refuses it if a
later change is about anything that the decision read.
"""

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from typing import Any, Final, Protocol

import structlog

from tactful.runtime.ports.change_log import ChangeLog
from tactful.runtime.ports.ledger_rows import Change, ChangeKind

log = structlog.get_logger("tactful.changes")

READ_LIMIT: Final = 1000
"""Changes in one read of the log."""


class ChangeHandler(Protocol):
    """The part of memory that changes of some kinds concern.

    A handler whose changes hold everything that it needs inherits `needs_preparation` and `prepare`.
    """

    def needs_preparation(self, change: Change) -> bool:
        """Return whether `prepare` must run before the change can be applied."""
        del change
        return False

    async def prepare(self, change: Change) -> None:
        """Read what the change refers to, so that it can be applied without waiting.

        Raises:
            LedgerError: The ledger cannot be read. The change is tried again later.
        """
        del change

    def apply(self, change: Change) -> None:
        """Bring memory in line with a change. From now on no decision rests on older data."""

    def propagate(self) -> Coroutine[Any, Any, None] | None:
        """Return the work that lets the sessions concerned decide again; None: there is none.

        Called once after changes that were committed together. The work handles its own errors.
        """

    async def start_over(self) -> None:
        """Drop everything that was read before now, because changes were missed.

        Raises:
            LedgerError: The ledger cannot be read.
        """


class ChangeFeed:
    """Applies each change of the ledger to memory exactly once, in the order of the positions."""

    def __init__(self, ledger: ChangeLog) -> None:
        """Receive the changes of `ledger` from now on."""
        self._ledger = ledger
        self._handlers: dict[ChangeKind, ChangeHandler] = {}
        self.applied = 0
        """The position up to which memory has applied every change."""
        self._received = 0
        """The position of the newest change that this process knows of."""
        self._is_damaged = False
        """Whether a change could not be applied, so that memory may disagree with the ledger."""
        self._reading: asyncio.Task[None] | None = None
        self._asking: asyncio.Task[int] | None = None
        """The read of the newest position that has begun last."""
        self._asking_next: asyncio.Task[int] | None = None
        """The read of the newest position that has not begun yet."""
        self._propagating: set[asyncio.Task[None]] = set()
        self._unsubscribe = ledger.subscribe(self._receive)

    def handle(self, kinds: Iterable[ChangeKind], handler: ChangeHandler) -> None:
        """Give all changes of these kinds to a handler; changes without one are only counted."""
        self._handlers.update(dict.fromkeys(kinds, handler))

    async def start(self) -> None:
        """Begin at the newest change, before memory is loaded.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        self.applied = self._received = await self._ledger.position()

    def stop(self) -> None:
        """Receive no more changes."""
        self._unsubscribe()

    # applying

    def _receive(self, changes: Sequence[Change]) -> None:
        """Apply what was committed just now, before the callers that wrote it are answered."""
        self._received = max(self._received, changes[-1].position)
        if self._reading is not None:
            return
        if not self._apply_at_once(changes) or self._is_damaged:
            self._start_reading()

    def _apply_at_once(self, changes: Sequence[Change]) -> bool:
        """Apply changes without waiting; return False if some must be read or prepared first."""
        for change in changes:
            if change.position <= self.applied:
                continue
            handler = self._handlers.get(change.kind)
            if change.position != self.applied + 1 or (
                handler is not None and handler.needs_preparation(change)
            ):
                self._propagate()
                return False
            self._apply(change)
        self._propagate()
        return True

    def _apply(self, change: Change) -> None:
        handler = self._handlers.get(change.kind)
        if handler is not None:
            try:
                handler.apply(change)
            except Exception as error:  # noqa: BLE001 - the writers of other changes wait for theirs
                log.error("changes.failed", kind=change.kind, error=type(error).__name__)  # noqa: TRY400
                self._is_damaged = True
        self.applied = change.position

    def _start_reading(self) -> asyncio.Task[None]:
        self._reading = asyncio.ensure_future(self._read_and_report())
        # A caller that waits for the changes gets the error; without one it is only logged.
        self._reading.add_done_callback(lambda task: task.cancelled() or task.exception())
        return self._reading

    async def _read_and_report(self) -> None:
        try:
            await self._read()
        except Exception as error:
            log.error("changes.unread", error=str(error), applied=self.applied)  # noqa: TRY400
            raise
        finally:
            # In the task itself, so that nobody ever waits for a reading that has ended.
            self._reading = None

    async def _read(self) -> None:
        """Read the log and apply it, up to the newest change that is known of."""
        while self.applied < self._received or self._is_damaged:
            if self._is_damaged:
                await self._start_over()
                continue
            changes = await self._ledger.changes(self.applied, READ_LIMIT)
            if not changes or changes[0].position != self.applied + 1:
                await self._start_over()
                continue
            for change in changes:
                handler = self._handlers.get(change.kind)
                if handler is not None and handler.needs_preparation(change):
                    await handler.prepare(change)
                self._apply(change)
            self._propagate()

    async def _start_over(self) -> None:
        """Drop everything in memory that may have changed, and go on from the newest change."""
        known, position = self._received, await self._ledger.position()
        log.warning("changes.missed", applied=self.applied, position=position)
        self._is_damaged = False
        for handler in dict.fromkeys(self._handlers.values()):
            await handler.start_over()
        self.applied = position
        if position < known:
            # The ledger was replaced by an earlier one.
            self._received = position
        self._propagate()

    def _propagate(self) -> None:
        for handler in dict.fromkeys(self._handlers.values()):
            work = handler.propagate()
            if work is not None:
                task = asyncio.ensure_future(work)
                self._propagating.add(task)
                task.add_done_callback(self._propagating.discard)

    # waiting

    async def catch_up(self) -> None:
        """Return when memory has applied everything that is durable now.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        if self._asking_next is None:
            self._asking_next = asyncio.ensure_future(self._ask(self._asking))
        position = await asyncio.shield(self._asking_next)
        await self._wait_until_applied(position)

    async def _ask(self, before: asyncio.Task[int] | None) -> int:
        """Return the position of the newest change; all who ask before the read begins share it."""
        if before is not None:
            await asyncio.wait((before,))
        self._asking, self._asking_next = self._asking_next, None
        position = await self._ledger.position()
        self._received = max(self._received, position)
        return position

    async def settle(self) -> None:
        """Return when everything received so far is applied, and the sessions concerned know it.

        The writer of a change calls this before answering: the change was received before the
        write returned.

        Raises:
            LedgerError: The ledger cannot be read. The change is durable nevertheless.
        """
        await self._wait_until_applied(self._received)
        if self._propagating:
            await asyncio.wait(tuple(self._propagating))

    async def _wait_until_applied(self, position: int) -> None:
        while self.applied < min(position, self._received):
            await asyncio.shield(self._reading or self._start_reading())

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being read or propagated."""
        return self._reading is None and not self._propagating

    async def wait_until_idle(self) -> None:
        """Return when nothing is being read or propagated."""
        while not self.is_idle:
            running = {*self._propagating, *({self._reading} if self._reading else ())}
            await asyncio.wait(running)
