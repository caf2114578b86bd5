"""Answers of a pipelined connection, awaited when they are asked for."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any, Protocol

import psycopg


class Pipelined(Protocol):
    """A connection that queues statements."""

    def flush(self) -> None:
        """Return once all statements so far have been executed; raise what they have met."""

    def trips(self) -> AbstractContextManager[None]:
        """Give a lost connection its meaning."""


class PendingRows:
    """What a statement has found or changed, awaited when it is asked for."""

    __slots__ = ("_connection", "_cursor")

    def __init__(self, connection: Pipelined, cursor: psycopg.Cursor[tuple[Any, ...]]) -> None:
        """Wait for the answer to a statement.

        Args:
            connection: The connection that queued it.
            cursor: The cursor that executes it.
        """
        self._connection = connection
        self._cursor = cursor

    @property
    def rowcount(self) -> int:
        """Return the number of rows that were changed."""
        self._connection.flush()
        return self._cursor.rowcount

    def fetchone(self) -> Any:
        """Return the next row; None: there is none."""
        with self._connection.trips():
            return self._cursor.fetchone()

    def fetchall(self) -> list[Any]:
        """Return the rows that are left."""
        with self._connection.trips():
            return self._cursor.fetchall()

    def __iter__(self) -> Iterator[Any]:
        return iter(self.fetchall())
