"""The liveness of feeds: heartbeats, limits, and the instant at which one becomes stale."""

from support.builders import MINUTE, T0
from tactful.core.rules.policy import FeedMaxAge
from tactful.runtime.facts.feeds import FeedMonitor
from tactful.runtime.timers import TestClock, Timers

LIMITS = FeedMaxAge(stock=15 * MINUTE)


class Watched:
    """A monitor of the stock feed, and how often it was reported stale."""

    def __init__(self) -> None:
        self.clock = TestClock(T0)
        self.timers = Timers(self.clock)
        self.stale = 0
        self.monitor = FeedMonitor(self.timers, self._on_stale)
        self.monitor.use_policy(LIMITS)

    def _on_stale(self) -> None:
        self.stale += 1

    async def go_to(self, at: int) -> None:
        async def settled() -> None:
            pass

        await self.clock.move(at, self.timers, settled)


async def test_a_feed_is_stale_one_millisecond_after_its_limit() -> None:
    one = Watched()
    one.monitor.record_heartbeat("stock", T0)
    await one.go_to(T0 + 15 * MINUTE)
    assert one.stale == 0
    await one.go_to(T0 + 15 * MINUTE + 1)
    assert one.stale == 1


async def test_a_heartbeat_puts_the_instant_off() -> None:
    one = Watched()
    one.monitor.record_heartbeat("stock", T0)
    one.monitor.record_heartbeat("stock", T0 + MINUTE)
    await one.go_to(T0 + 15 * MINUTE + 1)
    assert one.stale == 0
    await one.go_to(T0 + 16 * MINUTE + 1)
    assert one.stale == 1


def test_a_heartbeat_says_whether_the_feed_was_stale() -> None:
    monitor = Watched().monitor
    assert monitor.record_heartbeat("stock", T0)
    assert not monitor.record_heartbeat("stock", T0 + 15 * MINUTE)
    assert monitor.record_heartbeat("stock", T0 + 31 * MINUTE)
    # An older or a repeated heartbeat changes nothing.
    assert not monitor.record_heartbeat("stock", T0 + 31 * MINUTE)
    assert monitor.heartbeats == {"stock": T0 + 31 * MINUTE}


async def test_an_unwatched_feed_is_never_stale() -> None:
    one = Watched()
    assert one.monitor.limit("cases") is None
    assert not one.monitor.record_heartbeat("cases", T0)
    await one.go_to(T0 + 10_000 * MINUTE)
    assert one.stale == 0


async def test_a_new_policy_watches_what_was_heard_before() -> None:
    one = Watched()
    one.monitor.restore({"prices": T0})
    one.monitor.use_policy(FeedMaxAge(prices=MINUTE))
    await one.go_to(T0 + MINUTE + 1)
    assert one.stale == 1


def test_ages_of_all_feeds() -> None:
    monitor = Watched().monitor
    monitor.record_heartbeat("stock", T0)
    monitor.record_heartbeat("cases", T0 + 1)
    ages = monitor.ages(T0 + 5)
    assert ages["stock"] == (5, 15 * MINUTE)
    assert ages["cases"] == (4, None)
    assert ages["prices"] == (None, None)
