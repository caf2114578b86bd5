"""SQLite behind the single writer: the meaning of its errors, and its checkpoints."""

import sqlite3
from functools import partial
from pathlib import Path
from typing import Any, Final

from tactful.runtime.ports.ledger import LedgerBrokenError, LedgerError
from tactful.stores.relational.writer.write_lanes import MAX_PROMISES
from tactful.stores.sqlite.error_translation import translate_error
from tactful.stores.sqlite.opening import connect
from tactful.stores.sqlite.sqlite_connection import SqliteConnection
from tactful.stores.sqlite.writer.checkpoints import Checkpointer

_PROBE: Final = "INSERT OR REPLACE INTO meta VALUES ('probe', randomblob(8192))"
"""Writes two pages, to find out whether the disk has room again."""


class SqliteEngine:
    """The `Engine` of a SQLite file."""

    most_works: int = MAX_PROMISES
    errors: tuple[type[Exception], ...] = (sqlite3.Error,)
    idle_s: float | None = None

    def __init__(self, connection: SqliteConnection, path: Path) -> None:
        """Serve the writer of a file.

        Args:
            connection: The connection of the writer.
            path: The file.
        """
        self._connection = connection
        self._path = path
        self._checkpointer = Checkpointer(connection, partial(connect, path))

    def translate(self, error: Any) -> LedgerError:
        """Return the error to raise instead of one of SQLite."""
        return translate_error(error, str(self._path))

    def probe(self) -> None:
        """Write two pages, to find out whether the disk has room again."""
        self._connection.execute(_PROBE)

    def maintain(self) -> LedgerError | None:
        """Make a checkpoint if one is due; return an input/output error, which suspends commits.

        The next commit would meet it too. A full disk is not reported here: the next commit meets
        and reports it.
        """
        try:
            self._checkpointer.run_if_due()
        except sqlite3.Error as error:
            meaning = self.translate(error)
            return meaning if isinstance(meaning, LedgerBrokenError) else None
        return None

    def settle(self) -> bool:
        """Return False: a commit of SQLite has an outcome as soon as it returns."""
        return False

    def close(self) -> None:
        """Wait for a checkpoint that is under way."""
        self._checkpointer.close()
