"""Prices of offers: a mixin for the shop's pricing strategy."""

import copy
from decimal import Decimal
from typing import Any, Final

from tactful_oscar.amounts import decimal_amount
from tactful_oscar.offer_lines import line_price

_TAX_EXPONENT: Final = Decimal("0.0001")
"""Oscar keeps tax to four digits."""


class TactfulStrategyMixin:
    """Charges the promised price for basket lines that carry an offer.

    Write it before the shop's own strategy: `class Strategy(TactfulStrategyMixin, UK)`. The price is
    computed from the token on every calculation of the basket, and nothing is stored with the line.
    """

    def fetch_for_line(self, line: Any, stockrecord: Any = None) -> Any:
        """Return Oscar's `PurchaseInfo` of a basket line, at the price of its offer if it has one."""
        info = super().fetch_for_line(line, stockrecord)  # type: ignore[misc]
        found = line_price(line, info.stockrecord, info.price)
        line.has_offer_price = found is not None and found.uses_offer
        if found is None or not found.uses_offer:
            return info
        return info._replace(price=_at(info.price, found.unit))

    def fetch_without_offer(self, line: Any) -> Any:
        """Return Oscar's `PurchaseInfo` of a basket line as if it carried no offer."""
        return super().fetch_for_line(line, line.stockrecord)  # type: ignore[misc]


def _at(own: Any, unit: int) -> Any:
    """Return a pricing policy of the same kind, at another price with the same rate of tax.

    Args:
        own: The shop's own pricing policy, whose tax is known.
        unit: The price with tax, in minor units.
    """
    gross = decimal_amount(unit, own.currency)
    net = (gross * own.excl_tax / own.incl_tax).quantize(_TAX_EXPONENT)
    price = copy.copy(own)
    price.excl_tax = net if own.tax else gross
    price.tax = gross - price.excl_tax
    return price
