"""Reads of facts, page by page."""

from pathlib import Path

from support.ledger_rows import fact
from tactful.stores.sqlite.ledger import SqliteLedger


async def test_the_skus_and_customers_of_facts_are_read_page_by_page(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "tactful.db")
    await ledger.open()
    await ledger.record_facts([
        fact("case", f"k{n}", 1, subjects=(("sku", f"S{n}"), ("customer", f"c{n}")), customer=f"c{n}")
        for n in range(3)
    ])  # fmt: skip
    assert await ledger.known_skus("", 2) == ["S0", "S1"]
    assert await ledger.known_skus("S1", 2) == ["S2"]
    assert await ledger.known_customers("c0", 9) == ["c1", "c2"]
    assert [one.key for one in await ledger.facts_of_kind("case", "k0", 1)] == ["k1"]
    await ledger.close()
