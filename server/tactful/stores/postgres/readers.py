"""Connections that read beside the writer, each on a thread of its own."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Any, Final, TypeVar

import psycopg

from tactful.runtime.ports.ledger import LedgerAwayError
from tactful.stores.postgres.error_meanings import translate_error
from tactful.stores.postgres.raw_connection import DEADLINE_S, RawConnection, connect
from tactful.stores.postgres.statements import statement
from tactful.stores.postgres.target import Target
from tactful.stores.relational.ledger_connection import ReadConnection

T = TypeVar("T")

READERS: Final = 3
"""Connections that read at the same time."""
WHOLE_TABLE_S: Final = 600
"""Seconds for which the answer to a read of whole tables is waited for."""


def wall_clock() -> int:
    """Return the time of day of this machine, in milliseconds since the Unix epoch."""
    return time.time_ns() // 1_000_000


def read_once(target: Target, sql: str, values: Any = ()) -> list[Any]:
    """Return the rows of a query, on a connection of its own.

    Raises:
        LedgerError: The database cannot be read.
    """
    try:
        with closing(connect(target)) as made:
            return Reader(made).execute(sql, values).fetchall()
    except psycopg.Error as error:
        raise translate_error(error, target.place) from error


class Reader:
    """A `ReadConnection` to PostgreSQL."""

    def __init__(self, raw: RawConnection) -> None:
        self._raw = raw

    def execute(self, sql: str, values: Any = (), /) -> psycopg.Cursor[tuple[Any, ...]]:
        """Execute a statement that reads."""
        return self._raw.execute(statement(sql).text, values, binary=True)

    def timed_row(self, sql: str) -> tuple[int, Any, int]:
        """Return the first row of a query, between this machine's clock before and after it, in milliseconds."""
        before = wall_clock()
        row = self.execute(sql).fetchone()
        return before, row, wall_clock()


@contextmanager
def opened_reader(address: str) -> Iterator[Reader]:
    """Give a reader on a connection of its own, which is closed at the end.

    Args:
        address: The address of the database.

    Raises:
        LedgerError: The database cannot be read.
    """
    target = Target(address)
    try:
        with closing(connect(target)) as made:
            made.deadline_s = WHOLE_TABLE_S
            yield Reader(made)
    except psycopg.Error as error:
        raise translate_error(error, target.place) from error


class Readers:
    """A few threads, each with a connection that is made when it is first used."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._threads = ThreadPoolExecutor(READERS, "ledger-reader")
        self._own = threading.local()
        self._open: set[RawConnection] = set()

    async def rows(self, sql: str, values: Any) -> list[Any]:
        """Return the rows of a query.

        Raises:
            LedgerError: The database cannot be read.
        """
        return await self._run(lambda made: made.execute(sql, values).fetchall(), DEADLINE_S)

    async def timed_row(self, sql: str) -> tuple[int, Any, int]:
        """Return what `Reader.timed_row` does.

        Raises:
            LedgerError: The database cannot be read.
        """
        return await self._run(lambda made: made.timed_row(sql), DEADLINE_S)

    async def snapshot(self, work: Callable[[ReadConnection], T]) -> T:
        """Return what `work` finds in the ledger as it is at one instant.

        Raises:
            LedgerError: The database cannot be read.
        """

        def within(made: Reader) -> T:
            raw: RawConnection = self._own.raw
            raw.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            try:
                return work(made)
            finally:
                if not raw.closed:
                    raw.execute("ROLLBACK")

        return await self._run(within, WHOLE_TABLE_S)

    async def close(self) -> None:
        """Wait for reads that are under way, and close the connections."""
        await asyncio.to_thread(self._threads.shutdown)
        for raw in self._open:
            raw.close()
        self._open.clear()

    async def _run(self, work: Callable[[Reader], T], deadline_s: int) -> T:
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, self._perform, work, deadline_s
        )

    def _perform(self, work: Callable[[Reader], T], deadline_s: int) -> T:
        """Run on a thread: read, once more where the connection was lost meanwhile."""
        for is_last in (False, True):
            try:
                with self._translated_errors():
                    raw = self._connection()
                    raw.deadline_s = deadline_s
                    return work(Reader(raw))
            except LedgerAwayError:
                if is_last or not self._forget_lost():
                    raise
        raise AssertionError("unreachable")  # pragma: no cover

    def _connection(self) -> RawConnection:
        raw: RawConnection | None = getattr(self._own, "raw", None)
        if raw is None or raw.closed:
            raw = self._own.raw = connect(self._target)
            self._open.add(raw)
        return raw

    def _forget_lost(self) -> bool:
        """Forget the connection of this thread if it was lost; return whether there was one."""
        raw: RawConnection | None = getattr(self._own, "raw", None)
        if raw is None or not raw.closed:
            return False
        self._open.discard(raw)
        self._own.raw = None
        return True

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            raise translate_error(error, self._target.place) from error
