"""What the shared modules need of a connection, and what it knows of its transaction.

Statements are written once, in the SQL that both engines have. SQLite takes them as they are, and
`stores.postgres.statements` gives them the form that PostgreSQL expects.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, Protocol

from tactful.runtime.ports.ledger_rows import Change
from tactful.stores.relational.inserts import Insert
from tactful.stores.relational.known_rows import KnownRows
from tactful.stores.shared.recent_heads import RecentHeads

BASIS: Final = """
  SELECT coalesce(max(position), 0),
    coalesce((SELECT at FROM changes ORDER BY position DESC LIMIT 1), 0),
    EXISTS (SELECT 1 FROM erased), EXISTS (SELECT 1 FROM order_aliases),
    EXISTS (SELECT 1 FROM ended_sessions)
  FROM changes"""


class Rows(Protocol):
    """What a statement has found or changed."""

    @property
    def rowcount(self) -> int:
        """Return the number of rows that were changed."""

    def fetchone(self) -> Any:
        """Return the next row; None: there is none."""

    def fetchall(self) -> list[Any]:
        """Return the rows that are left."""

    def __iter__(self) -> Iterator[Any]: ...


class ReadConnection(Protocol):
    """A connection that reads.

    Parameters stand in statements as `?` with a sequence of values, or as `:name` with a mapping.
    """

    def execute(self, sql: str, values: Any = ..., /) -> Rows:
        """Execute a statement."""


class WriteConnection(ReadConnection, Protocol):
    """A connection that writes."""

    @property
    def total_changes(self) -> int:
        """Return the number of rows that the connection has changed so far."""

    def executemany(self, sql: str, values: Iterable[Any], /) -> Rows:
        """Execute a statement once for each set of values."""

    def insert(self, insert: Insert, rows: Sequence[tuple[object, ...]]) -> None:
        """Insert rows in order."""


class LedgerConnection(WriteConnection, Protocol):
    """The connection of the writer, in a transaction."""

    fenced: int
    heads: RecentHeads | None
    owner: str | None
    """What the rows of sessions name as their owner; None: one server owns all of them."""
    is_remote: bool
    """Whether an answer takes a trip to another process, so that reads are better done together."""

    @property
    def known(self) -> KnownRows:
        """Return what is known of the stored rows."""

    def forget_aliases(self) -> None:
        """Look aliases up again, because a tombstone was written."""

    def add_changes(self, changes: list[Change]) -> None:
        """Note changes that were logged after the newest one."""


class WriterConnection(LedgerConnection, Protocol):
    """The connection of the writer, which begins and ends its transactions."""

    def start(self) -> None:
        """Begin a transaction that no other writer can overtake."""

    def flush(self) -> None:
        """Return once all statements so far have been executed; raise what they have met."""

    def commit(self) -> None:
        """Make the transaction durable."""

    def abandon(self) -> None:
        """Roll the transaction back, if it is still open, and forget its changes."""

    def undo_job(self, savepoint: str) -> None:
        """Roll back to a savepoint, and forget the changes that were logged after it."""

    def take_changes(self) -> list[Change]:
        """Return the changes of the last transaction once it is committed; they are forgotten."""

    def close(self) -> None:
        """Release the connection."""


class TransactionState:
    """What the current transaction of a connection has learned and changed."""

    def __init__(self) -> None:
        self._known = KnownRows()
        self._changes: list[Change] = []
        self.fenced = 0
        """Records that were dropped because another process has claimed their session."""
        self.heads: RecentHeads | None = None
        """The heads of the last changes; None: not known."""
        self.owner: str | None = None
        """What the rows of sessions name as their owner; None: one server owns all of them."""

    def execute(self, sql: str, values: Any = (), /) -> Rows:
        """Execute a statement."""
        raise NotImplementedError

    @property
    def known(self) -> KnownRows:
        """Return what is known of the stored rows, with the basis that each transaction needs."""
        if self._known.newest is None:
            self._learn_basis(self.execute(BASIS))
        return self._known

    def _learn_basis(self, found: Rows) -> None:
        """Note what `BASIS` has found."""
        known = self._known
        known.newest, known.newest_at, *any_rows = found.fetchone()
        known.any_erased, known.any_order_alias, known.any_ended = map(bool, any_rows)

    def forget_all(self) -> None:
        """Forget what is known and what was logged, because the transaction is rolled back."""
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
