"""The metrics of a shop. Labels come from closed sets only.

Counting costs one dictionary look-up. Metric objects are made only when a scrape asks for them.
"""

import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, TypeVar

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from tactful.core.decision import (
    ConfirmAcceptance,
    Effect,
    ExtendOffer,
    PushOffer,
    RefuseRequest,
    WithdrawOffer,
)
from tactful.core.verdicts.verdict import DecisionTrace
from tactful.runtime.answer_times import ResponseTimes
from tactful.runtime.durations import Durations

DECISION_BOUNDS_S: Final = (0.00001, 0.00003, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1)
COMMIT_BOUNDS_S: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.015, 0.03, 0.1, 0.25, 1.0)
BATCH_BOUNDS: Final = (1, 3, 10, 30, 100, 300, 1_000, 3_000)
"""Upper bounds of the buckets of commits, in jobs."""
FANOUT_BOUNDS_S: Final = (0.001, 0.003, 0.01, 0.03, 0.1, 0.25, 0.5, 1.0, 3.0)
"""Upper bounds of the buckets of each histogram, in seconds; the goals are among them."""

EFFECT_LABELS: Final[dict[type[Effect], str]] = {
    PushOffer: "push",
    WithdrawOffer: "withdraw",
    ConfirmAcceptance: "confirm",
    ExtendOffer: "extend",
    RefuseRequest: "refuse",
}
"""The public `kind` label of each effect; a renamed class does not change a metric."""

Gauge = tuple[str, str, Callable[[], Iterable[tuple[tuple[str, ...], float]]], tuple[str, ...]]
"""Name, meaning, function that reads (label values, value) pairs, and label names."""


class Telemetry:
    """The metrics of one shop; two shops in one process share none."""

    def __init__(self) -> None:
        self._decisions = Durations(DECISION_BOUNDS_S)
        self._commits = Durations(COMMIT_BOUNDS_S)
        self._promised_at = -math.inf
        self._fanouts = Durations(FANOUT_BOUNDS_S)
        self._ledger_commits = Durations(COMMIT_BOUNDS_S)
        self._batches = Durations(BATCH_BOUNDS)
        self.responses = ResponseTimes()
        self._limits: list[Callable[[], dict[str, tuple[int, int]]]] = []
        self._rejected_facts: Counter[tuple[str, str]] = Counter()
        self._verdicts: Counter[tuple[str, str]] = Counter()
        self._effects: Counter[str] = Counter()
        # Counters that alerts read exist from the start, so that their first increase shows.
        self._facts = Counter({"accepted": 0, "ignored": 0, "rejected": 0})
        self._folded = 0
        self._plain: Counter[str] = Counter()
        self._reloads: Counter[str] = Counter()
        self._redemptions = Counter({"503": 0})
        self._refused_commits: Counter[str] = Counter()
        self._gauges: list[Gauge] = []
        self._counters: list[Gauge] = []
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    @staticmethod
    def clock() -> float:
        """Return seconds of a clock that measures durations and does not tell the time of day."""
        return time.perf_counter()

    def add_gauge(
        self,
        name: str,
        meaning: str,
        values: Callable[[], Iterable[tuple[tuple[str, ...], float]]],
        labels: tuple[str, ...] = (),
    ) -> None:
        """Register a gauge that is read at every scrape.

        Args:
            name: Name of the metric.
            meaning: Help text of the metric.
            values: Returns (label values, value) pairs.
            labels: Names of the labels.
        """
        self._gauges.append((name, meaning, values, labels))

    def add_counter(
        self,
        name: str,
        meaning: str,
        values: Callable[[], Iterable[tuple[tuple[str, ...], float]]],
        labels: tuple[str, ...] = (),
    ) -> None:
        """Register a counter that is counted elsewhere and read at every scrape.

        Args:
            name: Name of the metric, without `_total`.
            meaning: Help text of the metric.
            values: Returns (label values, value) pairs; a value never falls.
            labels: Names of the labels.
        """
        self._counters.append((name, meaning, values, labels))

    def add_limits(self, read: Callable[[], dict[str, tuple[int, int]]]) -> None:
        """Register limits that are read at every scrape.

        Args:
            read: Returns name → (amount in use, limit).
        """
        self._limits.append(read)

    def record_ledger_commit(self, seconds: float, jobs: int) -> None:
        """Count a durable commit of the ledger with its duration and the jobs in it."""
        self._ledger_commits.observe(seconds)
        self._batches.observe(jobs)

    def record_rejected_fact(self, kind: str, code: str) -> None:
        """Count a rejected fact by its type, or `unknown`, and the code of the rejection."""
        self._rejected_facts[kind, code] += 1

    def rejected_facts(self) -> dict[str, tuple[str, int]]:
        """Return the type of rejected facts → the most frequent code, and how many there were."""
        found: dict[str, tuple[str, int]] = {}
        for (kind, code), count in self._rejected_facts.most_common():
            frequent, total = found.get(kind, (code, 0))
            found[kind] = frequent, total + count
        return found

    def hourly_counters(self) -> dict[tuple[str, str], int]:
        """Return the counters that alerts compare hour by hour: `HourCounts` names them."""
        found: dict[tuple[str, str], int] = {
            ("uses", "accepted"): self._effects["confirm"],
            ("uses", "redeemed"): self._redemptions["200"],
        }
        for (_, reason), count in self._verdicts.items():
            key = "verdicts", reason
            found[key] = found.get(key, 0) + count
        return found

    def record_decision(self, trace: DecisionTrace, started: float) -> None:
        """Count a decision with its verdicts.

        Args:
            trace: What the decision found about each rule.
            started: `clock()` before the decision.
        """
        self._decisions.observe(time.perf_counter() - started)
        for verdict in trace.verdicts:
            self._verdicts[verdict.outcome, verdict.reason or ""] += 1

    def record_commit(self, started: float) -> None:
        """Count a promise that is recorded; `started`: `clock()` before its decision."""
        self._promised_at = now = time.perf_counter()
        self._commits.observe(now - started)

    def seconds_since_promise(self) -> float:
        """Return the seconds since a promise was last recorded; infinity: none was yet."""
        return time.perf_counter() - self._promised_at

    def record_folded(self) -> None:
        """Count a signal that was folded without a decision."""
        self._folded += 1

    def record_delivery(self, effects: Sequence[Effect]) -> None:
        """Count the effects that a session's connections were sent."""
        for effect in effects:
            self._effects[EFFECT_LABELS[type(effect)]] += 1

    def record_facts(self, accepted: int, ignored: int, rejected: int) -> None:
        """Count a batch of facts by outcome."""
        self._facts["accepted"] += accepted
        self._facts["ignored"] += ignored
        self._facts["rejected"] += rejected

    def record_fanout(self, started: float) -> None:
        """Count a fan-out of facts to all sessions concerned; `started`: `clock()` before it."""
        self._fanouts.observe(time.perf_counter() - started)

    def record_dropped_signal(self) -> None:
        """Count a signal that a full mailbox dropped."""
        self._plain["signals_dropped"] += 1

    def record_dropped_cart_lines(self, lines: int) -> None:
        """Count the lines of unknown SKUs that a cart lost."""
        self._plain["cart_lines_dropped"] += lines

    def record_ledger_failure(self) -> None:
        """Count a turn that failed because of the ledger."""
        self._plain["ledger_failures"] += 1

    def record_crash(self) -> None:
        """Count a turn that met a programming error."""
        self._plain["turns_crashed"] += 1

    def record_refused_commit(self, reason: str) -> None:
        """Count a commit that the ledger refused, by reason."""
        self._refused_commits[reason] += 1

    def record_moved_session(self) -> None:
        """Count a session that another process has claimed."""
        self._plain["sessions_moved"] += 1

    def record_stall(self) -> None:
        """Count a stall of the event loop."""
        self._plain["loop_stalls"] += 1

    def record_reload(self, outcome: str) -> None:
        """Count a reload of the rule files: `active`, `refused` or `same`."""
        self._reloads[outcome] += 1

    def record_redemption(self, status: int) -> None:
        """Count a redemption by the HTTP status of its response."""
        self._redemptions[str(status)] += 1

    def record_general_offer(self) -> None:
        """Count an offer that reached most viewers of its product."""
        self._plain["general_offers"] += 1

    def record_stopped_trial(self) -> None:
        """Count a trial that was stopped because it did harm."""
        self._plain["trials_stopped"] += 1

    def collect(self) -> Iterator[Metric]:
        """Yield every metric, as the registry of prometheus_client asks for it."""
        yield self._decisions.family("tactful_decision_seconds", "Time to decide one signal")
        yield self._commits.family(
            "tactful_event_to_offer_seconds",
            "From a signal to the recorded offer or promise that it brought",
        )
        yield self._fanouts.family(
            "tactful_fact_to_withdrawal_seconds",
            "From a fact's durable write to the last session notified",
        )
        yield self._ledger_commits.family(
            "tactful_commit_seconds", "Time of one durable commit of the ledger"
        )
        yield self._batches.family("tactful_commit_jobs", "Jobs that share one commit")
        yield from self.responses.families()
        yield from self._limit_families()
        verdicts = CounterMetricFamily(
            "tactful_verdicts",
            "Rules that matched, by primary reason",
            labels=["outcome", "reason"],
        )
        for (outcome, reason), count in sorted(self._verdicts.items()):
            verdicts.add_metric([outcome, reason], count)
        yield verdicts
        yield _counters("tactful_effects", "What was sent to shoppers", "kind", self._effects)
        yield _counters("tactful_facts", "Facts received", "outcome", self._facts)
        rejected = CounterMetricFamily(
            "tactful_facts_rejected", "Facts refused, by type and code", labels=["type", "code"]
        )
        yield _with_values(rejected, sorted(self._rejected_facts.items()))
        yield _counters("tactful_rulebook_reloads", "Reloads", "outcome", self._reloads)
        yield _counters("tactful_redemptions", "Redemption answers", "status", self._redemptions)
        yield _counters(
            "tactful_commits_refused",
            "Promises that the ledger refused and that were decided again",
            "reason",
            self._refused_commits,
        )
        yield CounterMetricFamily(
            "tactful_signals_passed",
            "Signals after which nothing could be decided yet",
            value=self._folded,
        )
        for name, meaning in PLAIN_COUNTERS.items():
            yield CounterMetricFamily(f"tactful_{name}", meaning, value=self._plain[name])
        for name, meaning, values, labels in self._gauges:
            yield _with_values(GaugeMetricFamily(name, meaning, labels=labels), values())
        for name, meaning, values, labels in self._counters:
            yield _with_values(CounterMetricFamily(name, meaning, labels=labels), values())

    def _limit_families(self) -> Iterator[Metric]:
        limits = GaugeMetricFamily("tactful_limit", "Limits of the server", labels=["limit"])
        used = GaugeMetricFamily("tactful_limit_used", "Their use", labels=["limit"])
        for read in self._limits:
            for name, (amount, limit) in read().items():
                limits.add_metric([name], limit)
                used.add_metric([name], amount)
        yield limits
        yield used

    def exposition(self) -> bytes:
        """Return all metrics in the text format of Prometheus."""
        return generate_latest(self._registry)


PLAIN_COUNTERS: Final = {
    "signals_dropped": "Signals merged because a session's mailbox was full",
    "cart_lines_dropped": "Cart lines beyond the first 20 whose SKU the shop never reported",
    "ledger_failures": "Turns that the ledger refused",
    "turns_crashed": "Turns that met a programming error",
    "sessions_moved": "Sessions that another server of the shop has taken over",
    "loop_stalls": "Times that the event loop was blocked for longer than 200 ms",
    "trials_stopped": "Trials that were stopped because they did harm",
    "general_offers": "Offers that reached most viewers of their product within a day",
}
"""Counters without labels: name without prefix → meaning."""


def _counters(name: str, meaning: str, label: str, counts: Counter[str]) -> Metric:
    family = CounterMetricFamily(name, meaning, labels=[label])
    for value, count in sorted(counts.items()):
        family.add_metric([value], count)
    return family


Family = TypeVar("Family", GaugeMetricFamily, CounterMetricFamily)


def _with_values(family: Family, values: Iterable[tuple[tuple[str, ...], float]]) -> Family:
    for label_values, value in values:
        family.add_metric(label_values, value)
    return family
