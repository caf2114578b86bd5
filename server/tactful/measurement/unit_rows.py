"""The compared units as rows of a table, so that a report can be computed again elsewhere.

The rows name nobody: a unit has a number of its own in each table.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from msgspec import Struct

from tactful.measurement.experiment_report import (
    ComparedUnits,
    Counted,
    ReportTerms,
    compared_units,
)
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


class UnitTable(Struct, frozen=True):
    """The compared units of a report in one currency."""

    rows: tuple[UnitRow, ...]
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
    return UnitTable(tuple(_rows(found)), found.currency, tuple(sorted(others)))


def _rows(found: ComparedUnits) -> Iterator[UnitRow]:
    code = found.currency or ""
    order = sorted(found.ripe, key=lambda key: (found.ripe[key].at, key))
    for number, key in enumerate(order, 1):
        unit, outcome = found.ripe[key], found.linked.outcomes.get(key, _NOTHING)
        knows_past = outcome.past_orders is not None
        yield UnitRow(
            unit=number,
            arm="treated" if unit.is_treated else "held_out",
            triggered_at=unit.at,
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
