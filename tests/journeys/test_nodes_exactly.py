"""Four nodes on one database: nothing is sold twice, overspent, oversold, or promised on old facts.

`TACTFUL_NODE_TRIES` sets how many redemptions are tried; `make test-nodes` tries 20,000. Promises are a
quarter of that, and tries after a fact a tenth.
"""

import asyncio
import contextlib
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator

import pytest
from msgspec import structs

from support.ledger_rows import fact
from support.node_tries import UNIT, as_of, of_shelf, on_sale, redemption
from support.postgres_cluster import DURABLE, Cluster, running_cluster
from support.postgres_ledger import node_ledger
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.ports.ledger_rows import Commit, CommitRefusal
from tactful.stores.postgres.ledger import PostgresLedger

TRIES = int(os.environ.get("TACTFUL_NODE_TRIES", "1600"))
AT_ONCE = 16
"""Redemptions of one offer at the same time, spread over the nodes."""
SKU = ("sku", "RUN-42")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL that keeps what it acknowledged."""
    with running_cluster(*DURABLE) as made:
        yield made


@contextlib.asynccontextmanager
async def four_nodes(cluster: Cluster) -> AsyncIterator[list[PostgresLedger]]:
    """Four nodes on an empty database."""
    address = cluster.database()
    async with contextlib.AsyncExitStack() as stack:
        nodes = [node_ledger(address, name) for name in "abcd"]
        for one in nodes:
            await one.open()
            stack.push_async_callback(one.close)
        yield nodes


def report(what: str, count: int, began: float) -> None:
    seconds = time.perf_counter() - began
    load = os.getloadavg()[0]
    print(
        f"{count} {what} from 4 nodes in {seconds:.1f} s ({count / seconds:.0f}/s, load {load:.0f})"
    )


async def committed(node: PostgresLedger, turn: Commit) -> CommitRefusal | None:
    """The answer to a turn. On a busy machine a node gives up, having written nothing; then again."""
    while True:
        try:
            return await node.commit(turn)
        except LedgerError as error:
            if not error.retry:
                raise


async def reported(node: PostgresLedger, version: int) -> None:
    """Report a fact; a report that was not acknowledged is repeated, as every shop does it."""
    while True:
        try:
            await node.record_facts([fact(version=version)])
        except LedgerError as error:
            if not error.retry:
                raise
        else:
            return


async def test_no_offer_is_redeemed_twice(cluster: Cluster) -> None:
    began = time.perf_counter()
    async with four_nodes(cluster) as nodes:
        gate = asyncio.Semaphore(32)

        async def burst(number: int) -> Counter[int]:
            async with gate:
                assert await committed(nodes[number % 4], on_sale(number)) is None
                tries = (redemption(nodes[place % 4], number, place) for place in range(AT_ONCE))
                return Counter(await asyncio.gather(*tries))

        bursts = await asyncio.gather(*(burst(number) for number in range(TRIES // AT_ONCE)))
        assert all(one == {200: 1, 409: AT_ONCE - 1} for one in bursts)
        assert await nodes[0].reconcile() == []
        settled = [one.settled for one in await nodes[3].balances() if one.currency == "EUR"]
        assert settled == [UNIT * len(bursts)]
    report("redemptions", TRIES, began)


async def test_a_budget_and_a_shelf_are_used_up_and_not_exceeded(cluster: Cluster) -> None:
    began = time.perf_counter()
    promises = TRIES // 4
    units, affordable = promises // 2, promises * 2 // 5
    async with four_nodes(cluster) as nodes:
        gate = asyncio.Semaphore(64)

        async def promise(number: int) -> CommitRefusal | None:
            async with gate:
                turn = of_shelf(number, units, UNIT * affordable)
                return await committed(nodes[number % 4], turn)

        answers = await asyncio.gather(*(promise(number) for number in range(promises)))
        assert answers.count(None) == affordable
        assert await nodes[1].reconcile() == []
        (balance,) = [one for one in await nodes[2].balances() if one.currency == "EUR"]
        assert balance.reserved == UNIT * affordable
        assert await nodes[0].stock_commitments(["RUN-42"]) == {("RUN-42", "DE"): affordable}
    report("promises on one budget", promises, began)


async def test_a_shelf_alone_is_sold_out_exactly(cluster: Cluster) -> None:
    promises = TRIES // 8
    units = promises // 2
    async with four_nodes(cluster) as nodes:
        turns = [of_shelf(number, units, 10**9) for number in range(promises)]
        answers = await asyncio.gather(
            *(committed(nodes[number % 4], turn) for number, turn in enumerate(turns))
        )
        assert answers.count(None) == units
        assert await nodes[0].stock_commitments(["RUN-42"]) == {("RUN-42", "DE"): units}


async def stale_promises(nodes: list[PostgresLedger], tries: int, *, checks: bool) -> int:
    """Have nodes promise on facts that another node has replaced before; return how many did."""
    wrong = 0
    for number in range(tries // 4):
        told = nodes[number % 4]
        before = await told.position()
        await reported(told, number + 1)
        turns = [
            as_of(on_sale(number * 4 + place), before, SKU[1])
            if checks
            else structs.replace(on_sale(number * 4 + place), reads=None)
            for place in range(4)
        ]
        answers = await asyncio.gather(
            *(committed(node, turn) for node, turn in zip(nodes, turns, strict=True))
        )
        wrong += answers.count(None)
    return wrong


async def test_no_promise_rests_on_a_fact_that_another_node_has_replaced(cluster: Cluster) -> None:
    began = time.perf_counter()
    tries = max(40, TRIES // 10)
    async with four_nodes(cluster) as nodes:
        assert await stale_promises(nodes, tries, checks=True) == 0
    report("promises after a fact", tries, began)


async def test_without_read_sets_the_same_tries_promise_on_old_facts(cluster: Cluster) -> None:
    async with four_nodes(cluster) as nodes:
        assert await stale_promises(nodes, 40, checks=False) == 40
