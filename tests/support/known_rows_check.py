"""The check that what a writer knows of the stored rows is what is stored."""

import pytest

from tactful.stores.relational.tables.change_rows import NEWEST
from tactful.stores.shared.erasures import digests_of, ledger_secret
from tactful.stores.sqlite.sqlite_connection import SqliteConnection


def assert_known_rows_are_stored(connection: SqliteConnection) -> None:
    """Compare everything that a connection knows with the tables, inside its transaction."""
    known = connection.known
    execute = connection.execute
    assert execute(NEWEST).fetchone() == (known.newest,)
    instant = execute("SELECT at FROM changes ORDER BY position DESC LIMIT 1").fetchone() or (0,)
    assert instant == (known.newest_at,)
    assert execute("SELECT EXISTS (SELECT 1 FROM erased)").fetchone() == (int(known.any_erased),)
    epochs = dict(execute("SELECT session, epoch FROM sessions"))
    ended = dict(execute("SELECT session, epoch FROM ended_sessions"))
    assert known.any_ended is bool(ended)
    digest = digests_of(ledger_secret(connection), "session")
    assert known.epochs == {
        session: epochs.get(session) or ended.get(digest(session), 0) for session in known.epochs
    }
    promised = {
        (sku, place): units for sku, place, units in execute("SELECT * FROM stock_commitments")
    }
    assert known.promised == {shelf: promised.get(shelf, 0) for shelf in known.promised}
    rows = {(row.campaign, row.period, row.currency): row for row in known.balances.values()}
    assert rows == known.balances
    stored = {row[:3]: row for row in execute("SELECT * FROM budgets")}
    for key, row in rows.items():
        assert stored[key] == (*key, row.limit, row.reserved, row.settled)


def check_every_transaction(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Make every transaction of a writer begin with the check; return what grows with each check."""
    start, checks = SqliteConnection.start, []

    def start_and_check(connection: SqliteConnection) -> None:
        start(connection)
        known = connection.known
        assert_known_rows_are_stored(connection)
        checks.append(len(known.epochs) + len(known.promised) + len(known.balances))

    monkeypatch.setattr(SqliteConnection, "start", start_and_check)
    return checks
