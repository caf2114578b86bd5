"""PostgreSQL behind the writer."""

import psycopg
import pytest

from tactful.runtime.ports.ledger import LedgerAwayError, LedgerBrokenError
from tactful.stores.postgres import postgres_engine
from tactful.stores.postgres.database_opening import take_over
from tactful.stores.postgres.postgres_connection import PostgresConnection
from tactful.stores.postgres.postgres_engine import PostgresEngine
from tactful.stores.postgres.target import Target
from tactful.stores.postgres.tenure import Alone


def test_a_heartbeat_is_due_after_a_second_only(
    connection: PostgresConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    beats: list[int] = []
    monkeypatch.setattr(connection, "beat", lambda: beats.append(1))
    engine = PostgresEngine(connection, "db")
    assert engine.maintain() is None
    assert beats == []
    monkeypatch.setattr(postgres_engine, "BEAT_S", 0)
    assert engine.maintain() is None
    assert beats == [1]


def test_a_heartbeat_says_that_another_server_has_taken_over(
    connection: PostgresConnection, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_engine, "BEAT_S", 0)
    take_over(target, Alone("test"), lambda: None).close()
    assert isinstance(PostgresEngine(connection, "db").maintain(), LedgerBrokenError)


def test_an_error_of_psycopg_is_translated(connection: PostgresConnection) -> None:
    found = PostgresEngine(connection, "db").translate(psycopg.OperationalError("gone"))
    assert isinstance(found, LedgerAwayError)
