"""Nodes that reach their database through pgbouncer in transaction mode."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator

import pytest

from support.ledger_rows import T0, fact, offer, push
from support.node_tries import UNIT, as_of, of_shelf, on_sale, redemption
from support.pooler import Pooler, running_pooler
from support.postgres_cluster import DURABLE, Cluster, running_cluster
from support.postgres_ledger import node_ledger
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.ports.ledger_rows import Commit, CommitRefusal
from tactful.stores.postgres.ledger import PostgresLedger
from tactful.stores.relational.writer import group_commit

NODES = "ab"
OFFERS = 12
PATIENCE_S = 240


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL that keeps what it acknowledged."""
    with running_cluster(*DURABLE) as made:
        yield made


@pytest.fixture
def pooler(cluster: Cluster) -> Iterator[Pooler]:
    """A pooler before it."""
    with running_pooler(cluster) as made:
        yield made


@contextlib.asynccontextmanager
async def nodes_behind(pooler: Pooler, cluster: Cluster) -> AsyncIterator[list[PostgresLedger]]:
    address = pooler.address(cluster.database())
    async with contextlib.AsyncExitStack() as stack:
        nodes = [node_ledger(address, name) for name in NODES]
        for one in nodes:
            await one.open()
            stack.push_async_callback(one.close)
        yield nodes


async def committed(node: PostgresLedger, turn: Commit) -> CommitRefusal | None:
    """The answer to a turn. On a busy machine a node gives up, having written nothing; then again."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                return await node.commit(turn)
            except LedgerError as error:
                if not error.retry:
                    raise


async def test_budgets_stock_single_use_and_read_sets_stay_exact(
    pooler: Pooler, cluster: Cluster
) -> None:
    async with nodes_behind(pooler, cluster) as nodes:
        first, second = nodes
        for number in range(OFFERS):
            assert await committed(first, on_sale(number)) is None
            tries = (redemption(nodes[place % 2], number, place) for place in range(8))
            assert sorted(await asyncio.gather(*tries)) == [200] + [409] * 7
        turns = [of_shelf(100 + n, OFFERS, 10**9) for n in range(OFFERS * 4)]
        answers = await asyncio.gather(
            *(committed(nodes[n % 2], turn) for n, turn in enumerate(turns))
        )
        assert answers.count(None) == OFFERS
        before = await second.position()
        await first.record_facts([fact(version=1)])
        refused = await committed(second, as_of(on_sale(999), before, "RUN-42"))
        assert refused is not None
        assert refused.reason == "facts.newer"
        assert [one.position for one in await second.changes(0)] == [
            *range(1, await first.position() + 1)
        ]
        assert await first.reconcile() == []


async def test_a_pooler_that_is_killed_loses_nothing(
    pooler: Pooler, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "RETRY_INTERVAL_S", 0.05)
    answers: dict[str, bool] = {}

    async def promise(node: PostgresLedger, number: int) -> None:
        made = offer(f"of_{number}", session=f"se_{number}", seq=number, issued_at=T0)
        try:
            answers[made.id] = await node.commit(push(made, limit=10**9)) is None
        except LedgerError:
            answers[made.id] = False

    async with nodes_behind(pooler, cluster) as nodes, asyncio.timeout(PATIENCE_S):
        for kill in range(3):
            start = kill * 100
            waiting = [
                asyncio.create_task(promise(nodes[n % 2], n)) for n in range(start, start + 40)
            ]
            await asyncio.to_thread(pooler.kill)
            await asyncio.to_thread(pooler.start)
            await asyncio.gather(*waiting)
            for node in nodes:
                while node.failure is not None:  # noqa: ASYNC110 - a ledger has no such event
                    await asyncio.sleep(0.05)
                await promise(node, start + 50 + nodes.index(node))
        kept = {one.id for one in await nodes[0].standing_offers()}
        assert kept == {key for key, was_made in answers.items() if was_made}
        assert len(kept) >= 6
        (balance,) = [one for one in await nodes[1].balances() if one.currency == "EUR"]
        assert balance.reserved == UNIT * len(kept)
        assert await nodes[0].reconcile() == []
