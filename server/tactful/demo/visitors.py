"""Visitors of the demo shop: their login, cart and accepted offers."""

import secrets
from collections import OrderedDict
from typing import Any, Final

from msgspec import Struct

from tactful.demo import catalogue, demo_customers
from tactful.demo.catalogue import Article, Variant
from tactful.demo.demo_customers import DemoCustomer

MAX_VISITORS: Final = 1000
"""Visitors that are remembered; the oldest is forgotten first."""
MAX_QUANTITY: Final = 9
"""Largest number of pieces of one SKU in a cart."""


class AcceptedOffer(Struct, frozen=True):
    """An accepted offer with its token."""

    offer: str
    token: str
    unit: int
    """Price of one piece, in cents."""
    max_qty: int
    ends_at: int
    """Milliseconds since the Unix epoch, UTC."""


class PricedCartLine(Struct, frozen=True):
    """A line of a cart with its price. Amounts are cents."""

    article: Article
    variant: Variant
    qty: int
    price: int
    accepted_offer: AcceptedOffer | None = None

    @property
    def unit(self) -> int:
        """Price of one piece: the lower of the public price and the offer's."""
        return min(self.price, self.accepted_offer.unit) if self.accepted_offer else self.price

    @property
    def total(self) -> int:
        """Price of the line; pieces beyond the offer's quantity cost the public price."""
        good_for = min(self.qty, self.accepted_offer.max_qty) if self.accepted_offer else 0
        return self.unit * good_for + self.price * (self.qty - good_for)


class Visitor:
    """One browser's visit to the shop."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.customer: str | None = None
        self.just_logged_out = False
        """Whether a logout has not been passed to the widget yet."""
        self.cart: dict[str, int] = {}
        self.accepted_offers: dict[str, AcceptedOffer] = {}
        """SKU → accepted offer."""
        self.notice: str | None = None
        """A message that the next page shows once."""
        self.in_story = False
        """Whether it is a shopper of the story, whose pages bear its key in their URLs."""

    @property
    def shopper(self) -> DemoCustomer | None:
        """The customer who is logged in; None: nobody is."""
        return demo_customers.BY_ID.get(self.customer) if self.customer else None

    @property
    def count(self) -> int:
        """Pieces in the cart."""
        return sum(self.cart.values())

    def set_quantity(self, sku: str, qty: int) -> None:
        """Set the quantity of an SKU in the cart; 0 removes it."""
        if qty > 0:
            self.cart[sku] = min(qty, MAX_QUANTITY)
        else:
            self.cart.pop(sku, None)

    def log_in(self, customer: str) -> None:
        """Log a customer in; the cart of another customer is emptied first."""
        if self.customer not in {None, customer}:
            self.log_out()
        self.customer = customer
        self.just_logged_out = False

    def log_out(self) -> None:
        """Log out, and empty the cart."""
        self.just_logged_out = self.customer is not None
        self.customer = None
        self.cart.clear()
        self.accepted_offers.clear()

    def priced_lines(self, prices: dict[str, int], now: int) -> list[PricedCartLine]:
        """Return the lines of the cart at public prices, and with offers that have not ended.

        Args:
            prices: SKU → public price in cents.
            now: Milliseconds since the Unix epoch, UTC.
        """
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
        """Return the notice, and clear it."""
        notice, self.notice = self.notice, None
        return notice

    def page_data(self, identity: str | None) -> dict[str, Any]:
        """Return the data that the shop's script passes on to the widget."""
        left, self.just_logged_out = self.just_logged_out, False
        return {
            "identity": identity,
            "consent": "personal" if identity else "anonymous",
            "logout": left,
            "cart": [{"sku": sku, "qty": qty} for sku, qty in self.cart.items()],
        }


class Visitors:
    """All visitors since the demo started."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Visitor] = OrderedDict()

    def __len__(self) -> int:
        """Return how many visitors are remembered."""
        return len(self._known)

    def promised(self, key: str | None, now: int) -> dict[str, int]:
        """Return SKU → pieces in the carts of others that accepted offers hold for them.

        Args:
            key: Whose page asks.
            now: Milliseconds since the Unix epoch, UTC.
        """
        found: dict[str, int] = {}
        for visitor in self._known.values():
            for sku, accepted in visitor.accepted_offers.items():
                if visitor.key != key and accepted.ends_at > now:
                    held = min(visitor.cart.get(sku, 0), accepted.max_qty)
                    found[sku] = found.get(sku, 0) + held
        return found

    def of_story(self, customer: str) -> Visitor:
        """Return a new visitor of the story, who is logged in as a customer."""
        visitor = self.get(None)
        visitor.in_story = True
        visitor.log_in(customer)
        return visitor

    def get(self, key: str | None) -> Visitor:
        """Return the visitor of a cookie, or a new one."""
        known = self._known.get(key) if key else None
        if known is None:
            known = Visitor(secrets.token_urlsafe(16))
            self._known[known.key] = known
            if len(self._known) > MAX_VISITORS:
                self._known.popitem(last=False)
        return known
