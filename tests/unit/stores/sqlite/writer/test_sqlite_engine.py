"""SQLite behind the writer."""

import sqlite3
from pathlib import Path

import pytest

from tactful.runtime.ports.ledger import LedgerBrokenError, LedgerFullError
from tactful.stores.sqlite.sqlite_connection import SqliteConnection
from tactful.stores.sqlite.writer.sqlite_engine import SqliteEngine


def failure(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("it failed")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("code", "kind"), [(sqlite3.SQLITE_IOERR, LedgerBrokenError), (sqlite3.SQLITE_FULL, None)]
)
def test_only_an_error_that_the_next_commit_would_meet_suspends_commits(
    connection: SqliteConnection, tmp_path: Path, code: int, kind: type | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    engine = SqliteEngine(connection, tmp_path / "tactful.db")

    def fail() -> None:
        raise failure(code)

    assert engine.maintain() is None
    monkeypatch.setattr(engine._checkpointer, "run_if_due", fail)
    assert type(engine.maintain()) is (kind or type(None))
    engine.close()


def test_a_probe_writes_and_an_error_is_translated(
    connection: SqliteConnection, tmp_path: Path
) -> None:
    engine = SqliteEngine(connection, tmp_path / "tactful.db")
    engine.probe()
    assert connection.execute("SELECT count(*) FROM meta WHERE key = 'probe'").fetchone() == (1,)
    assert isinstance(engine.translate(failure(sqlite3.SQLITE_FULL)), LedgerFullError)
    assert not engine.settle()
    engine.close()
