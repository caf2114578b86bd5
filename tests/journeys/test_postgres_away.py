"""A server whose PostgreSQL is killed: what shops and shoppers are answered, and that nothing is doubled."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from journeys.fixture import rules, stock
from support.live_server import LiveServer
from support.postgres_cluster import DURABLE, Cluster, running_cluster
from support.shared_ledger import item_facts

PATIENCE_S = 120


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL that may be killed."""
    with running_cluster(*DURABLE) as made:
        yield made


async def until(met: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await met():  # noqa: ASYNC110 - the database has no such event
            await asyncio.sleep(0.05)


async def test_while_the_database_is_away_callers_are_told_to_come_back_and_lose_nothing(
    tmp_path: Path, cluster: Cluster
) -> None:
    server = LiveServer(tmp_path / "one", rules())
    server.config = structs.replace(server.config, ledger=cluster.database())
    await server.start()
    try:
        await server.facts(*item_facts("RUN-42", 5))
        shopper = await server.shopper()
        await shopper.view("RUN-42", 60)
        offer = await shopper.offered()
        token = await shopper.accept(offer["id"])

        await asyncio.to_thread(cluster.stop)
        late = stock("RUN-42", "DE", 0, version=9)
        for answer in (
            await server.http.post("/v1/facts", json=[late]),
            await server.redeem(token, "o1"),
        ):
            assert answer.status_code == 503
            assert int(answer.headers["Retry-After"]) >= 1

        async def reasons() -> Any:
            return (await server.http.get("/readyz")).json().get("reasons", [])

        assert "ledger.away" in await reasons()
        # The session goes on: an act is acknowledged, and no frame takes the offer away.
        await shopper.nothing()

        await asyncio.to_thread(cluster.start)

        async def is_back() -> bool:
            return (await server.redeem(token, "o1")).status_code == 200

        await until(is_back)
        assert (await server.redeem(token, "o1")).status_code == 200
        assert (await server.redeem(token, "o2")).status_code == 409
        assert (await server.http.post("/v1/facts", json=[late])).status_code == 200
        assert "ledger.away" not in await reasons()
        assert await server.parts.shop.reconcile() == []
    finally:
        await server.stop()
