"""Comparison of the engine's reasons with the oracle's in 200,000 random worlds.

Run: `.venv/bin/python tests/bench/bench_oracle.py [--worlds 200000]`. A difference is printed with
the seed of its world, and fails the run.
"""

import os
import sys
import time
from collections.abc import Iterable
from itertools import chain
from multiprocessing import Pool
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2] / "server")]

from harness import goal, options, report  # noqa: E402 - after the path
from rich.progress import track  # noqa: E402

from support.oracle.generated_worlds import world  # noqa: E402
from unit.core.scenarios.test_oracle import differences  # noqa: E402

BATCH = 250


def tried(start: int) -> list[str]:
    """The differences in a batch of random worlds."""
    seeds = range(start, start + BATCH)
    return [f"world({seed}): {found}" for seed in seeds for found in differences(world(seed))]


def progressing(batches: Iterable[list[str]], total: int) -> list[str]:
    """All differences, with a progress bar."""
    return list(chain.from_iterable(track(batches, "worlds", total=total)))


def main() -> int:
    """Return 0 if there is no difference."""
    worlds = int(options(__doc__, worlds=200_000).worlds)
    starts = range(0, worlds, BATCH)
    began = time.perf_counter()
    with Pool(os.cpu_count()) as pool:
        found = progressing(pool.imap_unordered(tried, starts), len(starts))
    seconds = time.perf_counter() - began
    figures = {
        "worlds": worlds,
        "differences": len(found),
        "worlds_per_second": round(worlds / seconds),
    }
    report("oracle", figures, [goal("differences", len(found), 0, at_most=True)])
    print("\n".join(found[:20]))
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
