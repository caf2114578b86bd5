"""Readers of the fields on the session, the cart and the visit.

Each takes a scene and returns the value, or None where the value is not known. Instants are
milliseconds since the Unix epoch, UTC.
"""

from tactful.core.context import Scene
from tactful.core.rules.rule import NEEDS_ACTIVITY
from tactful.core.values.money import Money
from tactful.rulebook.fields.item_fields import price


def dwell(scene: Scene) -> int:
    """Return the engaged time on the item, in milliseconds; 0 for an item that is not in view."""
    session = scene.session
    return session.dwell(scene.now) if session.focus == scene.item.sku else 0


def dwell_reached_at(scene: Scene, duration: int) -> int:
    """Return the instant at which the engaged time reaches a duration (milliseconds).

    `NEEDS_ACTIVITY` while the shopper is not active on the item.
    """
    session = scene.session
    return session.dwell_reaches(duration) if session.focus == scene.item.sku else NEEDS_ACTIVITY


def age(scene: Scene) -> int:
    """Return the time since the session began, in milliseconds."""
    return scene.now - scene.session.created_at


def age_reached_at(scene: Scene, duration: int) -> int:
    """Return the instant at which the session reaches an age (milliseconds)."""
    return scene.session.created_at + duration


def views(scene: Scene) -> int:
    """Return the number of item pages opened."""
    return scene.session.views


def views_of_item(scene: Scene) -> int:
    """Return the number of times that this item was opened."""
    look = scene.session.viewed_item(scene.item.sku)
    return look.views if look else 0


def returned_to_item(scene: Scene) -> bool:
    """Return whether the shopper left the item and came back."""
    return views_of_item(scene) >= 2


def items_viewed(scene: Scene) -> int:
    """Return the number of different items opened."""
    return len(scene.session.viewed_items)


def pages(scene: Scene) -> int:
    """Return the number of pages opened."""
    return scene.session.pages


def searches(scene: Scene) -> int:
    """Return the number of searches."""
    return scene.session.searches


def compares(scene: Scene) -> int:
    """Return the number of comparisons."""
    return scene.session.compares


def exits(scene: Scene) -> int:
    """Return the number of times that the shopper moved to leave the page."""
    return scene.session.exits


def page(scene: Scene) -> str | None:
    """Return the kind of the open page."""
    return scene.session.page


def query(scene: Scene) -> str | None:
    """Return the text of the search."""
    return scene.session.query


def locale(scene: Scene) -> str | None:
    """Return the language of the page, with its region."""
    return scene.session.locale


def consent(scene: Scene) -> str:
    """Return the consent of the shopper."""
    return scene.session.consent


def source(scene: Scene) -> str | None:
    """Return `utm_source` of the visit."""
    return scene.session.visit.source


def campaign(scene: Scene) -> str | None:
    """Return `utm_campaign` of the visit."""
    return scene.session.visit.campaign


def medium(scene: Scene) -> str | None:
    """Return `utm_medium` of the visit."""
    return scene.session.visit.medium


def referrer(scene: Scene) -> str | None:
    """Return the site that linked to the shop."""
    return scene.session.visit.referrer


def link(scene: Scene) -> str | None:
    """Return the purpose of the signed link that was followed."""
    return scene.session.visit.link


def cart_total(scene: Scene) -> Money | None:
    """Return the value of the cart at public prices.

    None when a price is missing or the currencies differ.
    """
    total = 0
    here = price(scene)
    currency = here.currency if here else None
    for item, quantity in scene.cart:
        reported = item.price_at(scene.territory, scene.now) if scene.territory else None
        if reported is None or reported.fact.price.currency != (
            currency or reported.fact.price.currency
        ):
            return None
        currency = reported.fact.price.currency
        total += reported.fact.price.amount * quantity
    return Money(total, currency) if currency else None


def cart_items(scene: Scene) -> int:
    """Return the number of pieces in the cart."""
    return sum(line.qty for line in scene.session.cart)


def cart_lines(scene: Scene) -> int:
    """Return the number of different items in the cart."""
    return len(scene.session.cart)


def cart_quantity(scene: Scene) -> int:
    """Return the number of pieces of this item in the cart."""
    return sum(line.qty for line in scene.session.cart if line.sku == scene.item.sku)


def cart_skus(scene: Scene) -> tuple[str, ...]:
    """Return the SKUs in the cart."""
    return tuple(line.sku for line in scene.session.cart)


def cart_products(scene: Scene) -> tuple[str, ...]:
    """Return the products in the cart."""
    return tuple(item.product_id for item, _ in scene.cart)


def cart_brands(scene: Scene) -> tuple[str, ...]:
    """Return the brands in the cart."""
    return tuple(item.brand for item, _ in scene.cart if item.brand)


def cart_categories(scene: Scene) -> tuple[str, ...]:
    """Return the category paths in the cart."""
    products = (item.product.fact for item, _ in scene.cart if item.product)
    return tuple(path for product in products for path in product.categories)
