"""What of a shop's state is worth watching? Read only when somebody asks for the metrics."""

from collections.abc import Iterator
from typing import Protocol

from tactful.runtime.facts.feeds import FeedMonitor
from tactful.runtime.ports.environment import Clock
from tactful.runtime.ports.ledger import LedgerHealth
from tactful.runtime.state.active_rulebook import ActiveRulebook
from tactful.runtime.state.balances import Balances
from tactful.runtime.state.session_registry import SessionRegistry
from tactful.runtime.telemetry import Telemetry
from tactful.runtime.timers import Timers

Readings = Iterator[tuple[tuple[str, ...], float]]


class MeasuredParts(Protocol):
    """The parts of a shop that have something to tell."""

    telemetry: Telemetry
    registry: SessionRegistry
    timers: Timers
    feeds: FeedMonitor
    clock: Clock
    balances: Balances
    active_rulebook: ActiveRulebook

    @property
    def ledger(self) -> LedgerHealth:
        """Return the ledger, as far as metrics need it."""


def register_gauges(shop: MeasuredParts) -> None:
    """Have the shop's telemetry read its state."""
    gauge, registry = shop.telemetry.add_gauge, shop.registry
    gauge("tactful_sessions", "Sessions in memory", lambda: [((), len(registry))])
    gauge(
        "tactful_sessions_waiting",
        "Sessions that wait for facts or for the disk",
        lambda: [((), sum(live.busy for live in registry))],
    )
    gauge(
        "tactful_mailbox_signals",
        "Signals that wait in the mailboxes of such sessions",
        lambda: [((), sum(len(live.mailbox) for live in registry))],
    )
    gauge("tactful_timers", "Alarms that are set", lambda: [((), len(shop.timers))])
    gauge(
        "tactful_ledger_waiting_bytes",
        "Records that are not written yet",
        lambda: [((), shop.ledger.pending_bytes)],
    )
    gauge(
        "tactful_ledger_failing",
        "1 while nothing can be promised",
        lambda: [((), float(shop.ledger.failure is not None))],
    )
    gauge("tactful_feed_age_seconds", "Since a feed was heard", lambda: _ages(shop), ("feed",))
    gauge(
        "tactful_feed_stale",
        "1 while a watched feed is silent for too long",
        lambda: _stale(shop),
        ("feed",),
    )
    gauge(
        "tactful_budget",
        "A campaign's budget in its present period, in minor units or offers",
        lambda: _budgets(shop),
        ("campaign", "currency", "part"),
    )
    gauge(
        "tactful_rules",
        "Rules of the active rulebook",
        lambda: [((), len(shop.active_rulebook.current.rules))],
    )
    gauge(
        "tactful_rulebook_findings",
        "What is wrong with rule files that were not taken",
        lambda: [((), len(shop.active_rulebook.diagnostics))],
    )


def _ages(shop: MeasuredParts) -> Readings:
    for feed, (age, _) in shop.feeds.ages(shop.clock.now()).items():
        if age is not None:
            yield (feed,), age / 1000


def _stale(shop: MeasuredParts) -> Readings:
    for feed, (age, limit) in shop.feeds.ages(shop.clock.now()).items():
        if limit is not None:
            yield (feed,), float(age is None or age > limit)


def _budgets(shop: MeasuredParts) -> Readings:
    for (campaign, currency), balance in sorted(shop.balances.view(shop.clock.now()).items()):
        if balance.limit is not None:
            yield (campaign, currency, "limit"), balance.limit
        yield (campaign, currency, "reserved"), balance.reserved
        yield (campaign, currency, "settled"), balance.settled
