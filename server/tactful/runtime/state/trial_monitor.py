"""Outcomes of the offers of trial rules, and the stop of a trial that does harm."""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Literal

import structlog
from msgspec import Struct

from tactful.core.offers.offer import Offer, OfferState, OfferStep
from tactful.core.rules.policy import TrialGuardrail
from tactful.core.rules.rule import Rule
from tactful.core.verdicts.reasons import TAINT_REASONS
from tactful.runtime.state.shop_state import ShopState

log = structlog.get_logger("tactful.trial")

Limit = Literal["dismissed", "complaints"]
"""A limit of the guardrail."""


class TrialTally(Struct):
    """How many of a trial's offers had each outcome."""

    seen: int = 0
    dismissed: int = 0
    complaints: int = 0
    """Offers withdrawn because of a taint."""

    def count(self, state: OfferState, reason: str | None, times: int = 1) -> None:
        """Count a step of an offer.

        Args:
            state: The offer's state after the step.
            reason: The reason code of the step.
            times: How many such steps there were.
        """
        if state is OfferState.SHOWN:
            self.seen += times
        elif state is OfferState.DECLINED:
            self.dismissed += times
        elif state is OfferState.WITHDRAWN and reason in TAINT_REASONS:
            self.complaints += times

    def breached_limit(self, limits: TrialGuardrail) -> Limit | None:
        """Return the limit that is exceeded; None: none is, or too few offers were seen to say."""
        if self.seen < limits.after:
            return None
        if self.dismissed * 10_000 > self.seen * limits.dismissed_bp:
            return "dismissed"
        return "complaints" if self.complaints * 10_000 > self.seen * limits.complaints_bp else None


class TrialMonitor:
    """Stops a trial rule whose offers exceed a limit of the policy's guardrail.

    A changed rule is a new trial. If an operator resumes a stopped trial without changing the rule,
    the next step beyond a limit stops it again.
    """

    def __init__(self, state: ShopState, stop: Callable[[str], Awaitable[None]]) -> None:
        """Watch the trials of the active rulebook.

        Args:
            state: The memory of the shop.
            stop: Pauses the rule with this id; may raise `LedgerError`, which is logged.
        """
        self._state = state
        self._stop = stop
        self._stopping: set[str] = set()
        """Trials whose stop is under way."""
        self._tallies: dict[tuple[str, str], TrialTally] = {}
        """(rule id, digest of the rule's text) → what came of its offers."""

    async def start(self) -> None:
        """Read the steps that the ledger has, and stop a trial that exceeds a limit.

        A node reads them again and again. What it has counted itself and is not stored yet stays.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        stored: dict[tuple[str, str], TrialTally] = {}
        for row in await self._state.ledger.rule_steps():
            tally = stored.setdefault((row.rule, row.digest), TrialTally())
            tally.count(row.state, row.reason, row.count)
        for key, tally in stored.items():
            known = self._tallies.setdefault(key, tally)
            known.seen = max(known.seen, tally.seen)
            known.dismissed = max(known.dismissed, tally.dismissed)
            known.complaints = max(known.complaints, tally.complaints)
            self._check(*key, known)

    def record_step(self, offers: Iterable[Offer], steps: Iterable[OfferStep]) -> None:
        """Count the steps of a recorded turn, and stop a trial that exceeds a limit.

        Args:
            offers: The offers after the turn.
            steps: What became of them; every step names one of `offers`.
        """
        known = {offer.id: offer for offer in offers}
        for step in steps:
            offer = known[step.offer]
            key = offer.rule, offer.rule_digest
            tally = self._tallies.setdefault(key, TrialTally())
            tally.count(step.to, step.reason)
            self._check(*key, tally)

    def _check(self, name: str, digest: str, tally: TrialTally) -> None:
        rulebook = self._state.active_rulebook.current
        rule = rulebook.rules.get(name)
        if rule is None or rule.mode != "trial" or rule.digest != digest:
            return
        if name in rulebook.paused or name in self._stopping:
            return
        limit = tally.breached_limit(rulebook.policy.harm)
        if limit:
            self._stopping.add(name)
            log.warning(
                "trial.stopped", rule=name, cause=limit, seen=tally.seen,
                dismissed=tally.dismissed, complaints=tally.complaints,
            )  # fmt: skip
            self._state.background.start_ledger_work(self._stop_once(name))

    def harmful(self) -> Iterator[tuple[Rule, TrialTally]]:
        """Yield the paused trials of the active rulebook that exceed a limit, with their tallies."""
        rulebook = self._state.active_rulebook.current
        for (name, digest), tally in self._tallies.items():
            rule = rulebook.rules.get(name)
            if rule is None or rule.mode != "trial" or rule.digest != digest:
                continue
            if name in rulebook.paused and tally.breached_limit(rulebook.policy.harm):
                yield rule, tally

    async def _stop_once(self, rule: str) -> None:
        try:
            await self._stop(rule)
        finally:
            self._stopping.discard(rule)
