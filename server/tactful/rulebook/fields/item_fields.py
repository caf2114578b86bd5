"""Readers of the fields on the item, its price and the territory.

Each takes a scene and returns the value, or None where the shop has not reported it. Instants are
milliseconds since the Unix epoch, UTC.
"""

from typing import Final

from tactful.core.context import Scene
from tactful.core.facts.fact_types import ms
from tactful.core.values.money import BP, Money

UNLIMITED: Final = 10**12
"""Quantity of an item whose stock limits nothing (server/SEMANTICS.md, section 6, rule 6).

It is larger than every number that a rule file can have.
"""


def sku(scene: Scene) -> str:
    """Return the SKU of the item in view."""
    return scene.item.sku


def product(scene: Scene) -> str:
    """Return the id of the product; the SKU for an unknown item."""
    return scene.item.product_id


def brand(scene: Scene) -> str | None:
    """Return the brand."""
    return scene.item.brand


def title(scene: Scene) -> str | None:
    """Return the title."""
    return scene.product.title if scene.product else None


def categories(scene: Scene) -> tuple[str, ...] | None:
    """Return all category paths."""
    return scene.product.categories if scene.product else None


def attribute(scene: Scene, name: str) -> str | int | bool | None:
    """Return an attribute of the product."""
    return (scene.product.attributes or {}).get(name) if scene.product else None


def stock(scene: Scene) -> int | None:
    """Return the quantity that can be sold in the territory; `UNLIMITED` where nobody counts it."""
    available = scene.available
    if available is None and scene.territory and not scene.item.is_counted(scene.territory):
        return UNLIMITED
    return available


def stock_reported(scene: Scene) -> int | None:
    """Return when the stock in the territory was last reported, as an instant."""
    return scene.item.stock_at(scene.territory) if scene.territory else None


def price(scene: Scene) -> Money | None:
    """Return the public price in the territory."""
    reported = scene.price
    return reported.fact.price if reported else None


def list_price(scene: Scene) -> Money | None:
    """Return the list price; without one, the public price."""
    reported = scene.price
    return (reported.fact.list or reported.fact.price) if reported else None


def target_price(scene: Scene) -> Money | None:
    """Return the price that the territory wants to reach."""
    reported = scene.price
    return reported.fact.target if reported else None


def discount(scene: Scene) -> int | None:
    """Return how far the public price is below the list price, in basis points, rounded down."""
    now, before = price(scene), list_price(scene)
    if now is None or before is None or now.currency != before.currency or before.amount <= 0:
        return None
    return max(0, BP * (before.amount - now.amount) // before.amount)


def on_sale(scene: Scene) -> bool | None:
    """Return whether the public price is below the list price."""
    now, before = price(scene), list_price(scene)
    if now is None or before is None or now.currency != before.currency:
        return None
    return now.amount < before.amount


def price_since(scene: Scene) -> int | None:
    """Return the instant since which the public price has been valid.

    Without a `since` in the price fact, this is the instant of its report.
    """
    reported = scene.price
    return (
        None
        if reported is None
        else ms(reported.fact.since)
        if reported.fact.since
        else reported.at
    )


def consumable(scene: Scene) -> bool | None:
    """Return whether the product is used up and bought again."""
    return scene.product.consumable_days is not None if scene.product else None


def is_bundle(scene: Scene) -> bool | None:
    """Return whether the item has components."""
    return bool(scene.product.components) if scene.product else None


def territory(scene: Scene) -> str | None:
    """Return the territory of the shopper."""
    return scene.territory


def currency(scene: Scene) -> str | None:
    """Return the currency of the public price."""
    now = price(scene)
    return now.currency if now else None
