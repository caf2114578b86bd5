"""The connection that writes: fenced, pipelined, and settled when it is lost."""

from contextlib import closing

import psycopg
import pytest

from support.postgres_ledger import hold
from tactful.runtime.ports.ledger import LedgerBrokenError
from tactful.stores.postgres.database_opening import take_over
from tactful.stores.postgres.postgres_connection import PostgresConnection
from tactful.stores.postgres.target import Target
from tactful.stores.postgres.tenure import Alone
from tactful.stores.relational.inserts import insert_into
from tactful.stores.relational.writer.engine import RepeatError, UnknownOutcomeError

HEARD = insert_into(
    "heard",
    "feed text, at bigint",
    "ON CONFLICT (feed) DO UPDATE SET at = heard.at * 10 + excluded.at",
    key_columns=1,
)


def heard(connection: PostgresConnection) -> list[tuple[object, ...]]:
    connection.start()
    found = connection.execute("SELECT feed, at FROM heard ORDER BY feed").fetchall()
    connection.commit()
    return found


def put(connection: PostgresConnection, feed: str, at: int = 1) -> None:
    connection.execute("INSERT INTO heard VALUES (?, ?)", (feed, at))


def test_what_is_committed_is_stored_and_what_is_abandoned_is_not(
    connection: PostgresConnection,
) -> None:
    connection.start()
    put(connection, "kept")
    connection.commit()
    connection.start()
    put(connection, "dropped")
    connection.abandon()
    assert heard(connection) == [("kept", 1)]


def test_rows_of_one_key_change_what_the_row_before_left(connection: PostgresConnection) -> None:
    connection.start()
    connection.insert(HEARD, [("a", 1), ("b", 2), ("a", 3), ("a", 4)])
    connection.commit()
    assert heard(connection) == [("a", 134), ("b", 2)]


def test_changed_rows_are_counted(connection: PostgresConnection) -> None:
    connection.start()
    before = connection.total_changes
    put(connection, "a")
    assert (
        connection.executemany("DELETE FROM heard WHERE feed = ?", [("a",), ("b",)]).rowcount == 1
    )
    assert connection.total_changes == before + 2
    connection.commit()


def test_a_mistake_is_met_at_the_next_answer_and_undone_with_its_job(
    connection: PostgresConnection,
) -> None:
    connection.start()
    put(connection, "a")
    connection.execute("SAVEPOINT job")
    put(connection, "a")
    with pytest.raises(psycopg.errors.UniqueViolation):
        connection.flush()
    connection.undo_job("job")
    connection.execute("RELEASE job")
    put(connection, "b")
    connection.commit()
    assert heard(connection) == [("a", 1), ("b", 1)]


def test_a_server_that_was_taken_over_writes_nothing(
    connection: PostgresConnection, target: Target
) -> None:
    with closing(take_over(target, Alone("test"), lambda: None)) as later:
        connection.start()
        with pytest.raises(LedgerBrokenError, match="taken this ledger over"):
            put(connection, "late")
        connection.abandon()
        assert heard(later) == []
        with pytest.raises(LedgerBrokenError):
            connection.beat()


def test_another_server_waits_for_the_lease(connection: PostgresConnection, target: Target) -> None:
    hold(connection)
    other = PostgresConnection(target, Alone("other"))
    assert not other.take_over()
    connection.close()
    assert other.take_over()
    other.close()


def test_a_connection_that_is_lost_before_the_commit_has_written_nothing(
    connection: PostgresConnection,
) -> None:
    connection.start()
    put(connection, "a")
    connection._open.pgconn.finish()
    with pytest.raises(RepeatError):
        put(connection, "b")
    connection.abandon()
    assert heard(connection) == []


class Warned:
    sqlstate = "01000"
    message_primary = "canceling wait for synchronous replication due to user request"


def test_a_commit_that_no_standby_confirmed_is_settled_before_anybody_learns_of_it(
    connection: PostgresConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection.start()
    put(connection, "a")
    connection.flush()
    sync = psycopg.Pipeline.sync

    def warned(pipeline: psycopg.Pipeline) -> None:
        sync(pipeline)
        monkeypatch.undo()
        connection._note(Warned())  # type: ignore[arg-type]

    monkeypatch.setattr(psycopg.Pipeline, "sync", warned)
    with pytest.raises(UnknownOutcomeError, match="standby"):
        connection.commit()
    connection.abandon()
    assert connection.settle()
    assert heard(connection) == [("a", 1)]


@pytest.mark.parametrize("is_in", [True, False])
def test_a_commit_whose_answer_is_lost_is_settled_by_the_row_of_the_server(
    connection: PostgresConnection, is_in: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection.start()
    put(connection, "a")
    connection.flush()
    sync = psycopg.Pipeline.sync

    def lost(pipeline: psycopg.Pipeline) -> None:
        sync(pipeline)
        monkeypatch.undo()
        connection._open.pgconn.finish()
        raise psycopg.OperationalError

    if is_in:
        monkeypatch.setattr(psycopg.Pipeline, "sync", lost)
    else:
        connection._open.pgconn.finish()
    with pytest.raises(UnknownOutcomeError):
        connection.commit()
    connection.abandon()
    assert connection.settle() is is_in
    assert connection.settled == {is_in: 1, not is_in: 0}
    assert heard(connection) == ([("a", 1)] if is_in else [])
