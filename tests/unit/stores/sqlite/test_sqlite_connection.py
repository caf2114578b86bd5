"""The state of a transaction, and statements that are planned once."""

import sqlite3
import sys
from contextlib import closing

import pytest

from support.ledger_rows import fact
from tactful.stores.relational import facts
from tactful.stores.relational.tables.change_rows import newest_position
from tactful.stores.sqlite.sqlite_connection import SqliteConnection, StablePlanConnection


def test_the_changes_of_a_transaction_are_taken_once(connection: SqliteConnection) -> None:
    connection.start()
    facts.record(connection, [fact(version=1)])
    connection.execute("COMMIT")
    assert [change.position for change in connection.take_changes()] == [1]
    assert connection.take_changes() == []


def test_a_transaction_that_is_abandoned_has_logged_nothing(connection: SqliteConnection) -> None:
    connection.start()
    facts.record(connection, [fact(version=1)])
    connection.abandon()
    assert connection.take_changes() == []
    assert newest_position(connection) == 0
    connection.abandon()


def test_a_job_that_is_undone_leaves_no_gap_in_the_positions(connection: SqliteConnection) -> None:
    connection.start()
    facts.record(connection, [fact(version=1)])
    connection.execute("SAVEPOINT job")
    facts.record(connection, [fact(version=2)])
    connection.undo_job("job")
    facts.record(connection, [fact(version=3)])
    connection.execute("COMMIT")
    assert [change.position for change in connection.take_changes()] == [1, 2]


if sys.version_info >= (3, 12):  # Python 3.11 cannot configure connections

    @pytest.mark.parametrize(
        "ending",
        [pytest.param("kind = ? AND key > '' LIMIT 9", id="partial index"),
         pytest.param("key > 'a' ORDER BY key LIMIT ?", id="limit")],
    )  # fmt: skip
    def test_a_statement_is_planned_once_for_all_values(ending: str) -> None:
        planned: list[int] = []

        def note(action: int, *_: object) -> int:
            planned.append(action)
            return sqlite3.SQLITE_OK

        with closing(sqlite3.connect(":memory:", factory=StablePlanConnection)) as opened:
            opened.execute("CREATE TABLE facts (kind, key)")
            opened.execute("CREATE INDEX of_products ON facts (key) WHERE kind = 'product'")
            # SQLite asks whenever it plans a statement.
            opened.set_authorizer(note)
            counts = []
            for value in (1, 2, 3):
                opened.execute(f"SELECT key FROM facts WHERE {ending}", (value,)).fetchall()  # noqa: S608
                counts.append(len(planned))
        assert counts[0] > 0
        assert counts == counts[:1] * 3
