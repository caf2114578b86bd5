"""Customers who are listed as erased are erased from a restored ledger."""

from support.ledger_rows import T0, fact
from tactful.stores.relational import facts
from tactful.stores.relational.customers.repeated_erasures import erase_again
from tactful.stores.relational.tables import tombstones
from tactful.stores.shared.erasures import Erasure, erasure_digest, ledger_secret
from tactful.stores.sqlite.sqlite_connection import SqliteConnection

COUNT = "SELECT count(*) FROM facts"


def test_a_listed_customer_and_contact_are_erased_once(connection: SqliteConnection) -> None:
    connection.start()
    rows = [
        fact("case", "k1", 1, subjects=(("customer", "c1"),), customer="c1"),
        fact("case", "k2", 1, subjects=(("contact", "~x"),), customer="nobody"),
        fact("case", "k3", 1, subjects=(("customer", "c2"),), customer="c2"),
    ]
    facts.record(connection, rows)
    connection.commit()
    secret = ledger_secret(connection)
    listed = {
        erasure_digest(secret, "customer", "c1"): Erasure("one", T0),
        erasure_digest(secret, "contact", "~x"): Erasure("two", T0),
        erasure_digest(secret, "customer", "unknown"): Erasure("three", T0),
    }
    assert erase_again(connection, listed) == 2
    assert connection.execute(COUNT).fetchone() == (1,)
    assert {one.digest for one in tombstones.read_tombstones(connection)} == listed.keys()
    assert erase_again(connection, listed) == 0
