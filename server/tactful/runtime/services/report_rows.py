"""Rows of a report: orders, returns and cases in the form that `measurement` compares."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from sys import intern
from typing import Final

import msgspec
from msgspec import Struct, structs

from tactful.core.facts.fact_types import (
    Case,
    Cost,
    Gone,
    Instant,
    Order,
    OrderLine,
    Price,
    Product,
    ReportedFact,
    Return,
    ms,
)
from tactful.core.facts.succession import end_of
from tactful.core.values.calendar import format_rfc3339
from tactful.core.values.money import Money
from tactful.measurement.unit_outcomes import (
    MeasuredLine,
    MeasuredOrder,
    UnitEvent,
    Who,
)

CustomerUnit = Callable[[str], str]
"""Shop's id of a customer → the id under which exposures name the customer."""

NOBODY: Final = Who(None, None)
SECONDS_DIGITS: Final = 19
"""Characters of an RFC 3339 instant up to its seconds."""


class SkuTerms:
    """What is known of the SKUs that were sold: product, cost and tax rate."""

    def __init__(self) -> None:
        self._products: dict[str, str] = {}
        self._costs: dict[tuple[str, str], Money] = {}
        self._taxes: dict[tuple[str, str, str], int] = {}
        self._asked: set[str] = set()

    def take_new(self, skus: Iterable[str]) -> list[str]:
        """Return the SKUs that no call has returned yet, sorted."""
        new = sorted({*skus} - self._asked)
        self._asked.update(new)
        return new

    def add(self, fact: object) -> None:
        """Add a fact in force about an SKU; other facts change nothing.

        The tax rate is that of the price that every shopper pays. A price of a channel or a group has
        the same rate, because the rate belongs to the product and the territory.
        """
        match fact:
            case Product():
                self._products[fact.sku] = fact.product
            case Cost() if fact.is_known:
                self._costs[fact.sku, fact.scope] = fact.cost
            case Price():
                rate = fact.tax_rate_bp if fact.tax_included else 0
                self._taxes[fact.sku, fact.territory, fact.price.currency] = rate
            case _:
                pass

    def product_of(self, sku: str) -> str:
        """Return the product of an SKU; an SKU that nobody reported is its own product."""
        return self._products.get(sku, sku)

    def cost_of(self, sku: str, territory: str, currency: str) -> int | None:
        """Return the net cost of one unit in minor units; None: it is not known in the currency."""
        for scope in (territory, currency):
            cost = self._costs.get((sku, scope))
            if cost is not None and cost.currency == currency:
                return cost.amount
        return None

    def tax_of(self, sku: str, territory: str, currency: str) -> int | None:
        """Return the tax rate that a price includes, in basis points; None: it is not known."""
        return self._taxes.get((sku, territory, currency))


class Returns:
    """What came back of orders, from returns that the shop has received."""

    def __init__(self, returns: Iterable[Return]) -> None:
        self._lines: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
        self._whole: dict[str, int] = {}
        self._refunds: dict[str, list[tuple[int, Money]]] = defaultdict(list)
        # Few orders come back, and a look-up of each line of the others takes a tenth of a report.
        self._named: set[str] = set()
        for one in sorted(returns, key=lambda one: (ms(one.at), one.return_)):
            if one.order is None or one.status != "received":
                continue
            at = ms(one.at)
            self._named.add(one.order)
            if one.lines:
                for line in one.lines:
                    self._lines[one.order, line.sku].append((at, line.qty))
            elif one.amount is not None:
                self._refunds[one.order].append((at, one.amount))
            else:
                self._whole.setdefault(one.order, at)

    def of_lines(self, order: Order) -> list[tuple[tuple[int, int], ...]]:
        """Return for each line of an order (instant, quantity) of what came back.

        A refunded quantity that no return explains counts from the order on.
        """
        if not any(one in self._named for one in order.ids) and not any(
            line.refunded_qty for line in order.lines
        ):
            return [()] * len(order.lines)
        whole = min((self._whole[one] for one in order.ids if one in self._whole), default=None)
        named = {
            sku: [back for one in order.ids for back in self._lines.get((one, sku), ())]
            for sku in {line.sku for line in order.lines}
        }
        found = []
        for line in order.lines:
            left = line.kept_qty
            backs = []
            if whole is not None:
                backs, left = [(whole, left)], 0
            pending = named[line.sku]
            while pending and left:
                at, qty = pending.pop(0)
                backs.append((at, min(qty, left)))
                if qty > left:
                    pending.insert(0, (at, qty - left))
                left -= min(qty, left)
            refunded = line.refunded_qty - sum(qty for _, qty in backs)
            if refunded > 0 and left:
                backs.append((ms(order.placed_at), min(refunded, left)))
            found.append(tuple(backs))
        return found

    def refunds_of(self, order: Order) -> list[tuple[int, Money]]:
        """Return (instant, amount) of the refunds of an order without goods."""
        return [refund for one in order.ids for refund in self._refunds.get(one, ())]


def is_sale(order: ReportedFact[Order], gone: Iterable[ReportedFact[Gone]]) -> bool:
    """Return whether an order was paid, was not cancelled and still exists."""
    fact = order.fact
    return fact.paid and fact.status != "cancelled" and end_of(order, gone) is None


class OrderHead(Struct, frozen=True, gc=False):
    """What says whether an order matters; the rest of the stored fact is not decoded."""

    order: str
    placed_at: str
    """RFC 3339."""
    status: str
    customer: str | None = None
    session: str | None = None
    paid: bool = True
    also: tuple[str, ...] = ()


class TimeSpan:
    """The half-open time of the orders that a report reads."""

    def __init__(self, since: int, until: int) -> None:
        """Compare with [since, until), milliseconds since the Unix epoch, UTC."""
        self.since, self.until = since, until
        self.first = format_rfc3339(since)[:SECONDS_DIGITS]
        """Texts in UTC that are above it, down to the second, are in the time, if they are below `last`."""
        self.last = format_rfc3339(until)[:SECONDS_DIGITS]

    def has(self, instant: str) -> bool:
        """Return whether an instant as facts write it (RFC 3339) lies in the time.

        Texts in UTC are in the order of their instants, down to the second. To compare them takes a
        tenth of the time that reading them takes.
        """
        if instant[-1] == "Z" and self.first < instant[:SECONDS_DIGITS] < self.last:
            return True
        return self.since <= instant_ms(instant) < self.until


def instant_ms(instant: str) -> int:
    """Return an instant as facts write it (RFC 3339) in milliseconds since the Unix epoch, UTC."""
    return ms(msgspec.convert(instant, Instant))


def session_of(order: Order | OrderHead) -> str | None:
    """Return the session of an order, which it names by its public id.

    A public id ends in a number after a login.
    """
    return order.session.partition(".")[0] if order.session else None


def measured_order(order: Order, who: Who, terms: SkuTerms, returns: Returns) -> MeasuredOrder:
    """Return an order in the form that reports compare."""
    lines = [
        _measured_line(order, line, backs, terms)
        for line, backs in zip(order.lines, returns.of_lines(order), strict=True)
        if line.sku
    ]
    for at, amount in returns.refunds_of(order):
        # A refund without goods is a line that earns less than nothing. The tax is that of the order.
        tax = next((one.tax_bp for one in lines if one.currency == amount.currency), None)
        lines.append(
            MeasuredLine(
                product="",
                qty=0,
                price=amount.amount,
                tax_bp=tax,
                cost=0,
                currency=amount.currency,
                by_offer=all(one.by_offer for one in lines),
                returns=((at, 1),),
            )
        )
    return MeasuredOrder(order=order.order, who=who, at=ms(order.placed_at), lines=tuple(lines))


def _measured_line(
    order: Order, line: OrderLine, backs: tuple[tuple[int, int], ...], terms: SkuTerms
) -> MeasuredLine:
    key = line.sku, order.territory, line.unit.currency
    return MeasuredLine(
        product=terms.product_of(line.sku),
        qty=line.kept_qty,
        price=line.unit.amount,
        tax_bp=terms.tax_of(*key),
        cost=terms.cost_of(*key),
        # Equal codes are one object: a report holds a line for each unit that bought.
        currency=intern(line.unit.currency),
        by_offer=line.offer is not None,
        returns=backs,
    )


def events_of(
    returns: Iterable[Return],
    cases: Iterable[Case],
    buyers: Mapping[str, Who],
    unit_of: CustomerUnit,
) -> list[UnitEvent]:
    """Return the received returns and new cases, each with the shopper to whom it belongs.

    Args:
        returns: Returns in force.
        cases: Cases in force; one that was merged into another one is the same complaint.
        buyers: Order → to whom it belongs.
        unit_of: Names customers.
    """
    found = [
        UnitEvent(
            kind="return", who=_who(one.customer, (one.order,), buyers, unit_of), at=ms(one.at)
        )
        for one in returns
        if one.status == "received"
    ]
    found += [
        UnitEvent(
            kind="case", who=_who(one.customer, one.orders, buyers, unit_of), at=ms(one.opened_at)
        )
        for one in cases
        if one.status != "merged"
    ]
    return found


def _who(
    customer: str | None,
    orders: Iterable[str | None],
    buyers: Mapping[str, Who],
    unit_of: CustomerUnit,
) -> Who:
    """Return a named customer with the session of the order, or else the buyer of the order."""
    buyer = next((buyers[one] for one in orders if one is not None and one in buyers), NOBODY)
    if customer is None:
        return buyer
    return structs.replace(buyer, customer=unit_of(customer))


def skus_of(orders: Iterable[Order]) -> set[str]:
    """Return the SKUs that orders name."""
    return {line.sku for order in orders for line in order.lines if line.sku}
