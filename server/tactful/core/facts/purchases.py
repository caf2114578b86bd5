"""What a customer bought and kept, by product."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from tactful.core.facts.fact_types import Order, OrderLine, ReportedFact, ms
from tactful.core.facts.history import History


class Purchase(Struct, frozen=True, gc=False):
    """One order line that was kept. Instants in milliseconds since the Unix epoch, UTC."""

    sku: str
    placed_at: int
    """When it was ordered."""
    unit: int
    """The price paid for one unit, in minor units of `currency`."""
    currency: str
    at: int
    """When the order was reported."""
    gift: bool = False
    linked: bool = False
    """Whether only a contact says that the customer bought it."""
    consumable_days: int | None = None
    """The number of days in which one unit is used up; `None`: the product is durable."""


Purchases = Mapping[str, tuple[Purchase, ...]]
"""Product → what was bought of it, in any variant, the latest first."""

NO_PURCHASES: Final[Purchases] = {}
_Returned = dict[tuple[str | None, str], int]
"""(order or `None`, SKU) → the number of returned units that are not yet matched to a line."""


def derive_purchases(history: History) -> Purchases:
    """Return what a customer bought and kept.

    Open orders count; cancelled orders and returned lines do not (`server/SEMANTICS.md`, section 6,
    rule 4).
    """
    returned = _returned(history)
    found: dict[str, list[Purchase]] = defaultdict(list)
    own = [one for one in history.orders if history.concerns(one.fact)]
    for reported in sorted(own, key=lambda one: (-ms(one.fact.placed_at), one.fact.order)):
        if reported.fact.status != "cancelled" and reported.fact.order not in history.gone_orders:
            # Returns are matched to gift lines first, so that what the customer owns stays owned.
            for line in sorted(reported.fact.lines, key=lambda line: not line.gift):
                if line.sku and line.kept_qty > _consume(returned, reported.fact, line):
                    product = history.product_id(line.sku)
                    found[product].append(_purchase(history, reported, line))
    return {product: tuple(found[product]) for product in sorted(found)}


def _returned(history: History) -> _Returned:
    counts: _Returned = defaultdict(int)
    for reported in history.returns:
        if reported.fact.status != "cancelled":
            for line in reported.fact.lines:
                counts[reported.fact.order, line.sku] += line.qty
    return counts


def _consume(returned: _Returned, order: Order, line: OrderLine) -> int:
    """Match returned units to a line and remove them; return how many units of the line came back.

    Returns that name no order are matched to the latest order, because orders are read latest first.
    """
    matched = 0
    for named in (*order.ids, None):
        key = named, line.sku
        back = min(line.kept_qty - matched, returned.get(key, 0))
        if back:
            returned[key] -= back
            matched += back
    return matched


def _purchase(history: History, reported: ReportedFact[Order], line: OrderLine) -> Purchase:
    known = history.products.get(line.sku)
    return Purchase(
        line.sku,
        ms(reported.fact.placed_at),
        line.unit.amount,
        line.unit.currency,
        reported.at,
        line.gift,
        reported.fact.customer != history.customer,
        known.consumable_days if known else None,
    )
