"""How does one signal become what the shopper sees? Gather, decide, commit, seal, deliver.

A turn is synchronous on memory. It waits for two things only: for facts that are not in memory, and
for the disk when something is about to be promised. Meanwhile the session's mailbox fills; other
sessions go on. What is delivered has passed the gates after the commit, not only before it.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from traceback import extract_tb
from typing import Any, Final

import structlog
from msgspec import structs

from tactful.core.context import Context
from tactful.core.decide import COMMIT_RETRY_MS, decide
from tactful.core.decision import ConfirmAcceptance, Decision, Effect, PushOffer, WithdrawOffer
from tactful.core.facts.item import Item
from tactful.core.offers.offer import Offer, OfferState, OfferStep
from tactful.core.session import items_in_play as attention
from tactful.core.session.browsing import fold_without_decision
from tactful.core.session.session import Session
from tactful.core.session.signals import (
    FactsChanged,
    ItemViewed,
    OfferRedeemed,
    Signal,
    TimerFired,
)
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.ports.ledger_rows import Commit, CommitRefusal
from tactful.runtime.security.token_issuer import issue_token
from tactful.runtime.state.session_registry import LiveSession, Outgoing
from tactful.runtime.state.shop_state import ShopState
from tactful.runtime.turn_log.log_encoding import build_commit, readable_customer
from tactful.runtime.turn_log.log_writer import TurnLogWriter

log = structlog.get_logger("tactful.turn")

MAILBOX: Final = 256
"""Signals that may wait in one session; repeatable ones beyond are merged into the last."""
PROMISES: Final = (PushOffer, ConfirmAcceptance)
NOBODY_AHEAD: Final[dict[str, int]] = {}


class TurnRunner:
    """Runs the turns of all sessions of one shop."""

    def __init__(self, shared: ShopState, seed: str) -> None:
        self._keyring = shared.keys
        self._ledger = shared.ledger
        self.turn_log = TurnLogWriter(shared.ledger)
        self._clock = shared.clock
        self._timers = shared.timers
        self._world = shared.fact_cache
        self._registry = shared.registry
        self._rulebooks = shared.active_rulebook
        self._balances = shared.balances
        self._commitments = shared.stock_commitments
        self._freshness = shared.feeds
        self._rates = shared.conversions
        self._reach = shared.reductions
        self._telemetry = shared.telemetry
        self.seed = seed
        self._muted_until = 0
        self._waiting: set[asyncio.Task[None]] = set()
        self._crashes: set[str] = set()
        self.on_moved: Callable[[Sequence[Offer], Sequence[OfferStep]], None] = lambda *_: None
        """Told what was recorded of offers."""
        self.on_settled: Callable[[LiveSession], None] = lambda _: None
        """Told whenever a session's mailbox is empty and nothing is waited for."""

    # the mailbox

    def submit(self, live: LiveSession, signal: Signal) -> None:
        """Put a signal into a session's mailbox, and handle it now unless the session waits."""
        if not live.busy and not live.mailbox and self._fold_only(live, signal):
            return
        if len(live.mailbox) < MAILBOX:
            live.mailbox.append(signal)
        elif live.mailbox[-1] != signal:
            live.mailbox.pop(0)
            live.mailbox.append(signal)
            self._telemetry.record_dropped_signal()
        if not live.busy:
            self._run_mailbox(live)

    def _fold_only(self, live: LiveSession, signal: Signal) -> bool:
        """Fold a signal on which nothing can be decided yet; it needs nothing but the session."""
        item = None
        if type(signal) is ItemViewed:
            item = self._world.item(signal.sku)
            if item is None:
                return False  # it is read now, so that it is there when it is needed
            signal = ItemViewed(
                item.sku
            )  # one string for all shoppers: up to 1.6 kB less a session
        before, now, rulebook = live.state, self._clock.now(), self._rulebooks.current
        after = fold_without_decision(before, signal, now, rulebook.policy)
        if after is None or live.persists is not live.recorded:
            return False
        if item is not None and after.viewed_items[-1].views == 1:
            self._reach.record_first_view(before, item, now)
        live.state = after
        self._index(live, before)
        if live.persists:
            self.turn_log.add(live, now, signal, rulebook.version)
        self._telemetry.record_folded()
        return True

    def _run_mailbox(self, live: LiveSession) -> None:
        while live.mailbox:
            signal = live.mailbox[0]
            skus, customers = self._missing(live.state, signal)
            if skus or customers:
                self._wait(live, self._world.load(skus, customers))
                return
            live.mailbox.pop(0)
            try:
                promised = not self._fold_only(live, signal) and self._decide(live, signal)
            except Exception as error:  # noqa: BLE001 - one signal is lost, not the session
                self._crashed(error, signal)
                continue
            if promised:
                return
        self._deliver(live)
        if live.newcomers or not live.connections:
            self.on_settled(live)

    def _wait(self, live: LiveSession, work: Coroutine[Any, Any, None]) -> None:
        """Let a session wait for something, and go on with its mailbox afterwards."""
        live.busy = True
        task = asyncio.ensure_future(self._afterwards(live, work))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    async def _afterwards(self, live: LiveSession, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except LedgerError as error:
            log.error("turn.failed", session=live.state.id, error=str(error))  # noqa: TRY400
            self._telemetry.record_ledger_failure()
            live.mailbox[:1] = []
        except Exception as error:  # noqa: BLE001 - whoever waits must not wait for ever
            self._crashed(error, live.mailbox[0] if live.mailbox else None)
            live.mailbox[:1] = []
        live.busy = False
        self._run_mailbox(live)

    def _crashed(self, error: Exception, signal: Signal | None) -> None:
        """Say where, once: not with what, for an exception may quote what a shopper did."""
        self._telemetry.record_crash()
        where = [f"{f.filename}:{f.lineno} {f.name}" for f in extract_tb(error.__traceback__)]
        if where[-1] not in self._crashes:
            self._crashes.add(where[-1])
            kind = type(signal).__name__
            log.error("turn.crashed", signal=kind, error=type(error).__name__, where=where)

    async def wait_until_idle(self) -> None:
        """Return when no session waits for anything."""
        while self._waiting:
            await asyncio.wait(tuple(self._waiting))
        self.turn_log.flush_all()

    # gather

    def _missing(self, session: Session, signal: Signal) -> tuple[list[str], list[str]]:
        world = self._world
        skus = [sku for sku in attention.required_skus(session, signal) if world.item(sku) is None]
        customer = readable_customer(session, signal)
        if customer is None or world.customer(customer) is not None:
            return skus, []
        return skus, [customer]

    def context(self, live: LiveSession, signal: Signal) -> Context:
        """Everything that a decision on this signal may read, from memory."""
        session, world, now = live.state, self._world, self._clock.now()
        found = {sku: world.item(sku) for sku in attention.required_skus(session, signal)}
        items = {sku: item for sku, item in found.items() if item is not None}
        customer = readable_customer(session, signal)
        return Context(
            now=now,
            session=session,
            signal=signal,
            rulebook=self._rulebooks.current,
            items=items,
            profile=world.customer(customer) if customer else None,
            balances=self._balances.view(now),
            committed=self._commitments.totals,
            ahead=self._ahead(session, items) if session.offers else NOBODY_AHEAD,
            feed_heartbeats=self._freshness.heard,
            rates=self._rates.view,
            reductions=self._reach.view,
            commits_suspended=self._ledger.failure is not None or now < self._muted_until,
            seed=self.seed,
        )

    def _ahead(self, session: Session, items: dict[str, Item]) -> dict[str, int]:
        """Who stands before our offers, where not all that was promised is there."""
        ahead: dict[str, int] = {}
        for offer in session.offers:
            item = items.get(offer.sku)
            there = item.available(offer.territory) if item else None
            total = self._commitments.totals.get((offer.sku, offer.territory), 0)
            if there is None or there < total:
                ahead[offer.id] = self._commitments.ahead(offer)
        return ahead

    # decide and commit

    def _decide(self, live: LiveSession, signal: Signal) -> bool:
        """One turn; a promise goes on to the disk, everything else is settled at once.

        Whether something is promised: then the session waits.
        """
        if type(signal) is ItemViewed and (item := self._world.item(signal.sku)) is not None:
            self._reach.record_view(live.state, item)
        context = self.context(live, signal)
        started = self._telemetry.clock()
        decision = decide(context)
        self._telemetry.record_decision(decision.trace, started)
        if type(signal) is FactsChanged and _nothing_new(context, decision):
            return False
        self.turn_log.flush_session(live)
        left = self._world.detach_customer(context.session, decision.session)
        commit = build_commit(
            context, decision, live.resume_digest, left, persists=live.persists, known=live.recorded
        )
        self._apply(live, decision)
        for effect in decision.effects:
            if isinstance(effect, PROMISES):
                self._wait(
                    live, self._commit_then_deliver(live, context, decision, commit, started)
                )
                return True
        if commit.entry or commit.state or commit.steps or commit.contacts:
            self._ledger.record(commit)
            live.recorded = commit.entry is not None
            if commit.state is not None:
                live.dirty_at = None
            elif live.persists:
                self.turn_log.mark_dirty(live, context.now)
            if decision.steps:
                self._moved(decision)
        live.outbox += decision.effects
        return False

    def _moved(self, decision: Decision) -> None:
        """Have the shop learn from what is recorded."""
        if decision.steps:
            self._rates.record_step(decision.offers, decision.steps)
            self.on_moved(decision.offers, decision.steps)

    def _apply(self, live: LiveSession, decision: Decision) -> None:
        """Make memory agree with the decision."""
        before = live.state
        live.state = decision.session
        if decision.contact is not None and decision.session.customer:
            self._world.set_contact(decision.session.customer, decision.contact)
        if decision.moves:
            self._balances.apply(decision.moves)
        for offer in decision.offers:
            self._commitments.update(offer)
        self._index(live, before)

    def _index(self, live: LiveSession, before: Session) -> None:
        state = live.state
        if state.offers is not before.offers or state.customer != before.customer:
            self._registry.index_interests(live, before)
        if state.wake_at != before.wake_at:
            self.set_alarm(live)

    def set_alarm(self, live: LiveSession) -> None:
        """Be woken when the session asks for it."""
        self._timers.set(live.state.id, live.state.wake_at, partial(self.fire_timer, live))

    def fire_timer(self, live: LiveSession) -> None:
        """Look at a session again because its time has come."""
        self.submit(live, TimerFired())

    async def _commit_then_deliver(
        self,
        live: LiveSession,
        context: Context,
        decision: Decision,
        commit: Commit,
        started: float,
    ) -> None:
        """Commit before deliver; what cannot be recorded was never promised."""
        try:
            refusal = await self._ledger.commit(commit)
        except LedgerError as error:
            log.error("promise.failed", session=live.state.id, error=str(error))  # noqa: TRY400
            self._telemetry.record_ledger_failure()
            self._rollback(live, context, decision)
            self._muted_until = self._clock.now() + COMMIT_RETRY_MS
            live.mailbox.insert(0, context.signal)
            return
        if refusal is not None:
            self._rollback(live, context, decision)
            await self._correct(refusal)
            live.mailbox.insert(0, context.signal)
            ended = await self._ledger.offer(refusal.offer) if refusal.offer else None
            if ended is not None:  # the checkout was faster: let go of it first
                live.mailbox.insert(0, OfferRedeemed(ended))
            return
        live.recorded = commit.entry is not None
        self._moved(decision)
        await self._reach.record_pushed(decision.offers)
        live.outbox += decision.effects
        self._telemetry.record_commit(started)
        if live.mailbox or self._stale(context):
            live.mailbox.append(FactsChanged())

    def _stale(self, context: Context) -> bool:
        """Whether anything that the decision read has changed since."""
        if context.rulebook is not self._rulebooks.current:
            return True
        return any(self._world.item(sku) is not item for sku, item in context.items.items())

    def _rollback(self, live: LiveSession, context: Context, decision: Decision) -> None:
        """Make memory as it was before a decision that could not be recorded."""
        taken_back = live.state
        live.state = context.session
        self._balances.apply(decision.moves, sign=-1)
        before = {offer.id: offer for offer in context.session.offers}
        for offer in decision.offers:
            self._commitments.update(before.get(offer.id) or _unmade(offer))
        customer = decision.session.customer
        if customer and decision.contact is not None and context.profile:
            known = self._world.customer(customer)
            if known is not None:
                contact = known.contact
                for offer in decision.offers:
                    contact = contact.without_reservation(offer.id)
                self._world.set_contact(customer, contact)
        self._index(live, taken_back)

    async def _correct(self, refusal: CommitRefusal) -> None:
        """The ledger knew better than memory: take over its balances."""
        log.warning("balance.corrected", campaign=refusal.campaign, currency=refusal.currency)
        self._balances.restore(await self._ledger.balances())

    # deliver

    def _deliver(self, live: LiveSession) -> None:
        if not live.outbox:
            return
        effects = coalesced(live.outbox)
        live.outbox = []
        self._telemetry.record_delivery(effects)
        outgoing = self.sealed(effects)
        for seat in tuple(live.connections.values()):
            seat.subscriber.deliver(outgoing)

    def sealed(self, effects: Sequence[Effect]) -> list[Outgoing]:
        """Effects with every accepted offer signed."""
        now, hold = self._clock.now(), self._rulebooks.current.policy.accept_hold
        return [
            issue_token(effect.offer, self._keyring, now, hold)
            if isinstance(effect, ConfirmAcceptance)
            else effect
            for effect in effects
        ]


def coalesced(effects: Sequence[Effect]) -> list[Effect]:
    """Without the offers that were taken back before they were ever shown."""
    pushed = {effect.offer.id for effect in effects if isinstance(effect, PushOffer)}
    ended = {e.offer for e in effects if isinstance(e, WithdrawOffer)} & pushed
    if not ended:
        return list(effects)
    return [
        effect
        for effect in effects
        if not (isinstance(effect, PushOffer) and effect.offer.id in ended)
        and not (isinstance(effect, WithdrawOffer) and effect.offer in ended)
    ]


def _nothing_new(context: Context, decision: Decision) -> bool:
    """Whether all is as it was: most of those who hear of a change have nothing to lose by it."""
    return decision.session is context.session and not decision.trace.verdicts


def _unmade(offer: Offer) -> Offer:
    return structs.replace(offer, state=OfferState.WITHDRAWN)
