"""What do recorded sessions become under a rulebook that was not active then?"""

import heapq
from collections.abc import Callable, Mapping
from typing import Final, cast

from msgspec import Struct, structs

from tactful.core.compliance.reduction_history import ReductionHistory
from tactful.core.context import Context
from tactful.core.customer.profile import Profile
from tactful.core.decide import decide
from tactful.core.decision import Decision
from tactful.core.facts.fact_types import FeedName
from tactful.core.facts.item import Item
from tactful.core.offers.offer import Offer, OfferState
from tactful.core.pricing.conversion_rates import ConversionRates, Tally
from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import Rulebook
from tactful.core.session import items_in_play as attention
from tactful.core.session import session as parting
from tactful.core.session import signals
from tactful.core.session.contact_history import NO_CONTACT, ContactHistory
from tactful.core.session.session import Session
from tactful.core.session.signals import OfferRedeemed, Signal, TimerFired
from tactful.rulebook.testing.comparison import BacktestResult, RulebookCounter, compare
from tactful.runtime.ports.ledger import Ledger
from tactful.runtime.ports.ledger_rows import TurnEntry
from tactful.runtime.state.balances import Balances, StockCommitments
from tactful.runtime.turn_log.log_encoding import (
    NO_INPUTS,
    DecisionInputs,
    decode_inputs,
    decode_signal,
    readable_customer,
)
from tactful.runtime.turn_log.log_reader import LogReader, read_turns
from tactful.runtime.turn_log.replay import FEED_NAMES

OFFER_ANSWERS: Final = (signals.OfferSeen, signals.OfferDismissed, signals.OfferAccepted)
"""What a shopper does with an offer."""
SELF_MADE_SIGNALS: Final = (signals.TimerFired, signals.RedemptionRolledBack, signals.OfferRevoked)
"""Signals that follow from the decisions of then, or from what a person did about them."""
MAX_FACT_AGE: Final = 60_000
"""Where a turn did not record which facts it read, they are at most this old (ms)."""


class RecordedTurn(Struct, frozen=True):
    """One recorded turn, read."""

    entry: TurnEntry
    inputs: DecisionInputs
    signal: Signal
    offer: Offer | None
    """The offer that the signal answers."""


class WhatIfRun:
    """The recorded sessions under one rulebook, with its own budgets, stock and timers."""

    def __init__(
        self, recorded: LogReader, rulebook: Rulebook, rates: ConversionRates, seed: str, until: int
    ) -> None:
        self._recorded = recorded
        self._rulebook = rulebook
        self._rates = rates
        self._seed = seed
        self._until = until
        self._sessions: dict[str, Session] = {}
        self._contacts: dict[str, ContactHistory] = {}
        self._alarms: list[tuple[int, str]] = []
        self._balances = Balances()
        self._balances.use_campaigns(rulebook.campaigns)
        self._commitments = StockCommitments()
        self._heard: Mapping[FeedName, int] = {}
        self._began: dict[tuple[str, str], dict[str, int]] = {}
        self.count = RulebookCounter(rulebook.version)

    async def add(self, turn: RecordedTurn) -> None:
        """Play a turn, and before it whatever time has brought about by then."""
        await self._wake(turn.entry.at)
        state = self._state(turn)
        signal = self._signal(turn, state) if state else None
        if state is not None and signal is not None:
            await self._play(turn.entry.at, state, signal, turn.inputs)

    async def finish(self) -> None:
        """Let the window end."""
        await self._wake(self._until - 1)

    async def _wake(self, until: int) -> None:
        while self._alarms and self._alarms[0][0] <= until:
            at, session = heapq.heappop(self._alarms)
            state = self._sessions[session]
            if state.wake_at == at:
                await self._play(at, state, TimerFired(), NO_INPUTS)

    def _state(self, turn: RecordedTurn) -> Session | None:
        """A session as our own turns left it; one that was brought back has no tabs yet."""
        inputs, session = turn.inputs, turn.entry.session
        known = self._sessions.get(session)
        if inputs.session is None:
            return known
        self._heard = cast("Mapping[FeedName, int]", inputs.feed_heartbeats)
        customer = readable_customer(inputs.session, turn.signal)
        if customer and inputs.contact:
            self._contacts.setdefault(customer, inputs.contact)
        if known is None:
            return _without_offers(inputs.session)
        if inputs.begins_here:
            return structs.replace(known, tabs=(), running_since=None)
        return known

    def _signal(self, turn: RecordedTurn, state: Session) -> Signal | None:
        """What happens here; None: nothing, because it answers what was not said here."""
        signal = turn.signal
        if isinstance(signal, SELF_MADE_SIGNALS):
            return None
        if not isinstance(signal, (*OFFER_ANSWERS, OfferRedeemed)):
            return signal
        ours = next((one for one in state.offers if _same_terms(one, turn.offer)), None)
        if ours is None:
            return None
        if isinstance(signal, OfferRedeemed):
            seq = state.seq + 1
            done = signal.offer.state is OfferState.REDEEMED
            return (
                OfferRedeemed(structs.replace(ours, state=OfferState.REDEEMED, seq=seq))
                if done
                else None
            )
        return structs.replace(signal, offer=ours.id)

    async def _play(self, now: int, state: Session, signal: Signal, inputs: DecisionInputs) -> None:
        context = await self._context(now, state, signal, inputs)
        decision = decide(context)
        self._keep(state, decision)
        self.count.count_turn(context, decision)
        if isinstance(signal, OfferRedeemed):
            self.count.redeemed += 1
            self._commitments.update(signal.offer)

    def _keep(self, before: Session, decision: Decision) -> None:
        after = decision.session
        self._sessions[after.id] = after
        if after.wake_at is not None and after.wake_at != before.wake_at:
            heapq.heappush(self._alarms, (after.wake_at, after.id))
        who = parting.detached_customer(before, after)
        if who in self._contacts:
            self._contacts[who] = parting.without_unseen_offers(self._contacts[who], who, after)
        if decision.contact is not None and after.customer:
            self._contacts[after.customer] = decision.contact
        self._balances.apply(decision.moves)
        for offer in decision.offers:
            self._commitments.update(offer)
            if offer.state is OfferState.PUSHED:
                began = self._began.setdefault((offer.sku, offer.territory), {})
                began.setdefault(offer.rule, offer.issued_at)

    async def _context(
        self, now: int, state: Session, signal: Signal, inputs: DecisionInputs
    ) -> Context:
        items = await self._items(now, state, signal, dict(inputs.items))
        return Context(
            now=now,
            session=state,
            signal=signal,
            rulebook=self._rulebook,
            items=items,
            profile=await self._profile(now, state, signal, inputs),
            balances=self._balances.view(now),
            committed=self._commitments.totals,
            ahead={offer.id: self._commitments.ahead(offer) for offer in state.offers},
            feed_heartbeats=self._heard or dict.fromkeys(FEED_NAMES, now),
            rates=self._rates,
            reductions=ReductionHistory(self._began),
            seed=self._seed,
        )

    async def _items(
        self, now: int, state: Session, signal: Signal, read: dict[str, int]
    ) -> dict[str, Item]:
        """Exactly what the turn of then read; what it did not need and ours does, as of about now."""
        found = {}
        for sku in attention.required_skus(state, signal):
            if sku in read:
                found[sku] = await self._recorded.item(sku, read[sku])
            else:
                found[sku] = await self._recorded.item_at(sku, now // MAX_FACT_AGE * MAX_FACT_AGE)
        return found

    async def _profile(
        self, now: int, state: Session, signal: Signal, inputs: DecisionInputs
    ) -> Profile | None:
        customer = readable_customer(state, signal)
        if customer is None:
            return None
        contact = self._contacts.get(customer, NO_CONTACT)
        if inputs.customer_upto is not None:
            return await self._recorded.customer(
                customer, inputs.customer_upto, contact, self._rulebook
            )
        at = now // MAX_FACT_AGE * MAX_FACT_AGE
        return await self._recorded.customer_at(customer, at, contact, self._rulebook)


def _without_offers(session: Session) -> Session:
    """A session as it began, without what the rulebook of then had said in it."""
    return structs.replace(
        session, offers=(), ended=(), held_out=(), next_rule_check=None, wake_at=None
    )


def _same_terms(ours: Offer, theirs: Offer | None) -> bool:
    return theirs is not None and _terms(ours) == _terms(theirs)


def _terms(offer: Offer) -> tuple[object, ...]:
    return offer.rule, offer.sku, offer.unit, offer.currency, offer.off


async def backtest(
    ledger: Ledger,
    rulebooks: tuple[Rulebook, Rulebook],
    *,
    policy: Policy,
    seed: str,
    since: int,
    until: int,
    step: Callable[[int], None] = lambda _: None,
) -> BacktestResult:
    """Play the recorded sessions of [since, until) under both; `step` hears how many ms are done."""
    recorded = LogReader(ledger, policy)
    rates = await _conversion_rates(ledger)
    old, new = (WhatIfRun(recorded, one, rates, seed, until) for one in rulebooks)
    sessions: set[str] = set()
    played = unknown = 0
    async for entry in read_turns(ledger, since, until):
        inputs = decode_inputs(entry.inputs) if entry.inputs else NO_INPUTS
        if entry.session not in sessions and inputs.session is None:
            unknown += 1
            continue
        sessions.add(entry.session)
        signal = decode_signal(entry.signal)
        turn = RecordedTurn(entry, inputs, signal, await _answered_offer(ledger, signal))
        await old.add(turn)
        await new.add(turn)
        played += 1
        step(entry.at - since)
    await old.finish()
    await new.finish()
    return compare(
        old.count,
        new.count,
        since=since,
        until=until,
        sessions=len(sessions),
        turns=played,
        unknown=unknown,
    )


async def _answered_offer(ledger: Ledger, signal: Signal) -> Offer | None:
    if isinstance(signal, OfferRedeemed):
        return signal.offer
    return await ledger.offer(signal.offer) if isinstance(signal, OFFER_ANSWERS) else None


async def _conversion_rates(ledger: Ledger) -> ConversionRates:
    log: dict[tuple[str, str], dict[str, Tally]] = {}
    for row in await ledger.outcomes():
        log.setdefault((row.product, row.territory), {})[row.rule] = Tally(row.tried, row.bought)
    return ConversionRates(log)
