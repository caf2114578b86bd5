"""Reports on the effect of offers, computed from the ledger alone."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from functools import lru_cache, partial
from sys import intern
from typing import Any, Final, Protocol, TypeVar

import msgspec
from msgspec import Struct

from tactful.core.facts.fact_codec import decode_stored
from tactful.core.facts.fact_types import Gone, Order, ReportedFact
from tactful.core.values.calendar import DAY
from tactful.measurement.experiment_report import (
    ExperimentReport,
    ReportTerms,
    report_experiment,
)
from tactful.measurement.self_test import SelfTest, self_test
from tactful.measurement.unit_outcomes import (
    HISTORY,
    MeasuredOrder,
    Trigger,
    UnitEvent,
    Who,
)
from tactful.measurement.unit_rows import UnitTable, unit_table
from tactful.measurement.variant_report import VariantsReport, latest_edition, report_variants
from tactful.runtime.ports.customer_data import CustomerData
from tactful.runtime.ports.environment import Clock
from tactful.runtime.ports.exposure_store import Exposure, ExposureStore, OfferReaction
from tactful.runtime.ports.fact_store import FactStore
from tactful.runtime.ports.ledger_rows import StoredFact
from tactful.runtime.services.report_rows import (
    BuyerFilter,
    CustomerUnit,
    OrderHead,
    Returns,
    SkuTerms,
    TimeSpan,
    events_of,
    is_sale,
    measured_order,
    skus_of,
    who_bought,
)

PAGE_FACTS: Final = 500
"""Facts that are read and decoded at once, some 1.5 ms of the event loop.

A thread would hold the event loop for longer: the interpreter switches between threads every 5 ms.
"""
SKUS_AT_ONCE: Final = 200
CUSTOMERS_KEPT: Final = 10_000
"""Digests of customers that are kept. All those of a million customers would take 240 MB."""

# Most orders are of shoppers who were due no offer. Their heads take a third of the time.
_decode_head = msgspec.json.Decoder(OrderHead).decode

DEFAULT_PERIOD: Final = 30 * DAY
"""How far back a report goes where nothing else is asked for, in milliseconds."""
DEFAULT_WINDOW: Final = 7 * DAY
"""How long after its trigger the outcomes of a unit count, in milliseconds."""


T = TypeVar("T")
_Compute = Callable[[list[Trigger], list[MeasuredOrder], list[UnitEvent], ReportTerms], T]


class ReportLedger(ExposureStore, FactStore, CustomerData, Protocol):
    """The roles of the ledger that a report reads."""


class ReportQuestion(Struct, frozen=True, kw_only=True):
    """What a report is about. Instants in milliseconds since the Unix epoch, UTC."""

    since: int
    """Triggers from this instant on."""
    until: int
    """Triggers before this instant."""
    rule: str | None = None
    """The rule, outside experiments; None: all rules together."""
    experiment: str | None = None
    """The experiment, whose rules are compared; None: offers are compared with none."""
    territory: str | None = None
    """ISO 3166-1 or 3166-2 code; None: everywhere."""
    window: int = DEFAULT_WINDOW
    """How long after its trigger the outcomes of a unit count, in milliseconds."""


class _SaleChoice:
    """Chooses the stored orders that a report needs."""

    def __init__(
        self,
        question: ReportQuestion,
        buyers: BuyerFilter,
        unit_of: CustomerUnit,
        gone: Mapping[str, ReportedFact[Gone]],
    ) -> None:
        self._time = TimeSpan(question.since - HISTORY, question.until + question.window)
        self._buyers = buyers
        self._unit_of = unit_of
        self._gone = gone

    def sale_of(self, stored: StoredFact) -> tuple[Order, Who] | None:
        """Return an order and its buyer; None: it was no sale, or belongs to no unit."""
        head = _decode_head(stored.body)
        if not self._time.has(head.placed_at):
            return None
        who = who_bought(head, self._unit_of)
        if not self._buyers.wants(who):
            return None
        fact: Any = decode_stored(stored.body)
        order: ReportedFact[Order] = ReportedFact(fact, stored.at, stored.number)
        ends = [self._gone[ident] for ident in order.fact.ids if ident in self._gone]
        return (order.fact, who) if is_sale(order, ends) else None


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
        return await self._computed(report_experiment, question)

    async def units(self, question: ReportQuestion) -> UnitTable:
        """Return the units that `report` compares, one by one.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        return await self._computed(unit_table, question)

    async def self_test(self, question: ReportQuestion) -> SelfTest:
        """Divide the shoppers that `report` compares by chance, as if offers changed nothing.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        return await self._computed(self_test, question)

    async def by_rule(self, question: ReportQuestion) -> dict[str, ExperimentReport]:
        """Report on every rule outside experiments, with one reading of the orders.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        by_rule: dict[str, list[Trigger]] = {}
        async for one in self._exposures(question):
            if not one.edition:
                by_rule.setdefault(one.rule, []).append(_trigger(one))
        everybody = [one for triggers in by_rule.values() for one in triggers]
        orders, events = await self._outcomes(question, everybody) if everybody else ([], [])
        terms = ReportTerms(now=self._clock.now(), window=question.window, latest_share=True)

        def compute() -> dict[str, ExperimentReport]:
            return {
                rule: report_experiment(triggers, orders, events, terms)
                for rule, triggers in sorted(by_rule.items())
            }

        return await asyncio.to_thread(compute)

    async def variants(self, question: ReportQuestion) -> VariantsReport:
        """Compare the rules of the experiment that the question names.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        shares: dict[tuple[str, int], dict[str, int]] = {}

        def compute(
            triggers: list[Trigger],
            orders: list[MeasuredOrder],
            events: list[UnitEvent],
            terms: ReportTerms,
        ) -> VariantsReport:
            latest = shares.get(latest_edition(triggers), {})
            return report_variants(triggers, orders, events, latest, terms)

        return await self._computed(compute, question, shares)

    async def _computed(
        self,
        compute: _Compute[T],
        question: ReportQuestion,
        variants: dict[tuple[str, int], dict[str, int]] | None = None,
    ) -> T:
        """Read what is compared, and compute with it.

        Args:
            compute: The arithmetic.
            question: What the report is about.
            variants: Receives for each edition and treated share: rule → share of its shoppers.
        """
        variants = {} if variants is None else variants
        triggers = [one async for one in self._triggers(question, variants)]
        orders, events = await self._outcomes(question, triggers) if triggers else ([], [])
        terms = ReportTerms(
            now=self._clock.now(), window=question.window, latest_share=question.rule is not None
        )
        return await asyncio.to_thread(partial(compute, triggers, orders, events, terms))

    async def _triggers(
        self, question: ReportQuestion, variants: dict[tuple[str, int], dict[str, int]]
    ) -> AsyncIterator[Trigger]:
        async for one in self._exposures(question):
            if question.experiment is None:
                yield _trigger(one)
                continue
            arm = one.rule if one.is_treated else ""
            if arm:
                variants.setdefault((one.edition, one.treated_bp), {})[arm] = one.arm_bp
            yield _trigger(one, arm, one.edition)

    async def _exposures(self, question: ReportQuestion) -> AsyncIterator[Exposure]:
        pages = self._ledger.exposures(
            question.since, question.until, rule=question.rule, experiment=question.experiment
        )
        async for page in pages:
            for one in page:
                if question.territory in {None, one.territory}:
                    yield one

    async def _outcomes(
        self, question: ReportQuestion, triggers: Iterable[Trigger]
    ) -> tuple[list[MeasuredOrder], list[UnitEvent]]:
        # The customer of several orders in a row is looked up once.
        unit_of = lru_cache(CUSTOMERS_KEPT)(partial(self._ledger.erasure_digest, "customer"))
        returned = [one.fact async for one in self._facts("return")]
        cases = [one.fact async for one in self._facts("case")]
        orders, also = await self._sales(
            question, BuyerFilter(triggers), unit_of, Returns(returned)
        )
        buyers: dict[str, Who] = {}
        for order in orders:
            buyers |= dict.fromkeys((order.order, *also.get(order.order, ())), order.who)
        until = question.until + question.window
        reactions = await self._ledger.offer_reactions(question.since, until)
        events = events_of(returned, cases, buyers, unit_of)
        events += [_event(one, unit_of) for one in reactions]
        return orders, events

    async def _sales(
        self,
        question: ReportQuestion,
        buyers: BuyerFilter,
        unit_of: CustomerUnit,
        returns: Returns,
    ) -> tuple[list[MeasuredOrder], dict[str, tuple[str, ...]]]:
        """Return the sales that may belong to a unit, or to nobody, and the other ids of their orders.

        The sales are in order of their ids. Each page is turned into what is compared at once: a
        decoded order takes three times the memory.
        """
        gone: dict[str, ReportedFact[Gone]] = {}
        async for end in self._facts("gone"):
            if end.fact.of == "order":
                gone[end.fact.order] = end
        terms, choice = SkuTerms(), _SaleChoice(question, buyers, unit_of, gone)
        found: dict[str, MeasuredOrder] = {}
        also: dict[str, tuple[str, ...]] = {}
        is_first = True
        # An order can say that a guest is a customer. Only then all orders are read again.
        while is_first or buyers.take_linked():
            is_first = False
            async for page in self._pages("order"):
                chosen = [choice.sale_of(stored) for stored in page if stored.key not in found]
                sales = [sale for sale in chosen if sale]
                await self._learn(terms, skus_of(order for order, _ in sales))
                for order, who in sales:
                    found[order.order] = measured_order(order, who, terms, returns)
                    if order.also:
                        also[order.order] = order.also
        return [found[key] for key in sorted(found)], also

    async def _facts(self, kind: str) -> AsyncIterator[ReportedFact[Any]]:
        """Yield the facts in force of one kind, in order of their keys."""
        async for page in self._pages(kind):
            for stored in page:
                yield ReportedFact(decode_stored(stored.body), stored.at, stored.number)

    async def _pages(self, kind: str) -> AsyncIterator[list[StoredFact]]:
        after = ""
        while page := await self._ledger.facts_of_kind(kind, after, PAGE_FACTS):
            yield page
            after = page[-1].key

    async def _learn(self, terms: SkuTerms, skus: Iterable[str]) -> None:
        """Add product, cost and tax rate, as they are now, of the SKUs that were not asked for yet."""
        asked = terms.take_new(skus)
        for start in range(0, len(asked), SKUS_AT_ONCE):
            subjects = [("sku", sku) for sku in asked[start : start + SKUS_AT_ONCE]]
            found = await self._ledger.facts_about(subjects, ("product", "cost", "price"))
            for stored in found:
                terms.add(decode_stored(stored.body))


def _trigger(one: Exposure, arm: str = "", edition: str = "") -> Trigger:
    return Trigger(
        unit=one.unit,
        is_customer=one.is_customer,
        session=one.unit if one.session == one.unit else one.session,
        is_treated=one.is_treated,
        treated_bp=one.treated_bp,
        at=one.at,
        # Equal values are one object: a million triggers name few products.
        product=intern(one.product),
        arm=arm,
        edition=edition,
    )


def _event(reaction: OfferReaction, unit_of: CustomerUnit) -> UnitEvent:
    customer = unit_of(reaction.customer) if reaction.customer else None
    return UnitEvent(
        kind=reaction.kind,
        who=Who(customer, reaction.session),
        at=reaction.at,
        amount=reaction.saved,
        currency=reaction.currency,
    )
