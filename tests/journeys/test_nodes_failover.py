"""A standby becomes the primary while nodes promise: a synchronous one has all that was acknowledged."""

import asyncio
import contextlib

import pytest

from support.ledger_rows import offer, push
from support.node_tries import UNIT
from support.postgres_cluster import DURABLE, Cluster, running_cluster, running_standby
from support.postgres_ledger import node_ledger
from tactful.runtime.ports.ledger import LedgerError
from tactful.stores.postgres.ledger import PostgresLedger
from tactful.stores.relational.writer import group_commit

PATIENCE_S = 240
NODES = "ab"


def both(address: str, primary: Cluster, standby: Cluster) -> str:
    """The address of a database on whichever server takes writes."""
    before = address.partition("?")[0]
    return f"{before}?host={primary.folder},{standby.folder}&target_session_attrs=read-write"


async def until(condition: object) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # type: ignore[operator]  # noqa: ASYNC110 - it is another process
            await asyncio.sleep(0.05)


async def keep_promising(
    node: PostgresLedger, name: str, answers: dict[str, bool], stop: asyncio.Event
) -> None:
    """Promise one offer after the other, and note whether each was acknowledged."""
    number = 0
    while not stop.is_set():
        number += 1
        made = offer(f"of_{name}{number}", session=f"se_{name}{number}", seq=number)
        try:
            answers[made.id] = await node.commit(push(made, limit=10**9)) is None
        except LedgerError:
            answers[made.id] = False
            await asyncio.sleep(0.05)


def receiver_of(standby: Cluster) -> int:
    """The process by which a standby receives what the primary writes."""
    found = standby.sql("postgres", "SELECT pid FROM pg_stat_wal_receiver")
    return int(found) if found.strip() else 0


async def failed_over(
    monkeypatch: pytest.MonkeyPatch, *, is_synchronous: bool
) -> tuple[set[str], set[str]]:
    """What was acknowledged, and what the standby holds after it was promoted."""
    monkeypatch.setattr(group_commit, "RETRY_INTERVAL_S", 0.05)
    with running_cluster(*DURABLE) as primary, running_standby(primary) as standby:
        await until(lambda: receiver_of(standby))
        if is_synchronous:
            primary.sql("postgres", "ALTER SYSTEM SET synchronous_standby_names = '*'")
            primary.sql("postgres", "SELECT pg_reload_conf()")
            await until(
                lambda: (
                    "sync"
                    in primary.sql("postgres", "SELECT sync_state FROM pg_stat_replication").split()
                )
            )
        address = both(primary.database(), primary, standby)
        answers: dict[str, bool] = {}
        stop = asyncio.Event()
        async with contextlib.AsyncExitStack() as stack:
            nodes = [node_ledger(address, name) for name in NODES]
            for node in nodes:
                await node.open()
                stack.push_async_callback(node.close)
                assert node.has_standby is is_synchronous
            promising = [
                asyncio.create_task(keep_promising(node, name, answers, stop))
                for node, name in zip(nodes, NODES, strict=True)
            ]
            await until(lambda: sum(answers.values()) >= 20)
            if not is_synchronous:
                # What the primary writes from now on reaches the standby no more.
                standby.sql("postgres", "ALTER SYSTEM SET primary_conninfo = ''")
                standby.sql("postgres", "SELECT pg_reload_conf()")
                await until(lambda: not receiver_of(standby))
                known = sum(answers.values())
                await until(lambda: sum(answers.values()) >= known + 20)
            await asyncio.to_thread(primary.stop)
            before = sum(answers.values())
            await asyncio.to_thread(standby.promote)
            await until(lambda: sum(answers.values()) >= before + 10)
            stop.set()
            await asyncio.gather(*promising)
            kept = {one.id for one in await nodes[0].standing_offers()}
            if is_synchronous:
                assert await nodes[1].reconcile() == []
                (balance,) = [one for one in await nodes[1].balances() if one.currency == "EUR"]
                assert balance.reserved == UNIT * len(kept)
        return {key for key, was_made in answers.items() if was_made}, kept


@pytest.mark.thorough
async def test_a_synchronous_standby_has_every_promise_that_was_acknowledged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    acknowledged, kept = await failed_over(monkeypatch, is_synchronous=True)
    assert acknowledged == kept


@pytest.mark.thorough
async def test_an_asynchronous_standby_lacks_promises_and_the_server_has_said_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    acknowledged, kept = await failed_over(monkeypatch, is_synchronous=False)
    assert acknowledged - kept
    assert kept <= acknowledged
