"""Tombstones in SQLite: an erased id is not written again until it is begun anew."""

from msgspec import structs

from support.ledger_rows import T0, fact
from tactful.runtime.ports.ledger_rows import Commit
from tactful.stores.relational.tables.tombstones import (
    add_tombstone,
    alias_of,
    begin_anew,
    digest_if_erased,
    read_tombstone,
    refuses_fact,
    without_erased_ids,
)
from tactful.stores.sqlite.sqlite_connection import SqliteConnection

OWN = fact("customer", "c1", 1, subjects=(("customer", "c1"),))


def test_a_ledger_without_erasures_replaces_nothing(connection: SqliteConnection) -> None:
    turn = Commit(customer="c1")
    assert without_erased_ids(connection, turn) is turn
    assert alias_of(connection, "customer", "c1") is None
    assert digest_if_erased(connection, "customer", "c1") is None
    assert not refuses_fact(connection, OWN)
    assert read_tombstone(connection, "customer", "c1") is None
    assert begin_anew(connection, "customer", "c1", T0)


def test_an_erased_id_is_replaced_until_it_is_begun_anew(connection: SqliteConnection) -> None:
    digest = add_tombstone(connection, "customer", "c1", "erased-1", T0)
    assert digest_if_erased(connection, "customer", "c1") == digest
    assert digest_if_erased(connection, "customer", "c2") is None
    assert alias_of(connection, "customer", "c1") == "erased-1"
    assert alias_of(connection, "customer", "c2") is None
    assert without_erased_ids(connection, Commit(customer="c1")).customer == "erased-1"
    assert not begin_anew(connection, "customer", "c1", T0)
    assert begin_anew(connection, "customer", "c1", T0 + 1)
    assert begin_anew(connection, "customer", "c1", T0)
    assert alias_of(connection, "customer", "c1") is None
    add_tombstone(connection, "customer", "c1", "erased-2", T0 + 2)
    assert alias_of(connection, "customer", "c1") == "erased-2"


def test_only_a_fact_of_a_later_instant_of_its_own_is_stored(connection: SqliteConnection) -> None:
    add_tombstone(connection, "customer", "c1", "erased-1", T0)
    assert refuses_fact(connection, OWN)
    assert refuses_fact(connection, structs.replace(OWN, own_at=T0))
    assert not refuses_fact(connection, fact(version=1))
    assert not refuses_fact(connection, structs.replace(OWN, own_at=T0 + 1))
    assert not refuses_fact(connection, OWN)
