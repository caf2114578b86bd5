"""The report of an experiment: its rules compared with nothing, and with each other."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct, structs

from tactful.core.values.calendar import DAY
from tactful.core.values.money import BP
from tactful.measurement.experiment_report import (
    Counted,
    ExperimentReport,
    ReportTerms,
    per_day,
    report_units,
    units_of_share,
)
from tactful.measurement.idle_units import IdleUnits
from tactful.measurement.sample_ratio import SampleRatio, check_ratio, daily_looks
from tactful.measurement.unit_outcomes import (
    MeasuredOrder,
    Trigger,
    Unit,
    UnitEvent,
    assign_units,
    session_links,
)


class VariantArm(Struct, frozen=True):
    """The shoppers of one rule of an experiment."""

    rule: str
    """The rule; empty: the shoppers are held out."""
    share_bp: int
    """The configured share of the shoppers, in basis points."""
    units: int
    """How many were due an offer."""


class VariantReport(Struct, frozen=True):
    """Two arms of an experiment."""

    rule: str
    against: str
    """The rule that it is compared with; empty: no offer."""
    report: ExperimentReport
    """`treated` are the shoppers of `rule`, `held_out` those of `against`."""


class VariantsReport(Struct, frozen=True, kw_only=True):
    """What is known about the rules of an experiment."""

    edition: str
    """What is compared; empty: nobody was due an offer."""
    started: int | None
    """The first trigger since the experiment was changed, milliseconds since the Unix epoch, UTC."""
    other_edition: int
    """Shoppers of an earlier edition or another hold-out, who are left out."""
    arms: tuple[VariantArm, ...]
    """By rule; the held-out shoppers last, where some are held out."""
    ratio: SampleRatio | None
    """The test of the sizes of all arms; None: there are fewer than two."""
    against_nothing: tuple[VariantReport, ...]
    """Each rule against no offer; empty: nobody is held out, or the arms cannot be trusted."""
    against_first: tuple[VariantReport, ...]
    """Each further rule against the first; empty: the arms cannot be trusted."""


class _Terms(Struct, frozen=True):
    """What all comparisons of an experiment share."""

    units: Mapping[str, Unit]
    counted: Counted
    orders: Sequence[MeasuredOrder]
    events: Sequence[UnitEvent]
    terms: ReportTerms
    shares: Mapping[str, int]


def report_variants(
    triggers: Sequence[Trigger],
    orders: Sequence[MeasuredOrder],
    events: Iterable[UnitEvent],
    shares: Mapping[str, int],
    terms: ReportTerms,
    counted: Counted | None = None,
) -> VariantsReport:
    """Compare the rules of an experiment since it was changed last.

    The same arguments give the same report to the last bit, in whatever order they list their rows.

    Args:
        triggers: The triggers of the experiment, with arm and edition.
        orders: All paid orders that were not cancelled.
        events: All returns, cases, dismissals and savings.
        shares: Rule → its share in the latest edition, in basis points.
        terms: What the report is about.
        counted: The links and the unlinked orders, where the other arguments leave them out. It has
            no idle units.
    """
    if counted is None:
        counted = Counted(IdleUnits(terms.now - terms.window), session_links(triggers, orders), 0)
    links = counted.links
    edition, treated_bp = latest_edition(triggers)
    now_compared = [
        one for one in triggers if (one.edition, one.treated_bp) == (edition, treated_bp)
    ]
    units = assign_units(now_compared, links)
    everybody = len(assign_units(triggers, links))
    rules = sorted(shares)
    configured = {rule: shares[rule] for rule in rules}
    if triggers and treated_bp < BP:
        configured[""] = BP - treated_bp
    ratio = _ratio(units.values(), configured)
    compared = _Terms(units, counted, orders, list(events), terms, configured)
    trusted = ratio is None or ratio.ok
    return VariantsReport(
        edition=edition,
        started=min((unit.at for unit in units.values()), default=None),
        other_edition=everybody - len(units),
        arms=tuple(_arms(units.values(), configured)),
        ratio=ratio,
        against_nothing=tuple(
            _compare(compared, rule, "") for rule in rules if trusted and "" in configured
        ),
        against_first=tuple(_compare(compared, rule, rules[0]) for rule in rules[1:] if trusted),
    )


def latest_edition(triggers: Iterable[Trigger]) -> tuple[str, int]:
    """Return the latest edition and the share of all its rules; empty and 0 without a trigger."""
    latest = max(((one.at, one.edition, one.treated_bp) for one in triggers), default=(0, "", 0))
    return latest[1:]


def _arms(units: Iterable[Unit], shares: Mapping[str, int]) -> Iterator[VariantArm]:
    counts = dict.fromkeys(shares, 0)
    for unit in units:
        counts[unit.arm] += 1
    for rule, share in shares.items():
        yield VariantArm(rule, share, counts[rule])


def _ratio(units: Iterable[Unit], shares: Mapping[str, int]) -> SampleRatio | None:
    """Test the sizes of all arms together after each day (UTC)."""
    if len(shares) < 2:
        return None
    place = {arm: number for number, arm in enumerate(shares)}
    sizes = Counter((unit.at // DAY, place[unit.arm]) for unit in units)
    looks = daily_looks(sizes, len(shares))
    total = sum(shares.values())
    return check_ratio(looks, [share / total for share in shares.values()])


def _compare(compared: _Terms, rule: str, against: str) -> VariantReport:
    """Compare the units of two arms; all shoppers of the experiment would get the better one."""
    shares = compared.shares
    share = shares[rule] * BP // (shares[rule] + shares[against])
    pair = {
        key: structs.replace(unit, is_treated=unit.arm == rule, treated_bp=share)
        for key, unit in compared.units.items()
        if unit.arm in {rule, against}
    }
    found = units_of_share(
        pair, share, compared.counted, compared.orders, compared.events, compared.terms
    )
    rate = per_day(compared.units.values(), compared.terms.now)
    return VariantReport(rule, against, report_units(found, compared.terms, units_per_day=rate))
