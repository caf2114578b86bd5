"""Reports on the effect of offers, computed from the ledger alone."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from functools import cache, partial
from typing import Any, Final, Protocol

import msgspec
from msgspec import Struct

from tactful.core.facts.fact_codec import decode_stored
from tactful.core.facts.fact_types import Gone, Order, ReportedFact, ms
from tactful.core.values.calendar import DAY
from tactful.measurement.experiment_report import (
    ExperimentReport,
    ReportTerms,
    report_experiment,
)
from tactful.measurement.unit_outcomes import (
    HISTORY,
    MeasuredOrder,
    Trigger,
    UnitEvent,
    Who,
)
from tactful.runtime.ports.customer_data import CustomerData
from tactful.runtime.ports.environment import Clock
from tactful.runtime.ports.exposure_store import ExposureStore, OfferReaction
from tactful.runtime.ports.fact_store import FactStore
from tactful.runtime.ports.ledger_rows import StoredFact
from tactful.runtime.services.report_rows import (
    BuyerFilter,
    CustomerUnit,
    OrderHead,
    Returns,
    SkuTerms,
    events_of,
    is_sale,
    measured_order,
    skus_of,
    who_bought,
)

PAGE_FACTS: Final = 500
"""Facts that are read and decoded at once, some 2 ms of the event loop."""
SKUS_AT_ONCE: Final = 200

# Most orders are of shoppers who were due no offer. Their heads take a third of the time.
_decode_head = msgspec.json.Decoder(OrderHead).decode

DEFAULT_PERIOD: Final = 30 * DAY
"""How far back a report goes where nothing else is asked for, in milliseconds."""
DEFAULT_WINDOW: Final = 7 * DAY
"""How long after its trigger the outcomes of a unit count, in milliseconds."""


class ReportLedger(ExposureStore, FactStore, CustomerData, Protocol):
    """The roles of the ledger that a report reads."""


class ReportQuestion(Struct, frozen=True, kw_only=True):
    """What a report is about. Instants in milliseconds since the Unix epoch, UTC."""

    since: int
    """Triggers from this instant on."""
    until: int
    """Triggers before this instant."""
    rule: str | None = None
    """The rule; None: all rules together."""
    territory: str | None = None
    """ISO 3166-1 or 3166-2 code; None: everywhere."""
    window: int = DEFAULT_WINDOW
    """How long after its trigger the outcomes of a unit count, in milliseconds."""


class ReportService:
    """Computes reports. The same ledger gives the same report at the same instant."""

    def __init__(self, ledger: ReportLedger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    async def report(self, question: ReportQuestion) -> ExperimentReport:
        """Compare units that were shown offers with units that were held out.

        The arithmetic runs on a thread, so that sessions go on.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        triggers = [one async for one in self._triggers(question)]
        orders, events = await self._outcomes(question, triggers) if triggers else ([], [])
        terms = ReportTerms(
            now=self._clock.now(), window=question.window, latest_share=question.rule is not None
        )
        work = partial(report_experiment, triggers, orders, events, terms)
        return await asyncio.to_thread(work)

    async def _triggers(self, question: ReportQuestion) -> AsyncIterator[Trigger]:
        pages = self._ledger.exposures(question.since, question.until, rule=question.rule)
        # Equal texts are one object: a million triggers name few products.
        products: dict[str, str] = {}
        async for page in pages:
            for one in page:
                if question.territory in {None, one.territory}:
                    yield Trigger(
                        unit=one.unit,
                        is_customer=one.is_customer,
                        session=one.unit if one.session == one.unit else one.session,
                        is_treated=one.is_treated,
                        treated_bp=one.treated_bp,
                        at=one.at,
                        product=products.setdefault(one.product, one.product),
                    )

    async def _outcomes(
        self, question: ReportQuestion, triggers: Iterable[Trigger]
    ) -> tuple[list[MeasuredOrder], list[UnitEvent]]:
        # A customer of many orders is looked up once.
        unit_of = cache(partial(self._ledger.erasure_digest, "customer"))
        sales = await self._sales(question, BuyerFilter(triggers), unit_of)
        returned = [one.fact async for one in self._facts("return")]
        cases = [one.fact async for one in self._facts("case")]
        returns, terms = Returns(returned), await self._terms_of(skus_of(sales))
        buyers: dict[str, Who] = {}
        orders = []
        for order in sales:
            who = who_bought(order, unit_of)
            buyers |= dict.fromkeys(order.ids, who)
            orders.append(measured_order(order, who, terms, returns))
        until = question.until + question.window
        reactions = await self._ledger.offer_reactions(question.since, until)
        events = events_of(returned, cases, buyers, unit_of)
        return orders, events + [_event(one, unit_of) for one in reactions]

    async def _sales(
        self, question: ReportQuestion, buyers: BuyerFilter, unit_of: CustomerUnit
    ) -> list[Order]:
        """Return the sales that may belong to a unit, or to nobody, in order of their ids."""
        gone: dict[str, ReportedFact[Gone]] = {}
        async for end in self._facts("gone"):
            if end.fact.of == "order":
                gone[end.fact.order] = end
        found: dict[str, Order] = {}
        is_first = True
        # An order can say that a guest is a customer. Only then all orders are read again.
        while is_first or buyers.take_linked():
            is_first = False
            async for stored in self._stored("order"):
                head = _decode_head(stored.body)
                since, until = question.since - HISTORY, question.until + question.window
                if since <= ms(head.placed_at) < until and buyers.wants(who_bought(head, unit_of)):
                    fact: Any = decode_stored(stored.body)
                    one: ReportedFact[Order] = ReportedFact(fact, stored.at, stored.number)
                    ends = [gone[ident] for ident in one.fact.ids if ident in gone]
                    if is_sale(one, ends):
                        found[stored.key] = one.fact
        return [found[key] for key in sorted(found)]

    async def _facts(self, kind: str) -> AsyncIterator[ReportedFact[Any]]:
        """Yield the facts in force of one kind, in order of their keys."""
        async for stored in self._stored(kind):
            yield ReportedFact(decode_stored(stored.body), stored.at, stored.number)

    async def _stored(self, kind: str) -> AsyncIterator[StoredFact]:
        after = ""
        while page := await self._ledger.facts_of_kind(kind, after, PAGE_FACTS):
            for stored in page:
                yield stored
            after = page[-1].key

    async def _terms_of(self, skus: list[str]) -> SkuTerms:
        """Return product, cost and tax rate of SKUs, as they are now."""
        terms = SkuTerms()
        for start in range(0, len(skus), SKUS_AT_ONCE):
            subjects = [("sku", sku) for sku in skus[start : start + SKUS_AT_ONCE]]
            found = await self._ledger.facts_about(subjects, ("product", "cost", "price"))
            for stored in found:
                terms.add(decode_stored(stored.body))
        return terms


def _event(reaction: OfferReaction, unit_of: CustomerUnit) -> UnitEvent:
    customer = unit_of(reaction.customer) if reaction.customer else None
    return UnitEvent(
        kind=reaction.kind,
        who=Who(customer, reaction.session),
        at=reaction.at,
        amount=reaction.saved,
        currency=reaction.currency,
    )
