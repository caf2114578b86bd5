"""Products found by the address of a page, in a ledger."""

from support.bare_shop import NOON
from tactful.core.facts.item_facts import Product
from tactful.runtime.facts.page_lookup import sku_at
from tactful.runtime.services.ingest import fact_row
from tactful.stores.memory.ledger import MemoryLedger


async def test_the_product_at_an_address_is_read_from_the_ledger() -> None:
    ledger = MemoryLedger()
    shoe = Product(sku="RUN-42", product="run", title="Shoe", url="https://shop.example/run")
    await ledger.record_facts([fact_row(shoe, NOON)])
    assert await sku_at(ledger, "https://shop.example/run?gclid=1") == "RUN-42"
    assert await sku_at(ledger, "https://shop.example/walk") is None
    assert await sku_at(ledger, "mailto:mia@shop.example") is None


async def test_a_product_that_has_moved_is_not_found_at_its_old_address() -> None:
    ledger = MemoryLedger()
    for version, url in ((1, "/run"), (2, "/sprint")):
        moved = Product(sku="RUN-42", product="run", title="Shoe", url=url, version=version)
        await ledger.record_facts([fact_row(moved, NOON)])
    assert await sku_at(ledger, "/run") is None
    assert await sku_at(ledger, "/sprint") == "RUN-42"
