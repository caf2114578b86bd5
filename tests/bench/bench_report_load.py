"""Offers while the server reports on a large ledger: the p99 beside a report, in times of the quiet one.

Run: `.venv/bin/python tests/bench/bench_report_load.py [--units 1000000]`. Quiet rounds and rounds beside
`GET /v1/report` are interleaved, because the machine is shared. `EFFECTS_LEDGERS`: see `bench_effects.py`.

The controls never touch the server or its ledger. `control` computes, and `control, memory` also walks
through more memory than the caches hold, both for `--seconds`, on the core of the server, in its session
and giving way as a report does. What offers wait beside them is the machine's part.
"""

import asyncio
import os
import shutil
import sys
import tempfile
from pathlib import Path
from statistics import median

import bench_mixed_load
import harness
from bench_effects import ledger_of
from bench_mixed_load import REQUEST, run_program
from manager import KEY, opened
from restarts import RULES, SETTINGS

REPORT = "/v1/report?since=2026-01-01T00:00:00Z"
CONTROLS = {"control": 1 << 16, "control, memory": 1 << 26}
"""Work that is no report → bytes that it walks through."""
BURN = """
import sys, time
from tactful.stores.report_process import give_way
give_way()
walked, end = bytearray(int(sys.argv[1])), time.monotonic() + float(sys.argv[2])
while time.monotonic() < end:
    walked.count(1)
"""


class Shop(bench_mixed_load.Shop):
    """A running server and its shoppers, beside whom reports are computed."""

    async def _repeat(self, work: str) -> None:
        if work == "report":
            await run_program("-c", REQUEST, str(self._manager.port), KEY, "GET", REPORT, "")
            return
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", BURN, str(CONTROLS[work]), str(self._asked.seconds),
            env={"PYTHONPATH": str(harness.ROOT / "server")},
        )  # fmt: skip
        os.sched_setaffinity(process.pid, {harness.SERVER_CORE})
        assert await process.wait() == 0


def main() -> None:
    """Copy a ledger into a data folder, serve it, and compare."""
    asked = harness.options(__doc__, rounds=5, rate=60.0, units=1_000_000, seconds=10.0)
    harness.on_load_core()
    with tempfile.TemporaryDirectory() as path:
        folder = Path(path)
        made = ledger_of(int(asked.units), Path(os.environ.get("EFFECTS_LEDGERS", path)))
        (folder / "shop" / "data").mkdir(parents=True)
        shutil.copy(made, folder / "shop" / "data" / made.name)
        with opened(folder / "shop", RULES, SETTINGS, in_own_session=False) as manager:
            figures, goals = asyncio.run(compare(Shop(manager, folder, asked), asked))
    harness.report("report_load", figures, goals)


async def compare(shop: Shop, asked: object) -> tuple[dict[str, object], list[dict[str, object]]]:
    """Measure the p99 of offers in interleaved rounds."""
    await shop.open()
    await shop.offers_p99(None)
    samples: dict[str, list[float]] = {name: [] for name in ("quiet", "report", *CONTROLS)}
    for _ in range(int(asked.rounds)):  # type: ignore[attr-defined]
        for name, found in samples.items():
            found.append(await shop.offers_p99(None if name == "quiet" else name))
    shop.leave()
    times = harness.ratio(samples["report"], samples["quiet"])
    machine = {name: harness.ratio(samples[name], samples["quiet"]) for name in CONTROLS}
    figures = {
        "p99 of offers, ms": {name: round(median(found), 1) for name, found in samples.items()},
        "times quiet, beside a report": times,
        "times quiet, beside a control": machine,
    }
    name = "p99 of offers beside a report, times quiet"
    return figures, [harness.goal(name, times["median"], 1.2, at_most=True)]


if __name__ == "__main__":
    main()
