"""Titles of items and products, which pages show instead of ids."""

from collections.abc import Iterable, Mapping

from tactful.core.facts.history import History
from tactful.runtime.shop import Shop


async def titles_of(
    shop: Shop, skus: Iterable[str], history: History | None = None
) -> Mapping[str, str]:
    """Return SKU → title, and product id → title, for those that the shop has named.

    Args:
        shop: The shop.
        skus: SKUs that a page shows.
        history: A customer, with the products that the facts about them name.

    Raises:
        LedgerError: The ledger cannot be read.
    """
    products = [*history.products.values()] if history else []
    known = {one.sku for one in products}
    for sku in dict.fromkeys(skus):
        if sku not in known:
            item = await shop.state.fact_cache.read_item(sku)
            products += [item.product.fact] if item.product else []
    found: dict[str, str] = {}
    # Of the variants of a product, the first by SKU names it.
    for one in sorted(products, key=lambda one: one.sku):
        found[one.sku] = one.title
        found.setdefault(one.product, one.title)
    return found
