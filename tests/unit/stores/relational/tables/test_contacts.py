"""Contact histories in SQLite, with their revisions."""

from tactful.runtime.ports.ledger_rows import SavedContact
from tactful.stores.relational.tables.contacts import put_contacts, read_contact
from tactful.stores.sqlite.sqlite_connection import SqliteConnection


def test_a_history_is_stored_with_its_revision(connection: SqliteConnection) -> None:
    assert read_contact(connection, "c1") is None
    put_contacts(connection, {"c1": SavedContact(1, b"a"), "c2": SavedContact(7, b"x")})
    put_contacts(connection, {"c1": SavedContact(2, b"b")})
    put_contacts(connection, {})
    assert read_contact(connection, "c1") == SavedContact(2, b"b")
    assert read_contact(connection, "c2") == SavedContact(7, b"x")
