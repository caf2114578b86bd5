"""Numbered migrations on PostgreSQL, each applied in one transaction with its number.

The same rules hold as for SQLite: a released migration never changes, and one that an older program can
work with says so in a comment, `-- Compatible since: 7`.
"""

import re
import secrets
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Final

from tactful.runtime.ports.ledger import LedgerError
from tactful.stores.postgres.raw_connection import RawConnection

_COMPATIBLE: Final = re.compile(r"^-- Compatible since: (\d+)$", re.MULTILINE)
_READ: Final = "SELECT key, value FROM meta WHERE key IN ('schema', 'compatible_since')"
_PUT: Final = """
  INSERT INTO meta (key, value) VALUES (%s, %s)
  ON CONFLICT (key) DO UPDATE SET value = excluded.value"""
_TABLES: Final = """
  SELECT count(*) FROM information_schema.tables
  WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'"""
_HAS_META: Final = """
  SELECT count(*) FROM information_schema.columns
  WHERE table_schema = current_schema() AND table_name = 'meta' AND column_name = 'value'"""


@cache
def migrations() -> dict[int, str]:
    """Return number → SQL, in ascending order."""
    folder = files("tactful.stores.postgres") / "sql"
    found = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return {int(name[:4]): (folder / name).read_text("utf-8") for name in found}


def newest_schema() -> int:
    """Return the number of the last migration, which is the schema version of this program."""
    return max(migrations())


def schema_version(connection: RawConnection, place: str) -> int:
    """Return the schema version of a ledger; 0: the database is empty.

    Args:
        connection: An open connection.
        place: The database, for messages.

    Raises:
        LedgerError: The database holds something else, or was changed by a newer version beyond what
            this program can work with.
    """
    has_meta = _count(connection, _HAS_META) and connection.execute(_READ).fetchall()
    if not has_meta:
        if _count(connection, _TABLES):
            message = (
                f"{place} holds tables that are no ledger; name an empty database of its own,"
                " nothing was changed in it"
            )
            raise LedgerError(message, retry=False)
        return 0
    known = {key: int(bytes(value)) for key, value in has_meta}
    if known.get("compatible_since", 0) > newest_schema():
        raise LedgerError(
            f"{place} has schema {known['schema']}, and only programs that know schema"
            f" {known['compatible_since']} can work with it; this program knows schemas up to"
            f" {newest_schema()}. Start the newer version that wrote it.",
            retry=False,
        )
    return known["schema"]


def pending_migrations(connection: RawConnection, place: str) -> dict[int, str]:
    """Return number → SQL of the migrations that a ledger lacks; see `schema_version`."""
    version = schema_version(connection, place)
    return {number: sql for number, sql in migrations().items() if number > version}


def migrate(
    connection: RawConnection, place: str, *, progress: Callable[[int], None] = lambda _: None
) -> list[int]:
    """Apply the migrations that a ledger lacks.

    Args:
        connection: An open connection.
        place: The database, for messages.
        progress: Called with the number of each migration before it begins.

    Returns:
        The numbers that were applied, in ascending order.

    Raises:
        LedgerError: See `schema_version`.
        psycopg.Error: A migration failed; it and those after it are not applied.
    """
    pending = pending_migrations(connection, place)
    for number, sql in pending.items():
        progress(number)
        with connection.transaction():
            connection.execute(sql)
            if number == 1:
                connection.execute(_PUT, ("secret", secrets.token_bytes(32)))
            declared = _COMPATIBLE.search(sql)
            since = int(declared[1]) if declared else number
            connection.execute(_PUT, ("schema", b"%d" % number))
            connection.execute(_PUT, ("compatible_since", b"%d" % since))
    return [*pending]


def _count(connection: RawConnection, sql: str) -> int:
    row = connection.execute(sql).fetchone()
    return int(row[0]) if row else 0
