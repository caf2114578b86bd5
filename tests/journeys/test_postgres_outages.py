"""A PostgreSQL that is killed, cut off or silent loses nothing that was acknowledged."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator

import pytest

from support.ledger_rows import T0, fact, offer, push, redeem
from support.postgres_cluster import DURABLE, Cluster, running_cluster
from support.postgres_ledger import postgres_ledger
from support.postgres_proxy import Fault, PostgresProxy
from tactful.core.redemption.redemption_rows import RedemptionOutcome, RedemptionState
from tactful.runtime.ports.ledger import LedgerAwayError, LedgerError
from tactful.runtime.ports.ledger_rows import Change
from tactful.stores.postgres import postgres_connection, raw_connection
from tactful.stores.postgres.ledger import PostgresLedger
from tactful.stores.postgres.postgres_connection import PostgresConnection
from tactful.stores.relational.writer import group_commit

LIMIT = 1935 * 40
"""A budget for forty offers."""
PATIENCE_S = 240


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL that may be killed."""
    with running_cluster(*DURABLE) as made:
        yield made


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short waits: a silent connection is given up after two seconds."""
    monkeypatch.setattr(raw_connection.RawConnection, "deadline_s", 2)
    monkeypatch.setattr(group_commit, "RETRY_INTERVAL_S", 0.05)
    begin = ("BEGIN", "SET LOCAL idle_in_transaction_session_timeout = 2000")
    monkeypatch.setattr(postgres_connection, "_BEGIN", begin)


@contextlib.asynccontextmanager
async def opened(address: str) -> AsyncIterator[PostgresLedger]:
    ledger = postgres_ledger(address)
    await ledger.open()
    try:
        yield ledger
    finally:
        await ledger.close()


async def promised(ledger: PostgresLedger, number: int) -> bool | None:
    """Whether an offer was promised; None: the database could not be reached, and it was not."""
    made = offer(f"of_{number}", session=f"se_{number}", seq=number)
    try:
        return await ledger.commit(push(made, limit=LIMIT)) is None
    except LedgerError:
        return None


async def stored(ledger: PostgresLedger) -> set[str]:
    """The offers that the ledger holds, once it can be read again."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                return {one.id for one in await ledger.standing_offers()}
            except LedgerAwayError:
                await asyncio.sleep(0.05)


async def assert_exact(ledger: PostgresLedger, answers: dict[int, bool | None]) -> None:
    """What was promised is stored, and nothing else; the balance is the sum of what is stored."""
    kept = await stored(ledger)
    assert kept == {f"of_{number}" for number, answer in answers.items() if answer}
    assert await ledger.reconcile() == []
    (balance,) = [one for one in await ledger.balances() if one.currency == "EUR"]
    assert balance.reserved == 1935 * len(kept) <= LIMIT


@pytest.mark.parametrize("fault", Fault)
async def test_a_commit_whose_answer_is_lost_is_settled(
    cluster: Cluster, fault: Fault, quick: None
) -> None:
    proxy = PostgresProxy(cluster.folder)
    try:
        async with opened(proxy.address(cluster.database())) as ledger:
            answers = {0: await promised(ledger, 0)}
            proxy.fail_next_commit(fault)
            async with asyncio.timeout(PATIENCE_S):
                waiting = [asyncio.ensure_future(promised(ledger, n)) for n in range(1, 60)]
                answers |= dict(enumerate(await asyncio.gather(*waiting), 1))
            assert not proxy.is_due
            assert await stored(ledger) == {f"of_{n}" for n, yes in answers.items() if yes}
            assert await ledger.reconcile() == []
            was_written = fault in {Fault.CUT_AFTER, Fault.HOLE_AFTER}
            # On a busy machine other answers may be late too.
            assert ledger.outcomes_settled[was_written] >= 1
    finally:
        proxy.close()


async def test_that_fails_where_a_lost_outcome_is_taken_for_a_failure(
    cluster: Cluster, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PostgresConnection, "settle", lambda self: self.start() or False)
    with pytest.raises((AssertionError, LedgerError, TimeoutError)):
        await test_a_commit_whose_answer_is_lost_is_settled(cluster, Fault.CUT_AFTER, None)


@pytest.mark.thorough
async def test_a_database_that_is_killed_and_started_again_keeps_every_promise(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "RETRY_INTERVAL_S", 0.05)
    async with opened(cluster.database()) as ledger:
        answers: dict[int, bool | None] = {}

        async def promise(number: int) -> None:
            answers[number] = await promised(ledger, number)

        async with asyncio.timeout(PATIENCE_S):
            for kill in range(2):
                numbers = range(kill * 40, kill * 40 + 20)
                waiting = [asyncio.ensure_future(promise(number)) for number in numbers]
                await asyncio.to_thread(cluster.stop)
                with pytest.raises(LedgerError):
                    await ledger.record_facts([fact(version=kill + 1, at=T0)])
                assert ledger.is_away
                await promise(kill * 40 + 30)
                assert answers[kill * 40 + 30] is None
                await asyncio.to_thread(cluster.start)
                # A commit whose outcome was not known is answered now.
                await asyncio.gather(*waiting)
                while ledger.failure is not None:  # noqa: ASYNC110 - a ledger has no such event
                    await asyncio.sleep(0.05)
                await promise(kill * 40 + 31)
        assert sum(answer is True for answer in answers.values()) >= 2
        await assert_exact(ledger, answers)


def once(state: RedemptionState) -> RedemptionOutcome:
    """Redeem, or answer a repetition as before."""
    return RedemptionOutcome(status=200, body=b"won") if state.redemptions else redeem(state)


async def test_a_redemption_whose_answer_is_lost_is_redeemed_once(
    cluster: Cluster, quick: None
) -> None:
    proxy = PostgresProxy(cluster.folder)
    try:
        async with opened(proxy.address(cluster.database())) as ledger:
            await ledger.commit(push(offer("of_1"), limit=LIMIT))
            published: list[Change] = []
            ledger.subscribe(published.extend)
            proxy.fail_next_commit(Fault.HOLE_AFTER)
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    with contextlib.suppress(LedgerAwayError):
                        await ledger.run_redemption(once, offers=("of_1",), order="o1")
                        break
            assert [one.kind for one in published] == ["redemption"]
            assert len(await ledger.redemptions(order="o1")) == 1
            assert await ledger.reconcile() == []
    finally:
        proxy.close()


async def test_a_server_whose_ledger_was_taken_over_promises_nothing_more(cluster: Cluster) -> None:
    address = cluster.database()
    async with opened(address) as first:
        assert await promised(first, 1)
        # The same name: a restart waits for no lease.
        async with opened(address) as second:
            assert await promised(second, 2)
            assert await promised(first, 3) is None
            assert first.is_broken
            assert "another server has taken this ledger over" in (first.failure or "")
            assert await stored(second) == {"of_1", "of_2"}
