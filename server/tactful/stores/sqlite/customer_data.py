"""Export, erasure and expiry of the data of customers in SQLite.

Deleted rows are overwritten with zeros (`secure_delete`). The write-ahead log still holds old pages;
the ledger empties it after an erasure.
"""

import secrets
import sqlite3
from collections.abc import Iterable
from typing import Any, Final

import msgspec
from msgspec import structs

from tactful.core.redemption.redemption_rows import RefundRow
from tactful.runtime.ports.customer_data import EXTRA_PRICE_RETENTION
from tactful.runtime.ports.ledger_rows import Subject
from tactful.stores.shared.erasures import erasure_digest, ledger_secret
from tactful.stores.shared.json_text import as_plain_data, replace_id
from tactful.stores.sqlite import operator_actions
from tactful.stores.sqlite.ledger_connection import LedgerConnection
from tactful.stores.sqlite.redemption_transaction import DECODE_REDEMPTION
from tactful.stores.sqlite.tables import change_rows, tombstones
from tactful.stores.sqlite.turns import DECODE_OFFER, ENCODE

_DECODE_SUBJECTS: Final = msgspec.json.Decoder(list[tuple[str, str]]).decode
_DECODE_REFUND: Final = msgspec.json.Decoder(RefundRow).decode


def erase(connection: LedgerConnection, customer: str, alias: str, at: int) -> int:
    """Delete a customer; offers and redemptions stay under an alias.

    Args:
        connection: In a transaction.
        customer: The shop's id of the customer.
        alias: A random id that replaces the customer's id and those of the customer's sessions.
        at: The instant of the erasure, milliseconds since the Unix epoch, UTC.

    Returns:
        The number of rows that were deleted or changed. The tombstone and the change that tells
        other processes do not count.
    """
    before = connection.total_changes
    sessions = _sessions_of(connection, customer)
    orders = _orders_of(connection, customer)
    _erase_facts(connection, customer, alias, sessions)
    connection.execute("DELETE FROM contacts WHERE shopper = ?", (customer,))
    connection.execute("DELETE FROM entries WHERE customer = ?", (customer,))
    operator_actions.erase(connection, customer, alias)
    offers = {key for (key,) in connection.execute(_OFFERS_OF, (customer,))}
    for session in sessions:
        offers |= _delete_session(connection, session)
    for offer in offers:
        _pseudonymize_offer(connection, offer, customer, alias)
    touched = connection.total_changes - before
    digest = tombstones.add_tombstone(connection, "customer", customer, alias, at)
    secret = ledger_secret(connection)
    hidden: dict[Subject, Subject] = {("customer", customer): ("customer", digest)}
    hidden |= {("session", session): ("session", alias) for session in sessions}
    hidden |= {
        ("order", order): ("order", erasure_digest(secret, "order", order)) for order in orders
    }
    change_rows.replace_subjects(connection, hidden)
    subjects = (("customer", digest),)
    change_rows.append(connection, "customer_erased", subjects, at=at, body=alias.encode())
    return touched


def _orders_of(connection: sqlite3.Connection, customer: str) -> set[str]:
    facts = {key for kind, key in _keys_under(connection, "customer", customer) if kind == "order"}
    sql = """SELECT r."order" FROM redemptions AS r JOIN offers AS o ON o.id = r.offer
      WHERE o.customer = ?"""
    return facts | {order for (order,) in connection.execute(sql, (customer,))}


_OFFERS_OF: Final = "SELECT id FROM offers WHERE customer = ?"


def _sessions_of(connection: sqlite3.Connection, customer: str) -> set[str]:
    sql = """SELECT session FROM sessions WHERE customer = :customer
      UNION SELECT session FROM entries WHERE customer = :customer
      UNION SELECT session FROM offers WHERE customer = :customer"""
    return {session for (session,) in connection.execute(sql, {"customer": customer})}


def _delete_session(connection: sqlite3.Connection, session: str) -> set[str]:
    """Delete a session and its entries; return the offers that it leaves behind."""
    connection.execute("DELETE FROM sessions WHERE session = ?", (session,))
    connection.execute("DELETE FROM entries WHERE session = ?", (session,))
    found = connection.execute("SELECT id FROM offers WHERE session = ?", (session,)).fetchall()
    return {offer for (offer,) in found}


def forget_session(connection: sqlite3.Connection, session: str) -> None:
    """Delete a session and its turns; its offers stay, under a random session id."""
    alias = secrets.token_urlsafe(16)
    for offer in _delete_session(connection, session):
        _pseudonymize_offer(connection, offer, None, alias)


def _pseudonymize_offer(
    connection: sqlite3.Connection, key: str, customer: str | None, alias: str
) -> None:
    """Replace session and customer of an offer, its steps and its redemptions by an alias."""
    (body,) = connection.execute("SELECT body FROM offers WHERE id = ?", (key,)).fetchone()
    offer = DECODE_OFFER(body)
    named = alias if offer.customer and offer.customer == customer else offer.customer
    offer = structs.replace(offer, session=alias, customer=named)
    connection.execute(
        "UPDATE offers SET session = ?, customer = ?, body = ? WHERE id = ?",
        (alias, named, ENCODE(offer), key),
    )
    connection.execute("UPDATE steps SET session = ? WHERE offer = ?", (alias, key))
    if customer is not None:
        _pseudonymize_orders(connection, key)


def _pseudonymize_orders(connection: sqlite3.Connection, offer: str) -> None:
    """Replace the orders of an offer by digests, because an order identifies its customer.

    A retry of the redemption still finds its row, since its order has the same digest.
    """
    secret = ledger_secret(connection)
    sql = "SELECT rowid, body FROM redemptions WHERE offer = ?"
    for rowid, body in connection.execute(sql, (offer,)).fetchall():
        row = DECODE_REDEMPTION(body)
        hidden = erasure_digest(secret, "order", row.order)
        connection.execute(
            'UPDATE redemptions SET "order" = ?, body = ? WHERE rowid = ?',
            (hidden, ENCODE(structs.replace(row, order=hidden)), rowid),
        )
        _pseudonymize_refunds(connection, row.order, hidden)


def _pseudonymize_refunds(connection: sqlite3.Connection, order: str, hidden: str) -> None:
    sql = 'SELECT rowid, body FROM refunds WHERE "order" = ?'
    for rowid, body in connection.execute(sql, (order,)).fetchall():
        connection.execute(
            'UPDATE refunds SET "order" = ?, body = ? WHERE rowid = ?',
            (hidden, ENCODE(structs.replace(_DECODE_REFUND(body), order=hidden)), rowid),
        )


def _erase_facts(
    connection: sqlite3.Connection, customer: str, alias: str, sessions: Iterable[str]
) -> None:
    found = set(_keys_under(connection, "customer", customer))
    orders = {key for kind, key in found if kind == "order"}
    for order in orders:
        found |= _keys_under(connection, "order", order)
    for session in sessions:
        found |= _keys_under(connection, "session", session)
    for kind, key in sorted(found):
        _erase_fact(connection, (kind, key), customer, alias)


def _keys_under(connection: sqlite3.Connection, kind: str, ident: str) -> set[tuple[str, str]]:
    sql = "SELECT fact_kind, fact_key FROM subjects WHERE kind = ? AND id = ?"
    return set(connection.execute(sql, (kind, ident)).fetchall())


def _erase_fact(
    connection: sqlite3.Connection, named: tuple[str, str], customer: str, alias: str
) -> None:
    """Delete a fact; if it also concerns another customer, only replace this one by the alias."""
    kept: set[tuple[str, str]] = set()
    sql = "SELECT id, subjects, body FROM facts WHERE kind = ? AND key = ?"
    for row, listed, body in connection.execute(sql, named).fetchall():
        subjects = _DECODE_SUBJECTS(listed)
        others = {ident for kind, ident in subjects if kind == "customer"} - {customer}
        if others:
            left = [pair if pair != ("customer", customer) else ("customer", alias)
                    for pair in subjects]  # fmt: skip
            connection.execute(
                "UPDATE facts SET subjects = ?, body = ? WHERE id = ?",
                (ENCODE(left).decode(), replace_id(body, customer, alias), row),
            )
            kept.update(left)
        else:
            connection.execute("DELETE FROM facts WHERE id = ?", (row,))
    connection.execute("DELETE FROM subjects WHERE fact_kind = ? AND fact_key = ?", named)
    connection.executemany(
        "INSERT INTO subjects VALUES (?, ?, ?, ?)",
        [(kind, ident, *named) for kind, ident in sorted(kept)],
    )


def export(connection: sqlite3.Connection, customer: str) -> dict[str, object]:
    """Return everything stored about a customer as plain data; see `CustomerData`."""
    sessions = _sessions_of(connection, customer)
    offers = {key for (key,) in connection.execute(_OFFERS_OF, (customer,))}
    contact = connection.execute(
        "SELECT body FROM contacts WHERE shopper = ?", (customer,)
    ).fetchone()
    return {
        "customer": customer,
        "facts": _facts_of(connection, customer),
        "contact": as_plain_data(contact[0]) if contact else None,
        "acts": _acts_of(connection, customer),
        "sessions": _bodies(connection, "SELECT state FROM sessions WHERE session = ?", sessions),
        "offers": _bodies(connection, "SELECT body FROM offers WHERE id = ?", offers),
        "redemptions": _bodies(connection, "SELECT body FROM redemptions WHERE offer = ?", offers),
        "decisions": [
            {"at": at, "session": session, "signal": as_plain_data(signal)}
            for at, session, signal in connection.execute(
                "SELECT at, session, signal FROM entries WHERE customer = ? ORDER BY id",
                (customer,),
            )
        ],
    }


def _acts_of(connection: sqlite3.Connection, customer: str) -> list[Any]:
    found = connection.execute(*operator_actions.query(customer, -1)).fetchall()
    return [msgspec.to_builtins(operator_actions.action_from_row(row)) for row in reversed(found)]


def _facts_of(connection: sqlite3.Connection, customer: str) -> list[dict[str, Any]]:
    sql = "SELECT kind, at, ended, body FROM facts WHERE kind = ? AND key = ? ORDER BY id"
    return [
        {"at": at, "ended": ended, "fact": as_plain_data(body)}
        for named in sorted(_keys_under(connection, "customer", customer))
        for _, at, ended, body in connection.execute(sql, named)
    ]


def _bodies(connection: sqlite3.Connection, sql: str, keys: Iterable[str]) -> list[Any]:
    return [
        as_plain_data(body) for key in sorted(keys) for (body,) in connection.execute(sql, (key,))
    ]


def prune(connection: sqlite3.Connection, before: int, limit: int) -> int:
    """Delete up to `limit` superseded facts, and up to `limit` entries, older than an instant.

    Returns:
        The number of rows deleted; 0: none are left.
    """
    dropped = 0
    values = {"before": before, "limit": limit, "prices": before - EXTRA_PRICE_RETENTION}
    for sql in _OLD:
        dropped += connection.execute(sql, values).rowcount
    return dropped


_OLD: Final = (
    """DELETE FROM facts WHERE id IN
       (SELECT id FROM facts WHERE ended < :before AND (kind <> 'price' OR ended < :prices)
        LIMIT :limit)""",
    """DELETE FROM entries WHERE id IN
       (SELECT id FROM entries WHERE at < :before LIMIT :limit)""",
)


def prune_sessions(connection: sqlite3.Connection, sessions: Iterable[str], before: int) -> int:
    """Delete those of the sessions that were last seen before an instant and have no standing offer."""
    return connection.executemany(
        "DELETE FROM sessions WHERE session = ? AND seen_at < ? AND NOT EXISTS"
        " (SELECT 1 FROM offers AS o WHERE o.session = sessions.session"
        "  AND o.state IN ('pushed', 'shown', 'accepted'))",
        [(session, before) for session in sessions],
    ).rowcount
