"""The writer's connection to PostgreSQL: pipelined, fenced, settled when it is lost.

Statements are queued, and sent when an answer is needed. A transaction takes two trips: the first one
fences it and reads what it rests on, the second one writes and commits.

Every transaction updates the row of its server (see `tenure`). So a server whose row was taken over
writes nothing more, and a server that lost its connection while it committed learns the outcome: it takes
its own row again, which waits for the end of the lost transaction, and finds the number of the last
transaction that was committed.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, Final

import psycopg
import structlog

from tactful.runtime.ports.ledger import LedgerAwayError
from tactful.runtime.ports.ledger_rows import Change
from tactful.stores.postgres.error_meanings import (
    ROLLED_BACK,
    is_lost,
    lapsed_error,
    taken_over_error,
)
from tactful.stores.postgres.pending_rows import PendingRows
from tactful.stores.postgres.raw_connection import DEADLINE_S, RawConnection, connect
from tactful.stores.postgres.statements import bulk_insert, split_by_key, statement
from tactful.stores.postgres.target import Target
from tactful.stores.postgres.tenure import LEASE_MS, Statement, Tenure
from tactful.stores.relational.inserts import Insert
from tactful.stores.relational.known_rows import KnownRows
from tactful.stores.relational.ledger_connection import BASIS, TransactionState
from tactful.stores.relational.writer.engine import RepeatError, UnknownOutcomeError

IDLE_S: Final = 2
"""Seconds for which a server may keep the others waiting between two trips of a transaction."""
LOCK_S: Final = DEADLINE_S - 1
"""Seconds to wait for the transactions of other servers, before this one is begun again."""
# A server that is cut off must not keep the row from being taken again.
_BEGIN: Final = (
    "BEGIN",
    f"SET LOCAL idle_in_transaction_session_timeout = {IDLE_S * 1000}",
    # A wait for the turn of other nodes is no silence of the database.
    f"SET LOCAL lock_timeout = {LOCK_S * 1000}",
)
UNKNOWN_TURN: Final = -1
"""The turn of a node that does not know who wrote last."""
_UNREPLICATED: Final = "01000"
"""The code of a warning with which a commit is acknowledged that no standby has."""

log = structlog.get_logger("tactful.ledger")


class PostgresConnection(TransactionState):
    """The connection of the writer, which makes itself anew when it was lost."""

    is_remote = True

    def __init__(self, target: Target, tenure: Tenure) -> None:
        """Name the database and the server; nothing is opened yet.

        Args:
            target: The database.
            tenure: How the server takes the ledger over.
        """
        super().__init__()
        self._target = target
        self._tenure = tenure
        if tenure.is_shared:
            self.owner = tenure.process
        self._raw: RawConnection | None = None
        self._pipeline: psycopg.Pipeline | None = None
        self._pipelining = ExitStack()
        self._epoch = self._batch = 0  # An epoch of 0: the server may not write for now.
        self._fence: list[psycopg.Cursor[tuple[Any, ...]]] = []
        self._turn = UNKNOWN_TURN
        self._is_in_transaction = False
        self._is_unreplicated = False
        self._uncounted: list[psycopg.Cursor[tuple[Any, ...]]] = []
        self._changed = 0
        self._unsettled: list[Change] = []
        """What a transaction logged whose outcome is not known."""
        self.settled: dict[bool, int] = {True: 0, False: 0}
        """Whether a transaction of a lost connection was found committed → how often."""
        self.suspended: str | None = None
        """Why the server may write nothing for now, not even renew its lease; None: it may."""
        self.lapses = 0
        """How often the lease of the node was over when it wanted to write or to renew it."""

    # statements

    def execute(self, sql: str, values: Any = (), /) -> PendingRows:
        """Queue a statement."""
        asked = statement(sql)
        if not asked.is_read:
            self._confirm_fence()
        with self.trips():
            cursor = self._open.execute(asked.text, values, binary=True)
        if not asked.is_read:
            self._uncounted.append(cursor)
        return PendingRows(self, cursor)

    def executemany(self, sql: str, values: Iterable[Any], /) -> PendingRows:
        """Queue a statement for each set of values."""
        self._confirm_fence()
        with self.trips():
            cursor = self._open.cursor(binary=True)
            cursor.executemany(statement(sql).text, list(values))
        self._uncounted.append(cursor)
        return PendingRows(self, cursor)

    def insert(self, insert: Insert, rows: Sequence[tuple[object, ...]]) -> None:
        """Queue the insert of rows; of several rows of one key, each changes what the one before left."""
        left = rows
        while left:
            left, now = split_by_key(left, insert.key_columns)
            self._confirm_fence()
            arrays = [list(column) for column in zip(*now, strict=True)]
            with self.trips():
                cursor = self._open.execute(bulk_insert(insert), arrays)
            self._uncounted.append(cursor)

    @property
    def total_changes(self) -> int:
        """Return the number of rows that the connection has changed so far."""
        self.flush()
        self._changed += sum(max(cursor.rowcount, 0) for cursor in self._uncounted)
        self._uncounted.clear()
        return self._changed

    def flush(self) -> None:
        """Return once all statements so far have been executed; raise what they have met."""
        with self.trips():
            if self._pipeline is not None:
                self._pipeline.sync()

    # transactions

    def start(self) -> None:
        """Begin a transaction in which no other server can write.

        What is known stays valid from one transaction to the next, as long as no other server writes.

        Raises:
            LedgerAwayError: The database cannot be reached, or the lease of the node was over.
            LedgerBrokenError: Another server has taken the ledger over.
        """
        self._connect_again()
        if self._known.is_full:
            self._known = KnownRows()
        self._changes = []
        self._uncounted.clear()
        self._is_in_transaction = True
        self._batch += 1
        try:
            self._begin()
        except BaseException:
            self.abandon()
            raise

    def _begin(self) -> None:
        with self.trips():
            for sql in _BEGIN:
                self._open.execute(sql)
            fence = self._tenure.fence(self._batch, self._epoch)
            self._fence = [self._open.execute(sql, row, binary=True) for sql, row in fence]
        if self._tenure.is_shared:
            # Others may have written, and what is known is used before the first answer is awaited.
            basis = self.execute(BASIS)
            self._confirm_fence()
            if self._known.newest is None:
                self._learn_basis(basis)

    def commit(self) -> None:
        """Make the transaction durable.

        Raises:
            UnknownOutcomeError: The connection was lost, so the outcome is not known; see `settle`.
        """
        self._confirm_fence()
        self._is_unreplicated = False
        try:
            with self.trips(commits=True):
                self._open.execute("COMMIT")
                if self._pipeline is not None:
                    self._pipeline.sync()
        except UnknownOutcomeError:
            self._unsettled = self._changes
            raise
        if self._is_unreplicated:
            self._unsettled = self._changes
            self._drop()
            raise UnknownOutcomeError(f"{self._target.place}: a standby did not confirm a commit")
        self._is_in_transaction = False

    def abandon(self) -> None:
        """Roll the transaction back, if it is still open, and forget its changes."""
        if self._raw is not None and self._pipeline is not None and self._is_in_transaction:
            # What the statements before have met is known already.
            with suppress(psycopg.Error):
                self._pipeline.sync()
            try:
                self._raw.execute("ROLLBACK")
                self._pipeline.sync()
            except psycopg.Error:
                self._drop()
        self._is_in_transaction = False
        self._fence = []
        self.forget_all()

    def forget_all(self) -> None:
        """Forget what is known and what was logged, because the transaction is rolled back."""
        super().forget_all()
        self._turn = UNKNOWN_TURN

    def undo_job(self, savepoint: str) -> None:
        """Roll back to a savepoint, and forget the changes that were logged after it."""
        # After an error the server skips everything up to the next synchronisation.
        with suppress(psycopg.Error):
            self.flush()
        super().undo_job(savepoint)

    def settle(self) -> bool:
        """Return whether the last transaction was committed, whose outcome is not known.

        Raises:
            LedgerAwayError: The database cannot be asked yet.
            LedgerBrokenError: Another server has taken the ledger over.
        """
        is_in = self._connect_again() >= self._batch
        self.settled[is_in] += 1
        self._changes, self._unsettled = (self._unsettled if is_in else []), []
        return is_in

    # the row of the server that writes

    def take_over(self) -> bool:
        """Connect, and take the ledger over; return False while another server holds it, or locks it.

        Raises:
            LedgerAwayError: The database cannot be reached.
        """
        self._connect()
        try:
            with self.trips():
                for sql in _BEGIN:
                    self._open.execute(sql)
                rows = self._execute_alone(self._tenure.take_over())
                # A server that is refused leaves nothing behind.
                self._open.execute("COMMIT" if rows else "ROLLBACK")
                self.flush()
        except RepeatError:
            return False
        if rows:
            self._epoch, self._batch = rows[0]
        return bool(rows)

    def beat(self) -> None:
        """Renew the lease, and find out whether the connection still works.

        Raises:
            LedgerAwayError: The database cannot be reached.
            LedgerBrokenError: Another server has taken the ledger over.
        """
        self._connect_again()
        try:
            rows = self._execute_alone(self._tenure.beat(self._epoch))
        except RepeatError as error:
            raise LedgerAwayError(str(error)) from error
        if rows is None:
            raise taken_over_error(self._target.place)
        if rows[0][0] != self._epoch:
            # The renewal has joined the node again.
            self._note_lapse()
            self._epoch = rows[0][0]
            self.forget_all()

    def close(self) -> None:
        """Give the ledger up, so that another server need not wait, and close the connection."""
        if self._raw is not None and not self._raw.closed and self._epoch:
            with suppress(psycopg.Error, RepeatError), self.trips():
                for sql, values in self._tenure.release(self._epoch):
                    self._raw.execute(sql, values)
                self.flush()
        self._drop()

    # connections

    @property
    def _open(self) -> RawConnection:
        if self._raw is None:
            raise RepeatError(f"{self._target.place}: the connection was lost")
        return self._raw

    def _connect(self) -> None:
        self._drop()
        self._raw = connect(self._target, self._note)
        with self.trips():
            self._pipeline = self._pipelining.enter_context(self._raw.pipeline())

    def _connect_again(self) -> int:
        """Connect if the connection was lost; return the last batch that is known to be committed.

        Raises:
            LedgerAwayError: The database cannot be reached, or the server may not write.
            LedgerBrokenError: Another server has taken the ledger over.
        """
        if self.suspended:
            raise LedgerAwayError(self.suspended)
        is_open = self._raw is not None and not self._raw.closed
        if is_open and self._epoch:
            return self._batch - 1
        try:
            if not is_open:
                self._connect()
            rows = self._execute_alone(self._tenure.take_again())
        except (RepeatError, psycopg.Error) as error:
            self._drop()
            raise LedgerAwayError(f"{self._target.place} cannot be used yet: {error}") from error
        if rows is None:
            self._drop()
            raise taken_over_error(self._target.place)
        self._epoch, committed = rows[0]
        self.forget_all()
        return int(committed)

    def _execute_alone(self, statements: Iterable[Statement]) -> list[Any] | None:
        """Execute statements, outside of a transaction in one of their own; return their rows if each found one."""
        with self.trips():
            cursors = [self._open.execute(sql, values, binary=True) for sql, values in statements]
            # In a pipeline the transaction ends with the next synchronisation, not with the answer.
            self.flush()
            rows = [cursor.fetchone() for cursor in cursors]
            return rows if all(rows) else None

    def _drop(self) -> None:
        raw, self._raw, self._pipeline = self._raw, None, None
        self._fence = []
        self._uncounted.clear()
        if raw is not None:
            # Whatever is under way is given up, and settled with the next connection.
            raw.pgconn.finish()
        with suppress(psycopg.Error):
            self._pipelining.close()

    def _note(self, notice: psycopg.errors.Diagnostic) -> None:
        """Note a warning: a commit that was acknowledged may be on no standby."""
        if notice.sqlstate == _UNREPLICATED and "replication" in (notice.message_primary or ""):
            self._is_unreplicated = True

    def _confirm_fence(self) -> None:
        """Wait until it is certain that no other server has taken the ledger over."""
        fence, self._fence = self._fence, []
        if not fence:
            return
        with self.trips():
            rows = [cursor.fetchone() for cursor in fence]
        if not all(rows):
            raise taken_over_error(self._target.place)
        (epoch, *_), turns = rows[0], rows[1:]  # type: ignore[misc]
        if epoch != self._epoch:
            self._note_lapse()
            raise lapsed_error(self._target.place)
        for (turn,) in turns:  # type: ignore[misc]
            if turn != self._turn + 1:
                # Another node has written since.
                self._known = KnownRows()
            self._turn = turn

    def _note_lapse(self) -> None:
        """Note that the lease was over; the node joins again with its next transaction."""
        self.lapses += 1
        self._epoch = 0
        log.warning("node.lease_lapsed", place=self._target.place, lease_ms=LEASE_MS)

    @contextmanager
    def trips(self, *, commits: bool = False) -> Iterator[None]:
        """Give a lost connection its meaning.

        Args:
            commits: Whether the transaction may be committed although no answer came.

        Raises:
            RepeatError: Nothing was written, and the transaction may be repeated.
            UnknownOutcomeError: It is not known whether the transaction was committed.
        """
        try:
            yield
        except ROLLED_BACK as error:
            raise RepeatError(str(error)) from error
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            lost = self._raw is None or self._raw.closed or self._raw.broken or is_lost(error)
            if not lost:
                raise
            self._drop()
            said = f"{self._target.place}: the connection was lost ({' '.join(str(error).split())})"
            raise (UnknownOutcomeError if commits else RepeatError)(said) from error
