"""Ten minutes of everything that can go wrong between four nodes and their database.

Nodes and database are killed and stopped, connections cut, held back and slowed, clocks set, names used twice.
Afterwards every answer is compared with the ledger. Nodes that are built without one guard each are the controls:
they must be found out (`--control 0` leaves them out).
"""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import harness

sys.path[:0] = [str(harness.ROOT / "tests"), str(harness.ROOT / "server")]

from support.nemesis import play, play_quietly  # noqa: E402
from support.postgres_cluster import DURABLE, Cluster, running_cluster  # noqa: E402

CONTROLS = {
    "settle": "wrong_promises", "limit": "overspent", "sums": "wrong_sums", "redeem": "doubled",
    "epoch": "torn_sessions", "reads": "stale", "log": "torn_log",
}  # fmt: skip
"""What a control is built without → the check that must find it out."""


@contextmanager
def place() -> Iterator[tuple[Path, Cluster]]:
    """A folder for histories, and a database of its own."""
    with running_cluster(*DURABLE) as cluster, tempfile.TemporaryDirectory() as folder:
        yield Path(folder), cluster


async def main() -> None:
    asked = harness.options(__doc__, seconds=600, control=2_500, seed=1)
    wanted = int(asked.seconds / 12)
    with place() as (folder, cluster):
        found = await play(folder, cluster, seconds=asked.seconds, seed=asked.seed, enough=wanted)
    figures: dict[str, Any] = {
        "acts": found.acts,
        "answers": found.answers,
        "faults": found.faults,
        "lost commits that were written": found.settled_in,
        "lost commits that were not": found.settled_out,
        "leases that were over": found.lapses,
        "wrong": found.wrong[:20],
    }
    goals = [
        harness.goal("wrong answers", len(found.wrong), 0, at_most=True),
        harness.goal("lost commits that were written", found.settled_in, wanted),
        harness.goal("lost commits that were not", found.settled_out, wanted),
    ]
    for fault, check in CONTROLS.items() if asked.control else ():
        with place() as (folder, cluster):
            control = await play_quietly(folder, cluster, asked.control, fault)
        caught = sum(one.startswith(f"{check}:") for one in control.wrong)
        figures[f"without {fault}"] = caught
        goals.append(harness.goal(f"found out without {fault}", caught, 1))
    harness.report("nodes", figures, goals)


if __name__ == "__main__":
    harness.run(main)
