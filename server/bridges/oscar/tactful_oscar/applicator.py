"""Promotions of the shop beside offers: a mixin for Oscar's applicator."""

from typing import Any


class TactfulApplicatorMixin:
    """Excludes basket lines at the price of an offer from the shop's own promotions and vouchers.

    A promotion on top would go below the promise, and below the price floor of its rule. Write the
    mixin before Oscar's class: `class Applicator(TactfulApplicatorMixin, CoreApplicator)`.
    """

    def apply_offers(self, basket: Any, offers: Any) -> None:
        """Apply promotions to all other lines."""
        for line in basket.all_lines():
            # The price is computed here because it decides what the line may take part in.
            if line.purchase_info and getattr(line, "has_offer_price", False):
                # Oscar asks this of every line. The instance belongs to this basket alone.
                line.product.is_discountable = False
        super().apply_offers(basket, offers)  # type: ignore[misc]
