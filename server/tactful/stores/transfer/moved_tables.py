"""The tables that a move carries, the rows of each, and their digests."""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
from msgspec import Struct

from tactful.core.values.counts import counted
from tactful.runtime.ports.ledger import LedgerError

_OWN: Final = "'schema', 'compatible_since', 'probe', 'moved'"
_NAMED: Final = {
    "meta": "key",
    "facts": "id",
    "subjects": "kind, id, fact_kind, fact_key",
    "heard": "feed",
    "sessions": "rowid",
    "ended_sessions": "session",
    "contacts": "rowid",
    "offers": "rowid",
    "steps": "id",
    "rule_steps": "rule, digest, state, reason",
    "reductions": "rule, sku, territory",
    "budgets": "campaign, period, currency",
    "stock_commitments": "sku, territory",
    "redemptions": "rowid",
    "order_aliases": "alias",
    "refunds": "rowid",
    "entries": "id",
    "rulebooks": "version",
    "activations": "id",
    "rule_states": "rule",
    "trials": "rule",
    "acts": "id",
    "changes": "position",
    "tallies": "hour, what, product, territory, name",
    "erased": "digest",
    "pruned_outcomes": "rule, product, territory",
    "pruned_redemptions": "campaign, period, currency",
    "alerts": "rowid",
    "exposures": "unit, rule, edition",
    "inbox": "number",
    "inbox_subjects": "digest, number",
    "cursors": "connector, name",
    "codes": "key",
}
"""Table → what names its rows, and orders them alike in both engines."""
NOT_MOVED: Final = frozenset({"writer", "nodes", "encrypted_files"})
"""Tables of one engine that hold nothing of a shop."""
_encode = msgspec.json.Encoder().encode


class MovedTable(Struct, frozen=True):
    """A table with its columns, as both engines have it."""

    name: str
    columns: tuple[tuple[str, str], ...]
    """(name, PostgreSQL's type) of each column."""

    @property
    def names(self) -> str:
        """The columns as SQL names them."""
        return ", ".join(f'"{name}"' for name, _ in self.columns)

    @property
    def query(self) -> str:
        """The query of all rows, in the order of their names; both engines take it."""
        where = f" WHERE key NOT IN ({_OWN})" if self.name == "meta" else ""
        return f"SELECT {self.names} FROM {self.name}{where} ORDER BY {_NAMED[self.name]}"  # noqa: S608

    @property
    def numbered(self) -> str | None:
        """The column that the database numbers by itself, if there is one."""
        # The id of a fact is its position in the change log.
        named = _NAMED[self.name]
        return named if named in {"rowid", "id", "number"} and self.name != "facts" else None


class TableDigest:
    """The number of rows that were read, and a digest of them."""

    def __init__(self) -> None:
        self.count = 0
        self._digest = hashlib.sha256()

    def reading(self, rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
        """Yield rows, and add each to the digest."""
        for row in rows:
            self.count += 1
            # SQLite has numbers where PostgreSQL has booleans.
            self._digest.update(
                _encode([int(one) if one is True or one is False else one for one in row])
            )
            yield row

    def found(self) -> tuple[int, str]:
        """Return (number of rows, digest)."""
        return self.count, self._digest.hexdigest()


def tables_of(columns: Iterable[tuple[str, str, str]]) -> list[MovedTable]:
    """Return the tables to move.

    Args:
        columns: (table, column, type) of PostgreSQL's schema, in order.

    Raises:
        LedgerError: A table is not known to a move, so that its rows would be lost.
    """
    found: dict[str, list[tuple[str, str]]] = {}
    for table, column, kind in columns:
        found.setdefault(table, []).append((column, kind))
    if unknown := sorted(found.keys() - _NAMED.keys() - NOT_MOVED):
        message = f"a move does not know the tables {', '.join(unknown)}"
        raise LedgerError(message, retry=False)
    return [MovedTable(name, tuple(found[name])) for name in _NAMED]


def compare(table: str, read: TableDigest, written: TableDigest) -> None:
    """Compare what was read with what is stored now.

    Raises:
        LedgerError: They differ.
    """
    if read.found() != written.found():
        message = (
            f"{table}: {counted(read.count, 'row was', 'rows were')} read and {written.count:,} stored, or their contents"
            " differ. Nothing was moved."
        )
        raise LedgerError(message, retry=False)
