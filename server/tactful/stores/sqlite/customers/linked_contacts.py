"""The contacts of customers in SQLite, and the facts that only a contact links to somebody."""

import sqlite3
from typing import Final

from tactful.stores.shared.contact_links import stored_contacts

_WITH_CONTACT: Final = """
  SELECT DISTINCT f.id, f.body FROM subjects AS c
  JOIN subjects AS s ON s.fact_kind = c.fact_kind AND s.fact_key = c.fact_key AND s.kind = 'contact'
  JOIN facts AS f ON f.kind = c.fact_kind AND f.key = c.fact_key
  WHERE c.kind = 'customer' AND c.id = ?"""
UNNAMED_KEYS: Final = """
  SELECT fact_kind, fact_key FROM subjects AS s
  WHERE s.kind = 'contact' AND s.id = ? AND NOT EXISTS (
    SELECT 1 FROM subjects AS c WHERE c.kind = 'customer'
    AND c.fact_kind = s.fact_kind AND c.fact_key = s.fact_key)
  ORDER BY fact_kind, fact_key"""
"""Kind and key of the facts about a contact no version of which names a customer."""


def contacts_of_customer(connection: sqlite3.Connection, customer: str) -> list[str]:
    """Return the contacts that any version of a customer's own facts names."""
    found = connection.execute(_WITH_CONTACT, (customer,)).fetchall()
    return stored_contacts(customer, (body for _, body in found))


def unnamed_keys(connection: sqlite3.Connection, contact: str) -> set[tuple[str, str]]:
    """Return kind and key of the facts about a contact that name no customer."""
    return set(connection.execute(UNNAMED_KEYS, (contact,)).fetchall())
