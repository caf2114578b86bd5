"""What do the fields about the item, its price and the place read in a scene?

Each takes a scene and gives the value, or None where the shop has not said.
"""

from tactful.core.context import Scene
from tactful.core.facts.fact_types import ms
from tactful.core.values.money import BP, Money


def sku(scene: Scene) -> str:
    """The variant."""
    return scene.item.sku


def product(scene: Scene) -> str:
    """The product; an unknown SKU is its own."""
    return scene.item.product_id


def brand(scene: Scene) -> str | None:
    """The brand."""
    return scene.item.brand


def title(scene: Scene) -> str | None:
    """The title."""
    return scene.product.title if scene.product else None


def categories(scene: Scene) -> tuple[str, ...] | None:
    """All category paths."""
    return scene.product.categories if scene.product else None


def attribute(scene: Scene, name: str) -> str | int | bool | None:
    """An attribute of the product."""
    return (scene.product.attributes or {}).get(name) if scene.product else None


def stock(scene: Scene) -> int | None:
    """How many can be sold here."""
    return scene.available


def stock_reported(scene: Scene) -> int | None:
    """When the stock here was last reported."""
    return scene.item.stock_at(scene.territory) if scene.territory else None


def price(scene: Scene) -> Money | None:
    """The public price."""
    kept = scene.price
    return kept.fact.price if kept else None


def list_price(scene: Scene) -> Money | None:
    """The list price; without one, the public price."""
    kept = scene.price
    return (kept.fact.list or kept.fact.price) if kept else None


def target_price(scene: Scene) -> Money | None:
    """The price this territory wants to reach."""
    kept = scene.price
    return kept.fact.target if kept else None


def discount(scene: Scene) -> int | None:
    """How far the public price is below the list price, in basis points, rounded down."""
    now, before = price(scene), list_price(scene)
    if now is None or before is None or now.currency != before.currency or before.amount <= 0:
        return None
    return max(0, BP * (before.amount - now.amount) // before.amount)


def on_sale(scene: Scene) -> bool | None:
    """Whether the public price is below the list price."""
    now, before = price(scene), list_price(scene)
    if now is None or before is None or now.currency != before.currency:
        return None
    return now.amount < before.amount


def price_since(scene: Scene) -> int | None:
    """Since when the public price is what it is."""
    kept = scene.price
    return None if kept is None else ms(kept.fact.since) if kept.fact.since else kept.at


def consumable(scene: Scene) -> bool | None:
    """Whether it is used up and bought again."""
    return scene.product.consumable_days is not None if scene.product else None


def is_bundle(scene: Scene) -> bool | None:
    """Whether it has components."""
    return bool(scene.product.components) if scene.product else None


def territory(scene: Scene) -> str | None:
    """Where the shopper is."""
    return scene.territory


def currency(scene: Scene) -> str | None:
    """The currency of the public price."""
    now = price(scene)
    return now.currency if now else None
