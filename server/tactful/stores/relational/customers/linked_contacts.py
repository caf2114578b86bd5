"""The contacts of customers, and the facts that only a contact links to somebody."""

from collections.abc import Iterable
from typing import Final

from tactful.runtime.ports.customer_data import ContactFacts
from tactful.stores.relational.ledger_connection import ReadConnection
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

COUNT_CONTACT_FACTS: Final = """
  WITH own AS (SELECT fact_kind, fact_key FROM subjects WHERE kind = 'contact' AND id = ?),
  named AS (SELECT o.fact_kind, o.fact_key FROM own AS o WHERE EXISTS (
    SELECT 1 FROM subjects AS c WHERE c.kind = 'customer'
    AND c.fact_kind = o.fact_kind AND c.fact_key = o.fact_key)),
  unnamed AS (SELECT * FROM own EXCEPT SELECT * FROM named),
  orders AS (SELECT s.fact_kind, s.fact_key FROM unnamed AS u
    JOIN subjects AS s ON s.kind = 'order' AND s.id = u.fact_key
    WHERE u.fact_kind = 'order' AND NOT EXISTS (
      SELECT 1 FROM subjects AS c WHERE c.kind = 'customer'
      AND c.fact_kind = s.fact_kind AND c.fact_key = s.fact_key))
  SELECT fact_kind, count(*) FROM (SELECT * FROM unnamed UNION SELECT * FROM orders) AS found
    GROUP BY fact_kind
  UNION ALL SELECT NULL, count(*) FROM named"""
"""The numbers of `ContactFacts`, by kind of fact; NULL is the kind of those that name a customer."""


def contact_facts(rows: Iterable[tuple[str | None, int]]) -> ContactFacts:
    """Return what `COUNT_CONTACT_FACTS` has found."""
    counts = dict(rows)
    named = counts.pop(None, 0)
    unnamed = {kind: counts[kind] for kind in sorted(filter(None, counts))}
    return ContactFacts(unnamed, named)


def contacts_of_customer(connection: ReadConnection, customer: str) -> list[str]:
    """Return the contacts that any version of a customer's own facts names."""
    found = connection.execute(_WITH_CONTACT, (customer,)).fetchall()
    return stored_contacts(customer, (body for _, body in found))


def unnamed_keys(connection: ReadConnection, contact: str) -> set[tuple[str, str]]:
    """Return kind and key of the facts about a contact that name no customer."""
    return set(connection.execute(UNNAMED_KEYS, (contact,)).fetchall())
