"""A connection to a SQLite file, with what the current transaction has learned and changed."""

import sqlite3
import sys
from collections.abc import Sequence
from typing import Any

from tactful.stores.relational.inserts import Insert
from tactful.stores.relational.known_rows import KnownRows
from tactful.stores.relational.ledger_connection import TransactionState

# Python's module looks for an adapter of each value but numbers and texts, and that takes 0.2 µs where
# it finds none. A promise has 18 such values.
sqlite3.register_adapter(bytes, bytes)
sqlite3.register_adapter(type(None), lambda none: none)


class StablePlanConnection(sqlite3.Connection):
    """A connection whose statements are planned once, whatever values they are given.

    SQLite looks at values while it plans: at those that it compares with the condition of a partial
    index, and newer versions at the value of a limit. It then plans the statement again for each
    execution, which took two thirds of the time of a short query. Python 3.11 cannot forbid that.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        if sys.version_info >= (3, 12):
            self.setconfig(sqlite3.SQLITE_DBCONFIG_ENABLE_QPSG)


class SqliteConnection(StablePlanConnection, TransactionState):
    """A connection to a ledger that knows the state of its transaction."""

    is_remote = False

    def __init__(self, *given: Any, **named: Any) -> None:
        StablePlanConnection.__init__(self, *given, **named)
        TransactionState.__init__(self)
        self._version: int | None = None

    def insert(self, insert: Insert, rows: Sequence[tuple[object, ...]]) -> None:
        """Insert rows in order."""
        self.executemany(insert.values, rows)

    def start(self) -> None:
        """Begin a transaction that no other writer can overtake.

        What is known stays valid until another connection has written: then SQLite names another
        version of the data.
        """
        self.execute("BEGIN IMMEDIATE")
        (version,) = self.execute("PRAGMA data_version").fetchone()
        if version != self._version or self._known.is_full:
            self._known = KnownRows()
            self._version = version
        self._changes = []

    def flush(self) -> None:
        """Do nothing: each statement is executed before its call returns."""

    def commit(self) -> None:
        """Make the transaction durable."""
        self.execute("COMMIT")

    def abandon(self) -> None:
        """Roll the transaction back, if it is still open, and forget its changes."""
        if self.in_transaction:
            self.execute("ROLLBACK")
        self.forget_all()
