"""Contact histories in SQLite, with their revisions."""

from tactful.runtime.ports.ledger_rows import ContactWrite, SavedContact
from tactful.stores.sqlite.ledger_connection import LedgerConnection
from tactful.stores.sqlite.tables.contacts import read_contact, write_contacts


def test_each_write_of_a_history_raises_its_revision(connection: LedgerConnection) -> None:
    assert read_contact(connection, "c1") is None
    write_contacts(
        connection,
        [
            ("c1", ContactWrite(0, b"a")),
            ("c2", ContactWrite(None, b"x")),
            ("c1", ContactWrite(1, b"b")),
        ],
    )
    assert read_contact(connection, "c1") == SavedContact(2, b"b")
    assert read_contact(connection, "c2") == SavedContact(1, b"x")
