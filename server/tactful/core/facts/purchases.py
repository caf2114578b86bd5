"""What a customer bought and kept, by product."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from tactful.core.facts.fact_types import Order, OrderLine, ReportedFact, ms
from tactful.core.facts.history import History


class Purchase(Struct, frozen=True, gc=False):
    """One kept order line: when, for how much each (minor units), and when we learned of it."""

    sku: str
    placed_at: int
    unit: int
    currency: str
    at: int
    gift: bool = False
    consumable_days: int | None = None


Purchases = Mapping[str, tuple[Purchase, ...]]
"""Product → what was bought of it, in any variant, the latest first."""

NO_PURCHASES: Final[Purchases] = {}
_Returned = dict[tuple[str | None, str], int]
"""(order or None, SKU) → how many came back that no line is known for yet."""


def derive_purchases(history: History) -> Purchases:
    """Open orders count; returned and cancelled lines do not (semantics, section 6)."""
    returned = _returned(history)
    found: dict[str, list[Purchase]] = defaultdict(list)
    own = [kept for kept in history.orders if kept.fact.customer == history.customer]
    for kept in sorted(own, key=lambda k: (-ms(k.fact.placed_at), k.fact.order)):
        if kept.fact.status != "cancelled":
            for line in sorted(kept.fact.lines, key=lambda line: not line.gift):
                if line.qty > _take(returned, kept.fact.order, line):
                    product = history.product_id(line.sku)
                    found[product].append(_purchase(history, kept, line))
    return {product: tuple(found[product]) for product in sorted(found)}


def _returned(history: History) -> _Returned:
    counts: _Returned = defaultdict(int)
    for kept in history.returns:
        if kept.fact.status != "cancelled":
            for line in kept.fact.lines:
                counts[kept.fact.order, line.sku] += line.qty
    return counts


def _take(returned: _Returned, order: str, line: OrderLine) -> int:
    """How many of a line came back: from its order, or from an order that the return does not name."""
    taken = 0
    for key in ((order, line.sku), (None, line.sku)):
        back = min(line.qty - taken, returned.get(key, 0))
        if back:
            returned[key] -= back
            taken += back
    return taken


def _purchase(history: History, kept: ReportedFact[Order], line: OrderLine) -> Purchase:
    known = history.products.get(line.sku)
    return Purchase(
        line.sku,
        ms(kept.fact.placed_at),
        line.unit.amount,
        line.unit.currency,
        kept.at,
        line.gift,
        known.consumable_days if known else None,
    )
