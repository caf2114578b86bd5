"""Erasure of the listed customers whom a restored ledger still holds."""

from collections.abc import Mapping
from typing import Final

from tactful.core.facts.shopper_contacts import SUBJECT as CONTACT
from tactful.stores.relational.customers import customer_erasure
from tactful.stores.relational.customers.erasure_steps import perform
from tactful.stores.relational.ledger_connection import WriterConnection
from tactful.stores.relational.tables.tombstones import put_tombstone, read_tombstones
from tactful.stores.shared.erasures import Erasure, erasure_digest, ledger_secret

_CONTACTS: Final = "SELECT DISTINCT id FROM subjects WHERE kind = 'contact'"
CUSTOMERS: Final = """
  SELECT id FROM subjects WHERE kind = 'customer'
  UNION SELECT shopper FROM contacts
  UNION SELECT customer FROM sessions WHERE customer IS NOT NULL
  UNION SELECT customer FROM entries WHERE customer IS NOT NULL
  UNION SELECT customer FROM offers WHERE customer IS NOT NULL"""
"""Every customer of a ledger, from all tables that name customers."""


def erase_again(connection: WriterConnection, erased: Mapping[str, Erasure]) -> int:
    """Erase every customer and contact of a ledger that is listed as erased later than it knows.

    The list has digests only, so every customer of the ledger is looked up in it. A customer whose
    erasure the ledger knows began anew after it, and stays. Every listed erasure leaves a tombstone.

    Args:
        connection: Outside a transaction.
        erased: Digest → erasure.

    Returns:
        The number of customers and contacts that were erased.
    """
    connection.start()
    secret = ledger_secret(connection)
    before = {one.digest: one.at for one in read_tombstones(connection)}
    new = {key: one for key, one in erased.items() if before.get(key, -1) < one.at}
    customers = connection.execute(CUSTOMERS).fetchall() if new else []
    contacts = connection.execute(_CONTACTS).fetchall() if new else []
    connection.commit()
    count = 0
    for (customer,) in customers:
        if found := new.get(erasure_digest(secret, "customer", customer)):
            connection.start()
            customer_erasure.erase(connection, customer, found.alias, found.at)
            connection.commit()
            count += 1
    for (contact,) in contacts:
        if found := new.get(erasure_digest(secret, CONTACT, contact)):
            slices = customer_erasure.contact_erasure_slices(contact, found.alias, found.at)
            connection.start()
            perform(connection, slices)
            connection.commit()
            count += 1
    if new:
        connection.start()
        for digest, one in new.items():
            put_tombstone(connection, digest, one.alias, one.at)
        connection.commit()
    return count
