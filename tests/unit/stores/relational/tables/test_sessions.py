"""Sessions in SQLite: the last state, numbering and epoch."""

from tactful.runtime.ports.ledger_rows import Commit, SavedSession
from tactful.stores.relational.tables.sessions import (
    SELECT_SESSION,
    claim,
    read_epoch,
    write_sessions,
)
from tactful.stores.sqlite.sqlite_connection import SqliteConnection


def stored(connection: SqliteConnection) -> list[SavedSession]:
    return [SavedSession(*row) for row in connection.execute(SELECT_SESSION).fetchall()]


def test_the_numbering_stays_until_another_is_written(connection: SqliteConnection) -> None:
    write_sessions(connection, [Commit(session="se_1", state=b"1", resume=b"r", taken=b"7")])
    write_sessions(connection, [Commit(session="se_1", state=b"2", epoch=1)])
    (saved,) = stored(connection)
    assert (saved.state, saved.taken, saved.epoch) == (b"2", b"7", 1)
    write_sessions(connection, [Commit(session="se_1")])
    assert stored(connection) == [saved]


def test_a_claim_raises_the_epoch_and_is_a_change(connection: SqliteConnection) -> None:
    write_sessions(connection, [Commit(session="se_1", state=b"1", resume=b"r")])
    assert claim(connection, b"unknown") is None
    assert claim(connection, b"") is None
    claimed = claim(connection, b"r")
    assert claimed is not None
    assert claimed.epoch == read_epoch(connection, "se_1") == 2
    assert connection.execute("SELECT kind, body FROM changes").fetchall() == [
        ("session_claimed", b"2")
    ]
