"""Ids of orders: the first one of each order, and the others that lead to it."""

from collections.abc import Iterable
from typing import Final

from tactful.stores.relational.ledger_connection import LedgerConnection, WriteConnection
from tactful.stores.shared.erasures import erasure_digest, is_digest

SAME_ORDER: Final = """
  WITH named (id) AS (SELECT value FROM json_each(?)),
  first_ids (id) AS (
    SELECT id FROM named
    UNION SELECT a."order" FROM named JOIN order_aliases AS a ON a.alias = named.id)
  SELECT id FROM first_ids
  UNION SELECT a.alias FROM first_ids JOIN order_aliases AS a ON a."order" = first_ids.id"""
"""Selects all ids of an order from a JSON list of some of them."""
_FIRST_ID: Final = 'SELECT "order" FROM order_aliases WHERE alias = ?'
_FIRST_IDS: Final = 'SELECT "order" FROM order_aliases WHERE alias IN ({})'
_OTHER_IDS: Final = 'SELECT alias FROM order_aliases WHERE "order" IN ({})'
_PUT: Final = """
  INSERT INTO order_aliases (alias, "order") VALUES (?, ?)
  ON CONFLICT (alias) DO UPDATE SET "order" = excluded."order" """
_LEAD_ON: Final = 'UPDATE order_aliases SET "order" = ? WHERE "order" = ?'
# The order of a deleted redemption may be an alias itself.
_DELETE_ORPHANED: Final = """
  DELETE FROM order_aliases WHERE :order IN (alias, "order")
    AND NOT EXISTS (SELECT 1 FROM redemptions AS r
      WHERE r."order" IN (order_aliases.alias, order_aliases."order"))"""
_DELETE_ALIAS: Final = """
  DELETE FROM order_aliases WHERE alias = :digest
    AND EXISTS (SELECT 1 FROM order_aliases AS a WHERE a.alias = :order)"""
_HIDE_ALIAS: Final = "UPDATE order_aliases SET alias = ? WHERE alias = ?"


class OrderIds:
    """The ids of one order, as they are stored and as the shop names them.

    The ids of an erased customer's order are stored as digests. A shop that still knows an id finds the
    order by the digest of that id.
    """

    def __init__(self, connection: LedgerConnection, secret: bytes, named: Iterable[str]) -> None:
        """Look up the other ids of an order.

        Args:
            connection: In a transaction.
            secret: The key of the ledger's digests.
            named: Ids of the order as the shop names them, or as they are stored.
        """
        self._secret = secret
        self._digests: dict[str, str] = {}
        self._names = {self.hidden(one): one for one in named}
        self.stored = frozenset(_same_order(connection, {*self._names, *self._names.values()}))
        """Every id of the order under which a row may be stored."""
        self.names = frozenset(self.name(one) for one in self.stored)
        """Every id of the order, as the shop named it where that is known."""

    def hidden(self, order: str) -> str:
        """Return the digest of an id, under which it is stored after an erasure."""
        if is_digest(order):
            return order
        if order not in self._digests:
            self._digests[order] = erasure_digest(self._secret, "order", order)
        return self._digests[order]

    def name(self, stored: str) -> str:
        """Return a stored id as the shop named it, where that is known."""
        return self._names.get(stored, stored)


def _same_order(connection: LedgerConnection, named: set[str]) -> set[str]:
    """Return all ids of an order; two look-ups take half of what the one query `SAME_ORDER` takes."""
    # Most shops name an order by one id for good.
    if not connection.known.any_order_alias:
        return named
    first = {one for (one,) in connection.execute(_FIRST_IDS.format(_marks(named)), [*named])}
    known = named | first
    return known.union(
        one for (one,) in connection.execute(_OTHER_IDS.format(_marks(known)), [*known])
    )


def _marks(values: set[str]) -> str:
    return ", ".join("?" for _ in values)


def add_alias(connection: LedgerConnection, alias: str, order: str) -> None:
    """Let one more id lead to an order. If it had redemptions of its own, both are one order then.

    Args:
        connection: In a transaction.
        alias: The new id.
        order: An id of the order.
    """
    target, other = _first_id(connection, order), _first_id(connection, alias)
    if target == other:
        return
    connection.execute(_LEAD_ON, (target, other))
    connection.executemany(_PUT, [(one, target) for one in sorted({alias, other})])
    connection.known.any_order_alias = True


def hide(connection: WriteConnection, order: str, digest: str) -> None:
    """Replace an id by its digest, because it identifies an erased customer."""
    connection.execute(_DELETE_ALIAS, {"digest": digest, "order": order})
    connection.execute(_HIDE_ALIAS, (digest, order))
    connection.execute(_LEAD_ON, (digest, order))


def delete_orphaned(connection: WriteConnection, order: str) -> None:
    """Delete the ids that lead to an order, or from it, if no redemption of it is left."""
    connection.execute(_DELETE_ORPHANED, {"order": order})


def _first_id(connection: WriteConnection, order: str) -> str:
    found = connection.execute(_FIRST_ID, (order,)).fetchone()
    return str(found[0]) if found else order
