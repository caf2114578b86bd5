"""Which numbered migrations does a ledger still need, and how are they applied?

Each is one transaction together with its number: it happened wholly, or it happens at the next start.
"""

import secrets
import sqlite3
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Final

APPLICATION_ID: Final = 0x54414354
"""`TACT`, in the header of every ledger."""


@cache
def migrations() -> dict[int, str]:
    """Number → its SQL, in order."""
    folder = files("tactful.stores.sqlite") / "sql"
    found = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return {int(name[:4]): (folder / name).read_text("utf-8") for name in found}


def newest_schema() -> int:
    """The number of the last migration."""
    return max(migrations())


def migrate(
    connection: sqlite3.Connection, *, progress: Callable[[int], None] = lambda _: None
) -> list[int]:
    """Apply what is missing and return the numbers; `progress` hears each before it begins."""
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
    """Single statements: `executescript` would commit the transaction that it is to run in."""
    found, pending = [], ""
    for line in sql.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            found.append(pending)
            pending = ""
    return found
