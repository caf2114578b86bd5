"""Numbered migrations of the schema, each applied in one transaction with its number.

A migration that is interrupted has no effect, and is applied at the next start. A released
migration never changes, because existing ledgers have applied it. A new schema is a new file.

Two adjacent releases can share a ledger. A migration that an older program can work with says so in
a comment, `-- Compatible since: 7`: programs that know schema 7 still open the ledger. A change that
needs more than that takes two releases, which first add the new form, then remove the old one.
"""

import re
import secrets
import sqlite3
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Final

from msgspec import Struct

APPLICATION_ID: Final = 0x54414354
"""`TACT` in ASCII: SQLite keeps it in the header of every ledger, and tools can recognize it."""


_COMPATIBLE: Final = re.compile(r"^-- Compatible since: (\d+)$", re.MULTILINE)
_READ_COMPATIBLE: Final = "SELECT value FROM meta WHERE key = 'compatible_since'"


class SchemaVersion(Struct, frozen=True):
    """The schema of a ledger, and the oldest one that a program must know to work with it."""

    number: int
    """The number of the last migration that was applied; 0: the file is empty."""
    compatible_since: int
    """The lowest schema version whose programs can work with the ledger."""

    @property
    def is_known(self) -> bool:
        """Whether this program can work with the ledger."""
        return self.compatible_since <= newest_schema()


@cache
def migrations() -> dict[int, str]:
    """Return number → SQL, in ascending order."""
    folder = files("tactful.stores.sqlite") / "sql"
    found = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return {int(name[:4]): (folder / name).read_text("utf-8") for name in found}


def newest_schema() -> int:
    """Return the number of the last migration, which is the schema version of this program."""
    return max(migrations())


def schema_version(connection: sqlite3.Connection) -> SchemaVersion:
    """Return the schema version of a ledger; one without the mark needs a program of its own version."""
    (number,) = connection.execute("PRAGMA user_version").fetchone()
    if not number:
        return SchemaVersion(0, 0)
    marked = connection.execute(_READ_COMPATIBLE).fetchone()
    return SchemaVersion(number, int(marked[0]) if marked else number)


def pending_migrations(version: int) -> dict[int, str]:
    """Return number → SQL of the migrations that a ledger of a schema version lacks."""
    return {number: sql for number, sql in migrations().items() if number > version}


def title_of(sql: str) -> str:
    """Return what a migration does: the first sentence of its first comment, without the stop."""
    comment = []
    for line in sql.splitlines():
        if not line.startswith("--"):
            break
        comment.append(line.removeprefix("--").strip())
    return re.split(r"\.(?:\s|$)", " ".join(comment))[0]


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
    for number, sql in pending_migrations(version).items():
        progress(number)
        _apply(connection, number, sql)
        applied.append(number)
    return applied


def _apply(connection: sqlite3.Connection, number: int, sql: str) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in statements_of(sql):
            connection.execute(statement)
        if number == 1:
            connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
            connection.execute("INSERT INTO meta VALUES ('secret', ?)", (secrets.token_bytes(32),))
        _mark_compatible(connection, number, sql)
        connection.execute(f"PRAGMA user_version={number}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _mark_compatible(connection: sqlite3.Connection, number: int, sql: str) -> None:
    """Store the lowest schema version whose programs can work with the migrated ledger."""
    declared = _COMPATIBLE.search(sql)
    since = int(declared[1]) if declared else number
    before = connection.execute(_READ_COMPATIBLE).fetchone()
    # The schema of a ledger without the mark is known to programs of its own version only.
    floor = int(before[0]) if before else number - 1
    connection.execute(
        "INSERT OR REPLACE INTO meta VALUES ('compatible_since', ?)",
        (str(max(since, floor)).encode(),),
    )


def statements_of(sql: str) -> list[str]:
    """Split a script into statements. `executescript` would commit the migration's transaction."""
    found, pending = [], ""
    for line in sql.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            found.append(pending)
            pending = ""
    return found
