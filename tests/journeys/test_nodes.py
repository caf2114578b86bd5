"""Several servers of one shop: one shopper on two of them, changes, keys and rules for all."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from journeys.fixture import rules, stock
from support.live_server import LiveServer, Shopper
from support.postgres_cluster import DURABLE, Cluster, running_cluster
from support.shared_ledger import item_facts

SECRET = "one-secret-of-all-the-nodes-0123456789"
PATIENCE_S = 60


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL that keeps what it acknowledged."""
    with running_cluster(*DURABLE) as made:
        yield made


@pytest.fixture
def address(cluster: Cluster) -> str:
    """An empty database."""
    return cluster.database()


def node(folder: Path, address: str, name: str, **settings: Any) -> LiveServer:
    """A server that is one of several, and not started yet."""
    one = LiveServer(folder / name, rules(), **settings)
    # Ids are drawn from the seed.
    one.config = structs.replace(
        one.config, ledger=address, cluster_secret=SECRET, node=name, seed=ord(name)
    )
    return one


@contextlib.asynccontextmanager
async def two_nodes(folder: Path, address: str) -> AsyncIterator[tuple[LiveServer, LiveServer]]:
    """Two running servers of one shop."""
    first, second = (node(folder, address, name) for name in "ab")
    async with contextlib.AsyncExitStack() as stack:
        for one in (first, second):
            await one.start()
            stack.push_async_callback(one.stop)
        yield first, second


async def until(met: Callable[[], Any]) -> None:
    """Wait until something is so; `met` may be a coroutine function."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            found = met()
            if await found if isinstance(found, Awaitable) else found:
                return
            await asyncio.sleep(0.02)


async def sell(one: LiveServer, available: int = 5) -> None:
    """Report everything that an offer on RUN-42 needs."""
    await one.facts(*item_facts("RUN-42", available))


async def offered(shopper: Shopper) -> dict[str, Any]:
    """The offer that a shopper gets who looks at the item for a minute."""
    await shopper.view("RUN-42", 60)
    return await shopper.offered()


async def test_a_fact_that_one_node_was_told_withdraws_the_offer_that_another_shows(
    tmp_path: Path, address: str
) -> None:
    async with two_nodes(tmp_path, address) as (told, asked):
        await sell(told)
        shopper = await asked.shopper()
        offer = await offered(shopper)
        await told.facts(stock("RUN-42", "DE", 0, version=9))
        assert (await shopper.expect("withdraw"))["offer"] == offer["id"]


async def test_a_session_moves_to_the_node_that_resumes_it_and_is_redeemed_at_any(
    tmp_path: Path, address: str
) -> None:
    async with two_nodes(tmp_path, address) as (first, second):
        await sell(first)
        shopper = await first.shopper()
        offer = await offered(shopper)
        there = await second.shopper(resume=shopper.resume)
        assert [one["id"] for one in there.welcome["offers"]] == [offer["id"]]
        assert await shopper.closed() == 4411
        token = await there.accept(offer["id"])
        # The keys are those of the ledger, so any node knows the token.
        assert (await first.redeem(token, "o1")).status_code == 200
        assert (await second.redeem(token, "o2")).status_code == 409
        (live,) = second.parts.shop.state.registry
        await until(lambda: live.state.offers == ())
        assert await first.parts.shop.reconcile() == []


async def test_another_node_goes_on_with_the_offers_of_a_node_that_has_left(
    tmp_path: Path, address: str
) -> None:
    async with two_nodes(tmp_path, address) as (first, second):
        await sell(first)
        shopper = await first.shopper()
        offer = await offered(shopper)
        await first.stop()
        adopted = second.parts.shop.state.registry.by_id
        await until(lambda: len(adopted) == 1)
        again = await second.shopper(resume=shopper.resume)
        assert [one["id"] for one in again.welcome["offers"]] == [offer["id"]]
        await first.start()


async def test_rules_that_one_node_reloads_count_at_every_node_and_after_a_restart(
    tmp_path: Path, address: str
) -> None:
    async with two_nodes(tmp_path, address) as (first, second):
        changed = rules().replace("15%", "20%")
        assert changed != rules()
        assert (await first.reload(changed)).status_code == 200
        version = first.parts.shop.state.active_rulebook.current.version
        active = second.parts.shop.state.active_rulebook
        await until(lambda: active.current.version == version)
        # The folder of the second node has the rules of before.
        await second.restart()
        assert second.parts.shop.state.active_rulebook.current.version == version


async def test_a_key_that_one_node_rotates_signs_at_every_node(
    tmp_path: Path, address: str
) -> None:
    async with two_nodes(tmp_path, address) as (first, second):
        keys, others = (one.parts.shop.state.keys for one in (first, second))
        assert keys.accepted_keys() == others.accepted_keys()
        new = keys.rotate()
        await until(lambda: others.accepted_keys()[-1].kid == new.kid)
        assert keys.holder_of("session", "se_1") == others.holder_of("session", "se_1")


async def test_the_node_that_joined_first_leads_until_it_leaves(
    tmp_path: Path, address: str
) -> None:
    async with two_nodes(tmp_path, address) as (first, second):
        nodes = second.parts.shop.nodes
        assert (first.parts.shop.nodes.leads, nodes.leads) == (True, False)
        await first.stop()
        await until(lambda: nodes.leads)
        await first.start()
        assert not first.parts.shop.nodes.leads
