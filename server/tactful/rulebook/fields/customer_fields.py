"""Readers of the fields on a verified customer.

Each takes a scene and returns the value. Instants are milliseconds since the Unix epoch, UTC. The
readers with a parameter `since` count only what happened since that instant; 0 counts everything.
All readers return None for a shopper whose identity is not verified, or whose history may not be
used.
"""

from collections.abc import Iterable, Iterator

from tactful.core.context import Scene
from tactful.core.facts.fact_types import Order, Return, ms
from tactful.core.facts.history import History
from tactful.core.facts.purchases import Purchase
from tactful.core.values.calendar import to_local
from tactful.core.values.money import Money
from tactful.rulebook.fields.item_fields import price


def known(scene: Scene) -> bool | None:
    """Return True for a verified customer.

    The result is None for every other shopper, not False. Without consent the shop may not use
    whether a shopper is a customer. A rule on False would do that.
    """
    return True if scene.profile else None


def tier(scene: Scene) -> str | None:
    """Return the loyalty tier."""
    about = scene.history.about if scene.history else None
    return about.fact.tier if about else None


def segments(scene: Scene) -> tuple[str, ...] | None:
    """Return the segments."""
    about = scene.history.about if scene.history else None
    return about.fact.segments if about else () if scene.history else None


def attribute(scene: Scene, name: str) -> str | int | bool | None:
    """Return an attribute of the customer."""
    about = scene.history.about if scene.history else None
    return (about.fact.attributes or {}).get(name) if about else None


def age(scene: Scene) -> int | None:
    """Return the highest age in full years that the year of birth allows."""
    about = scene.history.about if scene.history else None
    born = about.fact.birth_year if about else None
    return to_local(scene.now, "UTC").year - born if born else None


def orders(scene: Scene, since: int) -> int | None:
    """Return the number of orders placed since an instant and not cancelled."""
    history = scene.history
    return None if history is None else sum(1 for _ in _orders(history, since))


def spent(scene: Scene, since: int) -> Money | None:
    """Return the amount paid since an instant, in the currency of the public price.

    Unpaid orders and units that were cancelled or refunded do not count. Orders in other currencies
    are left out, as nothing is converted.
    """
    history, here = scene.history, price(scene)
    if history is None or here is None:
        return None
    total = sum(
        line.unit.amount * (line.kept_qty - line.refunded_qty)
        for order in _orders(history, since)
        if order.paid
        for line in order.lines
        if line.unit.currency == here.currency
    )
    return Money(total, here.currency)


def last_order(scene: Scene) -> int | None:
    """Return when the last order was placed, as an instant."""
    history = scene.history
    placed = (ms(order.placed_at) for order in _orders(history, 0)) if history else ()
    return max(placed, default=None)


def bought_skus(scene: Scene, since: int) -> tuple[str, ...] | None:
    """Return the SKUs bought since an instant and kept."""
    if scene.profile is None:
        return None
    return _unique(purchase.sku for _, purchase in _kept_purchases(scene, since))


def bought_products(scene: Scene, since: int) -> tuple[str, ...] | None:
    """Return the products bought since an instant and kept."""
    if scene.profile is None:
        return None
    return _unique(product for product, _ in _kept_purchases(scene, since))


def bought_brands(scene: Scene, since: int) -> tuple[str, ...] | None:
    """Return the brands bought since an instant and kept."""
    history = scene.history
    if history is None:
        return None
    known_products = (history.products.get(p.sku) for _, p in _kept_purchases(scene, since))
    return _unique(product.brand for product in known_products if product and product.brand)


def bought_categories(scene: Scene, since: int) -> tuple[str, ...] | None:
    """Return the category paths of products bought since an instant and kept."""
    history = scene.history
    if history is None:
        return None
    known_products = (history.products.get(p.sku) for _, p in _kept_purchases(scene, since))
    return _unique(path for product in known_products if product for path in product.categories)


def bought_this(scene: Scene) -> int | None:
    """Return when this product was last bought and kept, in any variant, as an instant."""
    if scene.profile is None:
        return None
    purchases = scene.profile.purchases.get(scene.item.product_id, ())
    return max((one.placed_at for one in purchases if not one.linked), default=None)


def returned_skus(scene: Scene, since: int) -> tuple[str, ...] | None:
    """Return the SKUs returned since an instant."""
    history = scene.history
    if history is None:
        return None
    return tuple(line.sku for one in _returns(history, since) for line in one.lines)


def returns(scene: Scene, since: int) -> int | None:
    """Return the number of returns since an instant."""
    history = scene.history
    if history is None:
        return None
    return sum(1 for _ in _returns(history, since))


def _unique(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))


def _orders(history: History, since: int) -> Iterator[Order]:
    for reported in history.orders:
        order = reported.fact
        own = order.customer == history.customer
        if own and order.status != "cancelled" and ms(order.placed_at) >= since:
            yield order


def _returns(history: History, since: int) -> Iterator[Return]:
    """Yield the returns since an instant; those that only a contact links to the customer give nothing."""
    for reported in history.returns:
        back = reported.fact
        linked = back.customer != history.customer and history.concerns(back)
        if not linked and back.status != "cancelled" and ms(back.at) >= since:
            yield back


def _kept_purchases(scene: Scene, since: int) -> Iterator[tuple[str, Purchase]]:
    purchases = scene.profile.purchases if scene.profile else {}
    return (
        (product, purchase)
        for product, bought in purchases.items()
        for purchase in bought
        if purchase.placed_at >= since and not purchase.linked
    )
