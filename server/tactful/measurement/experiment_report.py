"""The report of two arms: every metric of both, the conclusion and the advice."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from tactful.core.values.calendar import DAY
from tactful.core.values.money import BP
from tactful.measurement.advice import MATTERS_FOR, MONTH, Advice, advise
from tactful.measurement.arm_comparison import DECIDE_AT, ArmComparison, compare_arms
from tactful.measurement.conclusions import (
    SMALLEST_EFFECT,
    Conclusion,
    Missing,
    conclude,
    missing,
    soonest,
)
from tactful.measurement.given_away import GivenAway, given_away
from tactful.measurement.idle_units import NO_IDLE_UNITS, IdleShare, IdleUnits
from tactful.measurement.metric_names import MetricName
from tactful.measurement.sample_ratio import SampleRatio, check_ratio, daily_looks
from tactful.measurement.samples import Sample
from tactful.measurement.unit_outcomes import (
    Linked,
    MeasuredOrder,
    Outcome,
    Trigger,
    Unit,
    UnitEvent,
    assign_units,
    link_outcomes,
    session_links,
)


class ReportTerms(Struct, frozen=True, kw_only=True):
    """What a report is about."""

    now: int
    """The instant of the report, milliseconds since the Unix epoch, UTC."""
    window: int = 7 * DAY
    """How long after its trigger the outcomes of a unit count, in milliseconds."""
    latest_share: bool = False
    """Whether only units since the last change of the share count, as for one rule.

    Otherwise the units of the commonest share do, because rules can have different ones.
    """
    decide_at: int = DECIDE_AT
    """At how many units the shop expects to decide."""
    smallest_effect: float = SMALLEST_EFFECT
    """The lift that is worth knowing."""
    months: int = MATTERS_FOR
    """For how many months the choice matters."""


class MetricResult(Struct, frozen=True):
    """One metric of both arms."""

    metric: MetricName
    currency: str | None
    """ISO 4217 code of an amount; None: the metric is no amount."""
    arms: ArmComparison


class ExperimentReport(Struct, frozen=True, kw_only=True):
    """What is known about the effect of offers."""

    treated: int
    """Units whose window has ended, in the treated arm."""
    held_out: int
    treated_bp: int
    """The configured share of the treated arm, in basis points; 0 if there are no units."""
    immature: int
    """Units whose window has not ended; they are left out of the metrics."""
    crossed: int
    """Units of a later trigger in the other arm; they count in the arm of their first."""
    other_share: int
    """Units of another configured share, which are not comparable and left out."""
    unlinked: int
    """Orders that name neither a customer nor a session."""
    unknown_cost: int
    """Order lines that are left out because their cost or tax rate is unknown."""
    ratio: SampleRatio | None
    """The test of the sizes of the arms; None: the share leaves one arm empty."""
    metrics: tuple[MetricResult, ...]
    """In a fixed order, the margin first; empty if the arms cannot be trusted or compared."""
    currency: str | None
    """The currency of the margin that decides: that of most orders; None: no order is known."""
    conclusion: Conclusion
    advice: Advice
    missing: Missing | None
    """What a conclusion needs, or an earlier decision without one; None: nothing, or it is not known."""
    given_away: GivenAway | None = None
    """Discounts that changed no purchase, in `currency`; None: there were none, or it is not known."""


class Counted(Struct, frozen=True):
    """What of a large ledger is only counted, because it changes no outcome."""

    idle: IdleUnits
    """Units that no order and no event is about, and that are not among the triggers."""
    links: Mapping[str, str]
    """Session → customer, from all orders and triggers."""
    unlinked: int
    """Orders that name neither a customer nor a session, and are not among the orders."""
    units: Mapping[str, Unit] | None = None
    """What `assign_units` returns for the triggers and the links; None: nobody has called it yet."""


def report_experiment(
    triggers: Sequence[Trigger],
    orders: Sequence[MeasuredOrder],
    events: Iterable[UnitEvent],
    terms: ReportTerms,
    counted: Counted | None = None,
) -> ExperimentReport:
    """Compare the treated with the held-out units.

    The same arguments give the same report to the last bit, in whatever order they list their rows.

    Args:
        triggers: The triggers of the period, of one rule or of all.
        orders: All paid orders that were not cancelled.
        events: All returns, cases, dismissals and savings.
        terms: What the report is about.
        counted: What the other arguments leave out. The report is the one without it, where they
            leave out nothing.
    """
    return report_units(compared_units(triggers, orders, events, terms, counted), terms)


def report_units(
    found: "ComparedUnits", terms: ReportTerms, *, units_per_day: float | None = None
) -> ExperimentReport:
    """Compare the units of two arms.

    Args:
        found: The units.
        terms: What the report is about.
        units_per_day: How many shoppers the choice is about; None: the units that are compared.
    """
    share, units, ripe, idle = found.treated_bp, found.units, found.ripe, found.idle
    ratio = _ratio(units, idle, share)
    trusted = ratio is None or ratio.ok
    metrics = tuple(_metrics(found, terms)) if trusted else ()
    margin = next((one.arms for one in metrics if one.metric == "margin"), None)
    buyers = _buyers(ripe, found.linked.outcomes)
    rate = per_day(units, terms.now, idle) if units_per_day is None else units_per_day
    conclusion = conclude(margin, buyers, trusted=trusted, smallest_effect=terms.smallest_effect)
    proof = None
    if conclusion is Conclusion.TOO_EARLY:
        effect = terms.smallest_effect
        proof = missing(margin, buyers, rate, smallest_effect=effect, decide_at=terms.decide_at)
    advice = advise(margin, buyers, conclusion, rate * MONTH, months=terms.months)
    treated = sum(unit.is_treated for unit in ripe.values())
    return ExperimentReport(
        treated=treated + idle.treated,
        held_out=len(ripe) - treated + idle.held_out,
        treated_bp=share,
        immature=len(units) - len(ripe) + idle.units - idle.treated - idle.held_out,
        crossed=sum(unit.crossed for unit in ripe.values()) + idle.crossed,
        other_share=found.other_share,
        unlinked=found.linked.unlinked + found.unlinked,
        unknown_cost=found.linked.unknown_cost,
        ratio=ratio,
        metrics=metrics,
        currency=found.currency,
        conclusion=conclusion,
        advice=advice,
        missing=soonest(proof, advice.more_units, rate),
        given_away=_given_away(metrics, found.currency),
    )


class ComparedUnits(Struct, frozen=True, kw_only=True):
    """The units of a report and their outcomes."""

    units: list[Unit]
    """The units of the share that is compared, without those that are only counted."""
    ripe: dict[str, Unit]
    """Those of them whose window has ended."""
    treated_bp: int
    """That share, in basis points; 0 if there are no units."""
    other_share: int
    """The number of units of other shares."""
    linked: Linked
    """What the ripe units did."""
    currency: str | None
    """The currency of most buyers; None: nobody bought."""
    idle: IdleShare
    """The units of the share that are only counted."""
    unlinked: int
    """Orders that are only counted."""


def compared_units(
    triggers: Sequence[Trigger],
    orders: Sequence[MeasuredOrder],
    events: Iterable[UnitEvent],
    terms: ReportTerms,
    counted: Counted | None = None,
) -> ComparedUnits:
    """Return the units that a report compares; the arguments are those of `report_experiment`."""
    if counted is None:
        counted = Counted(IdleUnits(terms.now - terms.window), session_links(triggers, orders), 0)
    everybody = counted.units or assign_units(triggers, counted.links)
    share = _share_of(everybody.values(), counted.idle, latest=terms.latest_share)
    return units_of_share(everybody, share, counted, orders, events, terms)


def units_of_share(
    everybody: Mapping[str, Unit],
    share: int,
    counted: Counted,
    orders: Iterable[MeasuredOrder],
    events: Iterable[UnitEvent],
    terms: ReportTerms,
) -> ComparedUnits:
    """Return the units of one configured share with what they did.

    Args:
        everybody: Unit → arm and first trigger.
        share: The share of the treated arm whose units are compared, in basis points.
        counted: What the other arguments leave out.
        orders: All paid orders that were not cancelled.
        events: All returns, cases, dismissals and savings.
        terms: What the report is about.
    """
    units = [unit for unit in everybody.values() if unit.treated_bp == share]
    ripe = {
        key: unit
        for key, unit in everybody.items()
        if unit.treated_bp == share and unit.at + terms.window <= terms.now
    }
    linked = link_outcomes(ripe, counted.links, orders, events, terms.window)
    idle = counted.idle.share(share)
    idle_units = sum(counted.idle.units_by_share.values())
    return ComparedUnits(
        units=units,
        ripe=ripe,
        idle=idle,
        unlinked=counted.unlinked,
        treated_bp=share,
        other_share=len(everybody) - len(units) + idle_units - idle.units,
        linked=linked,
        currency=_commonest_currency(linked.outcomes),
    )


def _share_of(units: Iterable[Unit], idle: IdleUnits, *, latest: bool) -> int:
    """Return the share whose units are compared; 0 without a unit."""
    found = list(units)
    if latest:
        return max(idle.latest, *((unit.at, unit.treated_bp) for unit in found), (0, 0))[1]
    counts = Counter(unit.treated_bp for unit in found)
    counts.update(idle.units_by_share)
    return max(counts, key=lambda share: (counts[share], share), default=0)


def _ratio(units: Iterable[Unit], idle: IdleShare, share: int) -> SampleRatio | None:
    if not 0 < share < BP:
        return None
    days = Counter((unit.at // DAY, int(not unit.is_treated)) for unit in units)
    days.update(idle.sizes)
    return check_ratio(daily_looks(days, 2), (share / BP, 1 - share / BP))


def _given_away(metrics: Iterable[MetricResult], currency: str | None) -> GivenAway | None:
    arms = {one.metric: one.arms for one in metrics if one.currency in {None, currency}}
    if "discount" not in arms or "item_bought" not in arms:
        return None
    return given_away(arms["discount"], arms["item_bought"])


def _commonest_currency(outcomes: Mapping[str, Outcome]) -> str | None:
    """Return the currency of most buyers, the first in the alphabet of several."""
    counts = Counter(code for one in outcomes.values() for code in one.revenue)
    return min(counts, key=lambda code: (-counts[code], code), default=None)


def _buyers(units: Mapping[str, Unit], outcomes: Mapping[str, Outcome]) -> tuple[int, int]:
    """Return the number of units with an order, treated and held out."""
    counts = Counter(units[key].is_treated for key, one in outcomes.items() if one.orders)
    return counts[True], counts[False]


def per_day(units: Iterable[Unit], now: int, idle: IdleShare = NO_IDLE_UNITS) -> float:
    """Return how many units trigger in a day, from the first trigger to now; 0 without a unit."""
    instants = [unit.at for unit in units]
    number = len(instants) + idle.units
    if idle.first_at is not None:
        instants.append(idle.first_at)
    return number * DAY / max(now - min(instants), DAY) if instants else 0.0


_Read = Callable[[Outcome], float | None]
"""Returns the value of a unit; None: the metric does not count the unit."""
_ReadPast = Callable[[Outcome], float | None]


def _metrics(units: ComparedUnits, terms: ReportTerms) -> Iterable[MetricResult]:
    """Yield every metric that can be compared; amounts in each currency, the commonest first."""
    outcomes, currency = units.linked.outcomes, units.currency
    found = {code for one in outcomes.values() for code in (*one.revenue, *one.saved)}
    codes = sorted(found, key=lambda code: (code != currency, code))
    arms = [_arm(units, is_treated=arm) for arm in (True, False)]
    for name in _ORDER:
        for code in codes if name in _AMOUNTS else (None,):
            value, past = _readers(name, code or currency or "")
            samples = [_sample(arm, value, past) for arm in arms]
            compared = compare_arms(
                *samples, heavy_tailed=name in _AMOUNTS, decide_at=terms.decide_at
            )
            if compared is not None:
                yield MetricResult(name, code, compared)


_ORDER: Final[tuple[MetricName, ...]] = (
    "margin", "conversion", "revenue", "item_bought", "discount", "return_rate", "complaint_rate",
    "dismissal_rate", "repeat_purchase", "full_price_share",
)  # fmt: skip
_AMOUNTS: Final = frozenset({"margin", "revenue", "discount"})
_NOTHING: Final = Outcome()
"""The outcome of most units."""


def _readers(name: MetricName, code: str) -> tuple[_Read, _ReadPast]:
    """Return how a metric and its history are read from an outcome."""

    def past_sum(sums: Callable[[Outcome], Mapping[str, float]]) -> _ReadPast:
        return lambda one: None if one.past_orders is None else sums(one).get(code, 0.0)

    def none(_: Outcome) -> None:
        return None

    match name:
        case "margin":
            return lambda one: one.margin.get(code, 0.0), past_sum(lambda one: one.past_margin)
        case "conversion":
            return (
                lambda one: float(one.orders > 0),
                lambda one: None if one.past_orders is None else float(one.past_orders > 0),
            )
        case "revenue":
            return lambda one: one.revenue.get(code, 0.0), past_sum(lambda one: one.past_revenue)
        case "item_bought":
            return lambda one: float(one.item_bought), none
        case "discount":
            return lambda one: one.saved.get(code, 0.0), none
        case "return_rate":
            return lambda one: float(one.returned), none
        case "complaint_rate":
            return lambda one: float(one.complained), none
        case "dismissal_rate":
            return lambda one: float(one.dismissed), none
        case "repeat_purchase":
            return lambda one: float(one.orders > 1), none
        case _:  # full_price_share
            return lambda one: _full_price_share(one, code), none


def _full_price_share(outcome: Outcome, code: str) -> float | None:
    """Return the share of the revenue that was sold without an offer; None: there is no revenue."""
    revenue = outcome.revenue.get(code, 0.0)
    return outcome.full_price.get(code, 0.0) / revenue if revenue > 0 else None


class _Arm(Struct, frozen=True):
    """The units of one arm. Most units did nothing, and are counted only."""

    outcomes: list[Outcome]
    """Of those that did something or have a history, in order of their ids."""
    idle: int
    """The number of the others."""


def _arm(compared: ComparedUnits, *, is_treated: bool) -> _Arm:
    units, outcomes, idle = compared.ripe, compared.linked.outcomes, compared.idle
    size = sum(unit.is_treated is is_treated for unit in units.values())
    size += idle.treated if is_treated else idle.held_out
    found = [outcomes[key] for key in sorted(outcomes) if units[key].is_treated is is_treated]
    return _Arm(found, size - len(found))


def _sample(arm: _Arm, value: _Read, past: _ReadPast) -> Sample:
    """Return one metric of one arm."""
    values: list[float] = []
    history: list[float | None] = []
    blank = arm.idle if value(_NOTHING) == 0 else 0
    for outcome in arm.outcomes:
        found, before = value(outcome), past(outcome)
        if found == 0 and before is None:
            blank += 1
        elif found is not None:
            values.append(found)
            history.append(before)
    return Sample(tuple(values), tuple(history), blank)
