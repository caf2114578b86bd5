"""Contact histories, each with the revision that a commit is checked against."""

from collections.abc import Mapping
from typing import Final

from tactful.runtime.ports.ledger_rows import SavedContact
from tactful.stores.relational.inserts import insert_into
from tactful.stores.relational.ledger_connection import WriteConnection

SELECT_CONTACT: Final = "SELECT revision, body FROM contacts WHERE shopper = ?"
_PUT: Final = insert_into(
    "contacts",
    "shopper text, revision bigint, body bytea",
    "ON CONFLICT (shopper) DO UPDATE SET revision = excluded.revision, body = excluded.body",
    key_columns=1,
)


def read_contact(connection: WriteConnection, customer: str) -> SavedContact | None:
    """Return the contact history of a customer; None: none is stored."""
    row = connection.execute(SELECT_CONTACT, (customer,)).fetchone()
    return SavedContact(*row) if row else None


def put_contacts(connection: WriteConnection, contacts: Mapping[str, SavedContact]) -> None:
    """Write contact histories in their new states."""
    if contacts:
        rows = [(customer, one.revision, one.body) for customer, one in contacts.items()]
        connection.insert(_PUT, rows)
