"""Numbered migrations of the schema, each applied in one transaction with its number.

A migration that is interrupted has no effect, and is applied at the next start. A released
migration never changes, because existing ledgers have applied it. A new schema is a new file.
"""

import secrets
import sqlite3
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Final

APPLICATION_ID: Final = 0x54414354
"""`TACT` in ASCII: SQLite keeps it in the header of every ledger, and tools can recognize it."""


@cache
def migrations() -> dict[int, str]:
    """Return number → SQL, in ascending order."""
    folder = files("tactful.stores.sqlite") / "sql"
    found = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return {int(name[:4]): (folder / name).read_text("utf-8") for name in found}


def newest_schema() -> int:
    """Return the number of the last migration, which is the schema version of this program."""
    return max(migrations())


def migrate(
    connection: sqlite3.Connection, *, progress: Callable[[int], None] = lambda _: None
) -> list[int]:
    """Apply the migrations that a ledger lacks.

    Args:
        connection: A connection in autocommit mode.
        progress: Called with the number of each migration before it begins.

    Returns:
        The numbers that were applied, in ascending order.

    Raises:
        sqlite3.Error: A migration failed; it and those after it are not applied.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    applied = []
    for number, sql in migrations().items():
        if number > version:
            progress(number)
            _apply(connection, number, sql)
            applied.append(number)
    return applied


def _apply(connection: sqlite3.Connection, number: int, sql: str) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in _statements(sql):
            connection.execute(statement)
        if number == 1:
            connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
            connection.execute("INSERT INTO meta VALUES ('secret', ?)", (secrets.token_bytes(32),))
        connection.execute(f"PRAGMA user_version={number}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _statements(sql: str) -> list[str]:
    """Split a script into statements. `executescript` would commit the migration's transaction."""
    found, pending = [], ""
    for line in sql.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            found.append(pending)
            pending = ""
    return found
