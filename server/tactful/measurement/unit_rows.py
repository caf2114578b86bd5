"""The compared units as rows of a table, so that a report can be computed again elsewhere.

The rows name nobody: a unit has a number of its own in each table.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from heapq import merge
from typing import Final

from msgspec import Struct

from tactful.measurement.experiment_report import (
    ComparedUnits,
    Counted,
    ReportTerms,
    compared_units,
)
from tactful.measurement.idle_units import IdleUnits
from tactful.measurement.unit_outcomes import MeasuredOrder, Outcome, Trigger, UnitEvent

SCHEMA_VERSION: Final = 1
"""The version of the columns. A column is never renamed, and a new one makes a new version."""

_NOTHING: Final = Outcome()


class UnitRow(Struct, frozen=True, kw_only=True):
    """One compared unit. Amounts are in minor units of the table's currency."""

    unit: int
    """The number of the unit in this table, from 1, in order of the triggers."""
    arm: str
    """`treated` or `held_out`."""
    triggered_at: int
    """The instant of the first trigger, milliseconds since the Unix epoch, UTC."""
    margin: float
    past_margin: float | None
    """The margin of the 90 days before the trigger; None: the unit has no known history."""
    revenue: float
    past_revenue: float | None
    """The revenue of these days; None: the unit has no known history."""
    discount: float
    """What redeemed offers saved."""
    orders: int
    """The number of orders."""
    item_bought: int
    """1 if the product of the first offer was bought, else 0; so are the columns that follow."""
    returned: int
    complained: int
    dismissed: int


class UnitRows(Collection[UnitRow]):
    """The rows of a table, each of which is made when it is asked for."""

    def __init__(self, found: ComparedUnits, idle: IdleUnits) -> None:
        """Read the rows of units that did something, and of those that are only counted."""
        self._found = found
        self._idle = {arm: idle.ripe(found.treated_bp, is_treated=arm) for arm in (True, False)}

    def __contains__(self, row: object) -> bool:
        return any(row == one for one in self)

    def __len__(self) -> int:
        return len(self._found.ripe) + sum(map(len, self._idle.values()))

    def __iter__(self) -> Iterator[UnitRow]:
        code = self._found.currency or ""
        ripe, outcomes = self._found.ripe, self._found.linked.outcomes
        listed = sorted((unit.at, key) for key, unit in ripe.items())
        # Those that are only counted come after others of the same instant, and have no key.
        places = merge(
            ((at, 0, key) for at, key in listed),
            ((at, 1, "") for at in self._idle[True]),
            ((at, 2, "") for at in self._idle[False]),
        )
        for number, (at, kind, key) in enumerate(places, 1):
            is_treated = kind == 1 if kind else ripe[key].is_treated
            yield _row(number, at, outcomes.get(key, _NOTHING), code, is_treated=is_treated)


class UnitTable(Struct, frozen=True):
    """The compared units of a report in one currency."""

    rows: Collection[UnitRow]
    currency: str | None
    """ISO 4217 code: that of most buyers; None: nobody bought."""
    other_currencies: tuple[str, ...]
    """Other currencies in which units bought; their amounts are left out."""


def unit_table(
    triggers: Sequence[Trigger],
    orders: Sequence[MeasuredOrder],
    events: Iterable[UnitEvent],
    terms: ReportTerms,
    counted: Counted | None = None,
) -> UnitTable:
    """Return the units that `report_experiment` compares, given the same arguments."""
    found = compared_units(triggers, orders, events, terms, counted)
    outcomes = found.linked.outcomes.values()
    codes = {code for one in outcomes for code in (*one.revenue, *one.saved)}
    others = codes - {found.currency}
    idle = counted.idle if counted is not None else IdleUnits(terms.now - terms.window)
    return UnitTable(UnitRows(found, idle), found.currency, tuple(sorted(others)))


def _row(number: int, at: int, outcome: Outcome, code: str, *, is_treated: bool) -> UnitRow:
    knows_past = outcome.past_orders is not None
    return UnitRow(
        unit=number,
        arm="treated" if is_treated else "held_out",
        triggered_at=at,
        margin=outcome.margin.get(code, 0.0),
        past_margin=outcome.past_margin.get(code, 0.0) if knows_past else None,
        revenue=outcome.revenue.get(code, 0.0),
        past_revenue=outcome.past_revenue.get(code, 0.0) if knows_past else None,
        discount=outcome.saved.get(code, 0.0),
        orders=outcome.orders,
        item_bought=int(outcome.item_bought),
        returned=int(outcome.returned),
        complained=int(outcome.complained),
        dismissed=int(outcome.dismissed),
    )
