"""Ids of one order in SQLite, before and after the erasure of its customer."""

from tactful.stores.relational.tables.order_ids import OrderIds, add_alias, delete_orphaned, hide
from tactful.stores.shared.erasures import erasure_digest, ledger_secret
from tactful.stores.sqlite.sqlite_connection import SqliteConnection

_USE = """
  INSERT INTO redemptions (offer, "order", attempt, at, status, saved, body)
  VALUES ('of_1', ?, 1, 0, 'redeemed', 0, x'')"""


def names(connection: SqliteConnection, *order: str) -> set[str]:
    return {*OrderIds(connection, ledger_secret(connection), order).names}


def digest(connection: SqliteConnection, order: str) -> str:
    return erasure_digest(ledger_secret(connection), "order", order)


def test_an_order_is_found_under_every_id_that_leads_to_it(connection: SqliteConnection) -> None:
    assert names(connection, "9001") == {"9001"}
    add_alias(connection, "9001", "cart-1")
    add_alias(connection, "A-9001", "9001")
    for one in ("cart-1", "9001", "A-9001"):
        assert {"cart-1", "9001", "A-9001"} <= names(connection, one)
    assert names(connection, "other") == {"other"}


def test_two_orders_that_turn_out_to_be_one_keep_all_their_ids(
    connection: SqliteConnection,
) -> None:
    add_alias(connection, "b", "a")
    add_alias(connection, "d", "c")
    add_alias(connection, "d", "b")
    add_alias(connection, "a", "b")
    assert {"a", "b", "c", "d"} <= names(connection, "c")


def test_the_ids_of_an_erased_order_are_digests_and_each_still_finds_it(
    connection: SqliteConnection,
) -> None:
    add_alias(connection, "9001", "cart-1")
    for order in ("cart-1", "9001"):
        hide(connection, order, digest(connection, order))
    stored = connection.execute('SELECT alias, "order" FROM order_aliases').fetchall()
    assert stored == [(digest(connection, "9001"), digest(connection, "cart-1"))]
    found = OrderIds(connection, ledger_secret(connection), ("9001",))
    assert digest(connection, "cart-1") in found.stored
    assert found.name(digest(connection, "9001")) == "9001"
    assert digest(connection, "cart-1") in found.names
    assert found.hidden(digest(connection, "9001")) == digest(connection, "9001")


def test_ids_are_deleted_with_the_last_redemption_of_their_order(
    connection: SqliteConnection,
) -> None:
    add_alias(connection, "9001", "cart-1")
    connection.execute(_USE, ("9001",))
    delete_orphaned(connection, "cart-1")
    assert "cart-1" in names(connection, "9001")
    connection.execute("DELETE FROM redemptions")
    delete_orphaned(connection, "9001")
    assert names(connection, "9001") == {"9001"}
