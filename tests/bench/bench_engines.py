"""Promises on SQLite and on PostgreSQL, interleaved in one run; prints the ratio of each round.

Run it with `PYTHONPATH=tests:server`. Server and database share the cores of this machine.
"""

import asyncio
import resource
import statistics
import tempfile
import time
from pathlib import Path

from msgspec import structs

from support.ledger_rows import T0, entry, offer, push
from support.postgres_cluster import DURABLE, running_cluster
from support.postgres_ledger import postgres_ledger
from tactful.runtime.ports.ledger_rows import StockNeed
from tactful.stores.sqlite.ledger import SqliteLedger

ROUNDS, AT_ONCE, EACH, ALONE = 4, 64, 30, 300


def turn(number: int, name: str):
    session = f"se_{name}_{number % 512}"
    made = offer(f"of_{name}_{number}", session=session, seq=number)
    return structs.replace(
        push(made, limit=None), session=session, state=b"x" * 900, resume=b"r" + session.encode(),
        epoch=1, seen_at=T0, entry=entry(session, T0 + number), stock=(StockNeed("RUN-42", "DE", None),),
    )  # fmt: skip


def used() -> float:
    """Seconds of processor time of this process."""
    times = resource.getrusage(resource.RUSAGE_SELF)
    return times.ru_utime + times.ru_stime


async def together(ledger, name: str) -> tuple[float, float]:
    """(promises per second, microseconds of this process per promise) of many callers at once."""

    async def caller(which: int) -> None:
        for number in range(EACH):
            assert await ledger.commit(turn(which * EACH + number, name)) is None

    began, before = time.perf_counter(), used()
    await asyncio.gather(*(caller(which) for which in range(AT_ONCE)))
    count = AT_ONCE * EACH
    return count / (time.perf_counter() - began), (used() - before) / count * 1e6


async def alone(ledger, name: str) -> float:
    """The median of milliseconds for one promise at a time."""
    taken = []
    for number in range(ALONE):
        began = time.perf_counter()
        assert await ledger.commit(turn(number, name)) is None
        taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1000


async def main() -> None:
    with running_cluster(*DURABLE) as cluster, tempfile.TemporaryDirectory() as folder:
        ledgers = {
            "sqlite": SqliteLedger(Path(folder) / "t.db"),
            "postgres": postgres_ledger(cluster.database()),
        }
        for ledger in ledgers.values():
            await ledger.open()
        for number in range(ROUNDS):
            found = {
                name: (*await together(one, f"t{number}"), await alone(one, f"a{number}"))
                for name, one in ledgers.items()
            }
            for name, (rate, cost, median) in found.items():
                print(f"{name:9} {rate:7.0f}/s  {cost:5.0f} us each  alone {median:6.2f} ms")
            (rate, cost, median), (rate_p, cost_p, median_p) = found.values()
            print(
                f"  ratio   {rate_p / rate:7.2f}    {cost_p / cost:5.2f}          {median_p / median:6.2f}"
            )
        for ledger in ledgers.values():
            await ledger.close()


asyncio.run(main())
