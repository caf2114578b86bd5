"""Connections that read beside the writer."""

import pytest

from tactful.runtime.ports.ledger import LedgerAwayError, LedgerError
from tactful.stores.postgres.readers import Readers, read_once
from tactful.stores.postgres.target import Target
from tactful.stores.relational.ledger_connection import ReadConnection

KEYS = "SELECT key FROM meta WHERE key = ?"


async def test_rows_are_read_with_the_parameters_of_sqlite(target: Target) -> None:
    readers = Readers(target)
    assert await readers.rows(KEYS, ("secret",)) == [("secret",)]
    await readers.close()
    assert read_once(target, KEYS, ("secret",)) == [("secret",)]


async def test_a_snapshot_reads_and_cannot_write(target: Target) -> None:
    readers = Readers(target)

    def read(made: ReadConnection) -> object:
        return made.execute("SELECT count(*) FROM facts").fetchone()

    def write(made: ReadConnection) -> object:
        return made.execute("DELETE FROM facts").fetchone()

    assert await readers.snapshot(read) == (0,)
    with pytest.raises(LedgerAwayError, match="read-only"):
        await readers.snapshot(write)
    assert await readers.snapshot(read) == (0,)
    await readers.close()


async def test_a_mistake_is_a_ledger_error(target: Target) -> None:
    readers = Readers(target)
    with pytest.raises(LedgerError, match="nowhere"):
        await readers.rows("SELECT 1 FROM nowhere", ())
    await readers.close()


async def test_a_connection_that_was_lost_is_made_anew(target: Target) -> None:
    readers = Readers(target)
    assert await readers.rows("SELECT 1", ()) == [(1,)]
    for raw in readers._open:
        raw.pgconn.finish()
    assert [await readers.rows("SELECT 1", ()) for _ in range(6)] == [[(1,)]] * 6
    await readers.close()
