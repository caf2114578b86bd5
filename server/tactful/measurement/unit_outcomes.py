"""Outcomes of units: what each bought, returned and complained about after its trigger.

Every outcome belongs to a unit by customer or by session, in both arms alike. A redemption or a token
never links an order, because only treated units have those.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Literal

from msgspec import Struct, field

from tactful.core.values.calendar import DAY
from tactful.core.values.money import BP

HISTORY: Final = 90 * DAY
"""How far the history of a customer goes back from the trigger, in milliseconds."""


class Trigger(Struct, frozen=True, gc=False, kw_only=True):
    """The first time that an offer of a rule was pushed to a unit, or held out from it."""

    unit: str
    """The id of a customer, or of a session."""
    is_customer: bool
    session: str
    is_treated: bool
    treated_bp: int
    """The share of units that were treated then, in basis points."""
    at: int
    """Milliseconds since the Unix epoch, UTC."""
    product: str
    arm: str = ""
    """The rule of the unit in an experiment; empty: held out, or no experiment is looked at."""
    edition: str = ""
    """What the experiment compared then; empty: no experiment is looked at."""


class Who(Struct, frozen=True, gc=False):
    """To whom an outcome belongs: a customer, a session, or both; neither: nobody knows."""

    customer: str | None
    session: str | None


class MeasuredLine(Struct, frozen=True, gc=False, kw_only=True):
    """One line of an order. Amounts are for one unit of the product, in minor units."""

    product: str
    qty: int
    """The quantity that was sold, without what was cancelled."""
    price: int
    """What was paid, with the tax that it includes."""
    tax_bp: int | None
    """The tax rate that the price includes, in basis points; None: unknown."""
    cost: int | None
    """The net cost; None: unknown."""
    currency: str
    by_offer: bool
    """Whether it was sold with an offer of ours."""
    returns: tuple[tuple[int, int], ...] = ()
    """(instant in milliseconds since the Unix epoch, UTC, how much of the quantity came back)."""

    @property
    def net_price(self) -> float | None:
        """What was paid without tax; None: the tax rate is unknown."""
        return None if self.tax_bp is None else self.price * BP / (BP + self.tax_bp)

    def kept(self, until: int) -> int:
        """Return the quantity that had not come back before an instant."""
        return self.qty - sum(back for at, back in self.returns if at < until)


class MeasuredOrder(Struct, frozen=True, gc=False, kw_only=True):
    """A paid order that was not cancelled."""

    order: str
    """The shop's id of the order."""
    who: Who
    at: int
    """When it was placed, milliseconds since the Unix epoch, UTC."""
    lines: tuple[MeasuredLine, ...]


class UnitEvent(Struct, frozen=True, gc=False, kw_only=True):
    """A return, a new case or a dismissal of a unit; or what a redeemed offer saved."""

    kind: Literal["return", "case", "dismissal", "saving"]
    who: Who
    at: int
    """Milliseconds since the Unix epoch, UTC."""
    amount: int = 0
    """What was saved, in minor units."""
    currency: str = ""


class Unit(Struct, frozen=True, gc=False, kw_only=True):
    """A unit in the arm of its first trigger (intention to treat)."""

    is_treated: bool
    treated_bp: int
    at: int
    """The first trigger, milliseconds since the Unix epoch, UTC."""
    product: str
    """The product of the first trigger."""
    crossed: bool = False
    """Whether a later trigger was in another arm."""
    arm: str = ""
    """The rule of the unit in an experiment; empty: held out, or no experiment is looked at."""


class Outcome(Struct):
    """What a unit did in its window, and a customer's history before the trigger.

    Money is by currency, in minor units without tax.
    """

    orders: int = 0
    item_bought: bool = False
    margin: dict[str, float] = field(default_factory=dict)
    revenue: dict[str, float] = field(default_factory=dict)
    full_price: dict[str, float] = field(default_factory=dict)
    """The part of the revenue that was sold without an offer."""
    saved: dict[str, float] = field(default_factory=dict)
    returned: bool = False
    complained: bool = False
    dismissed: bool = False
    past_orders: int | None = None
    """Orders in the time before the trigger; None: the unit has no history."""
    past_margin: dict[str, float] = field(default_factory=dict)
    past_revenue: dict[str, float] = field(default_factory=dict)


class Linked(Struct, frozen=True):
    """The outcomes of units, and what could not be counted."""

    outcomes: Mapping[str, Outcome]
    """Unit → its outcome; a unit that is missing did nothing and has no history."""
    unlinked: int
    """Orders that name neither a customer nor a session."""
    unknown_cost: int
    """Order lines of units in their windows that are left out of margin or revenue."""


def session_links(triggers: Iterable[Trigger], orders: Iterable[MeasuredOrder]) -> dict[str, str]:
    """Return session → the customer whom it became known as.

    A guest and the customer of a later login or order are one unit. Where several customers used a
    session, it is linked to the first one.
    """
    known = [(one.at, one.unit, one.session) for one in triggers if one.is_customer]
    for order in orders:
        who = order.who
        if who.customer is not None and who.session is not None:
            known.append((order.at, who.customer, who.session))
    links: dict[str, str] = {}
    for _, customer, session in sorted(known):
        links.setdefault(session, customer)
    return links


def assign_units(triggers: Iterable[Trigger], links: Mapping[str, str]) -> dict[str, Unit]:
    """Return unit → the arm of its first trigger.

    Args:
        triggers: In any order.
        links: Session → customer.
    """
    first: dict[str, Trigger] = {}
    in_both: set[str] = set()
    for one in triggers:
        key = one.unit if one.is_customer else links.get(one.unit, one.unit)
        known = first.setdefault(key, one)
        if (known.is_treated, known.arm) != (one.is_treated, one.arm):
            in_both.add(key)
        if _order_of(one) < _order_of(known):
            first[key] = one
    units = {}
    for key in sorted(first):
        one = first[key]
        units[key] = Unit(
            is_treated=one.is_treated,
            treated_bp=one.treated_bp,
            at=one.at,
            product=one.product,
            crossed=key in in_both,
            arm=one.arm,
        )
    return units


def _order_of(trigger: Trigger) -> tuple[int, str, bool, int, str]:
    """Return the place of a trigger in time; several in one millisecond have any fixed order."""
    return (trigger.at, trigger.product, trigger.is_treated, trigger.treated_bp, trigger.arm)


def orders_that_count(
    orders: Iterable[MeasuredOrder],
    units: Mapping[str, Unit],
    links: Mapping[str, str],
    window: int,
) -> Iterator[str]:
    """Yield the orders whose lines change the outcome or the history of a unit.

    The arguments are those of `link_outcomes`; the lines of the orders may be missing.
    """
    for order in orders:
        key = _unit_of(order.who, units, links)
        if key is None:
            continue
        at = units[key].at
        if at <= order.at < at + window or (
            at - HISTORY <= order.at < at and order.who.customer == key
        ):
            yield order.order


def link_outcomes(
    units: Mapping[str, Unit],
    links: Mapping[str, str],
    orders: Iterable[MeasuredOrder],
    events: Iterable[UnitEvent],
    window: int,
) -> Linked:
    """Return what each unit did within its window.

    Args:
        units: Unit → arm and first trigger.
        links: Session → customer.
        orders: All paid orders, in any order.
        events: All events, in any order.
        window: How long after the trigger outcomes count, in milliseconds.
    """
    outcomes: dict[str, Outcome] = {}
    unlinked, unknown = 0, 0
    # Sums of floats depend on their order, so it must not depend on that of the argument.
    for order in sorted(orders, key=lambda one: (one.at, one.order)):
        unlinked += order.who.customer is None and order.who.session is None
        key = _unit_of(order.who, units, links)
        if key is None:
            continue
        unit = units[key]
        if unit.at <= order.at < unit.at + window:
            end = unit.at + window
            unknown += _add_order(outcomes.setdefault(key, Outcome()), order, unit.product, end)
        elif order.at < unit.at and order.who.customer == key:
            recent = order.at >= unit.at - HISTORY
            _add_history(outcomes.setdefault(key, Outcome()), order if recent else None, unit.at)
    for event in events:
        key = _unit_of(event.who, units, links)
        if key is not None and units[key].at <= event.at < units[key].at + window:
            _add_event(outcomes.setdefault(key, Outcome()), event)
    return Linked(outcomes, unlinked, unknown)


def _unit_of(who: Who, units: Mapping[str, Unit], links: Mapping[str, str]) -> str | None:
    """Return the unit to which an outcome belongs; None: to none of the units."""
    customer, session = who.customer, who.session
    if customer is not None and customer in units:
        return customer
    if session is None:
        return None
    session = links.get(session, session)
    return session if session in units else None


def _add_order(outcome: Outcome, order: MeasuredOrder, product: str, until: int) -> int:
    """Add an order to an outcome; return how many lines were left out of the margin."""
    outcome.orders += 1
    outcome.item_bought |= any(line.product == product and line.qty > 0 for line in order.lines)
    _add_money(outcome.margin, order.lines, until, with_cost=True)
    _add_money(outcome.revenue, order.lines, until, with_cost=False)
    full = [line for line in order.lines if not line.by_offer]
    _add_money(outcome.full_price, full, until, with_cost=False)
    return sum(line.net_price is None or line.cost is None for line in order.lines)


def _add_history(outcome: Outcome, order: MeasuredOrder | None, until: int) -> None:
    """Add an order before the trigger; None: one that is too old to count, which still is history."""
    outcome.past_orders = (outcome.past_orders or 0) + (order is not None)
    if order is not None:
        _add_money(outcome.past_margin, order.lines, until, with_cost=True)
        _add_money(outcome.past_revenue, order.lines, until, with_cost=False)


def _add_money(
    sums: dict[str, float], lines: Sequence[MeasuredLine], until: int, *, with_cost: bool
) -> None:
    """Add what lines brought in, without what came back before an instant.

    Lines whose tax rate, or cost where it matters, is unknown are left out and never guessed.
    """
    for line in lines:
        cost = line.cost if with_cost else 0
        if line.net_price is not None and cost is not None:
            earned = (line.net_price - cost) * line.kept(until)
            sums[line.currency] = sums.get(line.currency, 0.0) + earned


def _add_event(outcome: Outcome, event: UnitEvent) -> None:
    match event.kind:
        case "return":
            outcome.returned = True
        case "case":
            outcome.complained = True
        case "dismissal":
            outcome.dismissed = True
        case _:  # a saving
            before = outcome.saved.get(event.currency, 0.0)
            outcome.saved[event.currency] = before + event.amount
