"""One batch of jobs as one transaction, in which a job that fails takes no other with it."""

import time
from collections.abc import Callable, Sequence
from typing import Final

from tactful.runtime.ports.ledger import (
    CommitObserver,
    LedgerAwayError,
    LedgerBrokenError,
    LedgerError,
)
from tactful.runtime.ports.ledger_rows import Commit, CommitRefusal
from tactful.stores.relational.ledger_connection import LedgerConnection, WriterConnection
from tactful.stores.relational.writer.engine import Engine, RepeatError
from tactful.stores.relational.writer.write_jobs import WriteJob
from tactful.stores.shared.failpoints import FailpointHook

WriteTurns = Callable[
    [LedgerConnection, Sequence[tuple[Commit, bool]]], Sequence[CommitRefusal | None]
]
"""Writes turns, each of which may be refused or not; returns why each was refused."""

MAX_REPEATS: Final = 3
"""How often a transaction is repeated that was rolled back by no fault of its own."""
NOT_BY_A_JOB: Final = (RepeatError, LedgerAwayError, LedgerBrokenError)
"""What a transaction meets by no fault of a job."""


class Transactor:
    """Performs batches on the writer's thread."""

    def __init__(
        self,
        connection: WriterConnection,
        engine: Engine,
        write_turns: WriteTurns,
        failpoint: FailpointHook,
        on_commit: CommitObserver,
    ) -> None:
        """Write with a connection; see `GroupCommitWriter` for the arguments."""
        self._connection = connection
        self._engine = engine
        self._write_turns = write_turns
        self._failpoint = failpoint
        self._on_commit = on_commit
        self._probes = False

    def perform(self, batch: list[WriteJob], *, probes: bool) -> None:
        """Perform a batch in one transaction, and again if the database has rolled it back.

        Args:
            batch: The jobs; their outcomes are set.
            probes: Whether writes have failed before, so that the transaction must write something.

        Raises:
            LedgerError: Nothing is written, or, as `UnknownOutcomeError`, that is not known.
        """
        self._probes = probes
        for left in reversed(range(MAX_REPEATS)):
            try:
                return self._transact_once(batch)
            except RepeatError as error:
                if not left:
                    message = f"the database rolled a transaction back {MAX_REPEATS} times: {error}"
                    raise LedgerError(message) from error
        return None

    def _transact_once(self, batch: list[WriteJob]) -> None:
        """Perform a batch in one transaction; if a job fails by itself, repeat it job by job."""
        try:
            self._attempt(batch, self._perform_all)
        except NOT_BY_A_JOB:
            raise
        except self._engine.errors as error:
            meaning = self._engine.translate(error)
            if meaning.retry:
                raise meaning from error
            self._transact_singly(batch)
        except Exception:  # noqa: BLE001 - what a job raises is answered to its caller alone
            self._transact_singly(batch)

    def _transact_singly(self, batch: list[WriteJob]) -> None:
        """Perform a batch in one transaction with a savepoint per job.

        Only failed batches pay for savepoints; they are rare.
        """
        try:
            self._attempt(batch, self._perform_singly)
        except self._engine.errors as error:
            raise self._engine.translate(error) from error

    def _attempt(self, batch: list[WriteJob], perform: Callable[[list[WriteJob]], None]) -> None:
        if batch and batch[0].outside:
            self._perform_outside(batch)
            return
        self._failpoint("before-begin")
        started = time.perf_counter()
        self._connection.start()
        try:
            perform(batch)
            if not batch or self._probes:
                # A transaction that happens to write nothing does not show that there is room.
                self._engine.probe()
            self._failpoint("before-commit")
            self._connection.commit()
        except BaseException:
            self._connection.abandon()
            raise
        self._failpoint("after-commit")
        self._on_commit(time.perf_counter() - started, len(batch))

    def _perform_outside(self, batch: list[WriteJob]) -> None:
        """Perform a job that is alone in its batch, without a transaction around it."""
        try:
            self._perform_all(batch)
        except NOT_BY_A_JOB:
            raise
        except self._engine.errors:
            raise
        except Exception as error:  # noqa: BLE001 -- it is handed to the caller
            batch[0].outcome = error

    def _perform_all(self, batch: list[WriteJob]) -> None:
        """Perform jobs in order; turns that follow one another are written in one go."""
        turns: list[WriteJob] = []
        for job in batch:
            if job.work is None:
                turns.append(job)
                continue
            self._perform_turns(turns)
            turns = []
            job.outcome = job.work(self._connection)
        self._perform_turns(turns)

    def _perform_turns(self, jobs: list[WriteJob]) -> None:
        turns = [(job.turn, job.future is not None) for job in jobs if job.turn]
        if turns:
            for job, refused in zip(jobs, self._write_turns(self._connection, turns), strict=True):
                job.outcome = refused

    def _perform_singly(self, batch: list[WriteJob]) -> None:
        for job in batch:
            self._connection.execute("SAVEPOINT job")
            try:
                self._perform_all([job])
                self._connection.flush()
            except NOT_BY_A_JOB:
                raise
            except self._engine.errors as error:
                meaning = self._engine.translate(error)
                if meaning.retry:
                    raise
                self._connection.undo_job("job")
                job.outcome = meaning
            except Exception as error:  # noqa: BLE001 -- it is handed to the caller
                self._connection.undo_job("job")
                job.outcome = error
            self._connection.execute("RELEASE job")
