"""The change log: positions, heads, reading and trimming."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from tactful.runtime.ports.ledger_rows import Change, ChangeKind, FactRow, Subject
from tactful.stores.relational.inserts import insert_into
from tactful.stores.relational.ledger_connection import LedgerConnection, WriteConnection
from tactful.stores.shared.erased_ids import subjects_without
from tactful.stores.shared.recent_heads import RecentHeads

_DECODE_SUBJECTS: Final = msgspec.json.Decoder(tuple[tuple[str, str], ...]).decode
_ENCODE: Final = msgspec.json.Encoder().encode

_PUT: Final = insert_into(
    "changes", "position bigint, at bigint, kind text, subjects text, body bytea"
)
READ_CHANGES: Final = """
  SELECT c.position, c.at, c.kind, c.subjects, coalesce(c.body, f.body, x'')
  FROM changes AS c LEFT JOIN facts AS f ON c.kind = 'fact' AND f.id = c.position
  WHERE c.position > ? ORDER BY c.position LIMIT ?"""
CATCH_UP: Final = 1_000
"""Changes of other processes that are read at a time."""
REPLACED_AT_ONCE: Final = 1_000
"""Changes that are searched for erased subjects in one transaction; they take some 2 ms."""
_NEXT_SUBJECTS: Final = (
    "SELECT position, subjects FROM changes WHERE position > ? ORDER BY position LIMIT ?"
)
_PUT_HEARTBEAT: Final = """
  INSERT INTO heard VALUES (?, ?)
  ON CONFLICT (feed) DO UPDATE SET at = excluded.at WHERE excluded.at > heard.at"""
NEWEST: Final = "SELECT coalesce(max(position), 0) FROM changes"


def newest_position(connection: LedgerConnection) -> int:
    """Return the position of the newest change; 0: there is none."""
    return connection.known.newest or 0


def recent_heads(connection: LedgerConnection) -> RecentHeads:
    """Return the heads of the last changes, brought up to date within the transaction.

    Changes of another process are read from the log. If they are no longer kept, the heads begin
    anew. They do so after another process has erased a customer, whose id they may hold.
    """
    newest, heads = newest_position(connection), connection.heads
    while heads and heads.upto < newest:
        found = connection.execute(READ_CHANGES, (heads.upto, CATCH_UP)).fetchall()
        changes = changes_from_rows(found)
        has_gap = not changes or changes[0].position != heads.upto + 1
        if has_gap or any(change.kind == "customer_erased" for change in changes):
            heads = None
        else:
            heads.add(changes)
    connection.heads = heads or RecentHeads(newest)
    return connection.heads


def append(
    connection: LedgerConnection,
    kind: ChangeKind,
    subjects: tuple[Subject, ...],
    *,
    at: int = 0,
    body: bytes = b"",
) -> int:
    """Log one change and return its position.

    Args:
        connection: In a transaction.
        kind: The kind of change.
        subjects: What it is about.
        at: Its instant, milliseconds since the Unix epoch, UTC; 0: that of the change before it.
        body: What changed.
    """
    position = newest_position(connection) + 1
    change = Change(position, max(at, connection.known.newest_at), kind, subjects, body)
    write_changes(connection, [change])
    return position


def record_heartbeat(connection: LedgerConnection, feed: str, at: int) -> None:
    """Store when a feed was last heard, and log it; an earlier instant changes nothing."""
    if connection.execute(_PUT_HEARTBEAT, (feed, at)).rowcount > 0:
        append(connection, "heartbeat", (("feed", feed),), at=at)


def write_changes(connection: LedgerConnection, changes: list[Change]) -> None:
    """Write changes that follow the newest position. The body of a fact is not repeated."""
    _write_rows(connection, [_row(change) for change in changes], changes)


def _write_rows(
    connection: LedgerConnection, rows: Sequence[tuple[object, ...]], changes: list[Change]
) -> None:
    if changes:
        connection.insert(_PUT, rows)
        connection.add_changes(changes)


class ChangeBatch:
    """Facts that are stored one after the other; their changes are written in one go."""

    __slots__ = ("_at", "_changes", "_connection", "_position", "_rows")

    def __init__(self, connection: LedgerConnection) -> None:
        self._connection = connection
        self._position = newest_position(connection)
        self._at = connection.known.newest_at
        self._changes: list[Change] = []
        self._rows: list[tuple[object, ...]] = []

    def add_fact(self, row: FactRow, encoded: str, before: tuple[Subject, ...] = ()) -> int:
        """Add a fact, and return the position that is its number.

        Args:
            row: The fact.
            encoded: Its subjects as JSON.
            before: Subjects of the version that it supersedes, if they differ.
        """
        self._position = position = self._position + 1
        if row.at > self._at:
            self._at = row.at
        subjects = row.subjects
        if before:
            subjects = tuple(dict.fromkeys((*subjects, *before)))
            encoded = _ENCODE(subjects).decode()
        self._changes.append(Change(position, self._at, "fact", subjects, row.body))
        self._rows.append((position, self._at, "fact", encoded, None))
        return position

    def write(self) -> None:
        """Write the changes of all facts that were added."""
        _write_rows(self._connection, self._rows, self._changes)


def _row(change: Change) -> tuple[object, ...]:
    body = None if change.kind == "fact" else change.body
    return change.position, change.at, change.kind, _ENCODE(change.subjects).decode(), body


def changes_from_rows(rows: Iterable[Any]) -> list[Change]:
    """Return the changes of rows that `READ_CHANGES` found."""
    return [
        Change(position, at, kind, _DECODE_SUBJECTS(subjects), body)
        for position, at, kind, subjects, body in rows
    ]


def replace_heads(connection: LedgerConnection, replacements: Mapping[Subject, Subject]) -> None:
    """Replace erased subjects in what the connection remembers of the log."""
    if connection.heads:
        connection.heads.replace(replacements)


def replace_subjects(
    connection: LedgerConnection, replacements: Mapping[Subject, Subject], after: int = 0
) -> int | None:
    """Replace erased subjects in the next rows of the log, at most `REPLACED_AT_ONCE`.

    Args:
        connection: In a transaction.
        replacements: Subject → what it is replaced by.
        after: The position after which the rows begin.

    Returns:
        The position after which the next call continues; None: no row is left.
    """
    replace_heads(connection, replacements)
    erased = replacements.keys()
    rows = connection.execute(_NEXT_SUBJECTS, (after, REPLACED_AT_ONCE)).fetchall()
    found = [
        (position, subjects)
        for position, listed in rows
        if not erased.isdisjoint(subjects := _DECODE_SUBJECTS(listed))
    ]
    connection.executemany(
        "UPDATE changes SET subjects = ? WHERE position = ?",
        [
            (_ENCODE(subjects_without(subjects, replacements)).decode(), position)
            for position, subjects in found
        ],
    )
    return rows[-1][0] if len(rows) == REPLACED_AT_ONCE else None


def trim(connection: WriteConnection, upto: int, limit: int) -> int:
    """Delete up to `limit` of the oldest changes up to a position.

    The newest change always stays, so that positions continue after it.

    Returns:
        The number of changes deleted; 0: none are left.
    """
    found = connection.execute(
        "SELECT position FROM changes"
        " WHERE position <= ? AND position < (SELECT max(position) FROM changes)"
        " ORDER BY position LIMIT ?",
        (upto, limit),
    ).fetchall()
    if not found:
        return 0
    last = found[-1][0]
    connection.execute("DELETE FROM changes WHERE position <= ?", (last,))
    return len(found)
