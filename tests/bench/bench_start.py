"""Start time on a large shop: 1 million products and customers, 10 million order lines.

The ledger is written once into a temporary folder (two minutes, 4 GB; free space is checked before).
Then servers are started in turn: on it with a cold page cache, on it again, and on nothing, which
takes what Python itself takes. On a shared machine the best start and the processor time count.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import harness

sys.path[:0] = [str(harness.ROOT / "tests"), str(harness.ROOT / "server")]

from big_shop import Size, build  # noqa: E402 - found on the path just set

from journeys.fixture import rules  # noqa: E402 - found on the path just set

BYTES = 520
"""Bytes of disk per order line, with its share of everything else and some reserve."""


class Start:
    """One start of a server on a folder, until it reports that it is ready."""

    def __init__(self, data: Path, rules: Path) -> None:
        began = time.perf_counter()
        command = [sys.executable, "-m", "tactful", "serve", "--port", "0"]
        environment = os.environ | {"PYTHONPATH": str(harness.ROOT / "server")}
        with subprocess.Popen(
            [*command, "--data", str(data), "--rules", str(rules)],
            stderr=subprocess.PIPE, text=True, env=environment,
        ) as process:  # fmt: skip
            assert process.stderr is not None
            said = [next(process.stderr)]
            while "Ctrl-C" not in said[-1]:
                said.append(next(process.stderr))
            self.seconds = time.perf_counter() - began
            self.cpu_seconds = cpu_of(process.pid)
            self.rss_mib = resident(process.pid)
            at_rest = until_idle(process.pid)
            self.background_seconds = at_rest - self.cpu_seconds
            self.rested_mib = resident(process.pid)
            process.terminate()

    def figures(self) -> dict[str, float]:
        return {name: round(value, 3) for name, value in vars(self).items()}


def cpu_of(pid: int) -> float:
    """Processor time of a process so far, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> float:
    """The peak memory of a process, in MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def until_idle(pid: int) -> float:
    """Wait until a process is idle; return the processor time that it had used."""
    before = -1.0
    while cpu_of(pid) - before > 0.02:
        before = cpu_of(pid)
        time.sleep(0.5)
    return before


def forget(data: Path) -> None:
    """Drop the page cache of these files."""
    for path in data.iterdir():
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def measured(folder: Path, size: Size, rounds: int) -> dict[str, Any]:
    """Starts on the large ledger, cold and warm, and on an empty one, in turn."""
    book, large = folder / "rules", folder / "large"
    book.mkdir()
    (book / "rules.yaml").write_text(rules(), "utf-8")
    large.mkdir()
    began = time.perf_counter()
    build(large / "tactful.db", size)
    figures: dict[str, Any] = {
        "build_seconds": round(time.perf_counter() - began, 1),
        "ledger_mb": round((large / "tactful.db").stat().st_size / 1e6),
    }
    found: dict[str, list[Start]] = {"cold": [], "warm": [], "empty": []}
    for number in range(rounds):
        forget(large)
        found["cold"].append(Start(large, book))
        found["warm"].append(Start(large, book))
        found["empty"].append(Start(folder / f"empty-{number}", book))
    for name, starts in found.items():
        keys = starts[0].figures()
        figures[name] = {key: median(one.figures()[key] for one in starts) for key in keys}
        figures[name]["seconds_at_best"] = min(one.figures()["seconds"] for one in starts)
    return figures


def main() -> None:
    asked = harness.options(
        __doc__, products=1_000_000, customers=1_000_000, lines=10_000_000, offers=100_000, rounds=3
    )
    size = Size(
        products=asked.products, customers=asked.customers, lines=asked.lines, offers=asked.offers
    )
    needed = asked.lines * BYTES
    with tempfile.TemporaryDirectory(prefix="tactful-large-") as folder:
        free = shutil.disk_usage(folder).free
        if free < 2 * needed:
            sys.exit(f"{folder}: {needed >> 20} MiB are needed, and as many to spare")
        figures = measured(Path(folder), size, asked.rounds)
    cold, empty = figures["cold"], figures["empty"]
    times = cold["cpu_seconds"] / empty["cpu_seconds"]
    goals = [
        harness.goal("s until ready, cold, at best", cold["seconds_at_best"], 1, at_most=True),
        harness.goal("MiB of memory", cold["rested_mib"], 150, at_most=True),
        harness.goal("times an empty start's processor time", times, 1.5, at_most=True),
    ]
    harness.report("start", figures | {"size": {**vars(asked)}}, goals)


if __name__ == "__main__":
    main()
