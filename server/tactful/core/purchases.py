"""What a customer bought and kept, by product."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from tactful.core.facts import Kept, Order, ms
from tactful.core.history import History


class Purchase(Struct, frozen=True):
    """One kept order line: when, for how much each (minor units), and when we learned of it."""

    sku: str
    placed_at: int
    unit: int
    currency: str
    at: int


Purchases = Mapping[str, tuple[Purchase, ...]]
"""Product → what was bought of it, in any variant."""

NO_PURCHASES: Final[Purchases] = {}


def derive(history: History) -> Purchases:
    """Open orders count; returned, cancelled and gift lines do not (semantics, section 6)."""
    returned = _returned(history)
    found: dict[str, list[Purchase]] = defaultdict(list)
    for kept in sorted(history.orders, key=lambda k: ms(k.fact.placed_at), reverse=True):
        if kept.fact.customer == history.customer and kept.fact.status != "cancelled":
            _keep(history, kept, returned, found)
    return {product: tuple(bought) for product, bought in found.items()}


def _returned(history: History) -> dict[tuple[str | None, str], int]:
    """(order, SKU) → quantity given back; without an order, from the latest orders first."""
    counts: dict[tuple[str | None, str], int] = defaultdict(int)
    for kept in history.returns:
        if kept.fact.status != "cancelled":
            for line in kept.fact.lines:
                counts[kept.fact.order, line.sku] += line.qty
    return counts


def _keep(
    history: History,
    kept: Kept[Order],
    returned: dict[tuple[str | None, str], int],
    found: dict[str, list[Purchase]],
) -> None:
    for line in kept.fact.lines:
        qty = line.qty
        for key in ((kept.fact.order, line.sku), (None, line.sku)):
            back = min(qty, returned.get(key, 0))
            returned[key] = returned.get(key, 0) - back
            qty -= back
        if qty and not line.gift:
            known = history.products.get(line.sku)
            found[known.product if known else line.sku].append(
                Purchase(
                    line.sku, ms(kept.fact.placed_at), line.unit.amount, line.unit.currency, kept.at
                )
            )
