"""Erasure of the data of a customer, in slices that delay no promise.

Deleted rows are overwritten with zeros (`secure_delete`). The write-ahead log still holds old pages;
the ledger empties it after an erasure.
"""

import secrets
from collections.abc import Collection
from functools import partial
from typing import Final

import msgspec
from msgspec import structs

from tactful.core.facts.shopper_contacts import SUBJECT as CONTACT
from tactful.core.redemption.redemption_rows import RefundRow
from tactful.runtime.ports.ledger_rows import Subject
from tactful.stores.relational import operator_actions
from tactful.stores.relational.customers.erased_facts import erase_facts, fact_keys, keys_under
from tactful.stores.relational.customers.erasure_steps import ErasureSlices, Search, perform
from tactful.stores.relational.customers.linked_contacts import contacts_of_customer, unnamed_keys
from tactful.stores.relational.ledger_connection import LedgerConnection, WriteConnection
from tactful.stores.relational.redemption_transaction import DECODE_REDEMPTION
from tactful.stores.relational.tables import change_rows, order_ids, tombstones
from tactful.stores.relational.tables.exposure_rows import DELETE_OF_SESSIONS
from tactful.stores.relational.tables.inbox_rows import delete_of_subject
from tactful.stores.relational.tables.offer_rows import DECODE_OFFER, ENCODE
from tactful.stores.relational.tables.sessions import delete as delete_sessions
from tactful.stores.shared.erasures import erasure_digest, is_digest, ledger_secret

_DECODE_IDS: Final = msgspec.json.Decoder(list[str]).decode
_DECODE_REFUND: Final = msgspec.json.Decoder(RefundRow).decode


def erase(connection: LedgerConnection, customer: str, alias: str, at: int) -> int:
    """Delete a customer without open sessions in the present transaction; offers and redemptions stay under an alias.

    Args:
        connection: In a transaction.
        customer: The shop's id of the customer.
        alias: A random id that replaces the customer's id and those of the customer's sessions.
        at: The instant of the erasure, milliseconds since the Unix epoch, UTC.

    Returns:
        The number of rows that were deleted or changed. The tombstone and the change that tells
        other processes do not count.
    """
    return perform(connection, erasure_slices(customer, alias, at))


def erasure_slices(
    customer: str, alias: str, at: int, open_sessions: Collection[str] = ()
) -> ErasureSlices:
    """Yield the steps of an erasure, each short and complete; each takes the answer of the one before.

    The tombstone comes first, so that whatever is written meanwhile carries the alias. What leads to
    other rows is deleted last, so that an erasure that was cut off can be repeated from its beginning.
    The change that tells other processes comes when everything is erased.

    Args:
        customer: The shop's id of the customer.
        alias: A random id that replaces the customer's id and those of the customer's sessions.
        at: The instant of the erasure, milliseconds since the Unix epoch, UTC.
        open_sessions: See `CustomerData.erase_customer`.

    Returns:
        The number of rows that were deleted or changed. The tombstone and the changes do not count.
    """
    touched: int = 0
    known: set[str] = yield Search(partial(sessions_of, customer=customer))
    ended = sorted(known - set(open_sessions))
    sessions = [*ended, *sorted(open_sessions)]
    hidden: dict[Subject, Subject] = yield partial(
        _bury, customer=customer, sessions=ended, alias=alias, at=at
    )
    # After the tombstone: an offer that is redeemed from now on is among them, or carries the alias.
    orders: set[str] = yield Search(partial(_redeemed_orders, customer=customer, sessions=ended))
    digests: dict[Subject, Subject] = yield partial(_hide_orders, orders=orders)
    hidden |= digests
    logged: int = yield from _hide_in_log(hidden)
    for subject in hidden:
        if subject[0] == "order":
            touched += yield partial(pseudonymize_order, order=subject[1])
    groups, ended_groups = _groups(sessions), _groups(ended)
    found = [(_OFFERS_OF, (customer,)), *((_OFFERS_IN, (group,)) for group in ended_groups)]
    replace = partial(
        _pseudonymize_offers, customer=customer, alias=alias, open_sessions=open_sessions
    )
    for sql, chosen in found:
        while done := (yield partial(replace, sql=sql, values=chosen)):
            touched += done
    contacts = [ident for kind, ident in hidden if kind == CONTACT]
    keys: list[tuple[str, str]] = yield Search(
        partial(fact_keys, customer=customer, sessions=sessions, contacts=contacts)
    )
    for start in range(0, len(keys), SLICE_ROWS):
        part = keys[start : start + SLICE_ROWS]
        touched += yield partial(erase_facts, keys=part, customer=customer, alias=alias)
    touched += yield partial(_erase_contact, customer=customer, alias=alias)
    old = [
        *((_OTHER_ENTRIES_IN, (group, customer)) for group in groups),
        (_ENTRIES_OF, (customer,)),
        *((DELETE_OF_SESSIONS, (group,)) for group in ended_groups),
        (_LEAVE_SESSIONS, (customer,)),
    ]
    for start in range(0, len(ended), SLICE_ROWS):
        touched += yield partial(delete_sessions, sessions=ended[start : start + SLICE_ROWS])
    for sql, values in old:
        while done := (yield partial(_delete, sql=sql, values=values)):
            touched += done
    logged = yield from _hide_in_log(hidden, logged)
    yield partial(_announce, customer=customer, hidden=hidden, after=logged, alias=alias, at=at)
    return touched


def contact_erasure_slices(contact: str, alias: str, at: int) -> ErasureSlices:
    """Yield the steps of the erasure of a contact, as `erasure_slices` does for a customer.

    Args:
        contact: The keyed digest of the contact.
        alias: A random id that replaces it.
        at: The instant of the erasure, milliseconds since the Unix epoch, UTC.

    Returns:
        The number of rows that were deleted or changed. The tombstone and the changes do not count.
    """
    touched: int = 0
    hidden: dict[Subject, Subject] = yield partial(
        _bury_contact, contact=contact, alias=alias, at=at
    )
    logged: int = yield from _hide_in_log(hidden)
    for subject in hidden:
        if subject[0] == "order":
            touched += yield partial(pseudonymize_order, order=subject[1])
    keys: list[tuple[str, str]] = yield Search(
        partial(fact_keys, customer="", sessions=(), contacts=(contact,))
    )
    for start in range(0, len(keys), SLICE_ROWS):
        part = keys[start : start + SLICE_ROWS]
        touched += yield partial(erase_facts, keys=part, customer="", alias=alias)
    logged = yield from _hide_in_log(hidden, logged)
    yield partial(
        _announce_contact,
        hidden=hidden,
        subject=(CONTACT, contact),
        after=logged,
        alias=alias,
        at=at,
    )
    return touched


def _hide_in_log(hidden: dict[Subject, Subject], after: int = 0) -> ErasureSlices:
    """Yield the steps that replace erased subjects in the change log after a position.

    Returns:
        The position up to which they are replaced.
    """
    newest: int = yield change_rows.newest_position
    upto: int | None = after
    while upto is not None and upto < newest:
        upto = yield partial(change_rows.replace_subjects, replacements=hidden, after=upto)
    return max(after, newest)


def _bury_contact(
    connection: LedgerConnection, contact: str, alias: str, at: int
) -> dict[Subject, Subject]:
    keys = unnamed_keys(connection, contact)
    secret = ledger_secret(connection)
    digest = tombstones.add_tombstone(connection, CONTACT, contact, alias, at)
    hidden: dict[Subject, Subject] = {(CONTACT, contact): (CONTACT, digest)}
    hidden |= {
        (kind, key): (kind, erasure_digest(secret, kind, key))
        for kind, key in keys
        if kind in {"order", "case"}
    }
    change_rows.replace_heads(connection, hidden)
    return hidden


def _hide_the_rest(
    connection: LedgerConnection, hidden: dict[Subject, Subject], after: int
) -> None:
    """Replace erased subjects in the changes that were logged after the last slice."""
    upto: int | None = after
    while upto is not None:
        upto = change_rows.replace_subjects(connection, hidden, upto)


def _announce_contact(
    connection: LedgerConnection,
    hidden: dict[Subject, Subject],
    subject: Subject,
    after: int,
    alias: str,
    at: int,
) -> None:
    _hide_the_rest(connection, hidden, after)
    subjects = (hidden[subject],)
    change_rows.append(connection, "customer_erased", subjects, at=at, body=alias.encode())


SLICE_ROWS: Final = 25
"""Offers, facts or entries that one step changes; with their steps and indices some 5 ms."""
# One row: a thread needs the interpreter again after each row.
_SESSIONS_OF: Final = """
  SELECT json_group_array(session) FROM (
    SELECT session FROM sessions WHERE customer = :customer
    UNION SELECT session FROM entries WHERE customer = :customer
    UNION SELECT session FROM offers WHERE customer = :customer
    UNION SELECT s.id FROM subjects AS c
      JOIN subjects AS s ON s.fact_kind = c.fact_kind AND s.fact_key = c.fact_key
      WHERE c.kind = 'customer' AND c.id = :customer AND c.fact_kind = 'order'
        AND s.kind = 'session') AS found"""
_OFFERS_OF: Final = "SELECT id FROM offers WHERE customer = ?"
# An offer of another known customer, who used the same browser, stays as it is.
_OFFERS_IN: Final = """
  SELECT id FROM offers WHERE session IN (SELECT value FROM json_each(?)) AND customer IS NULL"""
_OTHER_ENTRIES_IN: Final = """
  DELETE FROM entries WHERE id IN
    (SELECT id FROM entries WHERE session IN (SELECT value FROM json_each(?)) AND (customer IS NULL OR customer <> ?)
     LIMIT 25)"""
_ENTRIES_OF: Final = """
  DELETE FROM entries WHERE id IN (SELECT id FROM entries WHERE customer = ? LIMIT 25)"""
_LEAVE_SESSIONS: Final = "UPDATE sessions SET customer = NULL WHERE customer = ?"


def _groups(sessions: list[str]) -> list[str]:
    """Return sessions as JSON lists, each for one step."""
    return [
        ENCODE(sessions[start : start + SLICE_ROWS]).decode()
        for start in range(0, len(sessions), SLICE_ROWS)
    ]


def _bury(
    connection: LedgerConnection, customer: str, sessions: list[str], alias: str, at: int
) -> dict[Subject, Subject]:
    """Write the tombstone, and return by what each subject of the customer is replaced in the log."""
    keys = keys_under(connection, "customer", customer)
    contacts = contacts_of_customer(connection, customer)
    for contact in contacts:
        keys |= unnamed_keys(connection, contact)
    named = {(kind, key) for kind, key in keys if kind in {"order", "case"}}
    secret = ledger_secret(connection)
    hidden: dict[Subject, Subject] = {}
    for kind, ident in (("customer", customer), *((CONTACT, contact) for contact in contacts)):
        digest = tombstones.add_tombstone(connection, kind, ident, alias, at)
        hidden[kind, ident] = kind, digest
    hidden |= {("session", session): ("session", alias) for session in sessions}
    hidden |= {(kind, key): (kind, erasure_digest(secret, kind, key)) for kind, key in named}
    change_rows.replace_heads(connection, hidden)
    return hidden


def _hide_orders(connection: LedgerConnection, orders: Collection[str]) -> dict[Subject, Subject]:
    """Return by what each redeemed order is replaced in the log."""
    secret = ledger_secret(connection)
    hidden: dict[Subject, Subject] = {
        ("order", order): ("order", erasure_digest(secret, "order", order)) for order in orders
    }
    change_rows.replace_heads(connection, hidden)
    return hidden


def _announce(
    connection: LedgerConnection,
    customer: str,
    hidden: dict[Subject, Subject],
    after: int,
    alias: str,
    at: int,
) -> None:
    _hide_the_rest(connection, hidden, after)
    contacts = (replaced for subject, replaced in hidden.items() if subject[0] == CONTACT)
    subjects = (hidden["customer", customer], *contacts)
    change_rows.append(connection, "customer_erased", subjects, at=at, body=alias.encode())


def _redeemed_orders(connection: WriteConnection, customer: str, sessions: list[str]) -> set[str]:
    """Return the ids of orders that used offers of a customer, or anonymous offers of their sessions."""
    sql = """SELECT r."order" FROM redemptions AS r JOIN offers AS o ON o.id = r.offer
      WHERE o.customer = :customer
      UNION SELECT r."order" FROM redemptions AS r JOIN offers AS o ON o.id = r.offer
      WHERE o.customer IS NULL AND o.session IN (SELECT value FROM json_each(:sessions))"""
    values = {"customer": customer, "sessions": ENCODE(sessions).decode()}
    orders = [order for (order,) in connection.execute(sql, values)]
    found = connection.execute(order_ids.SAME_ORDER, (ENCODE(orders).decode(),))
    # An erasure that was cut off may have replaced some of them already.
    return {order for (order,) in found if not is_digest(order)}


def _delete(connection: LedgerConnection, sql: str, values: tuple[object, ...]) -> int:
    connection.known.epochs.clear()
    return connection.execute(sql, values).rowcount


def _erase_contact(connection: WriteConnection, customer: str, alias: str) -> int:
    before = connection.total_changes
    connection.execute("DELETE FROM contacts WHERE shopper = ?", (customer,))
    operator_actions.erase(connection, customer, alias)
    return connection.total_changes - before


def _pseudonymize_offers(
    connection: WriteConnection,
    sql: str,
    values: tuple[str, ...],
    customer: str,
    alias: str,
    open_sessions: Collection[str],
) -> int:
    """Pseudonymise the next offers that a query finds; return the number of rows changed."""
    before = connection.total_changes
    found = connection.execute(f"{sql} LIMIT ?", (*values, SLICE_ROWS)).fetchall()
    for (offer,) in found:
        pseudonymize_offer(connection, offer, customer, alias, open_sessions)
    return connection.total_changes - before


def sessions_of(connection: WriteConnection, customer: str) -> set[str]:
    """Return the sessions of a customer; see `CustomerData.sessions_of`."""
    ((listed,),) = connection.execute(_SESSIONS_OF, {"customer": customer})
    # An order names a session by its public id, which ends in a number after a login.
    return {session.partition(".")[0] for session in _DECODE_IDS(listed)}


def _delete_session(connection: LedgerConnection, session: str) -> set[str]:
    """Delete a session and its entries; return the offers that it leaves behind."""
    delete_sessions(connection, (session,))
    connection.execute("DELETE FROM entries WHERE session = ?", (session,))
    connection.execute(DELETE_OF_SESSIONS, (ENCODE([session]).decode(),))
    found = connection.execute("SELECT id FROM offers WHERE session = ?", (session,)).fetchall()
    return {offer for (offer,) in found}


def forget_session(connection: LedgerConnection, session: str) -> None:
    """Delete a session and its turns; its offers stay, under a random session id."""
    alias = secrets.token_urlsafe(16)
    for offer in _delete_session(connection, session):
        pseudonymize_offer(connection, offer, None, alias)


def pseudonymize_offer(
    connection: WriteConnection,
    key: str,
    customer: str | None,
    alias: str,
    open_sessions: Collection[str] = (),
) -> None:
    """Replace session and customer of an offer and its steps by an alias.

    An offer of an open session stays with the session.
    """
    (body,) = connection.execute("SELECT body FROM offers WHERE id = ?", (key,)).fetchone()
    offer = DECODE_OFFER(body)
    named = alias if offer.customer and offer.customer == customer else offer.customer
    session = offer.session if offer.session in open_sessions else alias
    offer = structs.replace(offer, session=session, customer=named)
    connection.execute(
        "UPDATE offers SET session = ?, customer = ?, body = ? WHERE id = ?",
        (session, named, ENCODE(offer), key),
    )
    connection.execute("UPDATE steps SET session = ? WHERE offer = ?", (session, key))


def pseudonymize_order(connection: WriteConnection, order: str) -> int:
    """Replace an order by its digest in its redemptions and refunds: it identifies its customer.

    A retry of the redemption still finds its row, since its order has the same digest.

    Returns:
        The number of rows changed.
    """
    before = connection.total_changes
    hidden = erasure_digest(ledger_secret(connection), "order", order)
    sql = 'SELECT rowid, body FROM redemptions WHERE "order" = ?'
    for rowid, body in connection.execute(sql, (order,)).fetchall():
        row = structs.replace(DECODE_REDEMPTION(body), order=hidden)
        connection.execute(
            'UPDATE redemptions SET "order" = ?, body = ? WHERE rowid = ?',
            (hidden, ENCODE(row), rowid),
        )
    _pseudonymize_refunds(connection, order, hidden)
    order_ids.hide(connection, order, hidden)
    delete_of_subject(connection, hidden)
    return connection.total_changes - before


def _pseudonymize_refunds(connection: WriteConnection, order: str, hidden: str) -> None:
    sql = 'SELECT rowid, body FROM refunds WHERE "order" = ?'
    for rowid, body in connection.execute(sql, (order,)).fetchall():
        connection.execute(
            'UPDATE refunds SET "order" = ?, body = ? WHERE rowid = ?',
            (hidden, ENCODE(structs.replace(_DECODE_REFUND(body), order=hidden)), rowid),
        )
