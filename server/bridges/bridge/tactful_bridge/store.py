"""Port: attempts and the outbox, kept in the platform's own database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from tactful_bridge.attempts import Attempt


class EntryKind(StrEnum):
    """What an entry of the outbox asks Tactful for. The values are stored and never change."""

    CONFIRM = "confirm"
    CANCEL = "cancel"
    REFUND = "refund"
    FACTS = "facts"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxEntry:
    """A request that must reach Tactful, whatever fails on the way."""

    kind: EntryKind
    subject: str
    """The order's id, or what the facts are about. Entries of a subject are sent in their order."""
    body: Mapping[str, object]
    """The JSON body; empty for facts, which are read when they are sent."""
    attempt: int = 0
    """The attempt that the answer concerns; 0: all attempts of the order, or none."""
    id: int = 0
    """The key that the store gave it; 0: not stored."""
    tries: int = 0


class CheckoutStore(Protocol):
    """Durable tables of the bridge; every method is one transaction, or a part of the caller's."""

    def latest_attempt(self, order: str) -> Attempt | None:
        """Return the attempt of an order with the highest number."""
        ...

    def open_attempts(self) -> Sequence[Attempt]:
        """Return all attempts whose state is in `attempts.OPEN`, the oldest first."""
        ...

    def record(self, attempt: Attempt | None, *entries: OutboxEntry) -> None:
        """Store an attempt, replacing the one of the same order and number, and add entries."""
        ...

    def due(self, now: int, limit: int, subject: str | None = None) -> Sequence[OutboxEntry]:
        """Return entries that are to be sent, the oldest first, and at most one for each subject.

        An entry is due if its time has come and no earlier entry of its subject is unfinished.

        Args:
            now: Milliseconds since the Unix epoch, UTC.
            limit: The most entries to return.
            subject: Only the entries of this subject, whether or not their time has come.
        """
        ...

    def finish(self, entry: OutboxEntry, attempt: Attempt | None, failure: str = "") -> None:
        """Mark an entry as finished, and store the attempt that its answer changed.

        Args:
            entry: A stored entry.
            attempt: The changed attempt; `None`: it concerns none.
            failure: Why Tactful refused it for good; the entry is then kept for a person to see.
        """
        ...

    def postpone(self, entry: OutboxEntry, not_before: int, failure: str) -> None:
        """Note that an entry could not be delivered, and when to send it again.

        Args:
            entry: A stored entry.
            not_before: Milliseconds since the Unix epoch, UTC.
            failure: What went wrong.
        """
        ...
