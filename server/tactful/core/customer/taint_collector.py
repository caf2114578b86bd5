"""Collection of a customer's taints by scope, whatever the order of the facts."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from tactful.core.customer.taints import Taint, Taints
from tactful.core.facts.history import History
from tactful.core.rules.policy import Scope


class TaintCollector:
    """Collects taints under the SKUs, products and brands that they concern, or the shop."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.skus: dict[str, set[Taint]] = defaultdict(set)
        self.products: dict[str, set[Taint]] = defaultdict(set)
        self.brands: dict[str, set[Taint]] = defaultdict(set)
        self.shop: set[Taint] = set()

    def add(self, scope: Scope, skus: Iterable[str], taint: Taint) -> None:
        """Add a taint at the level of `scope`.

        The scope `brand` taints the product as well. Without a known brand, it taints only the
        product.
        """
        if scope == "shop":
            self.shop.add(taint)
            return
        for sku in skus:
            if scope == "variant":
                self.skus[sku].add(taint)
            else:
                self.products[self.history.product_id(sku)].add(taint)
            brand = self.history.brand(sku)
            if scope == "brand" and brand:
                self.brands[brand].add(taint)

    def taints(self, causes: Mapping[str, tuple[str, ...]]) -> Taints:
        """Return what was collected, in an order that does not depend on the order of the facts."""
        return Taints(
            _sorted(self.skus), _sorted(self.products), _sorted(self.brands),
            _in_order(self.shop), causes,
        )  # fmt: skip


def _sorted(found: Mapping[str, set[Taint]]) -> dict[str, tuple[Taint, ...]]:
    return {key: _in_order(found[key]) for key in sorted(found)}


def _in_order(taints: Iterable[Taint]) -> tuple[Taint, ...]:
    return tuple(sorted(taints, key=lambda one: (one.since, one.cause, one.reason, one.at)))
