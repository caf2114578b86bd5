"""Two writers of one ledger: one dense order of changes, and no promise on what the other changed."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec import structs

from support.ledger_rows import AnyLedger, fact, offer, push
from support.postgres_cluster import Cluster
from support.postgres_ledger import node_ledger
from tactful.runtime.ports.ledger_rows import Change, Commit, CommitRefusal, ReadSet, StockNeed
from tactful.stores.relational.ledger import RelationalLedger
from tactful.stores.sqlite.ledger import SqliteLedger

SKU = ("sku", "RUN-42")
Pair = tuple[RelationalLedger, RelationalLedger]


@pytest.fixture(params=["file", "nodes"])
async def pair(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Pair]:
    """Two open ledgers on one file, whose folder's lock is above them, or two nodes on PostgreSQL."""
    made: Pair
    if request.param == "nodes":
        cluster: Cluster = request.getfixturevalue("postgres")
        address = cluster.database()
        made = node_ledger(address, "one"), node_ledger(address, "other")
    else:
        made = SqliteLedger(tmp_path / "tactful.db"), SqliteLedger(tmp_path / "tactful.db")
    for ledger in made:
        await ledger.open()
    yield made
    for ledger in made:
        await ledger.close()


def on(position: int, number: int, available: int | None = None) -> Commit:
    """A promise on the stock of one SKU, as of a position."""
    made = offer(f"of_{number}", session=f"se_{number}")
    turn = structs.replace(push(made, limit=None), reads=ReadSet(position, (SKU,)))
    return structs.replace(turn, stock=(StockNeed("RUN-42", "DE", available),))


async def test_positions_of_two_writers_have_no_gap_and_each_publishes_its_own(pair: Pair) -> None:
    seen: tuple[list[Change], list[Change]] = ([], [])
    for ledger, published in zip(pair, seen, strict=True):
        ledger.subscribe(published.extend)

    async def write(ledger: AnyLedger, name: str) -> None:
        for version in range(1, 101):
            await ledger.record_facts([fact(key=name, version=version)])

    await asyncio.gather(write(pair[0], "a"), write(pair[1], "b"))
    for ledger in pair:
        logged = await ledger.changes(0)
        assert [change.position for change in logged] == list(range(1, 201))
    positions = [[change.position for change in published] for published in seen]
    assert positions[0] == sorted(positions[0])
    assert sorted(positions[0] + positions[1]) == list(range(1, 201))


async def test_a_promise_is_refused_for_a_fact_of_the_other_writer(pair: Pair) -> None:
    one, other = pair
    for number in range(20):
        before = await one.position()
        await other.record_facts([fact(version=number)])
        refused = await one.commit(on(before, number))
        assert refused == CommitRefusal("facts.newer", subject=SKU)
        assert await one.commit(on(before + 1, number)) is None
    assert await one.reconcile() == []


async def test_both_writers_together_promise_no_more_than_the_stock(pair: Pair) -> None:
    turns = [on(0, number, available=7) for number in range(60)]
    answers = await asyncio.gather(
        *(pair[number % 2].commit(turn) for number, turn in enumerate(turns))
    )
    refused = CommitRefusal("stock.committed", sku="RUN-42", territory="DE")
    assert (answers.count(None), answers.count(refused)) == (7, 53)
    assert await pair[0].stock_commitments(["RUN-42"]) == {("RUN-42", "DE"): 7}


async def test_a_session_that_one_writer_claims_is_lost_to_the_other(pair: Pair) -> None:
    one, other = pair
    await one.commit(Commit(session="se_1", state=b"1", resume=b"r", epoch=1))
    claimed = await other.claim_session(b"r")
    assert claimed is not None
    assert await one.commit(Commit(session="se_1", state=b"x", epoch=1)) == CommitRefusal(
        "session.moved"
    )
    assert await other.commit(Commit(session="se_1", state=b"2", epoch=2)) is None
