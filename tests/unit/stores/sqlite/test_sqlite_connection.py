"""The state of a transaction: what was logged is forgotten with a rollback."""

from support.ledger_rows import fact
from tactful.stores.relational import facts
from tactful.stores.relational.tables.change_rows import newest_position
from tactful.stores.sqlite.sqlite_connection import SqliteConnection


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
