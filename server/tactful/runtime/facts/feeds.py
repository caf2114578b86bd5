"""When did each feed last give a sign of life, and when will one have been silent too long?"""

from collections.abc import Callable
from typing import cast

import msgspec

from tactful.core.facts.fact_types import FeedName
from tactful.core.rules.policy import FeedMaxAge
from tactful.runtime.timers import Timers


class FeedMonitor:
    """The clocks of the feeds; `on_stale` is called when a watched one falls silent."""

    def __init__(self, timers: Timers, on_stale: Callable[[], None]) -> None:
        self._timers = timers
        self._on_stale = on_stale
        self._limits = FeedMaxAge()
        self.heard: dict[FeedName, int] = {}

    def restore(self, heard: dict[str, int]) -> None:
        """Take over what the ledger heard."""
        for feed, at in heard.items():
            self.record_heartbeat(cast("FeedName", feed), at)

    def record_heartbeat(self, feed: FeedName, at: int) -> bool:
        """Note a sign of life; whether it ends a silence that was too long."""
        before = self.heard.get(feed)
        if before is not None and at <= before:
            return False
        self.heard[feed] = at
        self._watch(feed)
        limit = self.limit(feed)
        return limit is not None and (before is None or at - before > limit)

    def use_policy(self, limits: FeedMaxAge) -> None:
        """Watch the feeds under these limits from now on."""
        self._limits = limits
        for feed in self.heard:
            self._watch(feed)

    def limit(self, feed: FeedName) -> int | None:
        """How long a feed may be silent (ms); None: it is not watched."""
        limits: dict[str, int | None] = msgspec.structs.asdict(self._limits)
        return limits[feed]

    def ages(self, now: int) -> dict[str, tuple[int | None, int | None]]:
        """Feed → (ms since it was heard, its limit); None: never, not watched."""
        limits: dict[str, int | None] = msgspec.structs.asdict(self._limits)
        ages: dict[str, tuple[int | None, int | None]] = {}
        for feed, limit in limits.items():
            heard = self.heard.get(cast("FeedName", feed))
            ages[feed] = (None if heard is None else now - heard, limit)
        return ages

    def _watch(self, feed: FeedName) -> None:
        limit, heard = self.limit(feed), self.heard.get(feed)
        at = None if limit is None or heard is None else heard + limit + 1
        self._timers.set(f"feed:{feed}", at, self._on_stale)
