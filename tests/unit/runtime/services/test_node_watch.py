"""What a node does about the others, on nodes that a test makes up."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tactful.runtime.ports.ledger import LedgerAwayError
from tactful.runtime.ports.membership import NodeRow
from tactful.runtime.services import node_watch
from tactful.runtime.services.node_watch import NodeWatch


def row(name: str, joined_at: int, *, is_running: bool = True, is_self: bool = False) -> NodeRow:
    return NodeRow(
        name=name, version="1", address="", joined_at=joined_at, seen_at=joined_at,
        is_running=is_running, is_self=is_self,
    )  # fmt: skip


class Shop:
    """A ledger with nodes, its changes, the sessions of this node, and a duty."""

    def __init__(self) -> None:
        self.rows: list[NodeRow] | None = None
        self.is_away = False
        self.done: list[str] = []
        self.now = 0.0
        self.clock_apart_ms = 0

    async def nodes(self) -> list[NodeRow] | None:
        if self.is_away:
            raise LedgerAwayError("away")
        return self.rows

    async def catch_up(self) -> None:
        if self.is_away:
            raise LedgerAwayError("away")

    async def adopt(self) -> int:
        self.done.append("adopt")
        return 1

    async def learn(self) -> None:
        self.done.append("learn")

    def leave_all(self) -> None:
        self.done.append("leave")

    def start(self) -> None:
        self.done.append("start")

    async def stop(self) -> None:
        self.done.append("stop")

    def wake(self) -> None:
        self.done.append("wake")


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
async def watch(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[NodeWatch]:
    monkeypatch.setattr(node_watch, "FOLLOW_S", 0)
    made = NodeWatch(shop, shop, shop, (shop.learn,))  # type: ignore[arg-type]
    monkeypatch.setattr(made, "_clock", lambda: shop.now)
    yield made
    await made.stop()


async def turns(count: int = 40) -> None:
    """Let the watch look a few times."""
    for _ in range(count):
        await asyncio.sleep(0)


async def test_a_server_that_has_its_ledger_alone_has_all_duties(
    shop: Shop, watch: NodeWatch
) -> None:
    await watch.start()
    watch.take_duties(shop, None)
    await watch.drop_duties()
    assert watch.leads
    assert watch.nodes == ()
    assert shop.done == ["start", "stop"]


async def test_the_node_that_joined_first_has_the_duties(shop: Shop, watch: NodeWatch) -> None:
    mine, other = row("b", 2, is_self=True), row("a", 1)
    shop.rows = [other, mine]
    await watch.start()
    watch.take_duties(shop, None)
    assert not watch.leads
    assert shop.done == []
    shop.rows, shop.now = [row("a", 1, is_running=False), mine], 1
    await turns()
    assert watch.leads
    assert shop.done == ["start", "wake", "adopt"]
    shop.rows, shop.now = [other, mine], 2
    await turns()
    assert not watch.leads
    assert shop.done[-1] == "stop"


async def test_sessions_are_adopted_when_a_node_is_missing_or_begins_anew(
    shop: Shop, watch: NodeWatch
) -> None:
    mine = row("a", 1, is_self=True)
    shop.rows = [mine, row("b", 2)]
    await watch.start()
    shop.now = 1
    await turns()
    assert shop.done == []
    shop.rows, shop.now = [mine, row("b", 3)], 2
    await turns()
    assert shop.done == ["adopt"]


async def test_what_all_nodes_have_counted_is_read_every_few_seconds(
    shop: Shop, watch: NodeWatch
) -> None:
    shop.rows = [row("a", 1, is_self=True)]
    await watch.start()
    for shop.now in (4, 5, 6, 9, 10):
        await turns()
    assert shop.done == ["learn", "learn"]


async def test_a_node_that_is_cut_off_for_long_gives_its_shoppers_away_and_returns(
    shop: Shop, watch: NodeWatch
) -> None:
    shop.rows = [row("a", 1, is_self=True)]
    await watch.start()
    shop.is_away, shop.now = True, 9
    await turns()
    assert not watch.is_cut_off
    shop.now = 10
    await turns()
    assert watch.is_cut_off
    assert shop.done == ["leave"]
    shop.is_away = False
    await turns()
    assert not watch.is_cut_off


async def test_a_clock_that_is_apart_is_told_and_one_far_off_gives_the_shoppers_away(
    shop: Shop, watch: NodeWatch
) -> None:
    shop.rows = [row("a", 1, is_self=True)]
    await watch.start()
    assert watch.health_reasons == set()
    shop.clock_apart_ms, shop.now = -1_500, 1
    await turns()
    assert watch.health_reasons == {"node.clock_apart"}
    assert shop.done == []
    shop.clock_apart_ms = 30_500
    for shop.now in (5, 11):
        await turns()
    assert watch.health_reasons == {"node.clock_apart", "node.cut_off"}
    assert shop.done == ["leave"]
    shop.clock_apart_ms = 0
    await turns()
    assert watch.health_reasons == set()


async def test_an_error_of_ours_does_not_leave_the_node_behind(
    shop: Shop, watch: NodeWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.rows = [row("a", 1, is_self=True)]
    await watch.start()
    watch.take_duties(shop, None)

    def broken() -> None:
        raise ValueError

    monkeypatch.setattr(shop, "wake", broken)
    shop.now = 1
    await turns()
    monkeypatch.undo()
    monkeypatch.setattr(node_watch, "FOLLOW_S", 0)
    monkeypatch.setattr(watch, "_clock", lambda: 2)
    await turns()
    assert shop.done[-1] == "wake"
