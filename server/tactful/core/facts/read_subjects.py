"""The subjects that the reading of an item or a customer asked for.

A promise names the subjects on which it rests, and the ledger refuses it if a newer fact is about
one of them. The subjects follow from the value that was read, so nothing is stored beside the tens
of thousands of items and customers in memory.
"""

from tactful.core.facts.assembly import Subject, linked_subjects, named_skus
from tactful.core.facts.history import History
from tactful.core.facts.item import Item
from tactful.core.facts.shopper_contacts import SUBJECT as CONTACT


def item_subjects(item: Item) -> list[Subject]:
    """Return every subject that `read_item` asked for; a subject may be repeated."""
    found = [("sku", item.sku)]
    if item.product is not None:
        found.append(("product", item.product.fact.product))
    for variant in item.variants:
        found.append(("sku", variant))  # noqa: PERF401 - most items have one: a list costs more
    for component in item.components:
        found += item_subjects(component)
    return found


def history_subjects(history: History) -> set[Subject]:
    """Return every subject that `read_history` asked for."""
    facts = (
        *history.orders, *history.returns, *history.cases, *history.reviews, *history.remedies,
        *history.objections,
    )  # fmt: skip
    skus = named_skus(facts)
    for product in history.products.values():
        # Also the components of which no product is known: one may be reported later.
        skus.update(product.components)
    found = linked_subjects(facts)
    found.add(("customer", history.customer))
    found.update((CONTACT, contact) for contact in history.contacts)
    found.update(("sku", sku) for sku in skus)
    return found
