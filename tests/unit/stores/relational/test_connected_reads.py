"""Reads of a ledger on one connection."""

from contextlib import closing
from pathlib import Path

from contracts.test_exposure_store import exposure, of_customer, row_of, turn
from support.ledger_rows import fact
from tactful.stores.relational.connected_reads import ConnectedReads
from tactful.stores.sqlite.ledger import SqliteLedger
from tactful.stores.sqlite.opening import connect


async def test_it_reads_what_the_ledger_reads(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "tactful.db")
    await ledger.open()
    await ledger.commit(turn(exposure(), of_customer()))
    await ledger.record_facts([fact("stock", "a"), fact("stock", "b")])
    with closing(connect(ledger.path)) as connection:
        reads = ConnectedReads(connection, "the ledger")
        (page,) = [one async for one in reads.exposures(0, 2**62)]
        assert page[0] == row_of(exposure())
        assert reads.digests_of("customer")("c1") == page[1][0]
        stock = await ledger.facts_of_kind("stock", "", 9)
        assert await reads.facts_of_kind("stock", "", 9) == stock
        assert await reads.offer_reactions(0, 2**62) == []
    await ledger.close()
