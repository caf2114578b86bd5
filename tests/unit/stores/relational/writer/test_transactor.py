"""One batch of jobs as one transaction."""

import asyncio
from typing import Any

import pytest

from support.ledger_rows import accepted, push
from tactful.runtime.ports.ledger import LedgerError
from tactful.stores.relational import turns
from tactful.stores.relational.writer.engine import RepeatError
from tactful.stores.relational.writer.transactor import MAX_REPEATS, Transactor
from tactful.stores.relational.writer.write_jobs import Lane, WriteJob
from tactful.stores.shared.failpoints import no_failpoint
from tactful.stores.sqlite.sqlite_connection import SqliteConnection
from tactful.stores.sqlite.writer.sqlite_engine import SqliteEngine

COUNT = "SELECT count(*) FROM heard"
HEARD = "INSERT INTO heard VALUES (?, 1)"


@pytest.fixture
def transactor(connection: SqliteConnection, tmp_path: Any) -> Any:
    engine = SqliteEngine(connection, tmp_path / "tactful.db")
    yield Transactor(connection, engine, turns.write, no_failpoint, lambda *_: None)
    engine.close()


def job(work: Any) -> WriteJob:
    future = asyncio.get_running_loop().create_future()
    return WriteJob(lane=Lane.WORK, work=work, future=future)


async def test_a_job_that_fails_takes_no_other_with_it(
    transactor: Transactor, connection: SqliteConnection
) -> None:
    jobs = [
        job(lambda made: made.execute(HEARD, ("a",)).rowcount),
        job(lambda made: made.execute(HEARD, ("a",)).rowcount),
        job(lambda _: 1 // 0),
        WriteJob(lane=Lane.PROMISE, turn=push(accepted())),
    ]
    transactor.perform(jobs, probes=True)
    assert jobs[0].outcome == 1
    assert isinstance(jobs[1].outcome, LedgerError)
    assert isinstance(jobs[2].outcome, ZeroDivisionError)
    assert jobs[3].outcome is None
    assert connection.execute(COUNT).fetchone() == (1,)
    assert connection.execute("SELECT count(*) FROM offers").fetchone() == (1,)


@pytest.mark.parametrize("times", [1, MAX_REPEATS - 1])
async def test_a_transaction_that_was_rolled_back_is_repeated(
    transactor: Transactor, connection: SqliteConnection, times: int
) -> None:
    left = [RepeatError("deadlock")] * times

    def work(made: Any) -> None:
        made.execute(HEARD, ("a",))
        if left:
            raise left.pop()

    transactor.perform([job(work)], probes=False)
    assert connection.execute(COUNT).fetchone() == (1,)


async def test_a_transaction_that_is_rolled_back_again_and_again_is_given_up(
    transactor: Transactor, connection: SqliteConnection
) -> None:
    def work(made: Any) -> None:
        raise RepeatError("deadlock")

    with pytest.raises(LedgerError, match="rolled a transaction back 3 times: deadlock"):
        transactor.perform([job(work)], probes=False)
    assert not connection.in_transaction
