"""What do the fields about the session, the cart and the visit read in a scene?

Each takes a scene and gives the value, or None where it is not known.
"""

from tactful.core.context import Scene
from tactful.core.rules.rule import NEEDS_ACTIVITY
from tactful.core.values.money import Money
from tactful.rulebook.fields.item_fields import price


def dwell(scene: Scene) -> int:
    """Engaged ms on the item, none on one that is not in view."""
    session = scene.session
    return session.dwell(scene.now) if session.focus == scene.item.sku else 0


def dwell_reached_at(scene: Scene, duration: int) -> int:
    """When the engaged time is `duration`; `WAITING` while it rests."""
    session = scene.session
    return session.dwell_reaches(duration) if session.focus == scene.item.sku else NEEDS_ACTIVITY


def age(scene: Scene) -> int:
    """How long the session has lasted."""
    return scene.now - scene.session.created_at


def age_reached_at(scene: Scene, duration: int) -> int:
    """When the session has lasted `duration`."""
    return scene.session.created_at + duration


def views(scene: Scene) -> int:
    """Items viewed."""
    return scene.session.views


def views_of_item(scene: Scene) -> int:
    """How often this item was viewed."""
    look = scene.session.viewed_item(scene.item.sku)
    return look.views if look else 0


def returned_to_item(scene: Scene) -> bool:
    """Whether the shopper left the item and came back."""
    return views_of_item(scene) >= 2


def items_viewed(scene: Scene) -> int:
    """Different items viewed."""
    return len(scene.session.viewed_items)


def pages(scene: Scene) -> int:
    """Pages opened."""
    return scene.session.pages


def searches(scene: Scene) -> int:
    """Searches made."""
    return scene.session.searches


def compares(scene: Scene) -> int:
    """Comparisons made."""
    return scene.session.compares


def exits(scene: Scene) -> int:
    """Moves towards leaving."""
    return scene.session.exits


def page(scene: Scene) -> str | None:
    """The kind of page that is open."""
    return scene.session.page


def query(scene: Scene) -> str | None:
    """What was searched for."""
    return scene.session.query


def locale(scene: Scene) -> str | None:
    """The language, with its region."""
    return scene.session.locale


def consent(scene: Scene) -> str:
    """What the shopper agreed to."""
    return scene.session.consent


def source(scene: Scene) -> str | None:
    """utm_source."""
    return scene.session.visit.source


def campaign(scene: Scene) -> str | None:
    """utm_campaign."""
    return scene.session.visit.campaign


def medium(scene: Scene) -> str | None:
    """utm_medium."""
    return scene.session.visit.medium


def referrer(scene: Scene) -> str | None:
    """The site that linked here."""
    return scene.session.visit.referrer


def link(scene: Scene) -> str | None:
    """The purpose of a signed link."""
    return scene.session.visit.link


def cart_total(scene: Scene) -> Money | None:
    """The cart at public prices; None when a price is missing or currencies differ."""
    total = 0
    here = price(scene)
    currency = here.currency if here else None
    for item, quantity in scene.cart:
        kept = item.prices.get(scene.territory) if scene.territory else None
        if kept is None or kept.fact.price.currency != (currency or kept.fact.price.currency):
            return None
        currency = kept.fact.price.currency
        total += kept.fact.price.amount * quantity
    return Money(total, currency) if currency else None


def cart_items(scene: Scene) -> int:
    """Pieces in the cart."""
    return sum(line.qty for line in scene.session.cart)


def cart_lines(scene: Scene) -> int:
    """Different items in the cart."""
    return len(scene.session.cart)


def cart_quantity(scene: Scene) -> int:
    """Pieces of this item in the cart."""
    return sum(line.qty for line in scene.session.cart if line.sku == scene.item.sku)


def cart_skus(scene: Scene) -> tuple[str, ...]:
    """The SKUs in the cart."""
    return tuple(line.sku for line in scene.session.cart)


def cart_products(scene: Scene) -> tuple[str, ...]:
    """The products in the cart."""
    return tuple(item.product_id for item, _ in scene.cart)


def cart_brands(scene: Scene) -> tuple[str, ...]:
    """The brands in the cart."""
    return tuple(item.brand for item, _ in scene.cart if item.brand)


def cart_categories(scene: Scene) -> tuple[str, ...]:
    """The category paths in the cart."""
    products = (item.product.fact for item, _ in scene.cart if item.product)
    return tuple(path for product in products for path in product.categories)
