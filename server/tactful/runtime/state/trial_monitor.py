"""Does a trial do harm, and must it stop?"""

from collections.abc import Callable, Iterable
from typing import Literal

import structlog
from msgspec import Struct

from tactful.core.offers.offer import Offer, OfferState, OfferStep
from tactful.core.rules.policy import TrialGuardrail
from tactful.core.rules.rule import Rulebook
from tactful.core.verdicts.reasons import TAINT_REASONS
from tactful.runtime.ports.offer_statistics import OfferStatistics

log = structlog.get_logger("tactful.trial")

Cause = Literal["dismissed", "complaints"]


class TrialTally(Struct):
    """What came of a trial's offers so far."""

    seen: int = 0
    dismissed: int = 0
    complaints: int = 0

    def count(self, state: OfferState, reason: str | None, times: int = 1) -> None:
        """Take in a step of an offer."""
        if state is OfferState.SHOWN:
            self.seen += times
        elif state is OfferState.DECLINED:
            self.dismissed += times
        elif state is OfferState.WITHDRAWN and reason in TAINT_REASONS:
            self.complaints += times

    def harm(self, limits: TrialGuardrail) -> Cause | None:
        """Beyond which limit it is; None: within all, or too early to say."""
        if self.seen < limits.after:
            return None
        if self.dismissed * 10_000 > self.seen * limits.dismissed_bp:
            return "dismissed"
        return "complaints" if self.complaints * 10_000 > self.seen * limits.complaints_bp else None


class TrialMonitor:
    """Watches what becomes of the offers of trial rules; a rule that is changed is a new trial.

    A stopped trial stays stopped: somebody who lets it run again without changing it sees it stopped
    at the next sign of harm.
    """

    def __init__(
        self,
        *,
        ledger: OfferStatistics,
        rulebook: Callable[[], Rulebook],
        stop: Callable[[str], None],
    ) -> None:
        self._ledger = ledger
        self._rulebook = rulebook
        self._stop = stop
        self.stopping: set[str] = set()
        """Trials that are about to be paused."""
        self._records: dict[tuple[str, str], TrialTally] = {}

    async def start(self) -> None:
        """Take over what the ledger knows."""
        for row in await self._ledger.rule_steps():
            record = self._records.setdefault((row.rule, row.digest), TrialTally())
            record.count(row.state, row.reason, row.count)

    def record_step(self, offers: Iterable[Offer], steps: Iterable[OfferStep]) -> None:
        """Learn from what a turn recorded; stops what does harm."""
        known = {offer.id: offer for offer in offers}
        for step in steps:
            offer = known[step.offer]
            key = offer.rule, offer.rule_digest
            record = self._records.setdefault(key, TrialTally())
            record.count(step.to, step.reason)
            self._judge(*key, record)

    def _judge(self, name: str, digest: str, record: TrialTally) -> None:
        book = self._rulebook()
        rule = book.rules.get(name)
        if rule is None or rule.mode != "trial" or rule.digest != digest or name in book.paused:
            return
        cause = record.harm(book.policy.harm)
        if cause and name not in self.stopping:
            self.stopping.add(name)
            log.warning(
                "trial.stopped", rule=name, cause=cause, seen=record.seen,
                dismissed=record.dismissed, complaints=record.complaints,
            )  # fmt: skip
            self._stop(name)
