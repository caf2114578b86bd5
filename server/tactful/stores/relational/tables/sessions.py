"""Sessions: their stored states, and the epoch that fences an earlier owner."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
from msgspec import structs

from tactful.runtime.ports.ledger_rows import Commit, SavedSession
from tactful.stores.relational.inserts import insert_into
from tactful.stores.relational.ledger_connection import LedgerConnection
from tactful.stores.relational.tables import change_rows
from tactful.stores.shared.erasures import digests_of, ledger_secret

SELECT_SESSION: Final = (
    "SELECT session, customer, state, resume, wake_at, seen_at, epoch, taken FROM sessions "
)
_EPOCHS: Final = """
  SELECT j.value, coalesce(s.epoch, 0)
  FROM json_each(?) AS j LEFT JOIN sessions AS s ON s.session = j.value"""
_CLAIMED: Final = """
  SELECT session, epoch, seen_at FROM sessions
  WHERE epoch > 1 AND session IN (SELECT value FROM json_each(?))"""
_DELETE: Final = "DELETE FROM sessions WHERE session IN (SELECT value FROM json_each(?))"
_ENDED: Final = """
  SELECT session, epoch FROM ended_sessions WHERE session IN (SELECT value FROM json_each(?))"""
_PUT_ENDED: Final = insert_into(
    "ended_sessions",
    "session text, epoch bigint, at bigint",
    "ON CONFLICT (session) DO UPDATE SET epoch = excluded.epoch, at = excluded.at",
    key_columns=1,
)
DELETE_OLD_ENDED: Final = """
  DELETE FROM ended_sessions WHERE session IN
    (SELECT session FROM ended_sessions WHERE at < :before LIMIT :limit)"""
"""Deletes the epochs of sessions that were last active before an instant."""
_ENCODE: Final = msgspec.json.Encoder().encode
_PUT: Final = insert_into(
    "sessions",
    "session text, customer text, state bytea, resume bytea, wake_at bigint, seen_at bigint,"
    " epoch bigint, taken bytea, node text",
    """ON CONFLICT (session) DO UPDATE SET customer = excluded.customer, state = excluded.state,
      resume = CASE WHEN excluded.resume = x'' THEN sessions.resume ELSE excluded.resume END,
      wake_at = excluded.wake_at, seen_at = excluded.seen_at,
      taken = coalesce(excluded.taken, sessions.taken), node = excluded.node""",
    key_columns=1,
)


def write_sessions(connection: LedgerConnection, turns: Sequence[Commit]) -> None:
    """Write the sessions of turns; of several turns of one session, only the last state."""
    last: dict[str, Commit] = {}
    secrets: dict[str, bytes] = {}
    numbers: dict[str, bytes] = {}
    # A session that is stored for the first time begins with the epoch of its first turn.
    begun: dict[str, int] = {}
    epochs = connection.known.epochs
    for turn in turns:
        session = turn.session
        if not session:
            continue
        if turn.resume is not None:
            secrets[session] = turn.resume
        if turn.taken is not None:
            numbers[session] = turn.taken
        if turn.state is not None:
            last[session] = turn
            begun.setdefault(session, max(turn.epoch, epochs.get(session, 0), 1))
    if not last:
        return
    connection.insert(
        _PUT,
        [
            (
                key, turn.customer, turn.state, secrets.get(key, b""), turn.wake_at, turn.seen_at,
                begun[key], numbers.get(key), connection.owner,
            )
            for key, turn in last.items()
        ],
    )  # fmt: skip
    for key, epoch in begun.items():
        if epochs.get(key) == 0:
            epochs[key] = epoch


def read_epoch(connection: LedgerConnection, session: str) -> int:
    """Read and return the epoch of a session, as `KnownRows.epochs` has it from then on."""
    sql = "SELECT epoch FROM sessions WHERE session = ?"
    row = connection.execute(sql, (session,)).fetchone()
    epochs = connection.known.epochs
    epochs[session] = int(row[0]) if row else 0
    learn_ended(connection, (session,))
    return epochs[session]


def learn_epochs(connection: LedgerConnection, sessions: Iterable[str]) -> None:
    """Read the epochs of sessions that are not known yet, all with one statement."""
    epochs = connection.known.epochs
    unknown = [session for session in sessions if session not in epochs]
    if unknown:
        for session, epoch in connection.execute(_EPOCHS, (_ENCODE(unknown).decode(),)):
            epochs[session] = epoch
        learn_ended(connection, unknown)


def learn_ended(connection: LedgerConnection, sessions: Iterable[str]) -> None:
    """Give those of some sessions that are not stored the epochs of their deletion."""
    known = connection.known
    if not known.any_ended:
        return
    digest = digests_of(ledger_secret(connection), "session")
    named = {digest(session): session for session in sessions if known.epochs.get(session) == 0}
    if named:
        for key, epoch in connection.execute(_ENDED, (_ENCODE(sorted(named)).decode(),)):
            known.epochs[named[key]] = epoch


def delete(connection: LedgerConnection, sessions: Iterable[str]) -> int:
    """Delete sessions, and return how many were stored.

    The epochs of those that were claimed stay, under digests. A server that owned one before, and has not
    heard of the claim, would store it again without them.
    """
    listed = (_ENCODE(sorted(sessions)).decode(),)
    known = connection.known
    claimed = connection.execute(_CLAIMED, listed).fetchall()
    if claimed:
        digest = digests_of(ledger_secret(connection), "session")
        connection.insert(
            _PUT_ENDED, [(digest(session), epoch, seen_at) for session, epoch, seen_at in claimed]
        )
        known.any_ended = True
    known.epochs.clear()
    return connection.execute(_DELETE, listed).rowcount


def claim(connection: LedgerConnection, digest: bytes) -> SavedSession | None:
    """Add one to the epoch of the session with a resume secret; see `SessionStore.claim_session`."""
    if not digest:
        return None
    sql = SELECT_SESSION + "WHERE resume = ?"
    row: Any = connection.execute(sql, (digest,)).fetchone()
    if row is None:
        return None
    (claimed,) = _claim_rows(connection, [row])
    return claimed


def claim_named(
    connection: LedgerConnection, sessions: Sequence[tuple[str, str]]
) -> list[SavedSession]:
    """Add one to the epochs of sessions.

    Args:
        connection: In a transaction.
        sessions: (id, owner) of each. It is skipped if it is not stored or has another owner by now.
    """
    sql = SELECT_SESSION + "WHERE session = ? AND coalesce(node, '') = ?"
    found = [connection.execute(sql, named) for named in sessions]
    return _claim_rows(connection, [row for rows in found if (row := rows.fetchone())])


def _claim_rows(connection: LedgerConnection, rows: Iterable[Any]) -> list[SavedSession]:
    found = (SavedSession(*row) for row in rows)
    claimed = [structs.replace(saved, epoch=saved.epoch + 1) for saved in found]
    connection.executemany(
        "UPDATE sessions SET epoch = ?, node = ? WHERE session = ?",
        [(saved.epoch, connection.owner, saved.session) for saved in claimed],
    )
    for saved in claimed:
        connection.known.epochs[saved.session] = saved.epoch
        body = str(saved.epoch).encode()
        change_rows.append(connection, "session_claimed", (("session", saved.session),), body=body)
    return claimed
