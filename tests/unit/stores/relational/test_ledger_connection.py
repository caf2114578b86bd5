"""What a connection knows of its transaction."""

from tactful.runtime.ports.ledger_rows import Change
from tactful.stores.relational.tables import change_rows, tombstones
from tactful.stores.sqlite.sqlite_connection import SqliteConnection


def test_changes_move_what_is_known_and_are_taken_once(connection: SqliteConnection) -> None:
    connection.start()
    assert connection.known.newest == 0
    change_rows.append(connection, "rulebook", (("settings", "rulebook"),), at=5, body=b"v1")
    assert (connection.known.newest, connection.known.newest_at) == (1, 5)
    connection.commit()
    wanted = Change(1, 5, "rulebook", (("settings", "rulebook"),), b"v1")
    assert connection.take_changes() == [wanted]
    assert connection.take_changes() == []


def test_a_tombstone_makes_aliases_be_looked_up_again(connection: SqliteConnection) -> None:
    connection.start()
    assert tombstones.alias_of(connection, "customer", "c1") is None
    tombstones.add_tombstone(connection, "customer", "c1", "erased", 1)
    assert tombstones.alias_of(connection, "customer", "c1") == "erased"
    connection.abandon()
    assert tombstones.alias_of(connection, "customer", "c1") is None
