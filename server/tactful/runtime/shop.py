"""One shop: its parts, put together, started and stopped."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog
from msgspec import Struct

from tactful.core.redemption.answers import EncodeAnswer
from tactful.core.rules.policy import Policy
from tactful.core.values.calendar import DAY
from tactful.runtime.alerts.alert_service import CHECK_MS, AlertService
from tactful.runtime.disk_room import wait_for_room
from tactful.runtime.gauges import register_gauges
from tactful.runtime.ports.customer_data import ContactFacts
from tactful.runtime.ports.environment import Clock, Entropy
from tactful.runtime.ports.ledger import Ledger
from tactful.runtime.ports.operator_actions import OperatorAction
from tactful.runtime.security.identity import IdentityVerifier
from tactful.runtime.security.signing_keys import SigningKeys
from tactful.runtime.services.code_service import CodeService
from tactful.runtime.services.erasure_changes import ErasureChanges
from tactful.runtime.services.erasure_service import ErasureService
from tactful.runtime.services.explanations import ExplanationService
from tactful.runtime.services.fact_changes import FactChanges
from tactful.runtime.services.hold_timer import HoldTimer
from tactful.runtime.services.ingest import FactIngest
from tactful.runtime.services.item_diagnosis import DiagnosisService
from tactful.runtime.services.node_watch import NodeWatch
from tactful.runtime.services.promise_timers import PromiseTimers
from tactful.runtime.services.redemption_effects import RedemptionEffects
from tactful.runtime.services.redemptions import RedemptionService
from tactful.runtime.services.report_service import Reports, ReportService
from tactful.runtime.services.rulebook_manager import RulebookManager
from tactful.runtime.services.session_restoration import SessionRestoration
from tactful.runtime.services.shop_watch import ShopWatch
from tactful.runtime.sessions.context_builder import ContextBuilder
from tactful.runtime.sessions.delivery import Delivery
from tactful.runtime.sessions.expiry import SessionExpiry
from tactful.runtime.sessions.fanout import Fanout
from tactful.runtime.sessions.handover import SessionHandover
from tactful.runtime.sessions.lifecycle import SessionLifecycle
from tactful.runtime.sessions.turn_runner import TurnRunner
from tactful.runtime.state.browsing_budget import BrowsingLimits
from tactful.runtime.state.session_registry import STANDING
from tactful.runtime.state.shop_state import ShopState
from tactful.runtime.state.trial_monitor import TrialMonitor
from tactful.runtime.system_clock import SystemClock
from tactful.runtime.timers import TestClock
from tactful.runtime.watchdog import Watchdog

log = structlog.get_logger("tactful.shop")
DISK_POLL_MS: Final = 5_000
"""Milliseconds between two looks at the free bytes of the disk."""


class Settings(Struct, frozen=True, kw_only=True):
    """The settings of one shop."""

    rules: Path | None = None
    """The folder of rule files; None: the shop has no rules."""
    policy: Policy = Policy()
    """The shop's policy, before rule files tighten it."""
    identity_secret: str | None = None
    """The secret under which the shop signs identities; None: every shopper stays anonymous."""
    default_territory: str | None = None
    """Territory (ISO 3166-1 or 3166-2) of a session that names none."""
    session_ttl: int = 1_800_000
    """Milliseconds from the last disconnect to the end of a session."""
    retention: int = 90 * DAY
    """Milliseconds for which turns and ended offers are kept."""
    browsing: BrowsingLimits = BrowsingLimits()
    """How many bytes of browsing are written."""
    money_retention: int = 3653 * DAY
    """Milliseconds for which redeemed offers are kept, without their customer; not below `retention`."""
    report_retention: int = 400 * DAY
    """Milliseconds for which exposures are kept, which reports compare."""
    seed: str = ""
    """The secret that decides hold-outs and offer ids; a new one redraws every hold-out."""


class Shop:
    """One shop's decisions, sessions and facts; two shops in one process share nothing.

    Build it on a ledger that is closed, then await `start`. The edges use its services: `lifecycle`
    for connections, `ingest` for facts, `redemptions` for the checkout, `explanations` and
    `rulebooks` for operators. What the shop holds in memory is in `state`.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        clock: Clock,
        entropy: Entropy,
        keys: SigningKeys,
        settings: Settings,
        encode_redemption: EncodeAnswer,
        free_bytes: Callable[[], int] | None = None,
        reports: Reports | None = None,
    ) -> None:
        """Build the parts: first those that only hold state, then those that act.

        Two parts of the lower layers cause turns: the feed monitor, for a stale feed, and the trial
        monitor, for a trial that does harm. Each receives a method of the shop, which can reach the
        higher layers.

        Args:
            ledger: Where the shop's data is durable; `start` opens it and `stop` closes it.
            clock: The one clock.
            entropy: The one source of randomness.
            keys: Sign and verify tokens.
            settings: The settings of the shop.
            encode_redemption: Writes the body of a redemption's response.
            free_bytes: Returns the free bytes of the disk with the ledger; None: not watched.
            reports: Computes reports; None: this process does, from the ledger.
        """
        self.ledger, self.clock, self.settings = ledger, clock, settings
        self.state = state = ShopState(
            ledger=ledger, clock=clock, entropy=entropy, keys=keys,
            policy=settings.policy, on_stale_feed=self._recheck_standing_offers, browsing=settings.browsing,
        )  # fmt: skip
        self.identities = IdentityVerifier(settings.identity_secret, clock)
        self.trials = TrialMonitor(state, self._stop_trial)
        contexts, delivery = ContextBuilder(state, settings.seed), Delivery(state)
        expiry = SessionExpiry(state, settings.session_ttl)
        learners = (state.conversions, self.trials)
        self.turns = TurnRunner(state, contexts, delivery, expiry, learners)
        self.lifecycle = SessionLifecycle(
            state, self.turns, delivery, expiry, settings.default_territory
        )
        self._erasure = ErasureService(state, self.turns, self.lifecycle)
        state.changes.handle(
            ("customer_erased", "id_begun_anew"), ErasureChanges(state, self._erasure)
        )
        self.fanout = Fanout(state, self.turns)
        self.rulebooks = RulebookManager(state, self.fanout, settings.rules, settings.policy)
        self._holds = HoldTimer(state, self._sweep_holds)
        self._promises = PromiseTimers(state, self._expire_promise)
        effects = RedemptionEffects(state, self.turns, self._holds, self._promises)
        self.redemptions = RedemptionService(
            ledger=ledger, clock=clock, entropy=entropy, keys=keys,
            shop=effects, encode=encode_redemption,
        )  # fmt: skip
        self.ingest = FactIngest(state, self.fanout, self.redemptions.reported.follow)
        state.changes.handle(("fact", "heartbeat"), FactChanges(state, self.turns, self.fanout))
        state.changes.handle(("rulebook", "rule_state", "offers_stop"), self.rulebooks)
        state.changes.handle(("redemption",), effects)
        handover = SessionHandover(state)
        state.changes.handle(("session_claimed",), handover)
        self._restoration = SessionRestoration(
            state, self.lifecycle, self.turns, handover, self._promises
        )
        self.codes = CodeService(state)
        self.explanations = ExplanationService(
            state, self.turns, self.rulebooks, settings.default_territory
        )
        self.reports = reports or ReportService(ledger, clock)
        self.alerts = AlertService(state)
        self.alerts.watch(self.codes.causes)
        self._watch = ShopWatch(state, self.alerts, self.reports, self.trials, self._stop_trial)
        self.diagnoses = DiagnosisService(state, self.explanations, settings.default_territory)
        self.nodes = NodeWatch(
            ledger,
            state.changes,
            self._restoration,
            (state.reductions.start, self.trials.start, self.alerts.follow),
        )
        self.nodes.register_metrics(state.telemetry)
        self.ready = False
        self._free_bytes = free_bytes
        self._expiry = expiry
        self._watchdog = Watchdog(
            state.telemetry,
            clock if isinstance(clock, SystemClock) else None,
            self._follow_clock,
        )
        register_gauges(state)
        ledger.observe_commits(state.telemetry.record_ledger_commit)

    # life

    async def start(self) -> None:
        """Open the ledger, load the rulebook, and restore what the shop had in memory before.

        On a full disk this waits until there is room.

        Sessions whose timer is due take a turn at once. The rules of the others are checked in the
        background.

        Raises:
            LedgerError: The ledger cannot be opened, read or written.
        """
        state, ledger = self.state, self.ledger
        await wait_for_room(ledger.open)
        await state.changes.start()
        await state.erased_customers.start()
        await (
            ledger.restored_gap()
        )  # so that health, metric and alert name it before a checkout comes
        state.balances.restore(await ledger.balances())
        await self.nodes.start()
        reserving = await ledger.standing_offers()
        # Of the offers of other nodes, nothing would report the end.
        for offer in () if self.nodes.nodes else reserving:
            state.stock_commitments.update(offer)
            state.promises.update(offer)
        await self.codes.start(() if self.nodes.nodes else reserving)
        cache = state.fact_cache
        cache.known_skus.read_when_needed(
            lambda: state.background.start_ledger_work(cache.read_catalogue())
        )
        await state.reductions.start()
        await self.trials.start()
        await self.alerts.start()
        await self._watch.start()
        await wait_for_room(self.rulebooks.start)
        state.feeds.restore(await ledger.feed_heartbeats())
        restored = await self._restoration.restore(counts=bool(self.nodes.nodes))
        for offer in reserving:
            self._promises.watch(offer)
        self.rulebooks.watch()
        if not isinstance(self.clock, TestClock):
            self._watchdog.start()
            state.timers.start()
            self._check_alerts()
        self._holds.look()
        self._prune_daily()
        self._watch_disk()
        self.ready = True
        state.background.start_ledger_work(self._restoration.recheck(restored))

    async def stop(self) -> None:
        """Finish what is under way, then close the ledger."""
        self.ready = False
        self._restoration.stop()
        await self.nodes.stop()
        self._watchdog.stop()
        self.state.timers.stop()
        await self.rulebooks.stop()
        await self.settled()
        self.state.changes.stop()
        await self.ledger.close()

    async def settled(self) -> None:
        """Return when no session and no background task waits for anything."""
        await self.lifecycle.wait_until_idle()
        while True:
            await self.state.changes.wait_until_idle()
            await self.turns.wait_until_idle()
            if self.state.changes.is_idle:
                break
        self.state.reductions.flush()
        await self.state.background.wait_until_idle()

    async def move_clock(self, to: int) -> None:
        """Move the test clock; timers due on the way have fired when this returns.

        Args:
            to: Milliseconds since the Unix epoch, UTC. An earlier instant is reached in one step.
        """
        if isinstance(self.clock, TestClock):
            await self.settled()
            await self.clock.move(to, self.state.timers, self.settled)
            await self.settled()
            await self.alerts.check()
            await self.ledger.flush()

    # what happens without a request

    def _recheck_standing_offers(self) -> None:
        """Let every session with an offer pass its gates again, because a feed became stale."""
        concerned = self.state.registry.concerned([STANDING])
        self.state.background.start_ledger_work(self.fanout.notify(concerned))

    def _follow_clock(self, step: int) -> None:
        """Set every timer anew after a step of the clock; `step`: milliseconds, negative backwards."""
        for live in list(self.state.registry):
            self._expiry.shift(live, step)
        self.state.feeds.use_policy(self.state.active_rulebook.current.policy.max_age)
        self.state.timers.set("prune", self.clock.now() + DAY, self._prune_daily)
        self._check_alerts()
        self._holds.look()
        self.state.background.start_ledger_work(self.fanout.notify(list(self.state.registry)))

    async def _sweep_holds(self) -> int | None:
        """Roll back the held redemptions that are due; return when the next one is, or None."""
        return await self.redemptions.lapse_due()

    async def _expire_promise(self, offer: str) -> None:
        """Expire an accepted offer that no session keeps."""
        await self.redemptions.expire_promise(offer)

    async def _stop_trial(self, rule: str, why: str = "the trial did harm") -> None:
        """Pause a trial, and put that into the audit log."""
        await self.rulebooks.pause(rule, paused=True)
        stopped = OperatorAction(
            at=self.clock.now(),
            who="tactful",
            act="rule.paused",
            subject=rule,
            detail=why,
            role="server",
            before={"state": "running"},
            after={"state": "paused"},
        )
        await self.ledger.record_operator_action(stopped)
        self.state.telemetry.record_stopped_trial()

    def _check_alerts(self) -> None:
        """Check the alerts now and every `CHECK_MS`."""
        if self.nodes.leads:
            self.state.background.start(self.alerts.check())
        self.state.timers.set("alerts", self.clock.now() + CHECK_MS, self._check_alerts)

    def _watch_disk(self) -> None:
        """Stop writing browsing while room is short; look now and every `DISK_POLL_MS`."""
        if self._free_bytes is None:
            return
        try:
            use = self.ledger.storage_use()
            log_bytes = use.log_bytes if use else 0
            self.state.browsing.observe_disk(self._free_bytes(), log_bytes, self.state.registry)
        except OSError as error:
            log.warning("disk.unreadable", error=str(error))
        self.state.timers.set("disk", self.clock.now() + DISK_POLL_MS, self._watch_disk)

    def _prune_daily(self) -> None:
        """Delete what is older than the retention, now and every 24 hours."""
        now = self.clock.now()
        self.state.timers.set("prune", now + DAY, self._prune_daily)
        if not self.nodes.leads:
            return
        kept = self.settings.retention
        work = self.ledger.prune(
            before=now - kept,
            money_before=now - max(kept, self.settings.money_retention),
            report_before=now - self.settings.report_retention,
        )
        self.state.background.start_ledger_work(work)
        self.state.background.start_ledger_work(self.state.reductions.prune())
        self.state.background.start_ledger_work(self._watch.prune())

    # customer data

    async def reconcile(self) -> list[str]:
        """Return the balances that differ from the sum of their offers and redemptions.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        return await self.ledger.reconcile()

    async def forget(self, customer: str) -> int:
        """Erase a customer from memory and ledger (GDPR, Article 17).

        The customer's open sessions continue as those of an anonymous shopper.

        Returns:
            How many rows of the ledger were changed or deleted.

        Raises:
            LedgerError: The erasure is not complete; repeat it.
        """
        return await self._erasure.erase(customer)

    async def count_contact_facts(self, value_hash: str) -> ContactFacts:
        """Return how many facts name a contact; see `ErasureService.count_contact_facts`.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        return await self._erasure.count_contact_facts(value_hash)

    async def forget_contact(self, value_hash: str) -> int:
        """Erase a shopper of whom only a contact is known; see `ErasureService.erase_contact`.

        Raises:
            LedgerError: The erasure is not complete; repeat it.
        """
        return await self._erasure.erase_contact(value_hash)
