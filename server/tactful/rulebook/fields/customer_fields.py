"""What do the fields about a verified customer read in a scene?

Each takes a scene, or a scene and the instant since which to count, and gives None where nobody is
known or the shopper has not agreed.
"""

from collections.abc import Iterable, Iterator

from tactful.core.context import Scene
from tactful.core.facts.fact_types import Order, ms
from tactful.core.facts.history import History
from tactful.core.facts.purchases import Purchase
from tactful.core.values.calendar import to_local
from tactful.core.values.money import Money
from tactful.rulebook.fields.item_fields import price


def known(scene: Scene) -> bool | None:
    """True for a verified customer; None, not False, for others."""
    return True if scene.profile else None


def tier(scene: Scene) -> str | None:
    """The loyalty tier."""
    about = scene.history.about if scene.history else None
    return about.fact.tier if about else None


def segments(scene: Scene) -> tuple[str, ...] | None:
    """The segments."""
    about = scene.history.about if scene.history else None
    return about.fact.segments if about else () if scene.history else None


def attribute(scene: Scene, name: str) -> str | int | bool | None:
    """An attribute of the customer."""
    about = scene.history.about if scene.history else None
    return (about.fact.attributes or {}).get(name) if about else None


def age(scene: Scene) -> int | None:
    """Full years at the most, from the year of birth."""
    about = scene.history.about if scene.history else None
    born = about.fact.birth_year if about else None
    return to_local(scene.now, "UTC").year - born if born else None


def orders(scene: Scene, since: int) -> int | None:
    """Orders placed since an instant and not cancelled."""
    history = scene.history
    return None if history is None else sum(1 for _ in _orders(history, since))


def spent(scene: Scene, since: int) -> Money | None:
    """What they paid since an instant, in the currency of the public price here."""
    history, here = scene.history, price(scene)
    if history is None or here is None:
        return None
    total = sum(
        line.unit.amount * line.qty
        for order in _orders(history, since)
        for line in order.lines
        if line.unit.currency == here.currency
    )
    return Money(total, here.currency)


def last_order(scene: Scene) -> int | None:
    """When the last order was placed."""
    history = scene.history
    placed = (ms(order.placed_at) for order in _orders(history, 0)) if history else ()
    return max(placed, default=None)


def bought_skus(scene: Scene, since: int) -> tuple[str, ...] | None:
    """The SKUs bought and kept."""
    if scene.profile is None:
        return None
    return _once(purchase.sku for _, purchase in _kept(scene, since))


def bought_products(scene: Scene, since: int) -> tuple[str, ...] | None:
    """The products bought and kept."""
    if scene.profile is None:
        return None
    return _once(product for product, _ in _kept(scene, since))


def bought_brands(scene: Scene, since: int) -> tuple[str, ...] | None:
    """The brands bought and kept."""
    history = scene.history
    if history is None:
        return None
    known_products = (history.products.get(p.sku) for _, p in _kept(scene, since))
    return _once(product.brand for product in known_products if product and product.brand)


def bought_categories(scene: Scene, since: int) -> tuple[str, ...] | None:
    """The category paths of what was bought and kept."""
    history = scene.history
    if history is None:
        return None
    known_products = (history.products.get(p.sku) for _, p in _kept(scene, since))
    return _once(path for product in known_products if product for path in product.categories)


def bought_this(scene: Scene) -> int | None:
    """When this product was last bought and kept, in any variant."""
    if scene.profile is None:
        return None
    kept = scene.profile.purchases.get(scene.item.product_id, ())
    return max((purchase.placed_at for purchase in kept), default=None)


def returned_skus(scene: Scene, since: int) -> tuple[str, ...] | None:
    """The SKUs sent back."""
    history = scene.history
    if history is None:
        return None
    return tuple(
        line.sku
        for kept in history.returns
        if kept.fact.status != "cancelled" and ms(kept.fact.at) >= since
        for line in kept.fact.lines
    )


def returns(scene: Scene, since: int) -> int | None:
    """How often something was sent back."""
    history = scene.history
    if history is None:
        return None
    return sum(
        1
        for kept in history.returns
        if kept.fact.status != "cancelled" and ms(kept.fact.at) >= since
    )


def _once(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))


def _orders(history: History, since: int) -> Iterator[Order]:
    for kept in history.orders:
        order = kept.fact
        own = order.customer == history.customer
        if own and order.status != "cancelled" and ms(order.placed_at) >= since:
            yield order


def _kept(scene: Scene, since: int) -> Iterator[tuple[str, Purchase]]:
    purchases = scene.profile.purchases if scene.profile else {}
    return (
        (product, purchase)
        for product, bought in purchases.items()
        for purchase in bought
        if purchase.placed_at >= since
    )
