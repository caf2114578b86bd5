"""Nodes on one database: who may write, who owns a session, and what is exact between them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from msgspec import structs

from support.ledger_rows import T0, fact, offer, push
from support.node_tries import on_sale, redemption
from support.postgres_cluster import Cluster
from support.postgres_ledger import node_ledger, postgres_ledger
from tactful.runtime.ports.ledger import LedgerAwayError, LedgerError
from tactful.runtime.ports.ledger_rows import Commit
from tactful.stores.postgres import database_opening, readers
from tactful.stores.postgres.ledger import PostgresLedger
from tactful.stores.postgres.postgres_engine import PostgresEngine
from tactful.stores.relational.writer import group_commit


@pytest.fixture
def address(postgres: Cluster) -> str:
    """An empty database."""
    return postgres.database()


@contextlib.asynccontextmanager
async def opened(*ledgers: PostgresLedger) -> AsyncIterator[tuple[PostgresLedger, ...]]:
    async with contextlib.AsyncExitStack() as stack:
        for ledger in ledgers:
            await ledger.open()
            stack.push_async_callback(ledger.close)
        yield ledgers


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that finds the ledger in use gives up at once."""
    monkeypatch.setattr(database_opening, "LEASE_TIMEOUT_S", 0)


async def recovered(ledger: PostgresLedger) -> None:
    """Return once a ledger takes writes again."""
    async with asyncio.timeout(30):
        while ledger.failure is not None:  # noqa: ASYNC110 - a ledger has no such event
            await asyncio.sleep(0.01)


def sql_of(cluster: Cluster, address: str, text: str) -> str:
    return cluster.sql(address.split("?", maxsplit=1)[0].rpartition("/")[2], text)


async def test_nodes_and_a_server_that_is_alone_refuse_each_other(
    address: str, impatient: None
) -> None:
    async with opened(node_ledger(address, "a"), node_ledger(address, "b")):
        with pytest.raises(LedgerError, match="another server uses this ledger"):
            await postgres_ledger(address).open()
    async with opened(postgres_ledger(address)):
        with pytest.raises(LedgerError, match="a server that is no node uses this ledger"):
            await node_ledger(address, "a").open()
    async with opened(node_ledger(address, "a")):
        pass


async def test_two_nodes_of_one_name_are_refused_and_a_restart_is_not(
    address: str, impatient: None
) -> None:
    async with opened(node_ledger(address, "a")) as (first,):
        with pytest.raises(LedgerError, match="a node named a runs elsewhere"):
            await node_ledger(address, "a", place="a copy of the folder").open()
        async with opened(node_ledger(address, "a")) as (again,):
            assert await again.commit(push(offer("of_1"))) is None
            with pytest.raises(LedgerError, match="taken this ledger over"):
                await first.commit(push(offer("of_2")))


async def test_the_nodes_are_listed_in_the_order_in_which_they_joined(address: str) -> None:
    async with opened(node_ledger(address, "b"), node_ledger(address, "a")) as (first, second):
        listed = await second.nodes()
        assert listed is not None
        assert [(one.name, one.is_running, one.is_self) for one in listed] == [
            ("b", True, False),
            ("a", True, True),
        ]
        await first.close()
        left = await second.nodes()
        assert left is not None
        assert [one.is_running for one in left] == [False, True]
        assert left[0].seen_at == 0


async def test_a_server_that_is_alone_has_no_nodes(address: str) -> None:
    async with opened(postgres_ledger(address)) as (ledger,):
        assert await ledger.nodes() is None


async def test_only_sessions_without_a_running_owner_are_adopted_each_by_one_node(
    postgres: Cluster, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PostgresEngine, "maintain", lambda _: None)
    names = ("a", "b", "c")
    async with opened(*(node_ledger(address, name) for name in names)) as (gone, one, other):
        for number in range(40):
            turn = push(offer(f"of_{number}", session=f"se_{number}"), limit=None)
            stored = structs.replace(
                turn, session=f"se_{number}", state=b"1", resume=b"%d" % number, epoch=1
            )
            assert await gone.commit(stored) is None
        assert await one.claim_sessions_to_wake(T0) == []
        sql_of(postgres, address, "UPDATE nodes SET lease_until = 1 WHERE name = 'a'")
        adopted = await asyncio.gather(
            one.claim_sessions_to_wake(T0), other.claim_sessions_to_wake(T0)
        )
        sessions = [saved.session for claimed in adopted for saved in claimed]
        assert sorted(sessions) == sorted({f"se_{number}" for number in range(40)})
        with pytest.raises(LedgerAwayError, match="silent for longer than its lease"):
            await gone.commit(Commit(session="se_1", state=b"late", epoch=1))
        await recovered(gone)
        late = await gone.commit(Commit(session="se_1", state=b"late", epoch=1))
        assert late is not None
        assert late.reason == "session.moved"
        assert await one.claim_sessions_to_wake(T0) == []
        # A node whose lease is over keeps what nobody has claimed.
        sql_of(postgres, address, "UPDATE nodes SET lease_until = 1 WHERE name = 'b'")
        assert await one.claim_sessions_to_wake(T0) == []


async def test_a_node_that_slept_past_its_lease_says_so_writes_nothing_and_recovers(
    postgres: Cluster, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PostgresEngine, "maintain", lambda _: None)
    monkeypatch.setattr(group_commit, "RETRY_INTERVAL_S", 0.01)
    async with opened(node_ledger(address, "a"), node_ledger(address, "b")) as (slept, other):
        assert await slept.commit(push(offer("of_1"))) is None
        sql_of(postgres, address, "UPDATE nodes SET lease_until = 1 WHERE name = 'a'")
        with pytest.raises(LedgerAwayError, match="silent for longer than its lease"):
            await slept.commit(push(offer("of_2", session="se_2", seq=2)))
        assert [one.id for one in await other.standing_offers()] == ["of_1"]
        await recovered(slept)
        assert await slept.commit(push(offer("of_3", session="se_3", seq=3))) is None
        assert (slept.lapses, other.lapses) == (1, 0)


async def test_a_node_whose_clock_is_far_off_writes_nothing_until_it_is_set(
    postgres: Cluster, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "RETRY_INTERVAL_S", 0.01)
    async with opened(node_ledger(address, "a")) as (node,):
        own = readers.wall_clock
        monkeypatch.setattr(readers, "wall_clock", lambda: own() + 5_000)
        await node.nodes()
        assert await node.commit(push(offer("of_1"))) is None
        monkeypatch.setattr(readers, "wall_clock", lambda: own() + 200_000)
        await node.nodes()
        with pytest.raises(LedgerAwayError, match="s ahead of that of the database"):
            await node.commit(push(offer("of_2")))
        with pytest.raises(LedgerError, match="set the clocks alike"):
            await node_ledger(address, "b").open()
        monkeypatch.setattr(readers, "wall_clock", own)
        await node.nodes()
        await recovered(node)
        assert [one.id for one in await node.standing_offers()] == ["of_1"]
        assert await node.commit(push(offer("of_3"))) is None


async def test_what_one_node_knows_is_read_again_after_another_has_written(address: str) -> None:
    limit = 1935 * 60
    async with opened(*(node_ledger(address, name) for name in "abcd")) as nodes:
        made = [
            nodes[number % 4].commit(
                push(offer(f"of_{number}", session=f"se_{number}", seq=number), limit=limit)
            )
            for number in range(200)
        ]
        answers = await asyncio.gather(*made)
        assert answers.count(None) == 60
        assert await nodes[0].reconcile() == []
        (balance,) = [one for one in await nodes[0].balances() if one.currency == "EUR"]
        assert balance.reserved == limit


async def test_an_offer_is_redeemed_once_however_many_nodes_try(address: str) -> None:
    async with opened(*(node_ledger(address, name) for name in "abcd")) as nodes:
        for number in range(10):
            assert await nodes[0].commit(on_sale(number)) is None
            tries = [redemption(nodes[place % 4], number, place) for place in range(16)]
            assert sorted(await asyncio.gather(*tries)) == [200] + [409] * 15
        assert await nodes[1].reconcile() == []


async def test_each_node_reads_the_changes_of_the_others_without_a_gap(address: str) -> None:
    async with opened(node_ledger(address, "a"), node_ledger(address, "b")) as (one, other):
        for version in range(1, 21):
            await (one if version % 2 else other).record_facts([fact(version=version)])
        for ledger in (one, other):
            assert [c.position for c in await ledger.changes(0)] == list(range(1, 21))
