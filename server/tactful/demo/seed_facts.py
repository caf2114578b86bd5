"""Facts that the demo shop reports when it starts."""

from typing import Any, Final

from tactful.core.values.calendar import DAY, format_rfc3339
from tactful.demo import demo_customers
from tactful.demo.catalogue import ARTICLES, Article, Variant

TERRITORY: Final = "DE"
CURRENCY: Final = "EUR"
TAX_BP: Final = 1900
PRICE_AGE: Final = 200 * DAY
"""Milliseconds that prices have not changed: long enough for a prior price to be shown."""

Facts = list[dict[str, Any]]


def seed_facts(now: int) -> Facts:
    """Return all facts of the catalogue and the customers; `now`: milliseconds since the epoch."""
    catalogue_facts = [
        fact for article in ARTICLES for fact in _of_article(article, now - PRICE_AGE)
    ]
    return [*catalogue_facts, *demo_customers.history_facts(now)]


def _of_article(article: Article, since: int) -> Facts:
    found: Facts = []
    for variant in article.variants:
        found += [
            _product(article, variant),
            price_fact(article, variant.sku, article.price, since),
            {"type": "cost", "sku": variant.sku, "cost": _money(article.cost)},
            stock_fact(variant.sku, variant.stock),
        ]
    return found


def _product(article: Article, variant: Variant) -> dict[str, Any]:
    fact: dict[str, Any] = {
        "type": "product",
        "sku": variant.sku,
        "product": article.id,
        "title": article.title,
        "brand": article.brand,
        "categories": [article.category],
        "attributes": {"size": variant.size},
        "url": f"{article.path}?size={variant.size}",
        "image": article.picture,
    }
    if article.consumable_days:
        fact["consumable_days"] = article.consumable_days
    return fact


def price_fact(article: Article, sku: str, amount: int, since: int) -> dict[str, Any]:
    """Return the price fact of one size: `amount` in cents, from `since` (milliseconds) on."""
    return {
        "type": "price",
        "sku": sku,
        "territory": TERRITORY,
        "price": _money(amount),
        "tax_included": True,
        "tax_rate_bp": TAX_BP,
        "list": _money(article.price),
        "target": _money(article.target),
        "since": format_rfc3339(since),
    }


def stock_fact(sku: str, available: int) -> dict[str, Any]:
    """Return the stock fact of one size."""
    return {"type": "stock", "sku": sku, "territory": TERRITORY, "available": available}


def _money(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": CURRENCY}
