"""Metrics that are read from a shop's state when a scrape asks for them."""

from collections.abc import Iterator
from functools import partial
from typing import Final, get_args

from tactful.runtime.ports.ledger import Ledger
from tactful.runtime.security.key_files import KeyFileError
from tactful.runtime.state.active_rulebook import KeptReason
from tactful.runtime.state.shop_state import ShopState
from tactful.runtime.state.state_tables import StateTable
from tactful.runtime.state.turn_phase import TurnPhase
from tactful.runtime.system_clock import SystemClock

Readings = Iterator[tuple[tuple[str, ...], float]]
"""(Label values, value) pairs."""


STORAGE_METRICS: Final = {
    "disk_free_bytes": "Bytes that are free on the disk of the data folder",
    "disk_bytes": "Bytes of the disk of the data folder",
    "ledger_bytes": "Bytes of the ledger",
    "log_bytes": "Bytes of the ledger's write-ahead log",
}
"""Field of `StorageUse`, and name of the metric without prefix → meaning."""


def register_gauges(state: ShopState) -> None:
    """Have the shop's telemetry read its state at every scrape."""
    _register_session_gauges(state)
    _register_ledger_gauges(state)
    _register_browsing_gauges(state)
    _register_feed_gauges(state)
    _register_rulebook_gauges(state)
    _register_tables(state)
    _register_clock_gauges(state)
    _register_storage_gauges(state)
    _register_key_gauges(state)


def _register_session_gauges(state: ShopState) -> None:
    gauge, registry = state.telemetry.add_gauge, state.registry
    gauge("tactful_sessions", "Sessions in memory", lambda: [((), len(registry))])
    gauge(
        "tactful_sessions_waiting",
        "Sessions that wait for facts or for the disk",
        lambda: [((), sum(live.phase is not TurnPhase.IDLE for live in registry))],
    )
    gauge(
        "tactful_mailbox_signals",
        "Signals that wait in the mailboxes of such sessions",
        lambda: [((), sum(len(live.mailbox) for live in registry))],
    )
    gauge("tactful_timers", "Timers that are set", lambda: [((), len(state.timers))])


def _register_ledger_gauges(state: ShopState) -> None:
    gauge, ledger = state.telemetry.add_gauge, state.ledger
    gauge(
        "tactful_ledger_waiting_bytes",
        "Records that are not written yet",
        lambda: [((), ledger.pending_bytes)],
    )
    gauge(
        "tactful_ledger_failing",
        "1 while nothing can be promised",
        lambda: [((), float(ledger.failure is not None))],
    )
    gauge(
        "tactful_restored",
        "1 while older offers wait for the orders placed since a restored backup",
        lambda: [((), float(ledger.is_restored))],
    )
    state.telemetry.add_counter(
        "tactful_records_lost",
        "Records of browsing that could not be written and were given up",
        lambda: [((), ledger.records_lost)],
    )


def _register_browsing_gauges(state: ShopState) -> None:
    budget, reads = state.browsing, state.fact_cache.reads
    state.telemetry.add_counter(
        "tactful_reads_given_up",
        "Reads of facts that had not begun when the last client that waited left",
        lambda: [((), reads.not_begun)],
    )
    state.telemetry.add_counter(
        "tactful_browsing_unwritten",
        "Signals of browsing that were not written, by whose budget is used up",
        lambda: [((reason,), count) for reason, count in sorted(budget.unwritten.items())],
        ("reason",),
    )
    state.telemetry.add_gauge(
        "tactful_browsing_suspended",
        "1 while no browsing is written because room on the disk is short",
        lambda: [((), float(budget.suspended_because is not None))],
    )


def _register_feed_gauges(state: ShopState) -> None:
    gauge = state.telemetry.add_gauge
    gauge(
        "tactful_feed_age_seconds",
        "Seconds since a feed's last report or heartbeat",
        lambda: _ages(state),
        ("feed",),
    )
    gauge(
        "tactful_feed_stale",
        "1 while a watched feed is silent for too long",
        lambda: _stale(state),
        ("feed",),
    )


def _register_rulebook_gauges(state: ShopState) -> None:
    gauge, rulebook = state.telemetry.add_gauge, state.active_rulebook
    gauge(
        "tactful_budget",
        "A campaign's budget in its present period, in minor units or offers",
        lambda: _budgets(state),
        ("campaign", "currency", "part"),
    )
    gauge(
        "tactful_rules",
        "Rules of the active rulebook",
        lambda: [((), len(rulebook.current.rules))],
    )
    gauge(
        "tactful_rulebook_findings",
        "Errors in rule files that were refused",
        lambda: [((), len(rulebook.diagnostics))],
    )
    gauge(
        "tactful_rulebook_kept",
        "1 while the previous rulebook is kept because the rules folder cannot be used",
        lambda: _kept(state),
        ("reason",),
    )


def _register_clock_gauges(state: ShopState) -> None:
    # The clock of a test is never set by the machine.
    clock = state.clock if isinstance(state.clock, SystemClock) else None
    state.telemetry.add_gauge(
        "tactful_clock_step_seconds",
        "Seconds by which the machine's clock is ahead of the server's",
        lambda: [((), clock.difference_s if clock else 0)],
    )
    state.telemetry.add_counter(
        "tactful_clock_steps",
        "Steps of the machine's clock of more than a second",
        lambda: [((), clock.steps if clock else 0)],
    )


def _register_storage_gauges(state: ShopState) -> None:
    for name, meaning in STORAGE_METRICS.items():
        state.telemetry.add_gauge(f"tactful_{name}", meaning, partial(_storage, state.ledger, name))
    state.telemetry.add_gauge(
        "tactful_backup_age_seconds",
        "Seconds since the latest backup; without a sample: there was none",
        lambda: _backup_age(state),
    )


def _storage(ledger: Ledger, name: str) -> Readings:
    use = ledger.storage_use()
    if use is not None:
        yield (), getattr(use, name)


def _backup_age(state: ShopState) -> Readings:
    use = state.ledger.storage_use()
    if use is not None and use.backed_up_at is not None:
        yield (), (state.clock.now() - use.backed_up_at) / 1000


def _register_key_gauges(state: ShopState) -> None:
    state.telemetry.add_gauge(
        "tactful_signing_key_age_seconds",
        "Seconds since the key that signs was made",
        lambda: _key_age(state),
    )


def _key_age(state: ShopState) -> Readings:
    try:
        keys = state.keys.accepted_keys()
    except (
        KeyFileError
    ):  # the health and an alert name it; the other metrics are needed all the more
        return
    for key in keys:
        if key.until is None:
            yield (), (state.clock.now() - key.created) / 1000


def _kept(state: ShopState) -> Readings:
    for reason in get_args(KeptReason):
        yield (reason,), float(state.active_rulebook.kept_because == reason)


def _register_tables(state: ShopState) -> None:
    add, cache = state.tables.add, state.fact_cache
    add(
        StateTable(
            name="sessions",
            size=lambda: len(state.registry),
            holders=(
                "SessionRegistry.by_id",
                "SessionRegistry._by_resume",
                "SessionRegistry._concerned",
                "Timers._timers",
                "Timers._heap",
                "TurnLogWriter._waiting",
                "BackgroundTasks._running",
                "KnownRows.epochs",
            ),
        )
    )
    add(
        StateTable(
            name="items",
            size=lambda: cache.table_sizes()["items"][0],
            bound=lambda: cache.table_sizes()["items"][1],
            holders=("FactCache._items", "FactCache._mentions"),
        )
    )
    add(
        StateTable(
            name="reads",
            size=lambda: len(cache.reads),
            holders=("SharedReads._reads", "SharedReads._waiting", "SharedReads.awaited"),
        )
    )
    add(
        StateTable(
            name="customers",
            size=lambda: cache.table_sizes()["customers"][0],
            bound=lambda: cache.table_sizes()["customers"][1],
            holders=("FactCache._histories", "FactCache._profiles", "FactCache._contacts"),
        )
    )


def _ages(state: ShopState) -> Readings:
    for feed, (age, _) in state.feeds.ages(state.clock.now()).items():
        if age is not None:
            yield (feed,), age / 1000


def _stale(state: ShopState) -> Readings:
    for feed, (age, limit) in state.feeds.ages(state.clock.now()).items():
        if limit is not None:
            yield (feed,), float(age is None or age > limit)


def _budgets(state: ShopState) -> Readings:
    for (campaign, currency), balance in sorted(state.balances.view(state.clock.now()).items()):
        if balance.limit is not None:
            yield (campaign, currency, "limit"), balance.limit
        yield (campaign, currency, "reserved"), balance.reserved
        yield (campaign, currency, "settled"), balance.settled
