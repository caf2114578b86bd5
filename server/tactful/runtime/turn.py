"""How does one signal become what the shopper sees? Gather, decide, commit, seal, deliver.

A turn is synchronous on memory. It waits for two things only: for facts that are not in memory, and
for the disk when something is about to be promised. Meanwhile the session's mailbox fills; other
sessions go on. What is delivered has passed the gates after the commit, not only before it.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

import structlog
from msgspec import structs

from tactful.core import attention
from tactful.core.context import Context
from tactful.core.decide import MUTED, decide
from tactful.core.draft import Decision
from tactful.core.effects import Confirm, Effect, Push, Withdraw
from tactful.core.items import Item
from tactful.core.offers import Offer, State
from tactful.core.profiles import Profile
from tactful.core.session import Session
from tactful.core.signals import (
    Changed,
    Redeemed,
    Signal,
    Viewed,
    Woken,
)
from tactful.runtime.accounts import Balances, Commitments
from tactful.runtime.freshness import Freshness
from tactful.runtime.live import Live, Outgoing, Registry, interests_of
from tactful.runtime.ports import Clock, Commit, Ledger, LedgerError, Refusal
from tactful.runtime.rates import RateBook
from tactful.runtime.reach import ReachBook
from tactful.runtime.records import commit_of, customer_after
from tactful.runtime.rulebooks import Rulebooks
from tactful.runtime.sealing import Keyring, seal
from tactful.runtime.telemetry import Telemetry
from tactful.runtime.timers import Timers
from tactful.runtime.world import World

log = structlog.get_logger("tactful.turn")

MAILBOX: Final = 256
"""Signals that may wait in one session; repeatable ones beyond are merged into the last."""
PROMISES: Final = (Push, Confirm)


class Turns:
    """Runs the turns of all sessions of one shop."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        clock: Clock,
        timers: Timers,
        world: World,
        registry: Registry,
        rulebooks: Rulebooks,
        balances: Balances,
        commitments: Commitments,
        freshness: Freshness,
        rates: RateBook,
        reach: ReachBook,
        telemetry: Telemetry,
        keyring: Keyring,
        seed: str,
    ) -> None:
        self._keyring = keyring
        self._ledger = ledger
        self._clock = clock
        self._timers = timers
        self._world = world
        self._registry = registry
        self._rulebooks = rulebooks
        self._balances = balances
        self._commitments = commitments
        self._freshness = freshness
        self._rates = rates
        self._reach = reach
        self._telemetry = telemetry
        self.seed = seed
        self._muted_until = 0
        self._waiting: set[asyncio.Task[None]] = set()
        self.on_settled: Callable[[Live], None] = lambda _: None
        """Told whenever a session's mailbox is empty and nothing is waited for."""

    # the mailbox

    def take(self, live: Live, signal: Signal) -> None:
        """Put a signal into a session's mailbox, and handle it now unless the session waits."""
        if len(live.mailbox) < MAILBOX:
            live.mailbox.append(signal)
        elif live.mailbox[-1] != signal:
            live.mailbox.popleft()
            live.mailbox.append(signal)
            self._telemetry.dropped()
        if not live.busy:
            self._drain(live)

    def _drain(self, live: Live) -> None:
        while live.mailbox:
            signal = live.mailbox[0]
            skus, customers = self._missing(live.state, signal)
            if skus or customers:
                self._wait(live, self._world.load(skus, customers))
                return
            live.mailbox.popleft()
            decision = self._decide(live, signal)
            if decision is None:
                continue
            if any(isinstance(effect, PROMISES) for effect in decision.effects):
                return
        self._deliver(live)
        if live.newcomers or not live.seats:
            self.on_settled(live)

    def _wait(self, live: Live, work: Coroutine[Any, Any, None]) -> None:
        """Let a session wait for something, and go on with its mailbox afterwards."""
        live.busy = True
        task = asyncio.ensure_future(self._afterwards(live, work))
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    async def _afterwards(self, live: Live, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except LedgerError as error:
            log.error("turn.failed", session=live.state.id, error=str(error))  # noqa: TRY400
            self._telemetry.failed()
            if live.mailbox:
                live.mailbox.popleft()
        live.busy = False
        self._drain(live)

    async def settled(self) -> None:
        """Return when no session waits for anything."""
        while self._waiting:
            await asyncio.wait(tuple(self._waiting))

    # gather

    def _missing(self, session: Session, signal: Signal) -> tuple[list[str], list[str]]:
        world = self._world
        skus = [sku for sku in attention.needed(session, signal) if world.item(sku) is None]
        customer = customer_after(session, signal)
        if customer is None or world.person(customer) is not None:
            return skus, []
        return skus, [customer]

    def context(self, live: Live, signal: Signal) -> Context:
        """Everything that a decision on this signal may read, from memory."""
        session, world, now = live.state, self._world, self._clock.now()
        items: dict[str, Item] = {}
        for sku in attention.needed(session, signal):
            item = world.item(sku)
            if item is not None:
                items[sku] = item
        return Context(
            now=now,
            session=session,
            signal=signal,
            rulebook=self._rulebooks.active,
            items=items,
            profile=self._profile(session, signal),
            balances=self._balances.view(now),
            committed=self._commitments.totals,
            ahead=self._ahead(session, items),
            heard=self._freshness.heard,
            rates=self._rates.view,
            reach=self._reach.view,
            mute=self._ledger.failing is not None or now < self._muted_until,
            seed=self.seed,
        )

    def _profile(self, session: Session, signal: Signal) -> Profile | None:
        customer = customer_after(session, signal)
        return self._world.person(customer) if customer else None

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

    def _decide(self, live: Live, signal: Signal) -> Decision | None:
        """One turn; a promise goes on to the disk, everything else is settled at once."""
        if isinstance(signal, Viewed) and (item := self._world.item(signal.sku)):
            self._reach.viewed(live.state, item)
        context = self.context(live, signal)
        started = self._telemetry.clock()
        decision = decide(context)
        self._telemetry.decided(decision.trace, started)
        commit = commit_of(
            context, decision, live.resume, persists=live.persists, known=live.recorded
        )
        self._apply(live, decision)
        if any(isinstance(effect, PROMISES) for effect in decision.effects):
            self._wait(live, self._promise(live, context, decision, commit))
        else:
            if commit.entry or commit.state or commit.steps or commit.contacts:
                self._ledger.record(commit)
                live.recorded = commit.entry is not None
                self._rates.moved(decision.offers, decision.steps)
            live.outbox += decision.effects
        return decision

    def _apply(self, live: Live, decision: Decision) -> None:
        """Make memory agree with the decision."""
        before = live.state
        live.state = decision.session
        if decision.contact is not None and decision.session.customer:
            self._world.set_contact(decision.session.customer, decision.contact)
        if decision.moves:
            self._balances.apply(decision.moves)
        for offer in decision.offers:
            self._commitments.keep(offer)
        self._index(live, before)

    def _index(self, live: Live, before: Session) -> None:
        state = live.state
        if (
            state.offers != before.offers
            or state.focus != before.focus
            or state.customer != before.customer
        ):
            self._registry.concern(live, interests_of(state))
        if state.wake_at != before.wake_at:
            self.set_alarm(live)

    def set_alarm(self, live: Live) -> None:
        """Be woken when the session asks for it."""
        self._timers.set(live.state.id, live.state.wake_at, lambda: self.wake(live))

    def wake(self, live: Live) -> None:
        """Look at a session again because its time has come."""
        self.take(live, Woken())

    async def _promise(
        self, live: Live, context: Context, decision: Decision, commit: Commit
    ) -> None:
        """Commit before deliver; what cannot be recorded was never promised."""
        try:
            refusal = await self._ledger.commit(commit)
        except LedgerError as error:
            log.error("promise.failed", session=live.state.id, error=str(error))  # noqa: TRY400
            self._telemetry.failed()
            self._undo(live, context, decision)
            self._muted_until = self._clock.now() + MUTED
            live.mailbox.appendleft(context.signal)
            return
        if refusal is not None:
            self._undo(live, context, decision)
            await self._correct(refusal)
            live.mailbox.appendleft(context.signal)
            ended = await self._ledger.offer(refusal.offer) if refusal.offer else None
            if ended is not None:  # the checkout was faster: let go of it first
                live.mailbox.appendleft(Redeemed(ended))
            return
        live.recorded = commit.entry is not None
        self._rates.moved(decision.offers, decision.steps)
        await self._reach.pushed(decision.offers)
        live.outbox += decision.effects
        if live.mailbox or self._stale(context):
            live.mailbox.append(Changed())

    def _stale(self, context: Context) -> bool:
        """Whether anything that the decision read has changed since."""
        if context.rulebook is not self._rulebooks.active:
            return True
        return any(self._world.item(sku) is not item for sku, item in context.items.items())

    def _undo(self, live: Live, context: Context, decision: Decision) -> None:
        """Make memory as it was before a decision that could not be recorded."""
        taken_back = live.state
        live.state = context.session
        self._balances.apply(decision.moves, sign=-1)
        before = {offer.id: offer for offer in context.session.offers}
        for offer in decision.offers:
            self._commitments.keep(before.get(offer.id) or _unmade(offer))
        customer = decision.session.customer
        if customer and decision.contact is not None and context.profile:
            known = self._world.person(customer)
            if known is not None:
                contact = known.contact
                for offer in decision.offers:
                    contact = contact.released(offer.id)
                self._world.set_contact(customer, contact)
        self._index(live, taken_back)

    async def _correct(self, refusal: Refusal) -> None:
        """The ledger knew better than memory: take over its balances."""
        log.warning("balance.corrected", campaign=refusal.campaign, currency=refusal.currency)
        self._balances.restore(await self._ledger.balances())

    # deliver

    def _deliver(self, live: Live) -> None:
        if not live.outbox:
            return
        effects = coalesced(live.outbox)
        live.outbox = []
        self._telemetry.delivered(effects)
        outgoing = self.sealed(effects)
        for seat in tuple(live.seats.values()):
            seat.guest.deliver(outgoing)

    def sealed(self, effects: Sequence[Effect]) -> list[Outgoing]:
        """Effects with every accepted offer signed."""
        now, hold = self._clock.now(), self._rulebooks.active.policy.accept_hold
        return [
            seal(effect.offer, self._keyring, now, hold) if isinstance(effect, Confirm) else effect
            for effect in effects
        ]


def coalesced(effects: Sequence[Effect]) -> list[Effect]:
    """Without the offers that were taken back before they were ever shown."""
    pushed = {effect.offer.id for effect in effects if isinstance(effect, Push)}
    ended = {e.offer for e in effects if isinstance(e, Withdraw)} & pushed
    if not ended:
        return list(effects)
    return [
        effect
        for effect in effects
        if not (isinstance(effect, Push) and effect.offer.id in ended)
        and not (isinstance(effect, Withdraw) and effect.offer in ended)
    ]


def _unmade(offer: Offer) -> Offer:
    return structs.replace(offer, state=State.WITHDRAWN)
