"""What the writer needs of a database, and what a transaction meets that no job has caused."""

from typing import Any, Protocol

from tactful.runtime.ports.ledger import LedgerAwayError, LedgerError


class RepeatError(Exception):
    """A transaction was rolled back, and nothing of it is written; the same one may succeed."""


class UnknownOutcomeError(LedgerAwayError):
    """The connection was lost while a transaction was committed, so its outcome is not known yet."""


class Engine(Protocol):
    """What the writer needs of a database beside its connection."""

    errors: tuple[type[Exception], ...]
    """What the database raises."""
    most_works: int
    """Promises in one transaction that read by themselves, so that other servers wait a short time."""

    def translate(self, error: Any) -> LedgerError:
        """Return the error to raise instead."""

    def probe(self) -> None:
        """Write something that no caller asked for, to find out whether writes succeed again."""

    def maintain(self) -> LedgerError | None:
        """Do what is due between two transactions; return an error that suspends commits."""

    def settle(self) -> bool:
        """Return whether the transaction whose outcome is not known was committed.

        Raises:
            LedgerError: It cannot be found out yet.
        """

    @property
    def idle_s(self) -> float | None:
        """Return the seconds without a job after which `maintain` is called; None: never."""

    def close(self) -> None:
        """Wait for what is under way; called after the last transaction, not on the thread."""
