"""One shop: all its parts, put together, started and stopped."""

import asyncio
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

import structlog
from msgspec import Struct

from tactful.core.redemption.answers import EncodeAnswer
from tactful.core.rules.policy import Policy
from tactful.core.session.signals import TimerFired
from tactful.core.values import ids
from tactful.runtime import gauges
from tactful.runtime.facts.fact_cache import FactCache
from tactful.runtime.facts.feeds import FeedMonitor
from tactful.runtime.ports.environment import Clock, Entropy
from tactful.runtime.ports.ledger import Ledger, LedgerError
from tactful.runtime.ports.operator_actions import OperatorAction
from tactful.runtime.security.identity import IdentityVerifier
from tactful.runtime.security.signing_keys import SigningKeys
from tactful.runtime.services.explanations import ExplanationService
from tactful.runtime.services.ingest import FactIngest
from tactful.runtime.services.redemption_effects import RedemptionEffects
from tactful.runtime.services.redemptions import RedemptionService
from tactful.runtime.sessions.fanout import Fanout
from tactful.runtime.sessions.lifecycle import SessionLifecycle
from tactful.runtime.sessions.turn_runner import TurnRunner
from tactful.runtime.state.active_rulebook import ActiveRulebook
from tactful.runtime.state.balances import Balances, StockCommitments
from tactful.runtime.state.conversion_tracker import ConversionTracker
from tactful.runtime.state.reduction_tracker import ReductionTracker
from tactful.runtime.state.session_registry import STANDING, LiveSession, SessionRegistry
from tactful.runtime.state.shop_state import ShopState
from tactful.runtime.state.trial_monitor import TrialMonitor
from tactful.runtime.telemetry import Telemetry
from tactful.runtime.timers import TestClock, Timers
from tactful.runtime.watchdog import Watchdog

log = structlog.get_logger("tactful.shop")

DAY_S = 86_400
LOOKED_AT_ONCE = 20
"""Restored sessions, of some 100 µs each ..."""
LOOK_PAUSE_S = 0.01
"""... and the pause after them: a fifth of a core, for 5 s after a restart with 10,000 offers."""


class Settings(Struct, frozen=True, kw_only=True):
    """What a shop is run with. Durations in ms."""

    rules: Path | None = None
    policy: Policy = Policy()
    identity_secret: str | None = None
    default_territory: str | None = None
    session_ttl: int = 1_800_000
    retention: int = 90 * DAY_S * 1000
    seed: str = ""


class Shop:
    """Everything that one shop keeps in memory; nothing is shared with another one."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        clock: Clock,
        entropy: Entropy,
        keys: SigningKeys,
        settings: Settings,
        encode_redemption: EncodeAnswer,
    ) -> None:
        self.ledger = ledger
        self.clock = clock
        self.keys = keys
        self.entropy = entropy
        self.settings = settings
        self.telemetry = Telemetry()
        self.timers = Timers(clock)
        self.registry = SessionRegistry()
        self.fact_cache = FactCache(ledger)
        self.balances = Balances()
        self.stock_commitments = StockCommitments()
        self.conversions = ConversionTracker(ledger=ledger, clock=clock, world=self.fact_cache)
        self.reductions = ReductionTracker(
            ledger=ledger, clock=clock, world=self.fact_cache, telemetry=self.telemetry
        )
        self.feeds = FeedMonitor(self.timers, self._fell_silent)
        self.identities = IdentityVerifier(settings.identity_secret, clock)
        self.active_rulebook = ActiveRulebook(
            ledger=ledger,
            clock=clock,
            telemetry=self.telemetry,
            folder=settings.rules,
            policy=settings.policy,
        )
        self.state = self._shared()
        self.turns = TurnRunner(self.state, settings.seed)
        self.lifecycle = SessionLifecycle(
            self.state, self.turns, settings.session_ttl, settings.default_territory
        )
        self.redemptions = self._redemptions(encode_redemption)
        self.fanout = Fanout(self.state, self.turns)
        self.ingest = FactIngest(
            self.state, self.turns, self.fanout, self.redemptions.cancel_reported
        )
        self.trials = TrialMonitor(
            ledger=ledger, rulebook=lambda: self.active_rulebook.current, stop=self._stop_trial
        )
        self.turns.on_moved = self.trials.record_step
        self.explanations = ExplanationService(self.state, self.turns, settings.default_territory)
        self.ready = False
        self._forgetting: set[asyncio.Task[None]] = set()
        self.lifecycle.on_end = self._ended
        self.active_rulebook.on_change = self._rulebook_changed
        self._watchdog = Watchdog(self.telemetry)
        gauges.register_gauges(self)

    def _shared(self) -> ShopState:
        return ShopState(
            ledger=self.ledger,
            clock=self.clock,
            entropy=self.entropy,
            keys=self.keys,
            telemetry=self.telemetry,
            timers=self.timers,
            registry=self.registry,
            fact_cache=self.fact_cache,
            balances=self.balances,
            stock_commitments=self.stock_commitments,
            conversions=self.conversions,
            reductions=self.reductions,
            feeds=self.feeds,
            active_rulebook=self.active_rulebook,
        )

    def _redemptions(self, encode: EncodeAnswer) -> RedemptionService:
        return RedemptionService(
            ledger=self.ledger,
            clock=self.clock,
            entropy=self.entropy,
            keys=self.keys,
            shop=RedemptionEffects(self.state, self.turns),
            encode=encode,
        )

    async def start(self) -> None:
        """Open the ledger, load the rulebook, bring back what stands, and catch up on what was missed."""
        await self.ledger.open()
        self.balances.restore(await self.ledger.balances())
        for offer in await self.ledger.standing_offers():
            self.stock_commitments.update(offer)
        await self.reductions.start()
        await self.trials.start()
        await self.active_rulebook.start()
        self._use_rulebook()
        await self._settle_rates()
        self.feeds.restore(await self.ledger.feed_heartbeats())
        restored = await self._restored()
        self.active_rulebook.watch()
        if not isinstance(self.clock, TestClock):
            self._watchdog.start()
            self.timers.start()
        self._prune_later()
        self.ready = True
        self._later(self._look_again(restored))

    async def _restored(self) -> list[LiveSession]:
        """Bring back the sessions that have offers; those whose time has come are woken at once."""
        now = self.clock.now()
        others = []
        for saved in await self.ledger.sessions_to_wake(now):
            live = self.lifecycle.restore(saved)
            if saved.wake_at is not None and saved.wake_at <= now:
                self.turns.submit(live, TimerFired())
            else:
                others.append(live)
        return others

    async def _look_again(self, restored: Sequence[LiveSession]) -> None:
        """Let sessions pass their gates under today's rules; whoever comes back has done so by coming.

        Bit by bit, for everybody is coming back just now.
        """
        for start in range(0, len(restored), LOOKED_AT_ONCE):
            if not self.ready:
                return
            for live in restored[start : start + LOOKED_AT_ONCE]:
                if not live.last_tab and live.state.id in self.registry.by_id:
                    self.turns.submit(live, TimerFired())
            await asyncio.sleep(LOOK_PAUSE_S)

    async def stop(self) -> None:
        """Finish what is under way, and let go."""
        self.ready = False
        self._watchdog.stop()
        self.timers.stop()
        await self.active_rulebook.stop()
        await self.settled()
        await self.ledger.close()

    async def settled(self) -> None:
        """Return when nothing is under way any more."""
        await self.lifecycle.wait_until_idle()
        await self.turns.wait_until_idle()
        while self._forgetting:
            await asyncio.wait(tuple(self._forgetting))

    async def move_clock(self, to: int) -> None:
        """Test mode: go to an instant; timers due by then have fired when this returns."""
        if isinstance(self.clock, TestClock):
            await self.settled()
            await self.clock.move(to, self.timers, self.settled)
            await self.settled()
            await self.ledger.flush()

    def _fell_silent(self) -> None:
        """A feed has: every offer passes its gates again."""
        self._later(self.fanout.notify(self.registry.concerned([STANDING])))

    async def _rulebook_changed(self) -> None:
        self._use_rulebook()
        self._later(self._settle_rates())
        await self.fanout.notify(self.registry)

    async def _settle_rates(self) -> None:
        """Read the log of what was bought, where the policy weighs it."""
        if self.active_rulebook.current.policy.arbitration == "expected_value":
            await self.conversions.start()

    def _use_rulebook(self) -> None:
        rulebook = self.active_rulebook.current
        self.fact_cache.use_policy(rulebook.policy)
        self.balances.use_campaigns(rulebook.campaigns)
        self.feeds.use_policy(rulebook.policy.max_age)

    def _stop_trial(self, rule: str) -> None:
        """Pause a trial that does harm, as a person would."""
        self._later(self._stopped(rule))

    async def _stopped(self, rule: str) -> None:
        try:
            await self.active_rulebook.pause(rule, paused=True)
            stopped = OperatorAction(
                at=self.clock.now(),
                who="tactful",
                act="rule.paused",
                subject=rule,
                detail="the trial did harm",
            )
            await self.ledger.record_operator_action(stopped)
            self.telemetry.record_stopped_trial()
        finally:
            self.trials.stopping.discard(rule)

    def _ended(self, live: LiveSession) -> None:
        """A session is over: one without personal consent leaves nothing behind."""
        if live.persists and live.state.consent != "personal":
            self.conversions.forget_session(live.state.id)
            self._later(self.ledger.forget_session(live.state.id))

    def _later(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.ensure_future(_guarded(work))
        self._forgetting.add(task)
        task.add_done_callback(self._forgetting.discard)

    def _prune_later(self) -> None:
        """Once a day, drop what is older than the shop keeps it."""
        now = self.clock.now()
        self._later(self.ledger.prune(before=now - self.settings.retention))
        self.timers.set("prune", now + DAY_S * 1000, self._prune_later)

    async def reconcile(self) -> list[str]:
        """Balances that do not equal the sum of their offers and redemptions; nothing: all is well."""
        return await self.ledger.reconcile()

    async def forget(self, customer: str) -> int:
        """Erase a customer everywhere; how many rows that touched."""
        for live in self.registry.concerned([("customer", customer)]):
            self.lifecycle.erase_customer(live)
        await self.settled()
        alias = ids.shopper_id(self.entropy.token_bytes(ids.ID_BYTES))
        erased = await self.fact_cache.read_history(customer)
        touched = await self.ledger.erase_customer(customer, alias)
        self.fact_cache.erase_customer(erased)
        self.conversions.forget_customer(customer)
        return touched


async def _guarded(work: Coroutine[Any, Any, object]) -> None:
    try:
        await work
    except LedgerError as error:
        log.error("ledger.later", error=str(error))  # noqa: TRY400 - the traceback says no more
