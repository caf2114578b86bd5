"""Tombstones: keyed digests of erased ids, looked up inside every write."""

from functools import partial
from typing import Final

from tactful.runtime.ports.ledger_rows import Commit, FactRow, Tombstone
from tactful.stores.relational.ledger_connection import LedgerConnection, WriteConnection
from tactful.stores.relational.tables import change_rows
from tactful.stores.relational.tables.inbox_rows import delete_of_subject
from tactful.stores.shared import erased_ids
from tactful.stores.shared.erasures import erasure_digest, ledger_secret

_SELECT: Final = "SELECT digest, alias, at, begun_at FROM erased WHERE digest = ?"
_PUT: Final = """
  INSERT INTO erased (digest, alias, at) VALUES (?, ?, ?)
  ON CONFLICT (digest) DO UPDATE SET alias = excluded.alias, at = excluded.at, begun_at = NULL"""

_BEGIN: Final = "UPDATE erased SET begun_at = ? WHERE digest = ?"


def read_tombstone(connection: WriteConnection, kind: str, ident: str) -> Tombstone | None:
    """Return the tombstone of an erased id; None: the id was not erased."""
    digest = erasure_digest(ledger_secret(connection), kind, ident)
    row = connection.execute(_SELECT, (digest,)).fetchone()
    return Tombstone(*row) if row else None


def read_tombstones(connection: WriteConnection) -> list[Tombstone]:
    """Return every tombstone."""
    rows = connection.execute("SELECT digest, alias, at, begun_at FROM erased").fetchall()
    return [Tombstone(*row) for row in rows]


def is_alias(connection: LedgerConnection, ident: str) -> bool:
    """Return whether an id is what replaces an erased one."""
    if not connection.known.any_erased:
        return False
    return (
        connection.execute("SELECT 1 FROM erased WHERE alias = ?", (ident,)).fetchone() is not None
    )


def add_tombstone(connection: LedgerConnection, kind: str, ident: str, alias: str, at: int) -> str:
    """Store that an id was erased, and return its digest."""
    digest = erasure_digest(ledger_secret(connection), kind, ident)
    put_tombstone(connection, digest, alias, at)
    connection.forget_aliases()
    return digest


def put_tombstone(connection: LedgerConnection, digest: str, alias: str, at: int) -> None:
    """Store a tombstone under its digest, and delete what names the id by that digest only."""
    connection.execute(_PUT, (digest, alias, at))
    connection.execute("DELETE FROM exposures WHERE unit = ?", (digest,))
    delete_of_subject(connection, digest)


def begin_anew(connection: LedgerConnection, kind: str, ident: str, at: int) -> bool:
    """Store that the shop uses an erased id again; see `CustomerData.begin_anew`."""
    known = read_tombstone(connection, kind, ident)
    if known is None or known.begun_at is not None:
        return True
    if at <= known.at:
        return False
    connection.execute(_BEGIN, (at, known.digest))
    connection.forget_aliases()
    body = str(at).encode()
    change_rows.append(connection, "id_begun_anew", ((kind, known.digest),), body=body)
    return True


def digest_if_erased(connection: LedgerConnection, kind: str, ident: str) -> str | None:
    """Return the digest under which an erased id is stored; None: it was not erased."""
    if not connection.known.any_erased:
        return None
    found = read_tombstone(connection, kind, ident)
    return found.digest if found else None


def alias_of(connection: LedgerConnection, kind: str, ident: str) -> str | None:
    """Return what an id must be replaced by in a write; None: it may be written.

    A ledger without erasures pays nothing.
    """
    if not connection.known.any_erased:
        return None
    aliases = connection.known.aliases
    key = kind, ident
    if key not in aliases:
        found = read_tombstone(connection, kind, ident)
        aliases[key] = found.alias if found and found.begun_at is None else None
    return aliases[key]


def without_erased_ids(connection: LedgerConnection, turn: Commit) -> Commit:
    """Return a turn in which every erased customer is replaced by the alias."""
    if not connection.known.any_erased:
        return turn
    return erased_ids.without_erased_ids(turn, partial(alias_of, connection))


def refuses_fact(connection: LedgerConnection, row: FactRow) -> bool:
    """Return whether a fact may not be stored because it is about an erased id.

    A fact whose own instant is later than the erasure begins the id anew. One whose own instant is
    not later is refused even after that.
    """
    if not connection.known.any_erased:
        return False
    found = [
        known
        for kind, ident in row.subjects
        if kind in erased_ids.ERASABLE_KINDS
        if (known := read_tombstone(connection, kind, ident))
    ]
    if any(erased_ids.forbids_fact(known, row) for known in found):
        return True
    for known in found:
        if known.begun_at is None and row.own_at is not None:
            connection.execute(_BEGIN, (row.own_at, known.digest))
            connection.forget_aliases()
    return False
