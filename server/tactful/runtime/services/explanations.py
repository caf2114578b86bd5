"""Why was this offered to this shopper, or not, now or at a past instant?"""

from collections.abc import Mapping, Sequence
from typing import cast

from msgspec import Struct, structs

from tactful.core.compliance.reduction_history import ReductionHistory
from tactful.core.context import Context
from tactful.core.customer.profile import Profile, profile
from tactful.core.decide import decide
from tactful.core.explain import explain
from tactful.core.facts.fact_types import FeedName
from tactful.core.facts.item import Item
from tactful.core.offers.budget import Balances
from tactful.core.offers.offer import Offer
from tactful.core.pricing.conversion_rates import ConversionRates
from tactful.core.rules.rule import Rulebook
from tactful.core.session import items_in_play as attention
from tactful.core.session.contact_history import ContactHistory
from tactful.core.session.session import Session, Tab
from tactful.core.session.signals import TimerFired
from tactful.core.values.calendar import HOUR
from tactful.core.verdicts.verdict import Verdict
from tactful.runtime.ports.ledger_rows import TurnEntry
from tactful.runtime.sessions.lifecycle import internal_id
from tactful.runtime.sessions.turn_runner import TurnRunner
from tactful.runtime.state.session_registry import LiveSession
from tactful.runtime.state.shop_state import ShopState
from tactful.runtime.turn_log.log_encoding import (
    DecisionInputs,
    by_territory,
    decode_inputs,
    decode_session,
    decode_signal,
    split_entry,
)


class UnknownShopperError(Exception):
    """Nothing is known of that session or customer, now or at that instant."""


class HypotheticalVisit(Struct, frozen=True):
    """A visit that might be: where, and how long (ms) somebody has looked at the item."""

    territory: str | None = None
    dwell_ms: int = HOUR


class Explanation(Struct, frozen=True):
    """The verdict of every rule, on what was known at `at`."""

    sku: str
    session: str | None
    customer: str | None
    at: int
    rulebook: str
    verdicts: tuple[Verdict, ...]
    offers: tuple[Offer, ...]


class ExplanationService:
    """Explains the decisions of one shop."""

    def __init__(self, shared: ShopState, turns: TurnRunner, territory: str | None) -> None:
        self._territory = territory
        self._ledger = shared.ledger
        self._clock = shared.clock
        self._registry = shared.registry
        self._turns = turns
        self._world = shared.fact_cache
        self._rulebooks = shared.active_rulebook

    async def explain(
        self,
        sku: str,
        *,
        session: str | None,
        customer: str | None,
        at: int | None = None,
        visit: HypotheticalVisit | None = None,
    ) -> Explanation:
        """Every rule for an item, before a session or a customer. `UnknownShopperError`: there is none.

        With a `visit`, before the customer, or a stranger, as if they came now and did just that.
        """
        if visit is not None:
            context = await self._present(sku, None, customer, visit)
            return self._explained(sku, None, customer, context)
        if at is not None and at >= self._clock.now():
            at = None
        if session is not None:
            session = internal_id(session)
        elif customer is not None:
            session = await self._session_of(customer, at)
        if at is not None:
            context = await self._past(sku, session, at)
        else:
            context = await self._present(sku, session, customer)
        return self._explained(sku, session, customer, context)

    def _explained(
        self, sku: str, session: str | None, customer: str | None, context: Context
    ) -> Explanation:
        return Explanation(
            sku,
            session,
            context.session.customer or customer,
            context.now,
            context.rulebook.version,
            explain(context, sku),
            context.session.offers,
        )

    async def _session_of(self, customer: str, at: int | None) -> str | None:
        """Where a customer is, or was at that instant; None: nobody knows."""
        live = self._registry.session_of(customer)
        here = live.state.id if live else None
        if at is None and here:
            return here
        self._turns.turn_log.flush_all()
        return await self._ledger.latest_session_of(customer, at) or here

    async def _present(
        self,
        sku: str,
        session: str | None,
        customer: str | None,
        visit: HypotheticalVisit | None = None,
    ) -> Context:
        live = self._registry.by_id.get(session) if session else None
        if visit is not None:
            live = LiveSession(self._imagined(customer, sku, visit), b"")
        elif live is None:
            live = await self._absent(session, customer, sku)
        state = live.state
        skus = {sku, *attention.required_skus(state, TimerFired())}
        who = state.customer if state.personal else None
        await self._world.load(
            [one for one in skus if self._world.item(one) is None],
            [who] if who and self._world.customer(who) is None else [],
        )
        context = self._turns.context(live, TimerFired())
        item = self._world.item(sku)
        return structs.replace(
            context, items={**context.items, sku: item} if item else context.items
        )

    async def _absent(self, session: str | None, customer: str | None, sku: str) -> LiveSession:
        """A shopper who is not here: their last session as it was left, or a visit that might be."""
        saved = await self._ledger.session(session) if session else None
        if saved is not None:
            return LiveSession(decode_session(saved.state), saved.resume)
        if customer is None:
            raise UnknownShopperError(
                f"There is no session {session}: it never was, or it has ended."
            )
        return LiveSession(
            self._imagined(
                customer, sku, HypotheticalVisit(territory=await self._bought_in(customer))
            ),
            b"",
        )

    async def _bought_in(self, customer: str) -> str | None:
        """Where a customer ordered last: where they would most likely be."""
        history = await self._world.read_history(customer)
        orders = [kept.fact for kept in history.orders if kept.fact.customer == customer]
        last = max(orders, key=lambda order: order.placed_at, default=None)
        return last.territory if last else None

    def _imagined(self, customer: str | None, sku: str, visit: HypotheticalVisit) -> Session:
        return hypothetical_session(customer, sku, self._clock.now(), visit, self._territory)

    # the past

    async def _past(self, sku: str, session: str | None, at: int) -> Context:
        self._turns.turn_log.flush_all()
        stored = await self._ledger.turn_entries(session=session, until=at) if session else []
        entries = [one for entry in stored for one in split_entry(entry) if one.at < at]
        found = _last_whole(entries)
        if found is None:
            raise UnknownShopperError(f"Nothing is recorded of that shopper at or before {at}.")
        start, inputs, state = found
        rulebook = await self._rulebook_at(at, entries[-1].rulebook)
        contact = inputs.contact
        for entry in entries[start:]:
            past = await self._as_of(entry.at, state, contact, inputs, rulebook, entry)
            decision = decide(past)
            state, contact = decision.session, decision.contact or contact
        return await self._as_of(at, state, contact, inputs, rulebook, None, sku)

    async def _rulebook_at(self, at: int, fallback: str) -> Rulebook:
        for version, since, _ in await self._ledger.rulebooks():
            if since <= at:
                found = await self._rulebooks.version(version)
                if found is not None:
                    return found
        return await self._rulebooks.version(fallback) or self._rulebooks.current

    async def _as_of(
        self,
        at: int,
        state: Session,
        contact: ContactHistory | None,
        inputs: DecisionInputs,
        rulebook: Rulebook,
        entry: TurnEntry | None,
        sku: str | None = None,
    ) -> Context:
        signal = decode_signal(entry.signal) if entry else TimerFired()
        skus = {*attention.required_skus(state, signal), *((sku,) if sku else ())}
        items: dict[str, Item] = {one: await self._world.read_item(one, at) for one in sorted(skus)}
        who = entry.customer if entry else state.customer
        return Context(
            now=at,
            session=state,
            signal=signal,
            rulebook=structs.replace(rulebook, paused=inputs.paused),
            items=items,
            profile=await self._profile(who, at, contact, rulebook) if who else None,
            balances=_balances(inputs),
            committed={(one, place): count for one, place, count in inputs.committed},
            ahead=inputs.ahead,
            feed_heartbeats=cast("Mapping[FeedName, int]", inputs.feed_heartbeats),
            rates=ConversionRates(by_territory(inputs.rates)),
            reductions=ReductionHistory(
                by_territory(inputs.first_applied), by_territory(inputs.daily_counts)
            ),
            seed=self._turns.seed,
        )

    async def _profile(
        self, customer: str, at: int, contact: ContactHistory | None, rulebook: Rulebook
    ) -> Profile:
        history = await self._world.read_history(customer, at)
        return profile(history, rulebook.policy, contact or ContactHistory())


def _last_whole(entries: Sequence[TurnEntry]) -> tuple[int, DecisionInputs, Session] | None:
    """The last turn of which everything was written down."""
    for place in reversed(range(len(entries))):
        stored = entries[place].inputs
        inputs = decode_inputs(stored) if stored else None
        if inputs and inputs.session:
            return place, inputs, inputs.session
    return None


def hypothetical_session(
    customer: str | None, sku: str, now: int, visit: HypotheticalVisit, territory: str | None
) -> Session:
    """A visit of a customer, or of a stranger: None."""
    return Session(
        id=f"imagined:{customer or ''}",
        shopper=customer or "imagined",
        created_at=now,
        customer=customer,
        consent="personal" if customer else "anonymous",
        territory=visit.territory or territory,
        tabs=(Tab(1),),
        focus=sku,
        dwell_before_ms=visit.dwell_ms,
    )


def _balances(inputs: DecisionInputs) -> Balances:
    return {(campaign, currency): balance for campaign, currency, balance in inputs.balances}
