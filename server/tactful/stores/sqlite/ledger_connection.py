"""A connection of the writer, with what the current transaction has learned and changed."""

import sqlite3
from typing import Any, Final

from tactful.runtime.ports.ledger_rows import Change
from tactful.stores.shared.recent_heads import RecentHeads

_BASIS: Final = """
  SELECT coalesce((SELECT max(position) FROM changes), 0), EXISTS (SELECT 1 FROM erased)"""


class TransactionState:
    """What was read once in the current transaction, and the changes that it has logged.

    Another process may write between two transactions, so nothing is kept longer.
    """

    __slots__ = ("aliases", "any_erased", "changes", "newest")

    def __init__(self) -> None:
        self.newest: int | None = None
        """The newest position of the change log; None: not read yet."""
        self.any_erased: bool | None = None
        """Whether the ledger has any tombstone; None: not read yet."""
        self.aliases: dict[tuple[str, str], str | None] = {}
        """(kind, id) → what it must be replaced by, as far as it was looked up."""
        self.changes: list[Change] = []
        """The changes that were logged, in order."""

    def forget_aliases(self) -> None:
        """Look aliases up again, because a tombstone was written."""
        self.any_erased = None
        self.aliases.clear()


class LedgerConnection(sqlite3.Connection):
    """A connection to a ledger that knows the state of its transaction."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.state = TransactionState()
        """Of the transaction that is open, or was last."""
        self.fenced = 0
        """Records that were dropped because another process has claimed their session."""
        self.heads: RecentHeads | None = None
        """The heads of the last changes; None: not known."""

    def start(self) -> None:
        """Begin a transaction that no other writer can overtake."""
        self.execute("BEGIN IMMEDIATE")
        self.state = TransactionState()

    def look_up_basis(self) -> TransactionState:
        """Read what nearly every transaction needs, in one statement; return the state."""
        newest, any_erased = self.execute(_BASIS).fetchone()
        self.state.newest = newest
        self.state.any_erased = bool(any_erased)
        return self.state

    def abandon(self) -> None:
        """Roll the transaction back, if it is still open, and forget its changes."""
        if self.in_transaction:
            self.execute("ROLLBACK")
        self.state = TransactionState()
        self.heads = None

    def take_changes(self) -> list[Change]:
        """Return the changes of the last transaction once it is committed; they are forgotten."""
        taken, self.state.changes = self.state.changes, []
        return taken

    def undo_job(self, savepoint: str) -> None:
        """Roll back to a savepoint, and forget the changes that were logged after it."""
        self.execute(f"ROLLBACK TO {savepoint}")
        kept = self.state.changes
        self.state = TransactionState()
        self.heads = None
        (newest,) = self.execute("SELECT coalesce(max(position), 0) FROM changes").fetchone()
        self.state.changes = [change for change in kept if change.position <= newest]
