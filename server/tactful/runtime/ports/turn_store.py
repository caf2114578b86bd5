"""The role of the ledger that writes turns and reads them back in order."""

from contextlib import AbstractContextManager
from typing import Protocol

from tactful.runtime.ports.ledger_rows import Commit, CommitRefusal, TurnEntry


class TurnStore(Protocol):
    """Writes what turns decided, and keeps the log of turns.

    There are two ways to write. `commit` is for a turn that promises something: the caller waits
    until it is durable and only then delivers. `record` is for a turn that promises nothing: it
    returns at once, and a crash may lose it. Writes of one session never overtake each other,
    whichever way they are written.
    """

    async def commit(self, commit: Commit) -> CommitRefusal | None:
        """Write one turn in one transaction, or nothing of it.

        The turn is durable when the call returns None. The limits of all balances, the states of all
        offers, the read set, the stock, the epoch of the session and the revisions of contact
        histories are checked within the same transaction.

        Returns:
            None: everything is written. A refusal: nothing is written, and the turn must be decided
            again.

        Raises:
            LedgerFullError: The disk is full; nothing is written.
            LedgerAwayError: The database cannot be reached; nothing is written.
            LedgerBrokenError: The ledger can no longer be written; nothing more will be.
            LedgerError: Nothing is written, or, if `retry` is set, the outcome is unknown.
        """

    def record(self, commit: Commit) -> None:
        """Queue a turn that promises nothing; it is written with one of the next batches.

        The call never waits, and the ledger never refuses the turn. An offer that another write has
        ended meanwhile keeps its end state. The budget moves of the turn release or settle, and
        never reserve. A contact history that was written meanwhile is united with this one. A turn of
        an older epoch writes nothing of its session; see `SessionStore.claim_session`.

        Raises:
            LedgerError: The ledger is not open.
        """

    def deferred_writes(self) -> AbstractContextManager[None]:
        """Return a context manager that defers writes queued with `record` until it exits.

        A fan-out queues hundreds of records. While they are deferred, the writer's thread does not
        compete with the event loop for the interpreter. Order is preserved: a `commit` also writes
        everything that was queued before it. Blocks may be nested.
        """

    async def wait_for_promises(self) -> None:
        """Return when no promise waits to be written, or after some milliseconds.

        Work that takes long on the event loop calls this between two of its parts. Other tasks run
        at least once meanwhile.
        """

    async def flush(self) -> None:
        """Wait until everything queued with `record` so far is durable.

        Raises:
            LedgerError: Something queued is not written.
        """

    async def turn_entries(
        self,
        *,
        session: str | None = None,
        since: int = 0,
        until: int | None = None,
        limit: int = 1000,
    ) -> list[TurnEntry]:
        """Return recorded turns of [since, until), oldest first.

        The read first waits until everything queued with `record` so far is written.

        Args:
            session: Only the turns of this session; None: of all sessions.
            since: Milliseconds since the Unix epoch, UTC; included.
            until: Milliseconds since the Unix epoch, UTC; excluded. None: no end.
            limit: The largest number of entries to return.

        Returns:
            Entries in order of instant; entries of one instant in the order in which they were
            written.

        Raises:
            LedgerError: The ledger cannot be read.
        """
