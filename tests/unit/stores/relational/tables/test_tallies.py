"""Counts per hour in SQLite."""

from tactful.runtime.ports.ledger_rows import TallyRow
from tactful.stores.relational.tables.tallies import add_tallies, prune, sums_query
from tactful.stores.sqlite.sqlite_connection import SqliteConnection


def tally(hour: int, count: int, what: str = "viewers") -> TallyRow:
    return TallyRow(hour, what, "aero", "DE", "", count)


def sums(connection: SqliteConnection, since: int, what: str | None = None) -> list[TallyRow]:
    return [TallyRow(*row) for row in connection.execute(*sums_query(since, what)).fetchall()]


def test_counts_of_one_hour_and_name_add_up(connection: SqliteConnection) -> None:
    add_tallies(connection, [tally(5, 1), tally(5, 2), tally(6, 1), tally(5, 9, "offers")])
    add_tallies(connection, [tally(5, 1)])
    assert sums(connection, 5) == [tally(5, 9, "offers"), tally(5, 4), tally(6, 1)]
    assert sums(connection, 6) == [tally(6, 1)]
    assert sums(connection, 0, "offers") == [tally(5, 9, "offers")]


def test_old_hours_are_deleted_in_pieces(connection: SqliteConnection) -> None:
    add_tallies(connection, [tally(hour, 1) for hour in range(5)] + [tally(0, 1, "offers")])
    assert prune(connection, 4, "viewers", 3) == 3
    assert prune(connection, 4, "viewers", 3) == 1
    assert sums(connection, 0) == [tally(0, 1, "offers"), tally(4, 1)]
