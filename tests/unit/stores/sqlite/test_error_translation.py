"""An error of SQLite becomes the ledger error that says what to do."""

import sqlite3

import pytest

from tactful.runtime.ports.ledger import LedgerBrokenError, LedgerError, LedgerFullError
from tactful.stores.sqlite.error_translation import NOT_UTF8, translate_error


def failure(code: int, name: str = "SQLITE_X", text: str = "text") -> sqlite3.Error:
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode = code
    error.sqlite_errorname = name
    return error


@pytest.mark.parametrize(
    ("code", "kind", "retry", "says"),
    [
        (sqlite3.SQLITE_FULL, LedgerFullError, True, "free some space"),
        (sqlite3.SQLITE_IOERR_SHMSIZE, LedgerFullError, True, "free some space"),
        (sqlite3.SQLITE_IOERR, LedgerBrokenError, True, "check the disk"),
        (sqlite3.SQLITE_IOERR_FSYNC, LedgerBrokenError, True, "check the disk"),
        (sqlite3.SQLITE_READONLY, LedgerBrokenError, True, "check the disk"),
        (sqlite3.SQLITE_CANTOPEN, LedgerBrokenError, True, "check the disk"),
        (sqlite3.SQLITE_CORRUPT, LedgerBrokenError, True, "tactful restore"),
        (sqlite3.SQLITE_NOTADB, LedgerBrokenError, True, "tactful restore"),
        (sqlite3.SQLITE_BUSY, LedgerError, True, "try again"),
        (sqlite3.SQLITE_LOCKED, LedgerError, True, "try again"),
        (sqlite3.SQLITE_CONSTRAINT, LedgerError, False, "text"),
    ],
)
def test_a_code_decides_the_error_and_the_advice(
    code: int, kind: type[LedgerError], retry: bool, says: str
) -> None:
    found = translate_error(failure(code, "SQLITE_NAME"), "/data/tactful.db")
    assert type(found) is kind
    assert found.retry is retry
    assert str(found).startswith("/data/tactful.db")
    assert says in str(found)
    assert "SQLITE_NAME" in str(found)


def test_a_text_that_is_not_utf8_is_damage_although_it_has_no_code() -> None:
    found = translate_error(sqlite3.OperationalError(f"{NOT_UTF8} column"), "t.db")
    assert type(found) is LedgerBrokenError


def test_an_error_without_a_code_is_a_mistake_in_a_statement() -> None:
    found = translate_error(sqlite3.ProgrammingError("wrong number of bindings"), "t.db")
    assert (type(found), found.retry) == (LedgerError, False)
    assert "ProgrammingError" in str(found)
