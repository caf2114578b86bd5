"""Opening of a ledger on PostgreSQL, with checks of the server's version and durability."""

import time
from collections.abc import Callable
from contextlib import closing
from typing import Final

import psycopg
import structlog

from tactful.runtime.ports.ledger import LedgerError
from tactful.stores.postgres import schema_migrations
from tactful.stores.postgres.error_meanings import translate_error
from tactful.stores.postgres.postgres_connection import PostgresConnection
from tactful.stores.postgres.raw_connection import RawConnection, connect
from tactful.stores.postgres.schema_migrations import migrate, schema_version
from tactful.stores.postgres.target import Target
from tactful.stores.postgres.tenure import Tenure
from tactful.stores.relational.tables import change_rows

LOWEST_VERSION: Final = 14
"""The oldest PostgreSQL that is supported."""
MOVED_MARK: Final = "moved"
"""The key in `meta` that says where a ledger was moved to."""
LEASE_TIMEOUT_S: Final = 45
"""Seconds to wait for another server. One that is stopping is gone within 30 s."""
POLL_S: Final = 0.2
"""Seconds between two attempts to take the ledger over."""
log = structlog.get_logger("tactful.ledger")

_MIGRATION_S: Final = 3600
"""Seconds that a migration may take."""


def prepare(target: Target, *, needs_durability: bool = True) -> None:
    """Check the server, and migrate the ledger or make a new one.

    Args:
        target: The database.
        needs_durability: Whether a server that may lose acknowledged commits is refused.

    Raises:
        LedgerError: The server cannot be used; the message says why, and what to do.
    """
    try:
        with closing(connect(target)) as made:
            made.deadline_s = _MIGRATION_S
            _check_server(made, target.place, needs_durability=needs_durability)
            _refuse_if_moved(made, target.place)
            for number in migrate(made, target.place):
                log.info("ledger.migrated", schema=number)
    except psycopg.Error as error:
        raise translate_error(error, target.place) from error


def pending_migrations(target: Target) -> list[int]:
    """Return the numbers of the migrations that a ledger lacks; nothing is written.

    Raises:
        LedgerError: The database cannot be read, or holds something else.
    """
    try:
        with closing(connect(target)) as made:
            return [*schema_migrations.pending_migrations(made, target.place)]
    except psycopg.Error as error:
        raise translate_error(error, target.place) from error


def take_over(
    target: Target, tenure: Tenure, on_wait: Callable[[], None], timeout_s: int | None = None
) -> PostgresConnection:
    """Return the connection that writes, once this server may write.

    Args:
        target: The database, which is prepared.
        tenure: How this server takes the ledger over.
        on_wait: Called once, if another server holds the ledger.
        timeout_s: Seconds to wait for the other server; None: `LEASE_TIMEOUT_S`.

    Raises:
        LedgerError: The other server did not stop in time, or the database cannot be reached.
    """
    made = PostgresConnection(target, tenure)
    until = time.monotonic() + (LEASE_TIMEOUT_S if timeout_s is None else timeout_s)
    is_waiting = False
    while not made.take_over():
        if not is_waiting:
            on_wait()
        is_waiting = True
        if time.monotonic() > until:
            made.close()
            message = f"{target.place}: {tenure.refusal}"
            raise LedgerError(message, retry=False)
        time.sleep(POLL_S)
    change_rows.recent_heads(made)
    made.flush()
    return made


def has_synchronous_standby(connection: RawConnection) -> bool:
    """Return whether a commit is acknowledged only when a standby has it too."""
    return (
        _show(connection, "synchronous_standby_names") != ""
        and _show(connection, "synchronous_commit") in {"on", "remote_write", "remote_apply"}
    )  # fmt: skip


def _check_server(connection: RawConnection, place: str, *, needs_durability: bool) -> None:
    version = connection.info.server_version
    if version < LOWEST_VERSION * 10_000:
        _refuse(f"{place} is version {version // 10_000}; use {LOWEST_VERSION} or newer")
    if _show(connection, "server_encoding") != "UTF8":
        _refuse(f"{place} does not store UTF-8; create the database with ENCODING 'UTF8'")
    if _show(connection, "transaction_read_only") == "on":
        _refuse(f"{place} is a standby, which cannot be written; name the primary")
    for setting in ("fsync", "full_page_writes", "synchronous_commit") if needs_durability else ():
        if _show(connection, setting) == "off":
            _refuse(f"{place} has {setting} = off and may lose what it acknowledged; set it to on")


def _refuse_if_moved(connection: RawConnection, place: str) -> None:
    if schema_version(connection, place) == 0:
        return
    row = connection.execute("SELECT value FROM meta WHERE key = %s", (MOVED_MARK,)).fetchone()
    if row:
        to = bytes(row[0]).decode()
        _refuse(f"{place} holds a ledger that was moved to {to}; serve that one")


def _show(connection: RawConnection, setting: str) -> str:
    """Return a setting of the server; empty: it has no such setting."""
    row = connection.execute("SELECT current_setting(%s, true)", (setting,)).fetchone()
    return str(row[0] or "") if row else ""


def _refuse(message: str) -> None:
    raise LedgerError(message, retry=False)
