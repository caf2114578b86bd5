"""A store in memory, for tests and to read beside the port."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from threading import RLock
from typing import Final

from tactful_bridge.attempts import OPEN, Attempt
from tactful_bridge.store import OutboxEntry


class MemoryStore:
    """Attempts and entries in dictionaries; safe to share between threads."""

    def __init__(self) -> None:
        self._lock: Final = RLock()
        self._ids: Final = count(1)
        self.attempts: Final[dict[tuple[str, int], Attempt]] = {}
        self.waiting: Final[dict[int, tuple[OutboxEntry, int]]] = {}
        """Unfinished entries by id, each with the instant before which it is not sent."""
        self.failed: Final[list[tuple[OutboxEntry, str]]] = []

    def latest_attempt(self, order: str) -> Attempt | None:
        """Return the attempt of an order with the highest number."""
        with self._lock:
            numbers = [number for name, number in self.attempts if name == order]
            return self.attempts[order, max(numbers)] if numbers else None

    def open_attempts(self) -> Sequence[Attempt]:
        """Return all open attempts, the oldest first."""
        with self._lock:
            return [one for one in self.attempts.values() if one.state in OPEN]

    def record(self, attempt: Attempt | None, *entries: OutboxEntry) -> None:
        """Store an attempt and add entries."""
        with self._lock:
            if attempt is not None:
                self.attempts[attempt.order, attempt.number] = attempt
            for entry in entries:
                key = next(self._ids)
                self.waiting[key] = (replace(entry, id=key), 0)

    def due(self, now: int, limit: int, subject: str | None = None) -> Sequence[OutboxEntry]:
        """Return the first unfinished entry of each subject if its time has come."""
        with self._lock:
            first: dict[str, tuple[OutboxEntry, int]] = {}
            for entry, not_before in self.waiting.values():
                first.setdefault(entry.subject, (entry, not_before))
            found = [
                entry
                for entry, not_before in first.values()
                if (entry.subject == subject if subject is not None else not_before <= now)
            ]
            return found[:limit]

    def finish(self, entry: OutboxEntry, attempt: Attempt | None, failure: str = "") -> None:
        """Remove an entry, and store the attempt that its answer changed."""
        with self._lock:
            self.waiting.pop(entry.id, None)
            if failure:
                self.failed.append((entry, failure))
            self.record(attempt)

    def postpone(self, entry: OutboxEntry, not_before: int, failure: str) -> None:
        """Note when to send an entry again."""
        del failure  # a platform shows it to its operators
        with self._lock:
            if entry.id in self.waiting:
                self.waiting[entry.id] = (replace(entry, tries=entry.tries + 1), not_before)
