"""A connection of the writer, with what the current transaction has learned and changed."""

import sqlite3
from typing import Any, Final

from tactful.runtime.ports.ledger_rows import Change
from tactful.stores.shared.recent_heads import RecentHeads
from tactful.stores.sqlite.known_rows import KnownRows

_BASIS: Final = """
  SELECT coalesce(max(position), 0),
    coalesce((SELECT at FROM changes ORDER BY position DESC LIMIT 1), 0),
    EXISTS (SELECT 1 FROM erased), EXISTS (SELECT 1 FROM order_aliases)
  FROM changes"""

# Python's module looks for an adapter of each value but numbers and texts, and that takes 0.2 µs where
# it finds none. A promise has 18 such values.
sqlite3.register_adapter(bytes, bytes)
sqlite3.register_adapter(type(None), lambda none: none)


class LedgerConnection(sqlite3.Connection):
    """A connection to a ledger that knows the state of its transaction."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._known = KnownRows()
        self._version: int | None = None
        self._changes: list[Change] = []
        self.fenced = 0
        """Records that were dropped because another process has claimed their session."""
        self.heads: RecentHeads | None = None
        """The heads of the last changes; None: not known."""

    @property
    def known(self) -> KnownRows:
        """Return what is known of the stored rows, with the basis that each transaction needs."""
        known = self._known
        if known.newest is None:
            known.newest, known.newest_at, *any_rows = self.execute(_BASIS).fetchone()
            known.any_erased, known.any_order_alias = map(bool, any_rows)
        return known

    def start(self) -> None:
        """Begin a transaction that no other writer can overtake.

        What is known stays valid until another connection has written: then SQLite names another
        version of the data.
        """
        self.execute("BEGIN IMMEDIATE")
        (version,) = self.execute("PRAGMA data_version").fetchone()
        if version != self._version or self._known.is_full:
            self._known = KnownRows()
            self._version = version
        self._changes = []

    def abandon(self) -> None:
        """Roll the transaction back, if it is still open, and forget its changes."""
        if self.in_transaction:
            self.execute("ROLLBACK")
        self._known = KnownRows()
        self._changes = []
        self.heads = None

    def forget_aliases(self) -> None:
        """Look aliases up again, because a tombstone was written."""
        known = self.known
        known.any_erased = True
        known.aliases.clear()

    def add_changes(self, changes: list[Change]) -> None:
        """Note changes that were logged after the newest one."""
        known = self.known
        known.newest, known.newest_at = changes[-1].position, changes[-1].at
        self._changes += changes
        if self.heads and self.heads.upto == changes[0].position - 1:
            self.heads.add(changes)

    def take_changes(self) -> list[Change]:
        """Return the changes of the last transaction once it is committed; they are forgotten."""
        taken, self._changes = self._changes, []
        return taken

    def undo_job(self, savepoint: str) -> None:
        """Roll back to a savepoint, and forget the changes that were logged after it."""
        self.execute(f"ROLLBACK TO {savepoint}")
        self._known = KnownRows()
        self.heads = None
        newest = self.known.newest or 0
        self._changes = [change for change in self._changes if change.position <= newest]
