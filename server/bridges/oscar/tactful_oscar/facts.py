"""The shop's products, prices, stock and orders as facts, read when they are sent."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from django.utils import timezone
from oscar.core.loading import get_class, get_model

from tactful_bridge.errors import BridgeError
from tactful_oscar.amounts import minor_units
from tactful_oscar.basket_lines import item_of, offer_of
from tactful_oscar.conf import BridgeSettings
from tactful_oscar.order_sessions import session_of

Fact = dict[str, object]

_BASIS_POINTS: Final = 10_000


class OscarFacts:
    """Implements `tactful_bridge.delivery.FactReader`; a subject is `product:ID`, `order:NUMBER` or `gone:SKU`."""

    def __init__(self, chosen: BridgeSettings) -> None:
        self._chosen: Final = chosen

    def facts_of(self, subject: str) -> Sequence[Mapping[str, object]]:
        """Return the facts about a subject as they are now; none, if there is no such thing.

        The version is the instant before reading, so that of two processes that report one subject at
        the same time, the one that read later wins.
        """
        kind, _, name = subject.partition(":")
        version = instant(timezone.now())
        match kind:
            case "product":
                product = get_model("catalogue", "Product").objects.filter(pk=name).first()
                facts = [] if product is None else list(self._about_product(product))
            case "order":
                order = get_model("order", "Order").objects.filter(number=name).first()
                facts = [] if order is None else [self._about_order(order)]
            case "gone":
                facts = [{"type": "gone", "of": "product", "sku": name}]
            case _:
                raise BridgeError(f"The outbox names {subject!r}, which is no subject of facts.")
        return [{**fact, "version": version} for fact in facts]

    def _about_product(self, product: Any) -> Iterator[Fact]:
        """Yield the facts about a product, or about all variants of it."""
        if product.is_parent:
            for child in product.children.all():
                yield from self._about_product(child)
            return
        strategy = get_class("partner.strategy", "Selector")().strategy()
        info = strategy.fetch_for_product(product)
        item = item_of(info.stockrecord, info.price)
        if info.stockrecord is None:
            return
        yield self._product_fact(product, info.stockrecord.partner_sku)
        if item is not None:
            yield {
                "type": "price",
                "sku": item.sku,
                "territory": item.territory,
                "price": {"amount": item.unit, "currency": item.currency},
                "tax_included": True,
                "tax_rate_bp": tax_rate(info.price.excl_tax, info.price.tax),
            }
        is_counted = product.get_product_class().track_stock
        stock: Fact = (
            {"available": max(0, info.stockrecord.net_stock_level)}
            if is_counted
            else {"available": None, "policy": "untracked"}
        )
        yield {
            "type": "stock",
            "sku": info.stockrecord.partner_sku,
            "territory": self._chosen.territory,
            **stock,
        }

    @staticmethod
    def _product_fact(product: Any, sku: str) -> Fact:
        family = product.parent if product.is_child else product
        fact: Fact = {
            "type": "product",
            "sku": sku,
            "product": str(family.pk),
            "title": str(product.get_title()),
            "categories": [category.full_slug for category in product.get_categories()],
            "url": product.get_absolute_url(),
            "status": "active" if product.is_public and family.is_public else "discontinued",
        }
        image = product.primary_image()
        if getattr(image, "original", None) and hasattr(image.original, "url"):
            fact["image"] = image.original.url
        return fact

    def _about_order(self, order: Any) -> Fact:
        fact: Fact = {
            "type": "order",
            "order": str(order.number),
            "territory": self._chosen.territory,
            "placed_at": instant(order.date_placed),
            "status": self._status(order),
            "lines": [_order_line(line) for line in order.lines.all()],
        }
        if session := session_of(str(order.number)):
            fact["session"] = session
        if order.user_id is not None:
            fact["customer"] = str(order.user_id)
        if email := order.guest_email or (order.user.email if order.user else ""):
            fact["contact"] = {"email": email}
        return fact

    def _status(self, order: Any) -> str:
        for status, names in (
            ("cancelled", self._chosen.cancelled_statuses),
            ("delivered", self._chosen.delivered_statuses),
            ("shipped", self._chosen.shipped_statuses),
        ):
            if order.status in names:
                return status
        return "placed"


def _order_line(line: Any) -> Fact:
    paid = minor_units(line.line_price_incl_tax, line.order.currency)
    fact: Fact = {
        "sku": line.partner_sku,
        "qty": line.quantity,
        # A promotion may give a line a total that its pieces do not share evenly.
        "unit": {"amount": paid // line.quantity, "currency": line.order.currency},
        "line": str(line.pk),
    }
    if offer := offer_of(line):
        fact["offer"] = offer
    return fact


def tax_rate(net: Decimal, tax: Decimal) -> int:
    """Return a rate of tax in basis points.

    Args:
        net: The price without tax, in any unit.
        tax: The tax on it, in the same unit.
    """
    return int((tax * _BASIS_POINTS / net).quantize(Decimal(1))) if net else 0


def instant(at: datetime) -> str:
    """Return an instant in RFC 3339, UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
