"""Time from an event to the offer on the wire, commit included, among active sessions; memory.

Each shopper is offered something at a time of its own while all others keep clicking, at a rate
that keeps the server's core half busy. The client is a C program on the other core, so that the
figure is the server's. Each round runs with the ledger on disk and in memory, and times bare writes
to that disk beside it: no server can save what the disk takes for one of them.
"""

import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import harness
import httpx

RULES, SKUS, VIEWS = 100, 200, 8
KEY = "the-key-of-the-benchmark"
EACH_SECOND = 500
"""Offers a second, besides the clicks."""
AN_OFFER = 0.0007
"""Seconds of processor time for one, so that offers and clicks are half a core together."""
TRIED = 20_000
"""Clicks a second with which the rate of half a core is calibrated."""
PAGES = 16 * 1024
"""Bytes of a bare write: about what one commit adds to the log."""
MEMORY = Path("/dev/shm")  # noqa: S108 - there is no other name for it


def shoppers_at(port: int, count: int) -> harness.Told:
    """`count` shoppers who have been welcomed."""
    return harness.Told([str(harness.built("active.c")), str(port), str(count)])


def bare_writes(folder: Path, seconds: float = 2.0) -> list[float]:
    """Milliseconds that the disk takes for each of several writes of a commit's size."""
    found = []
    with tempfile.TemporaryFile(dir=folder) as file:
        number, until = file.fileno(), time.perf_counter() + seconds
        while (began := time.perf_counter()) < until:
            os.write(number, b"x" * PAGES)
            os.fdatasync(number)
            found.append(1000 * (time.perf_counter() - began))
            time.sleep(0.001)
    return sorted(found)


def inside(port: int) -> dict[str, float]:
    """The server's own histogram of the same: counts up to each bound in seconds."""
    headers = {"Authorization": f"Bearer {KEY}"}
    text = httpx.get(f"http://127.0.0.1:{port}/metrics", headers=headers).text
    row = r'tactful_event_to_offer_seconds_bucket\{le="([^"]+)"\} (\S+)'
    return {bound: float(count) for bound, count in re.findall(row, text)}


def share_within(before: dict[str, float], after: dict[str, float], bound: str) -> float:
    """The share of offers that the server sent within a time in seconds after the event."""
    return (after[bound] - before[bound]) / (after["+Inf"] - before["+Inf"])


@contextmanager
def serving(folder: Path) -> Iterator[harness.Server]:
    """A server of its own, because the caps allow a session one offer at a time."""
    command = harness.python("job_tactful.py", str(RULES), str(SKUS), "rescue")
    with harness.serving(["env", f"TMPDIR={folder}", *command]) as server:
        yield server


def measure(sessions: int, folder: Path) -> dict[str, Any]:
    """One round with the ledger in a folder."""
    with serving(folder) as server:
        warm = shoppers_at(server.port, 50)
        warm.leave()
        time.sleep(0.5)
        empty = server.rss_kib()
        shoppers = shoppers_at(server.port, sessions)
        idle = (server.rss_kib() - empty) / sessions
        shoppers.do(f"views {VIEWS}")
        time.sleep(1)
        active = (server.rss_kib() - empty) / sessions
        began = server.cpu_seconds()
        tried = shoppers.do(f"click {TRIED} 2")
        a_click = (server.cpu_seconds() - began) / tried["clicks"]
        rate = (0.5 - EACH_SECOND * AN_OFFER) / a_click
        seconds = sessions / EACH_SECOND
        disk = bare_writes(folder)
        before, began = inside(server.port), server.cpu_seconds()
        found = shoppers.do(f"offer {rate:.0f} {seconds:.2f}")
        after, used = inside(server.port), server.cpu_seconds() - began
        shoppers.leave()
        assert found["offers"] == sessions, found
        return {
            "p50_ms": found["p50_us"] / 1000,
            "p90_ms": found["p90_us"] / 1000,
            "p99_ms": found["p99_us"] / 1000,
            "max_ms": found["max_us"] / 1000,
            "inside_within_5_ms": round(share_within(before, after, "0.005"), 4),
            "inside_within_15_ms": round(share_within(before, after, "0.015"), 4),
            "bare_write_p50_ms": round(median(disk), 2),
            "bare_write_p99_ms": round(disk[int(len(disk) * 0.99)], 2),
            "clicks_per_s": round(found["clicks"] / seconds),
            "core_share": round(used / seconds, 2),
            "click_cpu_us": round(1e6 * a_click, 1),
            "idle_kib": round(idle, 1),
            "active_kib": round(active, 1),
        }


def main() -> None:
    asked = harness.options(__doc__, sessions=5_000, rounds=3)
    harness.on_load_core()
    figures: dict[str, Any] = {}
    goals = []
    places = {"on disk": Path(tempfile.gettempdir()), "in memory": MEMORY}
    for sessions, wanted in ((1_000, 5.0), (5_000, 15.0)):
        if sessions > asked.sessions:
            continue
        rounds: dict[str, list[dict[str, Any]]] = {where: [] for where in places}
        for _ in range(asked.rounds):
            for where, folder in places.items():
                if folder.is_dir():
                    rounds[where].append(measure(sessions, folder))
        for where, found in rounds.items():
            if found:
                middle = {name: median(one[name] for one in found) for name in found[0]}
                figures[f"{sessions} active sessions, ledger {where}"] = middle
                name = f"event to offer, p99 ms, {sessions} sessions, ledger {where}"
                goals.append(harness.goal(name, middle["p99_ms"], wanted, at_most=True))
        memory = figures[f"{sessions} active sessions, ledger on disk"]["active_kib"]
        goals.append(harness.goal(f"KiB an active session, {sessions}", memory, 16, at_most=True))
    harness.report("active", figures, goals)


if __name__ == "__main__":
    main()
