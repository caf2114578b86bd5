"""Durable decision records and facts per second, against a bare loop that writes the same bytes.

A record is what a turn leaves: an entry with its inputs, 0.8 kB, and for one turn in ten, in which
an offer changed, the state of the session.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import median

from harness import goal, interleave, options, ratio, report

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2] / "server")]

from support.ledger_rows import T0, accepted, entry, fact, push  # noqa: E402 - found on the path just set
from tactful.runtime.ports.ledger_rows import Commit  # noqa: E402 - found on the path just set
from tactful.stores.sqlite.ledger import SqliteLedger  # noqa: E402 - found on the path just set
from tactful.stores.sqlite.opening import connect  # noqa: E402 - found on the path just set

RECORDS, FACTS, SESSIONS, BATCH = 100_000, 50_000, 5_000, 500
STATE, INPUTS = b"s" * 600, b"i" * 700


async def opened(folder: Path) -> SqliteLedger:
    ledger = SqliteLedger(folder / "tactful.db")
    await ledger.open()
    return ledger


def turn(number: int) -> Commit:
    """The record of a turn without an offer."""
    session = f"se_{number % SESSIONS}"
    made = entry(session, T0 + number, inputs=INPUTS)
    state = STATE if number % 10 == 0 else None
    return Commit(session=session, state=state, seen_at=T0 + number, entry=made)


async def records(folder: Path) -> float:
    """Records a second, until all are durable."""
    ledger = await opened(folder)
    turns = [turn(number) for number in range(RECORDS)]
    started = time.perf_counter()
    for start in range(0, RECORDS, BATCH):
        for made in turns[start : start + BATCH]:
            ledger.record(made)
        while ledger._open_writer.pending_bytes > 8_000_000:
            await ledger.feed_heartbeats()  # a read lets the writer catch up
    await ledger.flush()
    seconds = time.perf_counter() - started
    assert ledger.records_lost == 0
    await ledger.close()
    return RECORDS / seconds


async def facts(folder: Path) -> float:
    """Facts a second, in batches that are each acknowledged."""
    ledger = await opened(folder)
    rows = [
        fact("order", f"o{n}", 1, subjects=(("order", f"o{n}"), ("customer", f"c{n % 9_999}")), n="n" * 200)
        for n in range(FACTS)
    ]  # fmt: skip
    started = time.perf_counter()
    for start in range(0, FACTS, BATCH):
        assert all(await ledger.record_facts(rows[start : start + BATCH]))
    seconds = time.perf_counter() - started
    await ledger.close()
    return FACTS / seconds


async def bare(folder: Path) -> float:
    """The same bytes in one table without an index, in durable batches."""
    with closing(connect(folder / "bare.db")) as made:
        made.execute("PRAGMA journal_mode=WAL").fetchall()
        made.execute("PRAGMA synchronous=FULL")
        made.execute("CREATE TABLE kept (at INTEGER, body BLOB)")
        started = time.perf_counter()
        for start in range(0, RECORDS, BATCH):
            made.execute("BEGIN IMMEDIATE")
            made.executemany(
                "INSERT INTO kept VALUES (?, ?)", [(start + n, INPUTS) for n in range(BATCH)]
            )
            made.execute("COMMIT")
        return RECORDS / (time.perf_counter() - started)


async def promises(folder: Path, *, beside: bool) -> float:
    """p99 of a commit in ms, alone or beside 10,000 records a second."""
    ledger = await opened(folder)
    taken: list[float] = []
    recording = asyncio.create_task(steady(ledger)) if beside else None
    for number in range(2_000):
        started = time.perf_counter()
        await ledger.commit(push(accepted(f"of_{number}", session=f"x_{number}"), limit=None))
        taken.append(time.perf_counter() - started)
    if recording:
        recording.cancel()
    await ledger.close()
    return sorted(taken)[len(taken) * 99 // 100] * 1_000


async def steady(ledger: SqliteLedger) -> None:
    """Records in the background, ten each millisecond."""
    number = 0
    while True:
        for _ in range(10):
            ledger.record(turn(number))
            number += 1
        await asyncio.sleep(0.001)


def measure(contender: str) -> float:
    """One round of one contender, on a folder of its own."""
    contenders: dict[str, Callable[[Path], float]] = {
        "bare rows/s": lambda folder: asyncio.run(bare(folder)),
        "records/s": lambda folder: asyncio.run(records(folder)),
        "facts/s": lambda folder: asyncio.run(facts(folder)),
        "commit p99 ms": lambda folder: asyncio.run(promises(folder, beside=False)),
        "commit p99 ms beside records": lambda folder: asyncio.run(promises(folder, beside=True)),
    }
    with tempfile.TemporaryDirectory() as folder:
        return contenders[contender](Path(folder))


def main() -> None:
    """Interleaved rounds of all."""
    chosen = options(__doc__, rounds=5)
    names = ["bare rows/s", "records/s", "facts/s", "commit p99 ms", "commit p99 ms beside records"]
    samples = interleave(names, measure, chosen.rounds)
    beside = ratio(samples[names[4]], samples[names[3]])
    figures = {
        "median": {name: round(median(each), 2) for name, each in samples.items()},
        "records, times bare": ratio(samples["records/s"], samples["bare rows/s"]),
        "p99 beside records, times alone": beside,
    }
    goals = [
        goal("records per second", median(samples["records/s"]), 50_000),
        goal("p99 of a commit beside records, times alone", beside["median"], 1.1, at_most=True),
    ]
    report("ledger", figures, goals)


if __name__ == "__main__":
    main()
