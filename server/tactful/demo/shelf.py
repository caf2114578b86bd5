"""Price and stock of a product as its page shows them, at the load and while it is open."""

from typing import Any

from tactful.demo.catalogue import Article, Variant
from tactful.demo.pages import euros

FEW = 4
"""Up to so many pieces of a size are counted on the page."""


def shelf(
    article: Article,
    chosen: Variant,
    prices: dict[str, int],
    stock: dict[str, int],
    promised: dict[str, int],
) -> dict[str, Any]:
    """Return what the page of a product shows about one size, as JSON data.

    Args:
        article: The product.
        chosen: The size that is shown.
        prices: SKU → public price in cents.
        stock: SKU → available pieces of each size of the product.
        promised: SKU → pieces that the accepted offers of other shoppers hold.

    Returns:
        `price` and `was` (None: not reduced) in words, the price in `cents`, `left` in words, whether `few` are left,
        whether it can be `bought`, the `button`, and the sizes that are `gone`.
    """
    price = prices.get(chosen.sku, article.price)
    there = stock.get(chosen.sku, 0)
    left = there - promised.get(chosen.sku, 0)
    return {
        "price": euros(price),
        "cents": price,
        "was": euros(article.price) if price < article.price else None,
        "left": _left(there, left, chosen.size),
        "few": left <= 1,
        "bought": left > 0,
        "button": "Add to cart" if left > 0 else "Reserved" if there > 0 else "Sold out",
        "gone": [one.size for one in article.variants if stock.get(one.sku, 0) <= 0],
    }


def _left(there: int, left: int, size: str) -> str:
    if left > FEW:
        return "In stock"
    if left > 1:
        return f"Only {left} left"
    if left == 1:
        return "The last one"
    return "Reserved for another shopper" if there > 0 else f"None left in {size}"


def structured_data(
    article: Article,
    chosen: Variant,
    prices: dict[str, int],
    stock: dict[str, int],
    base: str,
) -> dict[str, Any]:
    """Return a product's JSON-LD (schema.org), from which the widget learns what the page is about."""
    price = prices.get(chosen.sku, article.price)
    there = stock.get(chosen.sku, 0) > 0
    return {
        "@context": "https://schema.org",
        "@type": "Product",
        "sku": chosen.sku,
        "name": article.title,
        "brand": {"@type": "Brand", "name": article.brand},
        "image": base.rstrip("/") + article.picture,
        "offers": {
            "@type": "Offer",
            "price": f"{price // 100}.{price % 100:02d}",
            "priceCurrency": "EUR",
            "availability": f"https://schema.org/{'InStock' if there else 'OutOfStock'}",
        },
    }
