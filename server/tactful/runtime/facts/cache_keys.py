"""Keys under which the cache of facts finds what a fact changes."""

from collections.abc import Iterable, Iterator

from tactful.core.facts.item import Item
from tactful.runtime.ports.ledger_rows import Subject


def history_keys(subjects: Iterable[Subject]) -> list[str]:
    """Return the keys of all facts and SKUs whose change also changes a history."""
    return [f"{kind}:{key}" for kind, key in subjects if kind != "customer"]


def item_key(sku: str) -> str:
    """Return the key of the read of an item."""
    return f"i:{sku}"


def customer_key(customer: str) -> str:
    """Return the key of the read of a customer."""
    return f"p:{customer}"


def item_dependencies(item: Item) -> Iterator[str]:
    """Yield the keys of all products, parts and variants whose change also changes this item."""
    yield f"product:{item.product_id}"
    for part in item.components:
        yield f"part:{part.sku}"
        yield f"product:{part.product_id}"
    for one in (item, *item.components):
        for variant in one.variants:
            yield f"variant:{variant}"
