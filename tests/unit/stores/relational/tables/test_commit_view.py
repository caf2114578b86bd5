"""What a commit is checked against, as SQLite holds it."""

from support.ledger_rows import T0, fact, offer, push
from tactful.runtime.ports.ledger_rows import Commit, ContactWrite
from tactful.stores.relational import facts, turns
from tactful.stores.relational.tables import tombstones
from tactful.stores.relational.tables.commit_view import RelationalCommitView
from tactful.stores.sqlite.sqlite_connection import SqliteConnection


def test_an_empty_ledger_has_neither_positions_nor_rows(connection: SqliteConnection) -> None:
    view = RelationalCommitView(connection)
    assert (view.newest_position(), view.known_since()) == (0, 0)
    assert view.newer_subjects([("sku", "RUN-42"), ("customer", "c1")], 0) == set()
    assert (view.epoch_of("se_1"), view.contact_revision("c1")) == (0, 0)
    assert view.promised_units(("RUN-42", "DE")) == 0


def test_a_filled_ledger_is_read_in_the_same_transaction(connection: SqliteConnection) -> None:
    facts.record(connection, [fact(version=1)])
    turns.commit(connection, push(offer(max_qty=2)))
    turns.commit(
        connection, Commit(session="se_1", state=b"", contacts={"c1": ContactWrite(0, b"")})
    )
    view = RelationalCommitView(connection)
    assert (view.newest_position(), view.known_since()) == (1, 0)
    assert view.newer_subjects([("sku", "RUN-42")], 0) == {("sku", "RUN-42")}
    assert (view.epoch_of("se_1"), view.contact_revision("c1")) == (1, 1)
    assert view.promised_units(("RUN-42", "DE")) == 2


def test_the_changes_of_an_erased_customer_are_found_under_the_digest(
    connection: SqliteConnection,
) -> None:
    digest = tombstones.add_tombstone(connection, "customer", "c1", "erased-1", T0)
    about = (("customer", digest),)
    facts.record(connection, [fact("case", "k1", 1, subjects=about)])
    found = RelationalCommitView(connection).newer_subjects([("customer", "c1")], 0)
    assert found == {("customer", "c1")}
