"""The row of a stop, and the change that tells the other processes."""

from support.ledger_rows import T0
from tactful.runtime.ports.rulebook_store import OffersStop
from tactful.stores.relational.tables import offers_stop
from tactful.stores.sqlite.sqlite_connection import SqliteConnection


def test_a_second_stop_and_a_second_start_change_nothing(connection: SqliteConnection) -> None:
    first = OffersStop(T0, "Ada", "a wrong price")
    assert offers_stop.put_stop(connection, first)
    assert not offers_stop.put_stop(connection, OffersStop(T0 + 1, "Bo", "another"))
    rows = connection.execute(offers_stop.READ).fetchall()
    assert offers_stop.stop_from_rows(rows) == first
    assert offers_stop.delete_stop(connection, T0 + 2)
    assert not offers_stop.delete_stop(connection, T0 + 3)
    assert offers_stop.stop_from_rows(connection.execute(offers_stop.READ).fetchall()) is None
    assert [one.at for one in connection.take_changes()] == [T0, T0 + 2]
