"""Explanations of why a shopper was offered something, or not, now or at a past instant.

An explanation runs the same gates as the decision, on the same inputs, and reports every rule with
every gate. A past instant is rebuilt from the turn log. The last turn that was recorded in
full is decided again, then every turn after it. The result is explained as of the instant asked
for. What another engine decided is shown as it was recorded, and is only computed again on request
(server/SEMANTICS.md, section 7, rule 10). An explanation changes nothing. It is computed on a
thread: with 1,000 rules it takes 20 ms, for which the event loop would hold up every shopper.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct, structs

from tactful.core.context import Context
from tactful.core.decide import ENGINE
from tactful.core.decision_builder import DecisionBuilder
from tactful.core.evidence import Evidence
from tactful.core.explain import currency_of, evidence, evidence_of_offer, explain
from tactful.core.offers.offer import Offer
from tactful.core.rules.rule import Rulebook
from tactful.core.session import items_in_play
from tactful.core.session.session import Session, Tab
from tactful.core.session.signals import TimerFired
from tactful.core.stages.reducer import apply_signal, expire_offers
from tactful.core.values.calendar import HOUR
from tactful.core.verdicts.verdict import Verdict
from tactful.runtime.ports.ledger_rows import TurnEntry
from tactful.runtime.services.near_names import require_customer, require_item
from tactful.runtime.services.past_turns import (
    FIRST_ENGINE,
    PastTurns,
    as_of,
    last_full,
    offer_of,
    offers_at,
    recorded_evidence,
    recorded_verdicts,
)
from tactful.runtime.services.rulebook_manager import RulebookManager
from tactful.runtime.sessions.turn_runner import TurnRunner
from tactful.runtime.state.session_registry import LiveSession, internal_id
from tactful.runtime.state.shop_state import ShopState
from tactful.runtime.turn_log.log_encoding import (
    DecisionInputs,
    decode_inputs,
    decode_session,
    decode_signal,
    decode_trace,
    readable_customer,
    split_entry,
)
from tactful.runtime.turn_log.recorded_context import RecordedFacts, lasting_copy, recorded_context

MAX_ENTRIES: Final = 100_000
"""Entries of one session that are read for one explanation of the past."""


class UnknownShopperError(Exception):
    """Nothing is known about the session or customer, now or at the instant asked for."""


class HypotheticalVisit(Struct, frozen=True):
    """A visit that has not happened, used to explain what would be offered."""

    territory: str | None = None
    """Where the shopper would be; None: the shop's default territory."""
    dwell_ms: int = HOUR
    """Milliseconds of engaged time on the item. The default is enough for every timing gate."""


class Explanation(Struct, frozen=True):
    """The verdict of every rule on one item, for one shopper at one instant."""

    sku: str
    session: str | None
    """The session that was explained; None: a hypothetical visit."""
    customer: str | None
    """The verified customer of the session; None: an anonymous shopper."""
    at: int
    """The instant explained, milliseconds since the Unix epoch, UTC."""
    rulebook: str
    """The version of the rulebook that was active at that instant."""
    verdicts: tuple[Verdict, ...]
    """One per rule that is about the item, with the findings of all gates."""
    offers: tuple[Offer, ...]
    """The offers that stood in the session at that instant."""
    currency: str | None
    """ISO 4217 code of the item's public price; None: it has none."""
    evidence: Mapping[str, Evidence]
    """Rule id → what its verdict rests on, where the rule is not withheld."""
    timezone: str
    """IANA time zone of the shop, in which people read the instants."""
    recomputed_by: str | None = None
    """The version of the present engine, where an older one decided; None: the same one did."""
    recorded_by: str | None = None
    """The version of the engine whose verdicts are shown as they were recorded; None: computed."""
    decided_at: Mapping[str, int] = {}
    """Rule id → when a verdict was recorded, milliseconds since the Unix epoch, UTC.

    It is empty where the verdicts were computed: they are as of `at`.
    """


class ExplanationService:
    """Explains the decisions of one shop."""

    def __init__(
        self,
        shop: ShopState,
        turns: TurnRunner,
        rulebooks: RulebookManager,
        territory: str | None,
    ) -> None:
        """`territory` is the place of a hypothetical visit that names no other."""
        self._shop = shop
        self._turns = turns
        self._rulebooks = rulebooks
        self._territory = territory

    async def explain(
        self,
        sku: str,
        *,
        session: str | None,
        customer: str | None,
        at: int | None = None,
        visit: HypotheticalVisit | None = None,
        recompute: bool = False,
    ) -> Explanation:
        """Explain every rule for one item.

        The shopper is that of `session`, else `customer` in their latest session. For a customer
        without any session, a visit to the item now is assumed, in the territory of their last
        order.

        Args:
            sku: The item.
            session: The public or internal id of a session.
            customer: The shop's id of a customer.
            at: A past instant, milliseconds since the Unix epoch, UTC. None or later: now.
            visit: A hypothetical visit to explain instead, made now by `customer` or by an
                anonymous shopper.
            recompute: Whether the present engine computes again what another one decided.

        Raises:
            UnknownShopperError: Nothing is known about that shopper at that instant.
            UnknownNameError: Nothing was ever reported about that customer or item.
            LedgerError: The ledger cannot be read.
        """
        facts, ledger = self._shop.fact_cache, self._shop.ledger
        if customer is not None and await self._session_of(customer, None) is None:
            await require_customer(customer, facts, ledger)
        now = self._shop.clock.now()
        past = at if at is not None and at < now and visit is None else None
        if visit is not None:
            session = None
        elif session is not None:
            session = internal_id(session)
        elif customer is not None:
            session = await self._session_of(customer, past)
        if past is not None:
            found = await self._past(sku, session, past, recompute=recompute)
        else:
            context = await self._present(sku, session, customer, visit)
            found = await asyncio.to_thread(_explanation, sku, session, lasting_copy(context))
        await require_item(sku, facts, ledger)
        return structs.replace(found, customer=found.customer or customer)

    async def _session_of(self, customer: str, at: int | None) -> str | None:
        """Return the session in which a customer is, or was at an instant; None: in no session."""
        live = self._shop.registry.session_of(customer)
        present = live.state.id if live else None
        if at is None and present:
            return present
        self._turns.turn_log.flush_all()
        return await self._shop.ledger.latest_session_of(customer, at) or present

    async def _present(
        self, sku: str, session: str | None, customer: str | None, visit: HypotheticalVisit | None
    ) -> Context:
        live = self._shop.registry.by_id.get(session) if session else None
        if visit is not None:
            live = LiveSession(self._hypothetical(customer, sku, visit), b"")
        elif live is None:
            live = await self._absent(session, customer, sku)
        facts = self._shop.fact_cache
        signal = TimerFired()
        skus = {sku, *items_in_play.required_skus(live.state, signal)}
        reader = readable_customer(live.state, signal)
        await facts.load(
            [one for one in skus if facts.item(one) is None],
            [reader] if reader and facts.customer(reader) is None else [],
        )
        context = self._turns.contexts.build(live.state, signal)
        item = facts.item(sku)
        return structs.replace(
            context, items={**context.items, sku: item} if item else context.items
        )

    async def _absent(self, session: str | None, customer: str | None, sku: str) -> LiveSession:
        """Return a shopper without connection: the session as it was stored, or a hypothetical one."""
        saved = await self._shop.ledger.session(session) if session else None
        if saved is not None:
            return LiveSession(decode_session(saved.state), saved.resume)
        if customer is None:
            raise UnknownShopperError(
                f"There is no session {session}: it never was, or it has ended."
            )
        visit = HypotheticalVisit(territory=await self._last_territory(customer))
        return LiveSession(self._hypothetical(customer, sku, visit), b"")

    async def _last_territory(self, customer: str) -> str | None:
        """Return the territory of a customer's last order, the most likely place of a visit."""
        history = await self._shop.fact_cache.read_history(customer)
        orders = [stored.fact for stored in history.orders if stored.fact.customer == customer]
        last = max(orders, key=lambda order: order.placed_at, default=None)
        return last.territory if last else None

    def _hypothetical(self, customer: str | None, sku: str, visit: HypotheticalVisit) -> Session:
        return hypothetical_session(customer, sku, self._shop.clock.now(), visit, self._territory)

    async def evidence_of(
        self, offer: Offer, at: int, *, withdrawn: bool = False, recompute: bool = False
    ) -> Evidence | None:
        """Return what an offer rested on in the recorded turn that made or withdrew it.

        Args:
            offer: The offer.
            at: The instant of the turn, milliseconds since the Unix epoch, UTC.
            withdrawn: Whether the turn that withdrew it is meant.
            recompute: Whether the present engine computes again what another one decided.

        Returns:
            The evidence; None if the turn is not recorded, or not with all its inputs: the shopper
            did not consent, or the retention has ended.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        ledger = self._shop.ledger
        self._turns.turn_log.flush_all()
        stored = await ledger.turn_entries(session=offer.session, since=at, until=at + 1)
        for entry in (turn for one in stored for turn in split_entry(one)):
            inputs = decode_inputs(entry.inputs)
            trace = decode_trace(entry.trace) if entry.trace else None
            if inputs.session is None or trace is None:
                continue
            mine = [one for one in trace.verdicts if (one.rule, one.sku) == (offer.rule, offer.sku)]
            if any((one.outcome == "withheld") is withdrawn for one in mine):
                rulebook = await self._rulebooks.version(entry.rulebook)
                if rulebook is None or not (recompute or inputs.engine == ENGINE):
                    return recorded_evidence(offer, trace.verdicts, inputs.engine)
                context = await self._recorded(entry, inputs, inputs.session, rulebook)
                found = evidence_of_offer(context, offer, trace.verdicts)
                return structs.replace(found, recomputed_by=_recomputed_by(inputs.engine))
        return None

    async def _recorded(
        self, entry: TurnEntry, inputs: DecisionInputs, session: Session, rulebook: Rulebook
    ) -> Context:
        """Return the context of a turn that was recorded in full, with its signal applied."""
        facts = RecordedFacts(self._shop.ledger)
        signal = decode_signal(entry.signal)
        customer = readable_customer(session, signal)
        contacts = {customer: inputs.contact} if customer and inputs.contact else {}
        profile = await facts.profile(
            session, signal, rulebook, contacts, upto=inputs.customer_upto or 0, at=entry.at
        )
        context = recorded_context(
            inputs, now=entry.at, session=session, signal=signal, rulebook=rulebook,
            items=await facts.items(inputs.items), profile=profile,
            seed=self._turns.contexts.seed,
        )  # fmt: skip
        # The fields that conditions read are those after the signal.
        builder = DecisionBuilder(context)
        expire_offers(builder)
        apply_signal(builder)
        return structs.replace(context, session=builder.session)

    # the past

    async def _past(
        self, sku: str, session: str | None, at: int, *, recompute: bool
    ) -> Explanation:
        """Decide the recorded turns of a session again, up to an instant, and explain the result.

        What another engine decided, or with rules that cannot be compiled any more, is shown as it
        was recorded.
        """
        ledger = self._shop.ledger
        self._turns.turn_log.flush_all()
        stored = (
            await ledger.turn_entries(session=session, until=at, limit=MAX_ENTRIES)
            if session
            else []
        )
        entries = [turn for entry in stored for turn in split_entry(entry) if turn.at < at]
        found = last_full(entries)
        if found is None:
            raise UnknownShopperError(f"Nothing is recorded of that shopper at or before {at}.")
        start, inputs, state = found
        activations = await ledger.rulebooks()
        active = next((name for name, since, _ in activations if since <= at), entries[-1].rulebook)
        names = {active, *(entry.rulebook for entry in entries[start:])}
        rulebooks = {name: await self._rulebooks.version(name) for name in names}
        now, then = rulebooks[active], rulebooks[entries[start].rulebook]
        if now is None or then is None or not (recompute or inputs.engine == ENGINE):
            return await self._as_recorded(sku, entries, start, at, active)
        past = PastTurns(RecordedFacts(ledger), inputs, state, self._turns.contexts.seed)
        for entry in entries[start:]:
            await past.repeat(entry, rulebooks[entry.rulebook] or then)
        unsuspended = structs.replace(inputs, commits_suspended=False)
        context = await past.context(unsuspended, now, at, TimerFired(), sku)
        explained = await asyncio.to_thread(_explanation, sku, session, context)
        return structs.replace(explained, recomputed_by=_recomputed_by(inputs.engine))

    async def _as_recorded(
        self, sku: str, entries: Sequence[TurnEntry], start: int, at: int, rulebook: str
    ) -> Explanation:
        """Return the last recorded verdict of each rule on an item, and the offers that stood."""
        last = entries[-1]
        inputs = decode_inputs(entries[start].inputs)
        steps = await self._shop.ledger.offer_steps(session=last.session, limit=MAX_ENTRIES)
        offers = offers_at(steps, at)
        item = await RecordedFacts(self._shop.ledger).item_at(sku, at)
        territory = inputs.session.territory if inputs.session else None
        price = item.price_at(territory, at) if territory else None
        found = recorded_verdicts(entries, sku)
        return Explanation(
            sku,
            last.session,
            last.customer,
            at,
            rulebook,
            tuple(as_of(one.verdict, offers) for one in found),
            tuple(offer for offer in offers if offer.standing),
            price.fact.price.currency if price else None,
            {
                one.verdict.rule: recorded_evidence(offer, one.trace, inputs.engine)
                for one in found
                if (offer := offer_of(one.verdict, offers)) and one.verdict.outcome != "withheld"
            },
            self._shop.active_rulebook.current.policy.timezone,
            recorded_by=inputs.engine or FIRST_ENGINE,
            decided_at={one.verdict.rule: one.at for one in found},
        )


def _recomputed_by(engine: str) -> str | None:
    """Return the version of the present engine, unless it decided itself."""
    return ENGINE if engine != ENGINE else None


def _explanation(sku: str, session: str | None, context: Context) -> Explanation:
    verdicts = explain(context, sku)
    return Explanation(
        sku,
        session,
        context.session.customer,
        context.now,
        context.rulebook.version,
        verdicts,
        context.session.offers,
        currency_of(context, sku),
        evidence(context, sku, verdicts),
        context.rulebook.policy.timezone,
    )


def hypothetical_session(
    customer: str | None, sku: str, now: int, visit: HypotheticalVisit, territory: str | None
) -> Session:
    """Return a session that looks at one item in one visible tab.

    Args:
        customer: The verified customer, with consent; None: an anonymous shopper.
        sku: The item looked at.
        now: Milliseconds since the Unix epoch, UTC.
        visit: The territory and the engaged time.
        territory: The territory if `visit` names none.
    """
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
