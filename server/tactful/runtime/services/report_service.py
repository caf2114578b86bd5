"""Reports on the effect of offers, computed from the ledger alone."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from functools import partial
from typing import Final, Protocol, TypeVar

from msgspec import Struct, structs

from tactful.core.values.calendar import DAY
from tactful.measurement.experiment_report import (
    Counted,
    ExperimentReport,
    ReportTerms,
    report_experiment,
)
from tactful.measurement.idle_units import IdleUnits
from tactful.measurement.self_test import SelfTest, self_test
from tactful.measurement.unit_outcomes import (
    HISTORY,
    MeasuredOrder,
    Trigger,
    UnitEvent,
    Who,
    assign_units,
    orders_that_count,
    session_links,
)
from tactful.measurement.unit_rows import UnitTable, unit_table
from tactful.measurement.variant_report import VariantsReport, latest_edition, report_variants
from tactful.runtime.ports.environment import Clock
from tactful.runtime.ports.exposure_store import ExposureRow, OfferReaction
from tactful.runtime.services.report_orders import OrderReading, ReportFacts, SaleHeads, facts_of
from tactful.runtime.services.report_rows import CustomerUnit, Returns, TimeSpan, events_of
from tactful.runtime.services.report_units import KnownUnits, UnitSplit, trigger_of

DEFAULT_PERIOD: Final = 30 * DAY
"""How far back a report goes where nothing else is asked for, in milliseconds."""
DEFAULT_WINDOW: Final = 7 * DAY
"""How long after its trigger the outcomes of a unit count, in milliseconds."""


T = TypeVar("T")
_Compute = Callable[
    [Sequence[Trigger], Sequence[MeasuredOrder], Sequence[UnitEvent], ReportTerms, Counted], T
]


class ReportLedger(ReportFacts, Protocol):
    """What a report reads; the roles in `runtime.ports` say what each method promises."""

    def exposures(
        self, since: int, until: int, *, rule: str | None = None, experiment: str | None = None
    ) -> AsyncGenerator[list[ExposureRow], None]:
        """Yield the exposures of [since, until) in pages; see `ExposureStore`."""

    def exposed_units(
        self, since: int, until: int, *, rule: str | None = None, experiment: str | None = None
    ) -> AsyncGenerator[list[tuple[str, str, bool]], None]:
        """Yield unit, session and whether the unit is a customer, in pages; see `ExposureStore`."""

    async def offer_reactions(self, since: int, until: int) -> list[OfferReaction]:
        """Return the dismissals and savings of [since, until); see `ExposureStore`."""

    def digests_of(self, kind: str) -> Callable[[str], str]:
        """Return what names the ids of one kind as exposures do; see `CustomerData`."""


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


class Reports(Protocol):
    """Computes reports. The same ledger gives the same report at the same instant."""

    async def report(self, question: ReportQuestion) -> ExperimentReport:
        """Compare units that were shown offers with units that were held out.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def by_rule(self, question: ReportQuestion) -> dict[str, ExperimentReport]:
        """Report on every rule outside experiments, with one reading of the orders.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def variants(self, question: ReportQuestion) -> VariantsReport:
        """Compare the rules of the experiment that the question names.

        Raises:
            LedgerError: The ledger cannot be read.
        """


class _Reading(Struct, frozen=True):
    """What a report is computed from, apart from its units."""

    time: TimeSpan
    heads: SaleHeads
    orders: OrderReading
    events: list[UnitEvent]
    touched: set[str | None]
    """The units and sessions that orders and events name."""


class ReportService:
    """Computes reports in this process, from the ledger alone; see `Reports`."""

    def __init__(self, ledger: ReportLedger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    async def report(self, question: ReportQuestion) -> ExperimentReport:
        """Compare units that were shown offers with units that were held out.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        return await self._computed(report_experiment, question, counts_idle=True)

    async def units(self, question: ReportQuestion) -> UnitTable:
        """Return the units that `report` compares, one by one.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        return await self._computed(unit_table, question, counts_idle=True)

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
        terms = self._terms(structs.replace(question, rule=""))
        known = await self._known_units(question)
        read = await self._read(question, known)
        shared = known.forget()
        splits: dict[str, UnitSplit] = {}
        async for page in self._exposures(question):
            by_rule: dict[str, list[ExposureRow]] = {}
            for row in page:
                _, _, rule, edition, *_ = row
                if not edition:
                    by_rule.setdefault(rule, []).append(row)
            for rule, exposed in by_rule.items():
                if rule not in splits:
                    splits[rule] = UnitSplit(_ripe_until(terms), read.touched, shared)
                splits[rule].add(exposed)
        for split in splits.values():
            split.close()
        counted = {
            rule: _counted(split.triggers, split.idle, read) for rule, split in splits.items()
        }
        wanted = {
            order for rule in splits for order in _orders_that_count(counted[rule], read, terms)
        }
        orders = await read.orders.whole(read.heads.sales, wanted)

        def compute() -> dict[str, ExperimentReport]:
            return {
                rule: report_experiment(
                    splits[rule].triggers, orders, read.events, terms, counted[rule]
                )
                for rule in sorted(splits)
            }

        return await asyncio.to_thread(compute)

    async def variants(self, question: ReportQuestion) -> VariantsReport:
        """Compare the rules of the experiment that the question names.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        terms = self._terms(question)
        read = await self._read(question, await self._known_units(question))
        shares: dict[tuple[str, int], dict[str, int]] = {}
        triggers = []
        async for page in self._exposures(question):
            for row in page:
                _, _, rule, edition, _, is_treated, treated_bp, _, _, _, arm_bp = row
                arm = rule if is_treated else ""
                if arm:
                    shares.setdefault((edition, treated_bp), {})[arm] = arm_bp
                triggers.append(structs.replace(trigger_of(row), arm=arm, edition=edition))
        counted = _counted(triggers, IdleUnits(_ripe_until(terms)), read)
        wanted = {*_orders_that_count(counted, read, terms)}
        orders = await read.orders.whole(read.heads.sales, wanted)
        latest = shares.get(latest_edition(triggers), {})
        work = partial(report_variants, triggers, orders, read.events, latest, terms, counted)
        return await asyncio.to_thread(work)

    async def _computed(
        self, compute: _Compute[T], question: ReportQuestion, *, counts_idle: bool = False
    ) -> T:
        """Read what is compared, and compute with it.

        The arithmetic runs on a thread, so that sessions go on.

        Args:
            compute: The arithmetic.
            question: What the report is about.
            counts_idle: Whether units that did nothing are only counted. Others need each unit.
        """
        terms = self._terms(question)
        known = await self._known_units(question)
        read = await self._read(question, known)
        touched = read.touched if counts_idle else None
        split = UnitSplit(_ripe_until(terms), touched, known.forget())
        async for page in self._exposures(question):
            split.add(page)
        split.close()
        counted = _counted(split.triggers, split.idle, read)
        wanted = {*_orders_that_count(counted, read, terms)}
        orders = await read.orders.whole(read.heads.sales, wanted)
        work = partial(compute, split.triggers, orders, read.events, terms, counted)
        return await asyncio.to_thread(work)

    def _terms(self, question: ReportQuestion) -> ReportTerms:
        return ReportTerms(
            now=self._clock.now(), window=question.window, latest_share=question.rule is not None
        )

    async def _known_units(self, question: ReportQuestion) -> KnownUnits:
        known = KnownUnits()
        pages = self._ledger.exposed_units(
            question.since, question.until, rule=question.rule, experiment=question.experiment
        )
        async for page in pages:
            known.add(page)
        known.close()
        return known

    async def _exposures(self, question: ReportQuestion) -> AsyncIterator[list[ExposureRow]]:
        pages = self._ledger.exposures(
            question.since, question.until, rule=question.rule, experiment=question.experiment
        )
        async for page in pages:
            if question.territory is None:
                yield page
            else:
                yield [row for row in page if row[9] == question.territory]

    async def _read(self, question: ReportQuestion, known: KnownUnits) -> _Reading:
        """Read what the units of a report may have done."""
        unit_of = self._ledger.digests_of("customer")
        time = TimeSpan(question.since - HISTORY, question.until + question.window)
        if not known.sessions:
            nothing = SaleHeads({}, {})
            reading = OrderReading(self._ledger, unit_of, Returns(()))
            return _Reading(time, nothing, reading, [], set())
        returned = [one.fact async for one in facts_of(self._ledger, "return")]
        cases = [one.fact async for one in facts_of(self._ledger, "case")]
        reading = OrderReading(self._ledger, unit_of, Returns(returned))
        heads = await reading.heads(time, known)
        buyers: dict[str, Who] = {}
        for order in heads.sales.values():
            buyers |= dict.fromkeys((order.order, *heads.also.get(order.order, ())), order.who)
        until = question.until + question.window
        reactions = await self._ledger.offer_reactions(question.since, until)
        events = events_of(returned, cases, buyers, unit_of)
        events += [_event(one, unit_of) for one in reactions]
        touched: set[str | None] = set()
        for who in (*buyers.values(), *(event.who for event in events)):
            touched.add(who.customer)
            touched.add(who.session)
        touched.discard(None)
        return _Reading(time, heads, reading, events, touched)


def _counted(triggers: Sequence[Trigger], idle: IdleUnits, read: _Reading) -> Counted:
    links = session_links(triggers, read.heads.sales.values())
    return Counted(idle, links, read.heads.unlinked, assign_units(triggers, links))


def _ripe_until(terms: ReportTerms) -> int:
    return terms.now - terms.window


def _orders_that_count(counted: Counted, read: _Reading, terms: ReportTerms) -> Iterator[str]:
    """Return the orders whose lines change the report; those of unripe units do not."""
    ripe_until = _ripe_until(terms)
    units = {key: unit for key, unit in (counted.units or {}).items() if unit.at <= ripe_until}
    return orders_that_count(read.heads.sales.values(), units, counted.links, terms.window)


def _event(reaction: OfferReaction, unit_of: CustomerUnit) -> UnitEvent:
    customer = unit_of(reaction.customer) if reaction.customer else None
    return UnitEvent(
        kind=reaction.kind,
        who=Who(customer, reaction.session),
        at=reaction.at,
        amount=reaction.saved,
        currency=reaction.currency,
    )
