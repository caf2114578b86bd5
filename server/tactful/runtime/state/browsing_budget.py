"""Limits on the bytes of browsing that sessions and addresses may have written.

Views, pages and carts are written for explanations. A client could send them without end, and a full
disk ends redemptions. So browsing has a budget, and stops being written while the disk is nearly
full. Offers, their steps, redemptions and facts are always written.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final, Literal

import structlog
from msgspec import Struct

from tactful.runtime.ports.ledger import LONG_LOG_BYTES
from tactful.runtime.state.session_registry import LiveSession

log = structlog.get_logger("tactful.browsing")

Suspension = Literal["disk", "log"]
"""Why no browsing is written at all: the disk is nearly full, or the write-ahead log is too long."""
UnwrittenReason = Literal["session", "address"] | Suspension
"""Whose budget is used up, or why no browsing is written."""
LOW_WATER_BYTES: Final = 256 * 2**20
"""Free bytes of the disk below which browsing is not written."""
ENOUGH_BYTES: Final = 320 * 2**20
"""Free bytes from which browsing is written again."""
LOG_LIMIT_BYTES: Final = 2**30
"""Bytes of the write-ahead log beyond which browsing is not written, until the log is short again.

Another process reads the ledger without end, so that the log cannot be emptied. Browsing is most of
what is written: without it the log grows slowly, and the disk lasts for offers and redemptions.
"""
PRUNE_FROM: Final = 1_024
"""Number of addresses from which those with a full budget are searched for and dropped."""


class BrowsingLimits(Struct, frozen=True):
    """How many bytes of browsing are written."""

    session_bytes: int = 2**20
    """Bytes that one session may write at once: some 3,000 clicks."""
    session_bytes_per_s: int = 1_024
    """Bytes that one session may write per second in the long run: some three clicks a second."""
    address_bytes: int = 32 * 2**20
    """Bytes that all sessions of an address may write at once."""
    address_bytes_per_s: int = 16_384
    """Bytes that all sessions of an address may write per second in the long run."""
    charged_at_once: int = 4_096
    """Bytes that a session gathers before they are charged. Charging takes 2 µs, two signals' time."""


class BrowsingBudget:
    """Decides which sessions have their browsing written; one for each shop."""

    def __init__(self, now: Callable[[], int], limits: BrowsingLimits) -> None:
        """Start with full budgets.

        Args:
            now: Returns milliseconds since the Unix epoch, UTC.
            limits: The budgets.
        """
        self._now = now
        self._session_step_us = 1_000_000 // limits.session_bytes_per_s
        self._address_step_us = 1_000_000 // limits.address_bytes_per_s
        self._session_burst_us = limits.session_bytes * self._session_step_us
        self._address_burst_us = limits.address_bytes * self._address_step_us
        self._charged_at_once = limits.charged_at_once
        self._addresses: dict[str, int] = {}
        """Address → when its budget is full again, in microseconds since the Unix epoch (GCRA)."""
        self._prune_at = PRUNE_FROM
        self.suspended_because: Suspension | None = None
        """Why nothing of anybody's browsing is written; None: it is written."""
        self.unwritten: Counter[UnwrittenReason] = Counter()
        """Signals of browsing that were not written, by reason."""

    def __len__(self) -> int:
        return len(self._addresses)

    def charge(self, live: LiveSession, size: int) -> None:
        """Charge bytes that a session writes to the session and its address, some at a time.

        Args:
            live: The session. Nothing further is written for it if a budget is used up.
            size: The bytes.
        """
        live.uncharged += size
        if live.uncharged >= self._charged_at_once:
            self.settle(live)

    def settle(self, live: LiveSession) -> None:
        """Charge the bytes that a session has gathered; at the latest when its client leaves."""
        size, live.uncharged = live.uncharged, 0
        now = self._now() * 1_000
        live.budget_full_at = max(live.budget_full_at, now) + size * self._session_step_us
        if live.address:
            full_at = max(self._addresses.get(live.address, 0), now) + size * self._address_step_us
            self._addresses[live.address] = full_at
            if len(self._addresses) >= self._prune_at:
                self._prune(now)
        self._apply(live, now, 1)

    def review(self, live: LiveSession) -> None:
        """Have a session's browsing written again once half of each budget is back."""
        self._apply(live, self._now() * 1_000, 2)

    def _apply(self, live: LiveSession, now: int, share: int) -> None:
        """Stop writing a session's browsing, or let it continue, by the budgets at `now`."""
        if self.suspended_because is not None:
            live.unwritten_because = self.suspended_because
        elif live.budget_full_at - now > self._session_burst_us // share:
            live.unwritten_because = "session"
        elif self._addresses.get(live.address, 0) - now > self._address_burst_us // share:
            live.unwritten_because = "address"
        else:
            live.unwritten_because = None
        live.records = live.persists and live.unwritten_because is None

    def count_unwritten(self, live: LiveSession) -> None:
        """Count a signal of a session whose browsing is not written."""
        if live.unwritten_because is not None:
            self.unwritten[live.unwritten_because] += 1

    def observe_disk(self, free: int, log_bytes: int, sessions: Iterable[LiveSession]) -> None:
        """Stop or continue to write browsing by the room on the disk.

        Args:
            free: Free bytes of the disk with the ledger.
            log_bytes: Bytes of the ledger's write-ahead log.
            sessions: All sessions in memory.
        """
        before, because = self.suspended_because, self._suspension(free, log_bytes)
        if because == before:
            return
        self.suspended_because = because
        if because is None:
            log.warning("browsing.resumed", free=free, log_bytes=log_bytes)
        else:
            log.warning("browsing.suspended", cause=because, free=free, log_bytes=log_bytes)
        for live in sessions:
            self.review(live)

    def _suspension(self, free: int, log_bytes: int) -> Suspension | None:
        """Return why no browsing is written; each limit is lower, or higher, once it was reached."""
        because = self.suspended_because
        if free < (ENOUGH_BYTES if because == "disk" else LOW_WATER_BYTES):
            return "disk"
        limit = LONG_LOG_BYTES if because == "log" else LOG_LIMIT_BYTES
        return "log" if log_bytes > limit else None

    def _prune(self, now: int) -> None:
        self._addresses = {
            address: full_at for address, full_at in self._addresses.items() if full_at > now
        }
        self._prune_at = max(PRUNE_FROM, 2 * len(self._addresses))
