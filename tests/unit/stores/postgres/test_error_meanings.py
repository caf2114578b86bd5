"""What PostgreSQL's errors mean for the ledger."""

import psycopg
import pytest
from psycopg import errors

from tactful.runtime.ports.ledger import LedgerAwayError, LedgerError, LedgerFullError
from tactful.stores.postgres.error_meanings import connect_error, is_lost, translate_error


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("connection to server failed: Connection refused", "start the database"),
        ('FATAL: password authentication failed for user "a"', "PGPASSFILE"),
        ("fe_sendauth: no password supplied", "PGPASSFILE"),
        ("FATAL: no pg_hba.conf entry for host", "pg_hba.conf"),
        ('FATAL: database "shop" does not exist', "create it"),
        ("FATAL: sorry, too many clients already", "max_connections"),
        ("SSL error: certificate verify failed", "sslmode"),
        ("session is read-only", "name the primary"),
        ("connection timeout expired", "firewall"),
        ("something new", "something new"),
    ],
)
def test_a_connection_that_fails_says_what_to_do(said: str, advice: str) -> None:
    error = connect_error(psycopg.OperationalError(said), "PostgreSQL shop on db")
    assert "PostgreSQL shop on db cannot be reached: " in str(error)
    assert advice in str(error)
    assert error.retry


@pytest.mark.parametrize(
    ("error", "kind", "retry"),
    [
        (errors.DiskFull("no room"), LedgerFullError, True),
        (errors.AdminShutdown("going down"), LedgerAwayError, True),
        (errors.ReadOnlySqlTransaction("standby"), LedgerAwayError, True),
        (psycopg.OperationalError("lost"), LedgerAwayError, True),
        (psycopg.DataError("text fields cannot contain NUL (0x00) bytes"), LedgerError, False),
        (errors.UniqueViolation("twice"), LedgerError, False),
    ],
)
def test_an_error_says_whether_the_call_may_be_repeated(
    error: psycopg.Error, kind: type[LedgerError], retry: bool
) -> None:
    meaning = translate_error(error, "db")
    assert type(meaning) is kind
    assert meaning.retry is retry


def test_a_server_that_goes_down_loses_its_connections() -> None:
    assert is_lost(errors.AdminShutdown(""))
    assert not is_lost(errors.UniqueViolation(""))
