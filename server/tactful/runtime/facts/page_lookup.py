"""Look-up of the product that the catalogue has at the address of a page."""

from tactful.core.facts.fact_codec import decode_stored
from tactful.core.facts.item_facts import Product
from tactful.core.facts.product_pages import SUBJECT, page_keys, product_at
from tactful.runtime.ports.fact_store import FactStore


async def sku_at(ledger: FactStore, url: str) -> str | None:
    """Return the SKU that the shop sells at an address; `None`: there is none, or more than one.

    Raises:
        LedgerError: The ledger cannot be read.
        LookupError: A stored fact cannot be decoded.
    """
    subjects = [(SUBJECT, key) for key in page_keys(url)]
    if not subjects:
        return None
    found = [decode_stored(one.body) for one in await ledger.facts_about(subjects, ("product",))]
    return product_at(url, (fact for fact in found if isinstance(fact, Product)))
