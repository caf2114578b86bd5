"""Long reads of a whole SQLite file beside the writer, on a connection of their own."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from tactful.stores.sqlite.error_translation import translate_error
from tactful.stores.sqlite.opening import connect

T = TypeVar("T")


def read_snapshot(path: Path, work: Callable[[sqlite3.Connection], T]) -> T:
    """Return what `work` finds in the ledger as it is at one instant.

    Call it on a thread. SQLite releases the interpreter while it reads, and a reader of the
    write-ahead log waits for no writer and delays none.

    Args:
        path: The ledger.
        work: Reads with the connection; it writes nothing.

    Raises:
        LedgerError: The ledger cannot be read.
    """
    try:
        with closing(connect(path)) as connection:
            connection.execute("PRAGMA query_only=ON")
            connection.execute("BEGIN")
            return work(connection)
    except sqlite3.Error as error:
        raise translate_error(error, str(path)) from error
