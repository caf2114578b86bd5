"""Redemptions per second: sixteen at once on one offer from four processes, then in process.

The limit is a bare loop that commits one row with synchronous=FULL, and the naive ledger is the
control that must double. `--attempts` for the bursts, `--rounds` for the interleaved comparison.
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

from support.ledger_rows import accepted, push  # noqa: E402 - found on the path just set
from support.processes.crash_worker import redemption  # noqa: E402 - found on the path just set
from support.redemption_bursts import run  # noqa: E402 - found on the path just set
from tactful.stores.sqlite.ledger import SqliteLedger  # noqa: E402 - found on the path just set
from tactful.stores.sqlite.opening import connect  # noqa: E402 - found on the path just set

REDEMPTIONS = 4_000
AT_ONCE = 16


async def redemptions(folder: Path, count: int, at_once: int) -> float:
    """Redemptions a second of different offers by concurrent callers in this process."""
    ledger = SqliteLedger(folder / "tactful.db")
    await ledger.open()
    turns = [push(accepted(f"of_{n}", session=f"se_{n}"), limit=None) for n in range(count)]
    await asyncio.gather(*map(ledger.commit, turns))
    numbers = iter(range(count))

    async def caller() -> None:
        for number in numbers:
            logic = redemption(f"of_{number}", f"o_{number}")
            ruling = await ledger.run_redemption(
                logic, offers=(f"of_{number}",), order=f"o_{number}"
            )
            assert ruling.status == 200

    started = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(at_once)))
    seconds = time.perf_counter() - started
    assert await ledger.reconcile() == []
    await ledger.close()
    return count / seconds


def bare(folder: Path, count: int) -> float:
    """Rows a second, one durable transaction each: what disk and SQLite allow without group commit."""
    with closing(connect(folder / "bare.db")) as made:
        made.execute("PRAGMA journal_mode=WAL").fetchall()
        made.execute("PRAGMA synchronous=FULL")
        made.execute("CREATE TABLE used (offer TEXT PRIMARY KEY, body BLOB)")
        started = time.perf_counter()
        for number in range(count):
            made.execute("BEGIN IMMEDIATE")
            made.execute("INSERT INTO used VALUES (?, zeroblob(300))", (f"of_{number}",))
            made.execute("COMMIT")
        return count / (time.perf_counter() - started)


def measure(contender: str) -> float:
    """One round of one contender, on a folder of its own."""
    contenders: dict[str, Callable[[Path], float]] = {
        "bare, one by one": lambda folder: bare(folder, REDEMPTIONS),
        "redeem, 16 at once": lambda f: asyncio.run(redemptions(f, REDEMPTIONS, AT_ONCE)),
        "redeem, one by one": lambda f: asyncio.run(redemptions(f, REDEMPTIONS // 4, 1)),
    }
    with tempfile.TemporaryDirectory() as folder:
        return contenders[contender](Path(folder))


def main() -> None:
    """Bursts first, then the comparison."""
    chosen = options(__doc__, attempts=100_000, rounds=5)
    with tempfile.TemporaryDirectory() as folder:
        outcome = run(Path(folder), chosen.attempts)
    with tempfile.TemporaryDirectory() as folder:
        naive = run(Path(folder), 1_600, "naive")
    names = ["bare, one by one", "redeem, 16 at once", "redeem, one by one"]
    samples = interleave(names, measure, chosen.rounds)
    against = {name: ratio(samples[name], samples[names[0]]) for name in names[1:]}
    wrong = outcome.doubled + outcome.differing + outcome.unexpected + outcome.ledger["wrong"]
    figures = {
        "attempts": outcome.attempts,
        "attempts per second": round(outcome.attempts / outcome.seconds),
        "wrong": wrong,
        "unsold": outcome.unsold,
        "doubled by the naive control": len(naive.doubled),
        "per second": {name: round(median(each)) for name, each in samples.items()},
        "times bare": against,
    }
    goals = [
        goal("wrong answers", len(wrong) + outcome.unsold, 0, at_most=True),
        goal("offers doubled by the control", len(naive.doubled), 1),
        goal("redeem, 16 at once, times bare", against["redeem, 16 at once"]["median"], 0.5),
    ]
    report("redeem", figures, goals)


if __name__ == "__main__":
    main()
