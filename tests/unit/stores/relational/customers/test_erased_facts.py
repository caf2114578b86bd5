"""The facts that an erasure reaches in a SQLite file."""

import asyncio
from contextlib import closing
from pathlib import Path

from support.bare_shop import NOON
from support.builders import case, order
from tactful.runtime.services.ingest import fact_row
from tactful.stores.relational.customers.erased_facts import erase_facts, fact_keys, keys_under
from tactful.stores.sqlite.ledger import SqliteLedger
from tactful.stores.sqlite.opening import connect


async def _reported(path: Path) -> None:
    ledger = SqliteLedger(path)
    await ledger.open()
    facts = (order("o1", customer="c1"), case("k1", customer="c2", order="o1"))
    await ledger.record_facts([fact_row(one, NOON) for one in facts])
    await ledger.close()


def test_the_facts_of_a_customer_and_of_their_orders_are_found_and_erased(tmp_path: Path) -> None:
    asyncio.run(_reported(tmp_path / "tactful.db"))
    with closing(connect(tmp_path / "tactful.db")) as found:
        assert fact_keys(found, "c1", (), ()) == [("case", "k1"), ("order", "o1")]
        assert erase_facts(found, [("order", "o1")], "c1", "alias") > 0
        assert keys_under(found, "customer", "c1") == set()
        assert keys_under(found, "order", "o1") == {("case", "k1")}


def test_an_order_that_an_erasure_changes_is_read_whole_from_then_on(tmp_path: Path) -> None:
    asyncio.run(_reported(tmp_path / "tactful.db"))
    count = "SELECT count(*) FROM facts WHERE kind = 'order' AND order_at IS NULL"
    with closing(connect(tmp_path / "tactful.db")) as found:
        assert found.execute(count).fetchone() == (0,)
        erase_facts(found, [("order", "o1")], "c9", "alias")
        assert found.execute(count).fetchone() == (1,)
        assert found.execute("SELECT order_buyer, order_session FROM facts").fetchall() == [
            (None, None), (None, None),
        ]  # fmt: skip
