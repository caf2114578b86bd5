"""Checkpoints of the write-ahead log, of which commits wait for the last pages only.

A checkpoint moves the log into the file. It takes 5 ms after 1,000 changes and 15 ms after 4,000, 60 ms
on a slow disk. A thread with a connection of its own makes it while the writer goes on. What the writer
has added meanwhile is left over, so the writer then moves these few pages itself: the log is
overwritten from its beginning only once all of it is in the file.
"""

import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

import structlog

from tactful.runtime.ports.ledger import LONG_LOG_BYTES
from tactful.stores.sqlite.error_translation import translate_error
from tactful.stores.sqlite.opening import connect

MIN_CHANGES_PER_CHECKPOINT, MAX_CHANGES_PER_CHECKPOINT = 1_000, 4_000
"""Changed rows after which a checkpoint begins.

With at most 4,000 the log stays below `WAL_SIZE_LIMIT` and is overwritten in place; a commit into a
log that still grows takes half as long again. SQLite's automatic checkpoint would run inside a
commit, and would not report its input/output errors.
"""
CHECKPOINT_SPACING: Final = 50
"""Checkpoints take 2 % of the time: the pause after one is 50 times as long as the checkpoint.

The pause ends early at `MAX_CHANGES_PER_CHECKPOINT`.
"""
MOST_CHANGES_BESIDE_ONE: Final = 16_000
"""Changed rows after which the writer waits for a checkpoint that is under way, on a very slow disk."""
log = structlog.get_logger("tactful.ledger")

_PASSIVE: Final = "PRAGMA wal_checkpoint(PASSIVE)"


class Checkpointer:
    """Decides when a checkpoint is due, and has it made; the writer's thread calls it."""

    def __init__(
        self, connection: sqlite3.Connection, connect: Callable[[], sqlite3.Connection]
    ) -> None:
        """Make no checkpoint yet.

        Args:
            connection: The writer's connection.
            connect: Opens a further connection to the same file.
        """
        self._connection = connection
        self._connect = connect
        self._own: sqlite3.Connection | None = None
        self._thread = ThreadPoolExecutor(1, "ledger-checkpoint")
        self._under_way: Future[int] | None = None
        # Rows changed when the last checkpoint began, and the monotonic instant (ns) of the next one.
        self._changes = 0
        self._next_ns = 0
        (self._page_bytes,) = connection.execute("PRAGMA page_size").fetchone()
        self._is_long = False

    def run_if_due(self) -> None:
        """Begin a checkpoint when it is due, and finish one whose larger part is done.

        A checkpoint that fails loses nothing: the log still holds every commit.

        Raises:
            sqlite3.Error: The checkpoint failed.
        """
        new = self._connection.total_changes - self._changes
        if self._under_way is None and self._is_due(new):
            self._changes += new
            new = 0
            self._under_way = self._thread.submit(self._move_most)
        if self._under_way and (self._under_way.done() or new > MOST_CHANGES_BESIDE_ONE):
            self._finish(self._under_way)

    def _is_due(self, new: int) -> bool:
        """Return whether so many changed rows need a checkpoint now."""
        return new >= MAX_CHANGES_PER_CHECKPOINT or (
            new >= MIN_CHANGES_PER_CHECKPOINT and time.monotonic_ns() >= self._next_ns
        )

    def close(self) -> None:
        """Wait for a checkpoint that is under way, and release its connection."""
        if self._under_way is not None:
            # Closing the ledger makes a checkpoint again, and reports what fails.
            with suppress(sqlite3.Error):
                self._under_way.result()
        self._thread.shutdown()
        if self._own is not None:
            self._own.close()

    def _move_most(self) -> int:
        """Run on the other thread: move what the log holds now; return how long it took (ns)."""
        began = time.monotonic_ns()
        if self._own is None:
            self._own = self._connect()
            # A checkpoint syncs the file as this setting says; less could lose commits.
            self._own.execute("PRAGMA synchronous=FULL")
        self._own.execute(_PASSIVE).fetchall()
        return time.monotonic_ns() - began

    def _finish(self, moved: "Future[int]") -> None:
        """Move what was added since the other thread began."""
        self._under_way = None
        began, took = time.monotonic_ns(), 0
        try:
            took = moved.result()
            found = self._connection.execute(_PASSIVE).fetchone()
            self._warn_of_long_log(found[1] * self._page_bytes)
        finally:
            ended = time.monotonic_ns()
            self._next_ns = ended + CHECKPOINT_SPACING * (took + ended - began)

    def _warn_of_long_log(self, size: int) -> None:
        """Log once that the log has grown long, and once that it is short again."""
        if size > LONG_LOG_BYTES and not self._is_long:
            self._is_long = True
            log.warning("ledger.log_long", bytes=size)
        elif self._is_long and size <= LONG_LOG_BYTES:
            self._is_long = False
            log.info("ledger.log_short", bytes=size)


def move_log(path: Path) -> None:
    """Move what the write-ahead log holds now into the file, on a connection of its own.

    Call it on a thread: the writer goes on meanwhile. Where another checkpoint is under way, nothing is
    moved.

    Args:
        path: The ledger.

    Raises:
        LedgerError: The log cannot be moved; it still holds every commit.
    """
    try:
        with closing(connect(path)) as connection:
            # A checkpoint syncs the file as this setting says; less could lose commits.
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute(_PASSIVE).fetchall()
    except sqlite3.Error as error:
        raise translate_error(error, str(path)) from error
