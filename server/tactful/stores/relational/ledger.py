"""The ledger port on a database: what both engines have in common.

Writes go through one writer with group commit (`group_commit`). Reads use connections of their own,
so that they never wait for a transaction (`reads`).
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from contextlib import AbstractContextManager, aclosing, suppress
from functools import partial
from typing import Final, TypeVar

import structlog

from tactful.core.facts.fact_versions import FactOutcome
from tactful.core.redemption.redemption_rows import BudgetRow, RedemptionLogic, RedemptionOutcome
from tactful.runtime.ports.alert_store import Alert
from tactful.runtime.ports.change_log import OnChanges
from tactful.runtime.ports.customer_data import ContactFacts
from tactful.runtime.ports.exposure_store import OfferReaction
from tactful.runtime.ports.ledger import (
    CommitObserver,
    LedgerAwayError,
    LedgerBrokenError,
    LedgerError,
    StorageUse,
)
from tactful.runtime.ports.ledger_rows import (
    Change,
    Commit,
    CommitRefusal,
    FactRow,
    ReadSet,
    SavedSession,
)
from tactful.runtime.ports.membership import NodeRow
from tactful.runtime.ports.operator_actions import OperatorAction
from tactful.stores.relational import facts, operator_actions, redemption_transaction, turns
from tactful.stores.relational.customers import customer_erasure, customer_export
from tactful.stores.relational.customers.erasure import RelationalErasure
from tactful.stores.relational.customers.linked_contacts import COUNT_CONTACT_FACTS, contact_facts
from tactful.stores.relational.customers.retention import RelationalRetention
from tactful.stores.relational.inbox import RelationalInbox
from tactful.stores.relational.ledger_connection import LedgerConnection, WriterConnection
from tactful.stores.relational.reads import RelationalReads
from tactful.stores.relational.reconcile import reconcile
from tactful.stores.relational.redemption_transaction import RedemptionLookup
from tactful.stores.relational.rulebook_writes import RelationalRulebooks
from tactful.stores.relational.stored_codes import RelationalCodes
from tactful.stores.relational.tables import (
    alert_rows,
    budget_balances,
    change_rows,
    exposure_rows,
    offer_rows,
    sessions,
    tallies,
)
from tactful.stores.relational.writer.engine import Engine
from tactful.stores.relational.writer.group_commit import GroupCommitWriter
from tactful.stores.relational.writer.under_way import UnderWay
from tactful.stores.relational.writer.write_jobs import Lane
from tactful.stores.shared.erasures import ledger_secret
from tactful.stores.shared.failpoints import FailpointHook

log = structlog.get_logger("tactful.ledger")

T = TypeVar("T")

RECORD_OVERHEAD: Final = 256
"""Bytes that a queued record takes, beside those that it writes; an estimate."""
MAX_PENDING_BYTES: Final = 64 * 1024 * 1024
"""Bytes of records that may wait to be written.

Beyond that, records of browsing are dropped and counted. Records with offers, moves or contact
histories are always queued.
"""
LOG_KEPT_S: Final = 600
"""Seconds for which a change stays in the change log at least."""
TRIM_BATCH: Final = 1_000
"""Changes deleted from the change log in one transaction."""
PRUNE_BATCH: Final = 250
"""Rows examined or deleted in one transaction, so that no commit waits long behind a prune."""
CLAIM_BATCH: Final = 1_000
"""Sessions claimed in one transaction at the start, when nothing else waits for the writer."""


class RelationalLedger(
    RelationalErasure,
    RelationalReads,
    RelationalRetention,
    RelationalRulebooks,
    RelationalInbox,
    RelationalCodes,
):
    """The ledger on a database; see `runtime.ports.ledger` for what each method promises."""

    def __init__(self, place: str, *, is_shared: bool, failpoint: FailpointHook) -> None:
        """Name the database; nothing is opened yet.

        Args:
            place: The database, for messages.
            is_shared: Whether other processes may write to it.
            failpoint: The failpoints of a test.
        """
        self._path = place
        self._is_shared = is_shared
        self._failpoint = failpoint
        self._writer: GroupCommitWriter | None = None
        # Records that were dropped because more than `MAX_PENDING_BYTES` waited, and, once the writer
        # is closed, those that it gave up.
        self._records_lost = 0
        self._is_dropping = False
        self._connection: WriterConnection | None = None
        self._secret: bytes | None = None
        self._under_way = UnderWay()
        self._subscribers: list[OnChanges] = []
        self._trimming: asyncio.Task[None] | None = None
        self._on_commit: CommitObserver = _ignore_commit

    async def open(self) -> None:
        """Make the database ready, and start the writer."""
        raise NotImplementedError

    def _start(self, connection: WriterConnection, engine: Engine) -> None:
        """Start the writer on an open connection."""
        self._connection = connection
        self._secret = ledger_secret(connection)
        self._writer = GroupCommitWriter(
            connection,
            engine,
            turns.write,
            self._failpoint,
            self._publish,
            self._on_commit,
            self._under_way,
        )
        self._trimming = asyncio.create_task(self._trim_regularly())

    async def close(self) -> None:
        """Write what is queued and release the database."""
        if self._trimming:
            self._trimming.cancel()
            await asyncio.wait([self._trimming])
        await self._close_readers()
        if self._writer:
            await self._writer.close()
            self._records_lost += self._writer.records_lost
        self._writer = None

    async def _close_readers(self) -> None:
        """Release the connections that read; none is used any more."""
        raise NotImplementedError

    @property
    def is_shared(self) -> bool:
        """Return whether other processes may write to the file."""
        return self._is_shared

    @property
    def failure(self) -> str | None:
        """Return why commits are suspended; None: they are not."""
        error = self._open_writer.failure
        return str(error) if error else None

    @property
    def is_broken(self) -> bool:
        """Return whether commits stay suspended until the ledger is opened again."""
        return isinstance(self._open_writer.failure, LedgerBrokenError)

    def storage_use(self) -> StorageUse | None:
        """Return the room that the ledger takes; None if it cannot be told."""
        raise NotImplementedError

    @property
    def is_away(self) -> bool:
        """Return whether commits are suspended because the database cannot be reached."""
        return isinstance(self._open_writer.failure, LedgerAwayError)

    def observe_commits(self, observer: CommitObserver) -> None:
        """Report every durable commit to `observer` from the opening on."""
        self._on_commit = observer

    @property
    def pending_bytes(self) -> int:
        """Return the bytes of records that are not written yet."""
        return self._writer.pending_bytes if self._writer else 0

    @property
    def records_lost(self) -> int:
        """Return the number of records given up since the opening."""
        return self._records_lost + (self._writer.records_lost if self._writer else 0)

    @property
    def fenced_records(self) -> int:
        """Return the records that were dropped because another process owns their session."""
        return self._connection.fenced if self._connection else 0

    def subscribe(self, callback: OnChanges) -> Callable[[], None]:
        self._subscribers.append(callback)
        return partial(self._subscribers.remove, callback)

    def _publish(self, changes: Sequence[Change]) -> None:
        for callback in tuple(self._subscribers):
            callback(changes)

    async def _trim_regularly(self) -> None:
        """Delete changes once they are between one and two times `LOG_KEPT_S` old."""
        upto = 0
        while True:
            await asyncio.sleep(LOG_KEPT_S)
            # Without room on the disk nothing can be deleted; the next attempt deletes more.
            with suppress(LedgerError):
                await self.trim_changes(upto)
                upto = await self.position()

    async def trim_changes(self, upto: int) -> int:
        """Delete the changes up to a position, in small transactions; return how many.

        The newest change always stays.
        """
        work = partial(change_rows.trim, upto=upto, limit=TRIM_BATCH)
        total = 0
        while dropped := await self._open_writer.run(work):
            total += dropped
        return total

    @property
    def _open_writer(self) -> GroupCommitWriter:
        if self._writer is None:
            raise LedgerError("the ledger is not open", retry=False)
        return self._writer

    async def _settle(self) -> None:
        writer = self._open_writer
        if writer.pending_bytes and writer.failure is None:
            # A read answers from the stored rows, even if the queued records cannot be written.
            with suppress(LedgerError):
                await writer.run(_no_work, Lane.RECORD)

    async def record_facts(
        self, rows: Sequence[FactRow], *, can_wait: bool = False
    ) -> list[FactOutcome]:
        work = partial(facts.record, rows=rows)
        return await self._open_writer.run(work, weight=len(rows), rides=can_wait)

    async def record_heartbeat(self, feed: str, at: int) -> None:
        work = partial(change_rows.record_heartbeat, feed=feed, at=at)
        await self._open_writer.run(work, rides=True)

    async def commit(self, commit: Commit) -> CommitRefusal | None:
        return await self._open_writer.commit(commit)

    def record(self, commit: Commit) -> None:
        writer = self._open_writer
        lane = Lane.RECORD
        if commit.offers or commit.moves or commit.contacts:
            lane = Lane.PROMISE
        elif writer.pending_bytes > MAX_PENDING_BYTES:
            if not self._is_dropping:
                log.error("records.lost", error="the queue is full", bytes=writer.pending_bytes)
            self._is_dropping = True
            self._records_lost += 1
            return
        else:
            self._is_dropping = False
        writer.enqueue_record(commit, lane, RECORD_OVERHEAD + commit.browsing_bytes)

    def deferred_writes(self) -> AbstractContextManager[None]:
        return self._open_writer.deferred_writes()

    async def wait_for_promises(self) -> None:
        await self._under_way.wait_for_none()

    async def flush(self) -> None:
        await self._open_writer.run(_no_work, Lane.RECORD)

    async def run_redemption(
        self,
        logic: RedemptionLogic,
        *,
        offers: Collection[str] = (),
        order: str,
        also: Collection[str] = (),
        refund: str | None = None,
        reads: ReadSet | None = None,
    ) -> RedemptionOutcome | CommitRefusal:
        return await self._open_writer.run(
            partial(
                redemption_transaction.run_redemption,
                logic=logic,
                lookup=RedemptionLookup(order, (*offers,), (*also,), refund),
                failpoint=self._failpoint,
                reads=reads,
            ),
            Lane.PROMISE,
        )

    async def claim_session(self, digest: bytes) -> SavedSession | None:
        work = partial(sessions.claim, digest=digest)
        found = await self._read("SELECT session FROM sessions WHERE resume = ?", (digest,))
        if not found:
            # The session may be among the records that are not written yet.
            return await self._open_writer.run(work, Lane.RECORD)
        return await self._open_writer.run(work, Lane.PROMISE, session=found[0][0])

    async def claim_sessions_to_wake(self, before: int) -> list[SavedSession]:
        found = await self._sessions_to_wake(before)
        claimed: list[SavedSession] = []
        for start in range(0, len(found), CLAIM_BATCH):
            named = found[start : start + CLAIM_BATCH]
            work = partial(sessions.claim_named, sessions=named)
            claimed += await self._open_writer.run(work, weight=len(named))
        return claimed

    @property
    def clock_apart_ms(self) -> int:
        return 0

    async def nodes(self) -> list[NodeRow] | None:
        return None

    async def prune_tallies(self, before: int, what: str) -> int:
        work = partial(tallies.prune, before=before, what=what, limit=PRUNE_BATCH)
        total = 0
        while dropped := await self._open_writer.run(work):
            total += dropped
        return total

    async def mark_bought(self, offers: Sequence[str], *, bought: bool) -> None:
        await self._open_writer.run(partial(offer_rows.mark_bought, offers=offers, bought=bought))

    async def forget_session(self, session: str) -> None:
        work = partial(customer_erasure.forget_session, session=session)
        await self._open_writer.run(work, Lane.PROMISE, session=session)

    async def record_operator_action(self, action: OperatorAction) -> None:
        await self._open_writer.run(partial(operator_actions.insert, action=action))

    async def put_alert(self, alert: Alert) -> Alert:
        return await self._open_writer.run(partial(alert_rows.put, alert=alert))

    async def export_customer(self, customer: str) -> AsyncGenerator[tuple[str, object], None]:
        await self._settle()
        pages = customer_export.export(self._read_alone(), customer, self.wait_for_promises)
        async with aclosing(pages) as rows:
            async for row in rows:
                yield row

    async def count_contact_facts(self, contact: str) -> ContactFacts:
        return contact_facts(await self._read_settled(COUNT_CONTACT_FACTS, (contact,)))

    async def state_digest(self) -> str:
        """Return a digest of the facts in force and the highest versions, for tests of replayed feeds."""
        return await self._read_apart(facts.digest)

    async def balances(self) -> list[BudgetRow]:
        return await self._open_writer.run(budget_balances.all_balances, Lane.PROMISE)

    async def offer_reactions(self, since: int, until: int) -> list[OfferReaction]:
        work = partial(exposure_rows.read_reactions, since=since, until=until)
        return await self._read_apart(work)

    async def reconcile(self) -> list[str]:
        """Compare every balance with the sum of its rows, as of one instant."""
        return await self._read_apart(reconcile)


def _no_work(connection: LedgerConnection) -> None:
    """Do nothing; when this job is done, everything queued before it is written."""


def _ignore_commit(seconds: float, jobs: int) -> None:
    """Do nothing: no metrics are kept."""
