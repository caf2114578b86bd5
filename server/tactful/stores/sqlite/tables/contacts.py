"""Contact histories in SQLite, each with the revision that a commit is checked against."""

import sqlite3
from collections.abc import Mapping
from typing import Final

from tactful.runtime.ports.ledger_rows import SavedContact

SELECT_CONTACT: Final = "SELECT revision, body FROM contacts WHERE shopper = ?"
_PUT: Final = """
  INSERT INTO contacts (shopper, revision, body) VALUES (?, ?, ?)
  ON CONFLICT DO UPDATE SET revision = excluded.revision, body = excluded.body"""


def read_contact(connection: sqlite3.Connection, customer: str) -> SavedContact | None:
    """Return the contact history of a customer; None: none is stored."""
    row = connection.execute(SELECT_CONTACT, (customer,)).fetchone()
    return SavedContact(*row) if row else None


def put_contacts(connection: sqlite3.Connection, contacts: Mapping[str, SavedContact]) -> None:
    """Write contact histories in their new states."""
    if contacts:
        rows = [(customer, one.revision, one.body) for customer, one in contacts.items()]
        connection.executemany(_PUT, rows)
