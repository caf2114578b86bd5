"""How does one SQLite file keep what the server knows and has promised?

Writes go through one writer with group commit; reads through a connection of their own.
"""

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from functools import partial
from pathlib import Path
from typing import Final, Literal

import aiosqlite

from tactful.core.redemption.redemption_rows import RedemptionLogic, RedemptionOutcome
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.ports.ledger_rows import Commit, CommitRefusal, FactRow
from tactful.runtime.ports.operator_actions import OperatorAction
from tactful.stores.shared import erasures
from tactful.stores.shared.erasures import erasure_digest, ledger_secret
from tactful.stores.shared.failpoints import FailpointHook, no_failpoint
from tactful.stores.sqlite import customer_data as sqlite_people
from tactful.stores.sqlite import facts as sqlite_facts
from tactful.stores.sqlite import operator_actions as sqlite_acts
from tactful.stores.sqlite import reconcile as sqlite_balance
from tactful.stores.sqlite import turns as sqlite_turns
from tactful.stores.sqlite.group_commit import SqliteWriter
from tactful.stores.sqlite.opening import BUSY_MS, open_writer
from tactful.stores.sqlite.reads import SqliteReads

MAX_PENDING_BYTES: Final = 64 * 1024 * 1024
"""Bytes of records that may wait; beyond, records without an offer are dropped and counted."""
PRUNE_BATCH: Final = 5_000
"""Rows that are looked at or dropped in one go, so that nobody waits long behind the broom."""
_NEXT_SESSIONS: Final = (
    "SELECT rowid, session, seen_at FROM sessions WHERE rowid > ? ORDER BY rowid LIMIT ?"
)
TRUNCATE_ATTEMPTS: Final = 100
TRUNCATE_RETRY_S: Final = 0.1
"""Seconds between attempts to empty the log while somebody reads."""


class SqliteLedger(SqliteReads):
    """The ledger port on one SQLite file."""

    def __init__(self, path: Path, *, failpoint: FailpointHook = no_failpoint) -> None:
        """`path`: the file, made if it does not exist; `failpoint`: the failpoints of a test."""
        self.path: Final = path
        self.dropped = 0
        """Records that were not kept because too many waited."""
        self._path = str(path)
        self._failpoint = failpoint
        self._writer: SqliteWriter | None = None

    async def open(self) -> None:
        """Check, migrate and ready the file; `LedgerError` says what is wrong with it."""
        connection = await asyncio.to_thread(open_writer, self.path)
        self._writer = SqliteWriter(connection, self._path, sqlite_turns.record, self._failpoint)
        self._reader = await aiosqlite.connect(self.path, timeout=BUSY_MS / 1000)

    async def close(self) -> None:
        """Write what is pending and let go."""
        if self._reader:
            await self._reader.close()
        if self._writer:
            await self._writer.close()
        self._writer = self._reader = None

    @property
    def failure(self) -> str | None:
        """Why nothing is promised at the moment; None: all is well."""
        error = self._open_writer.failure
        return str(error) if error else None

    @property
    def pending_bytes(self) -> int:
        """Bytes of records that are not written yet."""
        return self._writer.pending_bytes if self._writer else 0

    @property
    def _open_writer(self) -> SqliteWriter:
        if self._writer is None:
            raise LedgerError("the ledger is not open", retry=False)
        return self._writer

    async def _settle(self) -> None:
        writer = self._open_writer
        if writer.pending_bytes and writer.failure is None:
            with suppress(LedgerError):  # what can be read is read, written or not
                await writer.run(_no_work)

    async def record_facts(self, rows: Sequence[FactRow]) -> list[bool]:
        return await self._open_writer.run(partial(sqlite_facts.record, rows=rows))

    async def record_heartbeat(self, feed: str, at: int) -> None:
        await self._open_writer.run(
            lambda connection: connection.execute(
                "INSERT INTO heard VALUES (?, ?) ON CONFLICT (feed)"
                " DO UPDATE SET at = max(at, excluded.at)",
                (feed, at),
            ).close()
        )

    async def commit(self, commit: Commit) -> CommitRefusal | None:
        return await self._open_writer.run(partial(sqlite_turns.commit, turn=commit))

    def record(self, commit: Commit) -> None:
        writer = self._open_writer
        if writer.pending_bytes > MAX_PENDING_BYTES and not (
            commit.offers or commit.moves or commit.contacts
        ):
            self.dropped += 1
            return
        writer.enqueue_record(commit, _size(commit))

    def deferred_writes(self) -> AbstractContextManager[None]:
        return self._open_writer.deferred_writes()

    async def flush(self) -> None:
        await self._open_writer.run(_no_work)

    async def run_redemption(
        self,
        judge: RedemptionLogic,
        *,
        offer: str | None = None,
        order: str,
        refund: str | None = None,
    ) -> RedemptionOutcome:
        return await self._open_writer.run(
            partial(
                sqlite_turns.run_redemption,
                judgement=judge,
                asked=(offer, order, refund),
                failpoint=self._failpoint,
            )
        )

    async def mark_bought(self, offers: Sequence[str], *, bought: bool) -> None:
        await self._open_writer.run(partial(sqlite_turns.mark_bought, offers=offers, bought=bought))

    async def forget_session(self, session: str) -> None:
        await self._open_writer.run(partial(sqlite_people.forget_session, session=session))

    async def store_rulebook(
        self, version: str, sources: bytes, at: int, *, back: bool = False
    ) -> None:
        sql = "INSERT INTO activations (version, at, back) VALUES (?, ?, ?)"

        def keep(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT OR IGNORE INTO rulebooks VALUES (?, ?)", (version, sources))
            connection.execute(sql, (version, at, back))

        await self._open_writer.run(keep)

    async def set_rule_state(self, rule: str, state: Literal["paused", "running"]) -> None:
        sql = "DELETE FROM rule_states WHERE rule = ?"
        values: tuple[str, ...] = (rule,)
        if state == "paused":
            sql, values = "INSERT OR REPLACE INTO rule_states VALUES (?, ?)", (rule, state)
        await self._open_writer.run(lambda connection: connection.execute(sql, values).close())

    async def record_operator_action(self, act: OperatorAction) -> None:
        await self._open_writer.run(partial(sqlite_acts.insert, act=act))

    async def erase_customer(self, customer: str, alias: str) -> int:
        """Remove every byte about a customer; money rows stay under `alias`. Returns the rows touched.

        On return no byte is left in the file or its log; the digest on the list of erasures makes a
        restored backup forget the customer again.
        """
        writer = self._open_writer
        await writer.run(partial(_remember_erasure, path=self.path, customer=customer, alias=alias))
        touched = await writer.run(partial(sqlite_people.erase, customer=customer, alias=alias))
        await self._empty_log()
        return touched

    async def export_customer(self, customer: str) -> dict[str, object]:
        """All that is kept about a customer, as plain data."""
        return await self._open_writer.run(partial(sqlite_people.export, customer=customer))

    async def prune(self, *, before: int) -> int:
        """Drop superseded facts, entries and ended sessions older than an instant, bit by bit."""
        work = partial(sqlite_people.prune, before=before, limit=PRUNE_BATCH)
        total = 0
        while dropped := await self._open_writer.run(work):
            total += dropped
        walked = 0
        while found := await self._read_settled(_NEXT_SESSIONS, (walked, PRUNE_BATCH)):
            walked = found[-1][0]
            if ended := [session for _, session, seen in found if seen < before]:
                total += await self._open_writer.run(
                    partial(sqlite_people.prune_sessions, sessions=ended, before=before)
                )
        return total

    async def state_digest(self) -> str:
        """A digest of the facts in force and the versions seen: the same after any order of arrival."""
        return await self._open_writer.run(sqlite_facts.digest)

    async def reconcile(self) -> list[str]:
        """Balances that do not equal the sum of their rows, in words; nothing: all is well."""
        return await self._open_writer.run(sqlite_balance.reconcile)

    async def _empty_log(self) -> None:
        """Move the log into the file and cut it to nothing; a reader may delay it."""
        for _ in range(TRUNCATE_ATTEMPTS):
            if await self._open_writer.run_outside_transaction(_checkpoint):
                return
            await asyncio.sleep(TRUNCATE_RETRY_S)
        message = (
            f"{self.path}: erased, but the log still holds the bytes because another process reads"
            " the database; end it and erase again"
        )
        raise LedgerError(message)


def _no_work(connection: sqlite3.Connection) -> None:
    """What is done to learn that all before is done."""


def _checkpoint(connection: sqlite3.Connection) -> bool:
    connection.execute("PRAGMA busy_timeout=50")
    try:
        busy, left, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    return not busy and left == 0


def _remember_erasure(
    connection: sqlite3.Connection, path: Path, customer: str, alias: str
) -> None:
    erasures.append_erasure(
        path, erasure_digest(ledger_secret(connection), "customer", customer), alias
    )


def _size(commit: Commit) -> int:
    entry = commit.entry
    parts = (commit.state, entry and entry.signal, entry and entry.inputs, entry and entry.trace)
    return 256 + sum(len(part) for part in parts if part)
