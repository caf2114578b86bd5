"""The ledger on a database: what the contract suites do not say."""

from pathlib import Path

import pytest

from support.ledger_rows import T0, accepted, entry, fact, push
from support.postgres_cluster import Cluster
from support.postgres_ledger import postgres_ledger
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.ports.ledger_rows import Commit


async def test_a_restart_finds_what_was_written(postgres: Cluster) -> None:
    address = postgres.database()
    for number in range(2):
        ledger = postgres_ledger(address)
        await ledger.open()
        assert await ledger.position() == number
        await ledger.record_facts([fact(version=number, at=T0)])
        ledger.record(Commit(entry=entry(at=T0 + number)))
        await ledger.close()
    ledger = postgres_ledger(address)
    await ledger.open()
    assert len(await ledger.turn_entries()) == 2
    await ledger.close()


async def test_a_text_with_a_nul_is_refused_by_name_and_takes_nothing_with_it(
    postgres: Cluster,
) -> None:
    ledger = postgres_ledger(postgres.database())
    await ledger.open()
    with pytest.raises(LedgerError, match="NUL character") as refused:
        await ledger.record_facts([fact(key="a\0b", version=1)])
    assert not refused.value.retry
    assert await ledger.commit(push(accepted())) is None
    assert ledger.failure is None
    await ledger.close()


async def test_a_database_that_was_restored_erases_the_listed_customers_again(
    postgres: Cluster, tmp_path: Path
) -> None:
    address, beside = postgres.database(), tmp_path / "tactful.db"
    about = fact("order", "o1", 1, subjects=(("customer", "c1"),), customer="c1")
    ledger = postgres_ledger(address, erasures=beside)
    await ledger.open()
    await ledger.record_facts([about])
    await ledger.erase_customer("c1", "erased-1", T0)
    await ledger.close()
    name = address.split("?")[0].rpartition("/")[2]
    # An older state of the database knows the customer, and not the erasure.
    postgres.sql(name, "DELETE FROM erased")
    ledger = postgres_ledger(address)
    await ledger.open()
    await ledger.record_facts([about])
    await ledger.close()
    ledger = postgres_ledger(address, erasures=beside)
    await ledger.open()
    assert await ledger.facts_about([("customer", "c1")]) == []
    assert await ledger.tombstone("customer", "c1")
    await ledger.close()


async def test_a_closed_ledger_says_so(postgres: Cluster) -> None:
    ledger = postgres_ledger(postgres.database())
    with pytest.raises(LedgerError, match="not open"):
        await ledger.position()
    assert ledger.storage_use() is None
    assert ledger.outcomes_settled == {}
