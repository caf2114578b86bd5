"""Preview of the pending migrations of a ledger; nothing is written.

The migrations run on an empty database with the schema of the ledger. SQLite's authorizer reports
the tables that they read or change, and the rows of these tables are counted in the ledger.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from msgspec import Struct

from tactful.runtime.ports.ledger import LedgerError
from tactful.stores.sqlite.migrations import (
    APPLICATION_ID,
    SchemaVersion,
    newest_schema,
    pending_migrations,
    schema_version,
    statements_of,
    title_of,
)
from tactful.stores.sqlite.opening import refuse_unknown_schema
from tactful.stores.sqlite.wal_check import wal_path

ROWS_PER_SECOND: Final = 50_000
"""Rows that a migration processes in a second.

Measured on two busy cores: 0002, which parses the JSON of every offer, takes 3.9 s for 100,000 offers
with two steps each.
"""
LEAST_ROOM: Final = 1 << 20
"""Bytes that a migration may need although it touches no row: pages of new tables and indexes."""
_WITH_TABLE: Final = frozenset(
    {sqlite3.SQLITE_READ, sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE}
)


class MigrationStep(Struct, frozen=True):
    """One pending migration."""

    number: int
    title: str
    """What it does, in one sentence."""
    tables: tuple[str, ...]
    """The tables of the ledger that it reads or changes."""
    rows: int
    """The rows of these tables."""


class MigrationPlan(Struct, frozen=True):
    """What a migration would do to a ledger."""

    before: SchemaVersion
    after: int
    """The schema version of this program; not below `before`."""
    steps: tuple[MigrationStep, ...]
    size: int
    """The size of the ledger, in bytes."""

    @property
    def rows(self) -> int:
        """The rows that all steps read or change."""
        return sum(step.rows for step in self.steps)

    @property
    def room(self) -> int:
        """Bytes of free space that suffice: the write-ahead log holds each changed page once."""
        if not self.steps:
            return 0
        return LEAST_ROOM + (self.size if self.rows else 0)

    @property
    def seconds(self) -> int:
        """Seconds that the migration will take at most, as measured on a small machine."""
        return -(-self.rows // ROWS_PER_SECOND) if self.steps else 0


def plan_migration(path: Path) -> MigrationPlan:
    """Return what a migration would do to a ledger that no server uses.

    Raises:
        LedgerError: The file is no ledger, cannot be read, or is of a newer version that this program
            cannot work with.
    """
    try:
        with closing(_open_read_only(path)) as ledger:
            if ledger.execute("PRAGMA application_id").fetchone() != (APPLICATION_ID,):
                raise LedgerError(f"{path} is not a Tactful ledger", retry=False)
            before = schema_version(ledger)
            refuse_unknown_schema(path, before)
            (pages,) = ledger.execute("PRAGMA page_count").fetchone()
            (page_size,) = ledger.execute("PRAGMA page_size").fetchone()
            return MigrationPlan(
                before=before,
                after=max(before.number, newest_schema()),
                steps=_steps(ledger, before.number),
                size=pages * page_size,
            )
    except sqlite3.Error as error:
        raise LedgerError(f"{path} cannot be read: {error}", retry=False) from error


def _open_read_only(path: Path) -> sqlite3.Connection:
    # Without a write-ahead log the file does not change, and SQLite need not make the files of one.
    mode = "mode=ro" if wal_path(path).exists() else "mode=ro&immutable=1"
    return sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True, isolation_level=None)


def _steps(ledger: sqlite3.Connection, version: int) -> tuple[MigrationStep, ...]:
    counts: dict[str, int] = {}
    names = ledger.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    tables = {name for (name,) in names}
    steps = []
    with closing(_empty_copy(ledger)) as empty:
        for number, sql in pending_migrations(version).items():
            touched = sorted(_tables_touched(empty, sql) & tables)
            for table in touched:
                if table not in counts:
                    sql_count = f'SELECT count(*) FROM "{table}"'  # noqa: S608
                    (counts[table],) = ledger.execute(sql_count).fetchone()
            rows = sum(counts[table] for table in touched)
            steps.append(MigrationStep(number, title_of(sql), tuple(touched), rows))
    return tuple(steps)


def _empty_copy(ledger: sqlite3.Connection) -> sqlite3.Connection:
    """Return a database in memory with the schema of the ledger and no rows."""
    empty = sqlite3.connect(":memory:", isolation_level=None)
    schema = ledger.execute(
        "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"
        " ORDER BY type <> 'table', rowid"
    )
    for (sql,) in schema.fetchall():
        empty.execute(sql)
    return empty


def _tables_touched(empty: sqlite3.Connection, sql: str) -> set[str]:
    """Run a migration on an empty database; return the tables that it reads, changes or indexes."""
    touched: set[str] = set()

    def note(action: int, first: str | None, second: str | None, *_: str | None) -> int:
        if action in _WITH_TABLE and first:
            touched.add(first)
        elif action == sqlite3.SQLITE_CREATE_INDEX and second:
            touched.add(second)
        return sqlite3.SQLITE_OK

    empty.set_authorizer(note)
    for statement in statements_of(sql):
        empty.execute(statement)
    empty.set_authorizer(None)
    return touched
