"""Contact histories in SQLite, each with the revision that a commit is checked against."""

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Final

from tactful.runtime.ports.ledger_rows import ContactWrite, SavedContact
from tactful.stores.shared.contact_merge import next_contact

SELECT_CONTACT: Final = "SELECT revision, body FROM contacts WHERE shopper = ?"
_PUT: Final = """
  INSERT INTO contacts (shopper, revision, body) VALUES (?, ?, ?)
  ON CONFLICT DO UPDATE SET revision = excluded.revision, body = excluded.body"""


def read_contact(connection: sqlite3.Connection, customer: str) -> SavedContact | None:
    """Return the contact history of a customer; None: none is stored."""
    row = connection.execute(SELECT_CONTACT, (customer,)).fetchone()
    return SavedContact(*row) if row else None


def revision_of(connection: sqlite3.Connection, customer: str) -> int:
    """Return the revision of a customer's contact history; 0: none is stored."""
    sql = "SELECT revision FROM contacts WHERE shopper = ?"
    row = connection.execute(sql, (customer,)).fetchone()
    return int(row[0]) if row else 0


def write_checked(connection: sqlite3.Connection, writes: Mapping[str, ContactWrite]) -> None:
    """Write contact histories whose revisions were checked in the same transaction."""
    checked = [
        (customer, write.revision + 1, write.body)
        for customer, write in writes.items()
        if write.revision is not None
    ]
    if checked:
        connection.executemany(_PUT, checked)
    if len(checked) < len(writes):
        write_contacts(connection, [one for one in writes.items() if one[1].revision is None])


def write_contacts(
    connection: sqlite3.Connection, writes: Iterable[tuple[str, ContactWrite]]
) -> None:
    """Write contact histories in order; one that was written meanwhile is united with the write."""
    known: dict[str, SavedContact | None] = {}
    for customer, write in writes:
        if customer not in known:
            known[customer] = read_contact(connection, customer)
        known[customer] = next_contact(known[customer], write)
    rows = [(customer, one.revision, one.body) for customer, one in known.items() if one]
    if rows:
        connection.executemany(_PUT, rows)
