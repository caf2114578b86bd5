"""Who is in the demo shop, and what is in their cart?"""

import secrets
from collections import OrderedDict
from typing import Any, Final

from msgspec import Struct

from tactful.demo import catalogue, demo_customers
from tactful.demo.catalogue import Article, Variant
from tactful.demo.demo_customers import DemoCustomer

MAX_VISITORS: Final = 1000
"""Visitors that are remembered; the one who came first is forgotten first."""
MAX_QUANTITY: Final = 9


class AcceptedOffer(Struct, frozen=True):
    """An offer that was accepted: its token, and the price of one in cents."""

    offer: str
    token: str
    unit: int
    max_qty: int
    ends_at: int
    """ms"""


class PricedCartLine(Struct, frozen=True):
    """A line of a cart, priced. Amounts in cents."""

    article: Article
    variant: Variant
    qty: int
    price: int
    accepted_offer: AcceptedOffer | None = None

    @property
    def unit(self) -> int:
        """What one costs now; never more than anybody pays."""
        return min(self.price, self.accepted_offer.unit) if self.accepted_offer else self.price

    @property
    def total(self) -> int:
        """What the line costs: beyond what was promised, the public price."""
        good_for = min(self.qty, self.accepted_offer.max_qty) if self.accepted_offer else 0
        return self.unit * good_for + self.price * (self.qty - good_for)


class Visitor:
    """One browser's visit to the shop."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.customer: str | None = None
        self.just_logged_out = False
        """Logged out, and the widget has not heard of it yet."""
        self.cart: dict[str, int] = {}
        self.accepted_offers: dict[str, AcceptedOffer] = {}
        """SKU → the accepted offer."""
        self.notice: str | None = None
        """Something to be said once."""

    @property
    def shopper(self) -> DemoCustomer | None:
        """Who is logged in."""
        return demo_customers.BY_ID.get(self.customer) if self.customer else None

    @property
    def count(self) -> int:
        """Pieces in the cart."""
        return sum(self.cart.values())

    def set_quantity(self, sku: str, qty: int) -> None:
        """So many of an SKU, from now on; 0 takes it out."""
        if qty > 0:
            self.cart[sku] = min(qty, MAX_QUANTITY)
        else:
            self.cart.pop(sku, None)

    def log_in(self, customer: str) -> None:
        """Log in; what another one had is not theirs."""
        if self.customer not in {None, customer}:
            self.log_out()
        self.customer = customer
        self.just_logged_out = False

    def log_out(self) -> None:
        """Log out, and leave nothing behind."""
        self.just_logged_out = self.customer is not None
        self.customer = None
        self.cart.clear()
        self.accepted_offers.clear()

    def priced_lines(self, prices: dict[str, int], now: int) -> list[PricedCartLine]:
        """The cart at the public prices (SKU → cents) and the promises that still hold."""
        found = []
        for sku, qty in self.cart.items():
            article, variant = catalogue.BY_SKU[sku]
            promise = self.accepted_offers.get(sku)
            if promise and promise.ends_at <= now:
                promise = None
            found.append(
                PricedCartLine(article, variant, qty, prices.get(sku, article.price), promise)
            )
        return found

    def pop_notice(self) -> str | None:
        """The notice, once."""
        notice, self.notice = self.notice, None
        return notice

    def page_data(self, identity: str | None) -> dict[str, Any]:
        """What the shop's script may know: for the widget, and nothing else."""
        left, self.just_logged_out = self.just_logged_out, False
        return {
            "identity": identity,
            "consent": "personal" if identity else "anonymous",
            "logout": left,
            "cart": [{"sku": sku, "qty": qty} for sku, qty in self.cart.items()],
        }


class Visitors:
    """All who came since the demo started."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Visitor] = OrderedDict()

    def get(self, key: str | None) -> Visitor:
        """The visitor of a cookie, or a new one."""
        known = self._known.get(key) if key else None
        if known is None:
            known = Visitor(secrets.token_urlsafe(16))
            self._known[known.key] = known
            if len(self._known) > MAX_VISITORS:
                self._known.popitem(last=False)
        return known
