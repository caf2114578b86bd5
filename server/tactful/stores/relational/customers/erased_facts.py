"""The facts about a customer: found under every subject of theirs, and erased."""

from collections.abc import Iterable
from typing import Final

import msgspec

from tactful.stores.relational.customers.linked_contacts import unnamed_keys
from tactful.stores.relational.ledger_connection import WriteConnection
from tactful.stores.relational.tables.offer_rows import ENCODE
from tactful.stores.shared.json_text import replace_id

_DECODE_SUBJECTS: Final = msgspec.json.Decoder(list[tuple[str, str]]).decode


def fact_keys(
    connection: WriteConnection,
    customer: str,
    sessions: Iterable[str],
    contacts: Iterable[str],
) -> list[tuple[str, str]]:
    """Return kind and key of the facts about a customer, their contacts, orders and sessions."""
    found = keys_under(connection, "customer", customer)
    for contact in contacts:
        found |= unnamed_keys(connection, contact)
    for order in [key for kind, key in found if kind == "order"]:
        found |= keys_under(connection, "order", order)
    for session in sessions:
        found |= _keys_under_session(connection, session)
    return sorted(found)


def erase_facts(
    connection: WriteConnection, keys: Iterable[tuple[str, str]], customer: str, alias: str
) -> int:
    """Erase a customer from facts; return the number of rows that were deleted or changed."""
    before = connection.total_changes
    for named in keys:
        _erase_fact(connection, named, customer, alias)
    return connection.total_changes - before


def _keys_under_session(connection: WriteConnection, session: str) -> set[tuple[str, str]]:
    """Return the facts that name a session by any of its public ids."""
    sql = """SELECT fact_kind, fact_key FROM subjects
      WHERE kind = 'session' AND (id = ? OR (id > ? AND id < ?))"""
    values = session, f"{session}.", f"{session}/"
    return set(connection.execute(sql, values).fetchall())


def keys_under(connection: WriteConnection, kind: str, ident: str) -> set[tuple[str, str]]:
    """Return kind and key of the facts about a subject."""
    sql = "SELECT fact_kind, fact_key FROM subjects WHERE kind = ? AND id = ?"
    return set(connection.execute(sql, (kind, ident)).fetchall())


def _erase_fact(
    connection: WriteConnection, named: tuple[str, str], customer: str, alias: str
) -> None:
    """Delete a fact; if it also concerns another customer, only replace this one by the alias."""
    kept: set[tuple[str, str]] = set()
    sql = "SELECT id, subjects, body FROM facts WHERE kind = CAST(? AS TEXT) AND key = ?"
    for row, listed, body in connection.execute(sql, named).fetchall():
        subjects = _DECODE_SUBJECTS(listed)
        others = {ident for kind, ident in subjects if kind == "customer"} - {customer}
        if others:
            left = [pair if pair != ("customer", customer) else ("customer", alias)
                    for pair in subjects]  # fmt: skip
            connection.execute(
                "UPDATE facts SET subjects = ?, body = ?, contents = NULL, order_at = NULL,"
                " order_buyer = NULL, order_session = NULL WHERE id = ?",
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
