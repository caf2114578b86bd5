"""Erasure of the data of a customer in SQLite, in slices that delay no promise.

Deleted rows are overwritten with zeros (`secure_delete`). The write-ahead log still holds old pages;
the ledger empties it after an erasure.
"""

import secrets
import sqlite3
from collections.abc import Callable, Generator, Iterable
from functools import partial
from typing import Any, Final

import msgspec
from msgspec import structs

from tactful.core.redemption.redemption_rows import RefundRow
from tactful.runtime.ports.ledger_rows import Subject
from tactful.stores.shared.erasures import erasure_digest, ledger_secret
from tactful.stores.shared.json_text import replace_id
from tactful.stores.sqlite import operator_actions
from tactful.stores.sqlite.ledger_connection import LedgerConnection
from tactful.stores.sqlite.redemption_transaction import DECODE_REDEMPTION
from tactful.stores.sqlite.tables import change_rows, tombstones
from tactful.stores.sqlite.turns import DECODE_OFFER, ENCODE

_DECODE_SUBJECTS: Final = msgspec.json.Decoder(list[tuple[str, str]]).decode
_DECODE_REFUND: Final = msgspec.json.Decoder(RefundRow).decode

ErasureSlices = Generator[Callable[[LedgerConnection], Any], Any, int]
"""Steps of an erasure, each performed in a transaction of its own or all in one."""


def erase(connection: LedgerConnection, customer: str, alias: str, at: int) -> int:
    """Delete a customer in the present transaction; offers and redemptions stay under an alias.

    Args:
        connection: In a transaction.
        customer: The shop's id of the customer.
        alias: A random id that replaces the customer's id and those of the customer's sessions.
        at: The instant of the erasure, milliseconds since the Unix epoch, UTC.

    Returns:
        The number of rows that were deleted or changed. The tombstone and the change that tells
        other processes do not count.
    """
    slices = erasure_slices(customer, alias, at)
    answer: Any = None
    while True:
        try:
            work = slices.send(answer)
        except StopIteration as ended:
            return int(ended.value)
        answer = work(connection)


def erasure_slices(customer: str, alias: str, at: int) -> ErasureSlices:
    """Yield the steps of an erasure, each short and complete; each takes the answer of the one before.

    The tombstone comes first, so that whatever is written meanwhile carries the alias. What leads to
    other rows is deleted last, so that an erasure that was cut off can be repeated from its beginning.
    The change that tells other processes comes when everything is erased.

    Args:
        customer: The shop's id of the customer.
        alias: A random id that replaces the customer's id and those of the customer's sessions.
        at: The instant of the erasure, milliseconds since the Unix epoch, UTC.

    Returns:
        The number of rows that were deleted or changed. The tombstone and the changes do not count.
    """
    touched: int = 0
    sessions: list[str] = yield partial(_sessions_of, customer=customer)
    hidden: dict[Subject, Subject] = yield partial(
        _bury, customer=customer, sessions=sessions, alias=alias, at=at
    )
    groups = [
        ENCODE(sessions[start : start + SLICE_ROWS]).decode()
        for start in range(0, len(sessions), SLICE_ROWS)
    ]
    found = [(_OFFERS_OF, (customer,)), *((_OFFERS_IN, (group,)) for group in groups)]
    for sql, chosen in found:
        while done := (
            yield partial(
                _pseudonymize_offers, sql=sql, values=chosen, customer=customer, alias=alias
            )
        ):
            touched += done
    keys: list[tuple[str, str]] = yield partial(_fact_keys, customer=customer, sessions=sessions)
    for start in range(0, len(keys), SLICE_ROWS):
        part = keys[start : start + SLICE_ROWS]
        touched += yield partial(_erase_facts, keys=part, customer=customer, alias=alias)
    touched += yield partial(_erase_contact, customer=customer, alias=alias)
    old = [
        *((_OTHER_ENTRIES_IN, (group, customer)) for group in groups),
        (_ENTRIES_OF, (customer,)),
        *((_SESSIONS_IN, (group,)) for group in groups),
    ]
    for sql, values in old:
        while done := (yield partial(_delete, sql=sql, values=values)):
            touched += done
    yield partial(_announce, customer=customer, hidden=hidden, alias=alias, at=at)
    return touched


SLICE_ROWS: Final = 100
"""Offers, facts or entries that one step changes; with their steps and pages some 10 ms."""
_OFFERS_OF: Final = "SELECT id FROM offers WHERE customer = ?"
_OFFERS_IN: Final = "SELECT id FROM offers WHERE session IN (SELECT value FROM json_each(?))"
_OTHER_ENTRIES_IN: Final = """
  DELETE FROM entries WHERE id IN
    (SELECT id FROM entries WHERE session IN (SELECT value FROM json_each(?)) AND customer IS NOT ?
     LIMIT 100)"""
_ENTRIES_OF: Final = """
  DELETE FROM entries WHERE id IN (SELECT id FROM entries WHERE customer = ? LIMIT 100)"""
_SESSIONS_IN: Final = "DELETE FROM sessions WHERE session IN (SELECT value FROM json_each(?))"


def _bury(
    connection: LedgerConnection, customer: str, sessions: list[str], alias: str, at: int
) -> dict[Subject, Subject]:
    """Write the tombstone, and return by what each subject of the customer is replaced in the log."""
    orders = _orders_of(connection, customer)
    digest = tombstones.add_tombstone(connection, "customer", customer, alias, at)
    secret = ledger_secret(connection)
    hidden: dict[Subject, Subject] = {("customer", customer): ("customer", digest)}
    hidden |= {("session", session): ("session", alias) for session in sessions}
    hidden |= {
        ("order", order): ("order", erasure_digest(secret, "order", order)) for order in orders
    }
    change_rows.replace_subjects(connection, hidden)
    return hidden


def _announce(
    connection: LedgerConnection,
    customer: str,
    hidden: dict[Subject, Subject],
    alias: str,
    at: int,
) -> None:
    change_rows.replace_subjects(connection, hidden)
    subjects = (hidden["customer", customer],)
    change_rows.append(connection, "customer_erased", subjects, at=at, body=alias.encode())


def _orders_of(connection: sqlite3.Connection, customer: str) -> set[str]:
    facts = {key for kind, key in _keys_under(connection, "customer", customer) if kind == "order"}
    sql = """SELECT r."order" FROM redemptions AS r JOIN offers AS o ON o.id = r.offer
      WHERE o.customer = ?"""
    return facts | {order for (order,) in connection.execute(sql, (customer,))}


def _delete(connection: sqlite3.Connection, sql: str, values: tuple[object, ...]) -> int:
    return connection.execute(sql, values).rowcount


def _erase_contact(connection: sqlite3.Connection, customer: str, alias: str) -> int:
    before = connection.total_changes
    connection.execute("DELETE FROM contacts WHERE shopper = ?", (customer,))
    operator_actions.erase(connection, customer, alias)
    return connection.total_changes - before


def _pseudonymize_offers(
    connection: sqlite3.Connection, sql: str, values: tuple[str, ...], customer: str, alias: str
) -> int:
    """Pseudonymise the next offers that a query finds; return the number of rows changed."""
    before = connection.total_changes
    found = connection.execute(f"{sql} LIMIT ?", (*values, SLICE_ROWS)).fetchall()
    for (offer,) in found:
        pseudonymize_offer(connection, offer, customer, alias)
    return connection.total_changes - before


def _sessions_of(connection: sqlite3.Connection, customer: str) -> list[str]:
    sql = """SELECT session FROM sessions WHERE customer = :customer
      UNION SELECT session FROM entries WHERE customer = :customer
      UNION SELECT session FROM offers WHERE customer = :customer"""
    return [session for (session,) in connection.execute(sql, {"customer": customer})]


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
        pseudonymize_offer(connection, offer, None, alias)


def pseudonymize_offer(
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


def _fact_keys(
    connection: sqlite3.Connection, customer: str, sessions: Iterable[str]
) -> list[tuple[str, str]]:
    """Return kind and key of the facts about a customer, their orders and their sessions."""
    found = _keys_under(connection, "customer", customer)
    for order in [key for kind, key in found if kind == "order"]:
        found |= _keys_under(connection, "order", order)
    for session in sessions:
        found |= _keys_under(connection, "session", session)
    return sorted(found)


def _erase_facts(
    connection: sqlite3.Connection, keys: Iterable[tuple[str, str]], customer: str, alias: str
) -> int:
    before = connection.total_changes
    for named in keys:
        _erase_fact(connection, named, customer, alias)
    return connection.total_changes - before


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
                "UPDATE facts SET subjects = ?, body = ?, contents = NULL WHERE id = ?",
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
