"""The liveness of feeds: when each last gave a heartbeat, and when one is stale.

A stale feed withholds the offers that depend on it (`server/SEMANTICS.md`, section 10).
"""

from collections.abc import Callable
from typing import cast

import msgspec

from tactful.core.facts.fact_types import FeedName
from tactful.core.rules.policy import FeedMaxAge
from tactful.runtime.timers import Timers


class FeedMonitor:
    """Records the heartbeats of the feeds, and sets a timer for the instant at which one becomes stale."""

    def __init__(self, timers: Timers, on_stale: Callable[[], None]) -> None:
        """Watch nothing until a policy is given.

        Args:
            timers: Where the timers are set.
            on_stale: Called when a watched feed becomes stale.
        """
        self._timers = timers
        self._on_stale = on_stale
        self._limits = FeedMaxAge()
        self.heartbeats: dict[FeedName, int] = {}
        """Feed → its last heartbeat, in milliseconds since the Unix epoch, UTC."""

    def restore(self, heartbeats: dict[str, int]) -> None:
        """Take over the heartbeats that the ledger stored."""
        for feed, at in heartbeats.items():
            self.record_heartbeat(cast("FeedName", feed), at)

    def record_heartbeat(self, feed: FeedName, at: int) -> bool:
        """Record a heartbeat; return whether the feed was stale and no longer is.

        Args:
            feed: The feed.
            at: When it gave the heartbeat, in milliseconds since the Unix epoch, UTC.
        """
        before = self.heartbeats.get(feed)
        if before is not None and at <= before:
            return False
        self.heartbeats[feed] = at
        self._watch(feed)
        limit = self.limit(feed)
        return limit is not None and (before is None or at - before > limit)

    def use_policy(self, limits: FeedMaxAge) -> None:
        """Watch the feeds under these limits (ms) from now on."""
        self._limits = limits
        for feed in self.heartbeats:
            self._watch(feed)

    def limit(self, feed: FeedName) -> int | None:
        """Return the age (ms) beyond which a feed is stale; `None`: it is not watched."""
        limits: dict[str, int | None] = msgspec.structs.asdict(self._limits)
        return limits[feed]

    def ages(self, now: int) -> dict[str, tuple[int | None, int | None]]:
        """Return the age and the limit of each feed.

        Returns:
            Feed → (ms since its last heartbeat, its limit in ms). The age is `None` if there was no
            heartbeat, and the limit is `None` if the feed is not watched.
        """
        limits: dict[str, int | None] = msgspec.structs.asdict(self._limits)
        ages: dict[str, tuple[int | None, int | None]] = {}
        for feed, limit in limits.items():
            last = self.heartbeats.get(cast("FeedName", feed))
            ages[feed] = (None if last is None else now - last, limit)
        return ages

    def _watch(self, feed: FeedName) -> None:
        limit, last = self.limit(feed), self.heartbeats.get(feed)
        at = None if limit is None or last is None else last + limit + 1
        self._timers.set(f"feed:{feed}", at, self._on_stale)
