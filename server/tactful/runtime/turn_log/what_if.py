"""What-if runs: the recorded sessions under a rulebook that was not active then.

The actions of shoppers and of the shop are taken from the log. Offers, budgets, stock commitments
and timers are the run's own. Nobody knows how a shopper would have answered an offer that was never
made. So a recorded answer (accepted, dismissed, redeemed) is used only where the run has made the
same offer on the same terms.
"""

import heapq
from collections.abc import Callable, Iterable, Mapping
from typing import Final, Protocol, cast

from msgspec import Struct, structs

from tactful.core.compliance.reduction_history import ReductionHistory
from tactful.core.context import Context
from tactful.core.decide import decide
from tactful.core.decision import Decision
from tactful.core.facts.fact_types import FeedName
from tactful.core.facts.item import Item
from tactful.core.facts.purchases import NO_PURCHASES
from tactful.core.offers.discount_codes import FreeCode
from tactful.core.offers.offer import Offer, OfferState
from tactful.core.pricing.conversion_rates import ConversionRates, Tally
from tactful.core.rules.rule import Rulebook
from tactful.core.session import items_in_play, signals
from tactful.core.session.contact_history import ContactHistory
from tactful.core.session.session import Session, detached_customer, without_unseen_offers
from tactful.core.session.signals import OfferRedeemed, Signal, TimerFired
from tactful.rulebook.testing.comparison import BacktestResult, RulebookCounter, compare
from tactful.runtime.ports.fact_store import FactStore
from tactful.runtime.ports.ledger_rows import TurnEntry
from tactful.runtime.ports.offer_statistics import OfferStatistics
from tactful.runtime.ports.offer_store import OfferStore
from tactful.runtime.ports.turn_store import TurnStore
from tactful.runtime.state.balances import Balances, StockCommitments
from tactful.runtime.turn_log.log_encoding import (
    NO_INPUTS,
    DecisionInputs,
    decode_inputs,
    decode_signal,
    readable_customer,
)
from tactful.runtime.turn_log.log_reader import read_turns
from tactful.runtime.turn_log.recorded_context import FEED_NAMES, RecordedFacts, recorded_context

OFFER_ANSWERS: Final = (signals.OfferSeen, signals.OfferDismissed, signals.OfferAccepted)
"""Signals by which a shopper answers an offer."""
SELF_MADE_SIGNALS: Final = (
    signals.TimerFired, signals.RedemptionRolledBack, signals.OfferRevoked,
)  # fmt: skip
"""Signals that followed from the recorded decisions, or from operator actions on them. A run sets
its own timers and ignores the other signals.
"""
MAX_FACT_AGE: Final = 60_000
"""The most milliseconds by which facts may be too old, if a turn did not record which it read.

The turn's instant is rounded down to a multiple of this value, so that the turns of one minute
share one read.
"""


class WhatIfLedger(FactStore, TurnStore, OfferStore, OfferStatistics, Protocol):
    """The roles of the ledger that a backtest reads."""


class RecordedTurn(Struct, frozen=True):
    """One recorded turn, decoded."""

    entry: TurnEntry
    inputs: DecisionInputs
    signal: Signal
    offer: Offer | None
    """The offer that the signal answers; None: it answers no offer."""


class WhatIfRun:
    """The recorded sessions under one rulebook, with balances, stock and timers of its own."""

    def __init__(
        self,
        facts: RecordedFacts,
        rulebook: Rulebook,
        rates: ConversionRates,
        seed: str,
        until: int,
    ) -> None:
        """Prepare a run.

        Args:
            facts: The facts of that time.
            rulebook: The rulebook to decide with.
            rates: The conversion rates that arbitration uses, the same for the whole run.
            seed: The shop's seed for hold-outs.
            until: The end of the window, milliseconds since the Unix epoch, UTC; excluded.
        """
        self._facts = facts
        self._rulebook = rulebook
        self._rates = rates
        self._seed = seed
        self._until = until
        self._sessions: dict[str, Session] = {}
        self._contacts: dict[str, ContactHistory] = {}
        self._timers: list[tuple[int, str]] = []
        self._balances = Balances()
        self._balances.use_campaigns(rulebook.campaigns)
        self._commitments = StockCommitments()
        # How many codes there would be is not known, so each pool has one for every offer.
        self._codes = {
            rule.codes: FreeCode("what-if") for rule in rulebook.rules.values() if rule.codes
        }
        self._feed_heartbeats: Mapping[FeedName, int] = {}
        self._first_applied: dict[tuple[str, str], dict[str, int]] = {}
        self.count = RulebookCounter(rulebook.version)

    async def add(self, turn: RecordedTurn) -> None:
        """Play a turn, after every timer that is due by then.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        await self._fire_timers(turn.entry.at)
        state = self._state(turn)
        signal = self._signal(turn, state) if state else None
        if state is not None and signal is not None:
            await self._play(turn.entry.at, state, signal, turn.inputs)

    async def finish(self) -> None:
        """Fire the timers that are due before the window ends.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        await self._fire_timers(self._until - 1)

    async def _fire_timers(self, until: int) -> None:
        while self._timers and self._timers[0][0] <= until:
            at, session = heapq.heappop(self._timers)
            state = self._sessions[session]
            # The heap keeps the old timers of a session that has since set another.
            if state.wake_at == at:
                await self._play(at, state, TimerFired(), NO_INPUTS)

    def _state(self, turn: RecordedTurn) -> Session | None:
        """Return the session as this run left it; one that was restored has no tabs yet."""
        inputs, session = turn.inputs, turn.entry.session
        known = self._sessions.get(session)
        if inputs.session is None:
            return known
        self._feed_heartbeats = cast("Mapping[FeedName, int]", inputs.feed_heartbeats)
        customer = readable_customer(inputs.session, turn.signal)
        if customer and inputs.contact:
            self._contacts.setdefault(customer, inputs.contact)
        if known is None:
            return _without_offers(inputs.session)
        if inputs.begins_here:
            return structs.replace(known, tabs=(), running_since=None)
        return known

    def _signal(self, turn: RecordedTurn, state: Session) -> Signal | None:
        """Return the signal for this run; None where it answers an offer that this run did not make."""
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
            # A hold is only counted once it is confirmed.
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
        self._apply(state, decision)
        self.count.count_turn(context, decision)
        if isinstance(signal, OfferRedeemed):
            self.count.redeemed += 1
            self._commitments.update(signal.offer)

    def _apply(self, before: Session, decision: Decision) -> None:
        after = decision.session
        self._sessions[after.id] = after
        if after.wake_at is not None and after.wake_at != before.wake_at:
            heapq.heappush(self._timers, (after.wake_at, after.id))
        detached = detached_customer(before, after)
        if detached in self._contacts:
            self._contacts[detached] = without_unseen_offers(
                self._contacts[detached], detached, after
            )
        if decision.contact is not None and after.customer:
            self._contacts[after.customer] = decision.contact
        self._balances.apply(decision.moves)
        for offer in decision.offers:
            self._commitments.update(offer)
            if offer.state is OfferState.PUSHED and offer.reduces_price:
                rules = self._first_applied.setdefault((offer.sku, offer.territory), {})
                rules.setdefault(offer.rule, offer.issued_at)

    async def _context(
        self, now: int, state: Session, signal: Signal, inputs: DecisionInputs
    ) -> Context:
        """Return what a turn of this run reads: facts of that time, and the run's own promises."""
        profile = await self._facts.profile(
            state, signal, self._rulebook, self._contacts,
            upto=inputs.customer_upto, at=_rounded(now),
        )  # fmt: skip
        purchases = profile.purchases if profile else NO_PURCHASES
        skus = items_in_play.required_skus(state, signal, purchases)
        context = recorded_context(
            NO_INPUTS,
            now=now,
            session=state,
            signal=signal,
            rulebook=self._rulebook,
            items=await self._items(now, skus, dict(inputs.items)),
            profile=profile,
            seed=self._seed,
        )  # fmt: skip
        return structs.replace(
            context,
            balances=self._balances.view(now),
            codes=self._codes,
            committed=self._commitments.view(context.items, (state.territory,)),
            ahead={
                offer.id: self._commitments.ahead(offer, context.items.get(offer.sku))
                for offer in state.offers
            },
            feed_heartbeats=self._feed_heartbeats or dict.fromkeys(FEED_NAMES, now),
            rates=self._rates,
            reductions=ReductionHistory(self._first_applied),
        )

    async def _items(self, now: int, skus: Iterable[str], read: dict[str, int]) -> dict[str, Item]:
        """Return the items that a turn reads, in the versions that the recorded turn read.

        Items that only this run needs are read as of about `now`.
        """
        found = {}
        for sku in skus:
            if sku in read:
                found[sku] = await self._facts.item(sku, read[sku])
            else:
                found[sku] = await self._facts.item_at(sku, _rounded(now))
        return found


def _rounded(now: int) -> int:
    return now // MAX_FACT_AGE * MAX_FACT_AGE


def _without_offers(session: Session) -> Session:
    """Return a session as it began, without the offers of the rulebook of that time."""
    return structs.replace(
        session, offers=(), ended=(), unseen=(), in_shadow=(), next_rule_check=None, wake_at=None
    )


def _same_terms(ours: Offer, theirs: Offer | None) -> bool:
    return theirs is not None and _terms(ours) == _terms(theirs)


def _terms(offer: Offer) -> tuple[object, ...]:
    return offer.rule, offer.sku, offer.unit, offer.currency, offer.order_deduction


async def backtest(
    ledger: WhatIfLedger,
    rulebooks: tuple[Rulebook, Rulebook],
    *,
    seed: str,
    since: int,
    until: int,
    step: Callable[[int], None] = lambda _: None,
) -> BacktestResult:
    """Play the recorded sessions of [since, until) under two rulebooks and compare them.

    Both runs use the conversion rates of today, so that they differ by their rules only.

    Args:
        ledger: The log, and the facts and offers of that time.
        rulebooks: The old one and the new one.
        seed: The shop's seed for hold-outs.
        since: Milliseconds since the Unix epoch, UTC; included.
        until: Milliseconds since the Unix epoch, UTC; excluded.
        step: Called after each turn with the milliseconds of the window that are done.

    Raises:
        LedgerError: The ledger cannot be read.
    """
    facts = RecordedFacts(ledger)
    rates = await _conversion_rates(ledger)
    old, new = (WhatIfRun(facts, one, rates, seed, until) for one in rulebooks)
    sessions: set[str] = set()
    played = unknown = 0
    async for entry in read_turns(ledger, since, until):
        inputs = decode_inputs(entry.inputs)
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


async def _answered_offer(ledger: OfferStore, signal: Signal) -> Offer | None:
    if isinstance(signal, OfferRedeemed):
        return signal.offer
    return await ledger.offer(signal.offer) if isinstance(signal, OFFER_ANSWERS) else None


async def _conversion_rates(ledger: OfferStatistics) -> ConversionRates:
    log: dict[tuple[str, str], dict[str, Tally]] = {}
    for row in await ledger.outcomes():
        log.setdefault((row.product, row.territory), {})[row.rule] = Tally(row.tried, row.bought)
    return ConversionRates(log)
