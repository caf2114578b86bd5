"""How is the shop doing, in numbers? Labels come from closed sets only."""

import time
from collections.abc import Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from tactful.core.effects import Effect
from tactful.core.trace import Trace

QUICK: Final = (0.00001, 0.00003, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1)
SLOW: Final = (0.001, 0.003, 0.01, 0.03, 0.1, 0.25, 0.5, 1, 3)


class Telemetry:
    """The metrics of one shop; nothing is shared with another app in the same process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._decisions = Histogram(
            "tactful_decision_seconds",
            "Time to decide one signal",
            registry=self.registry,
            buckets=QUICK,
        )
        self._verdicts = Counter(
            "tactful_verdicts_total",
            "What became of rules that matched, by primary reason",
            ["outcome", "reason"],
            registry=self.registry,
        )
        self._effects = Counter(
            "tactful_effects_total", "What was sent to shoppers", ["kind"], registry=self.registry
        )
        self._facts = Counter(
            "tactful_facts_total", "Facts received", ["outcome"], registry=self.registry
        )
        self._withdrawals = Histogram(
            "tactful_fact_to_withdrawal_seconds",
            "From a fact's durable write to the last session told",
            registry=self.registry,
            buckets=SLOW,
        )
        self._dropped = Counter(
            "tactful_signals_dropped_total",
            "Signals merged because a session's mailbox was full",
            registry=self.registry,
        )
        self._failed = Counter(
            "tactful_ledger_failures_total", "Turns that the ledger refused", registry=self.registry
        )
        self._reloads = Counter(
            "tactful_rulebook_reloads_total",
            "Rulebook reloads",
            ["outcome"],
            registry=self.registry,
        )
        self._redemptions = Counter(
            "tactful_redemptions_total", "Redemption answers", ["status"], registry=self.registry
        )

    @staticmethod
    def clock() -> float:
        """A clock for durations."""
        return time.perf_counter()

    def decided(self, trace: Trace, started: float) -> None:
        """A decision was made."""
        self._decisions.observe(time.perf_counter() - started)
        for verdict in trace.verdicts:
            self._verdicts.labels(verdict.outcome, verdict.reason or "").inc()

    def delivered(self, effects: Sequence[Effect]) -> None:
        """Effects went to a session's connections."""
        for effect in effects:
            self._effects.labels(type(effect).__name__.lower()).inc()

    def facts(self, accepted: int, ignored: int, rejected: int) -> None:
        """A batch of facts was taken."""
        self._facts.labels("accepted").inc(accepted)
        self._facts.labels("ignored").inc(ignored)
        self._facts.labels("rejected").inc(rejected)

    def told(self, started: float) -> None:
        """All sessions that a batch of facts concerns were told."""
        self._withdrawals.observe(time.perf_counter() - started)

    def dropped(self) -> None:
        """A signal was merged away."""
        self._dropped.inc()

    def failed(self) -> None:
        """The ledger could not do it."""
        self._failed.inc()

    def reloaded(self, outcome: str) -> None:
        """A rulebook was taken (`active`), refused (`refused`) or unchanged (`same`)."""
        self._reloads.labels(outcome).inc()

    def redeemed(self, status: int) -> None:
        """A redemption was answered."""
        self._redemptions.labels(str(status)).inc()

    def exposition(self) -> bytes:
        """Everything in Prometheus' text format."""
        return generate_latest(self.registry)
