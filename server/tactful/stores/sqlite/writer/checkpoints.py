"""Checkpoints of the write-ahead log, spaced so that no commit waits long for one."""

import sqlite3
import time
from typing import Final

import structlog

from tactful.runtime.ports.ledger import LONG_LOG_BYTES

MIN_CHANGES_PER_CHECKPOINT, MAX_CHANGES_PER_CHECKPOINT = 1_000, 4_000
"""Changed rows after which the write-ahead log is moved into the file (a checkpoint).

The next commit waits for the checkpoint: 5 ms after 1,000 changes, 15 ms after 4,000 (60 ms on a slow
disk), 200 ms after 20,000. With at most 4,000 the log stays below `WAL_SIZE_LIMIT` and is overwritten
in place; a commit into a log that still grows takes half as long again.

The thread makes the checkpoint itself, after the callers are answered. SQLite's automatic
checkpoint would run inside a commit, and would not report its input/output errors.
"""
CHECKPOINT_SPACING: Final = 50
"""Checkpoints take 2 % of the time: the pause after one is 50 times as long as the checkpoint.

The pause ends early at `MAX_CHANGES_PER_CHECKPOINT`.
"""
log = structlog.get_logger("tactful.ledger")


class Checkpointer:
    """Decides when a checkpoint is due, and makes it on the writer's thread."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        # Rows changed by the last checkpoint, and the monotonic instant (ns) of the next one.
        self._changes = 0
        self._next_ns = 0
        (self._page_bytes,) = connection.execute("PRAGMA page_size").fetchone()
        self._is_long = False

    def run_if_due(self) -> None:
        """Move the write-ahead log into the file when it is due.

        A checkpoint that fails loses nothing: the log still holds every commit.

        Raises:
            sqlite3.Error: The checkpoint failed.
        """
        began, changes = time.monotonic_ns(), self._connection.total_changes
        new = changes - self._changes
        if new < MIN_CHANGES_PER_CHECKPOINT or (
            new < MAX_CHANGES_PER_CHECKPOINT and began < self._next_ns
        ):
            return
        self._changes = changes
        try:
            found = self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            self._warn_of_long_log(found[1] * self._page_bytes)
        finally:
            ended = time.monotonic_ns()
            self._next_ns = ended + CHECKPOINT_SPACING * (ended - began)

    def _warn_of_long_log(self, size: int) -> None:
        """Log once that the log has grown long, and once that it is short again."""
        if size > LONG_LOG_BYTES and not self._is_long:
            self._is_long = True
            log.warning("ledger.log_long", bytes=size)
        elif self._is_long and size <= LONG_LOG_BYTES:
            self._is_long = False
            log.info("ledger.log_short", bytes=size)
