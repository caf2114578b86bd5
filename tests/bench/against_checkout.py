"""This checkout against another one: the ledger's rates, and the whole server's work for an offer.

    python tests/bench/against_checkout.py CHECKOUT [--rounds 15] [--sessions 300] [--only WORD]

Each measure runs in one process for each checkout, in short rounds that take turns, so that noise
affects both alike. A ratio above 1 says that this checkout is better; it is the median over the rounds. Processor
time is the figure to trust on a machine that does other work. Files are written where TMPDIR says: /dev/shm takes the
disk out of the figures.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import harness
from bench_active import RULES, SKUS, VIEWS, shoppers_at

MEASURES = ("promises alone", "promises, 64 at once", "records", "facts")
OFFERS_EACH_SECOND = 150
"""A rate that leaves half of a core free, so that the time of an offer is not that of a queue."""
IDLE_S = 0.02
"""Seconds of processor time in 0.3 s that a server without work uses at most."""
LEAST = 0.97


class Worker:
    """A process that measures one checkout's ledger, on the server's core."""

    def __init__(self, checkout: Path) -> None:
        command = [sys.executable, str(harness.HERE / "ledger_rates.py"), str(checkout)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        os.sched_setaffinity(self._process.pid, {harness.SERVER_CORE})

    def measure(self, name: str) -> dict[str, float]:
        """One round of one measure."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(name + "\n")
        stdin.flush()
        found: dict[str, float] = json.loads(stdout.readline())
        return found

    def stop(self) -> None:
        """End the process."""
        self._process.communicate()


class Shop:
    """A server of one checkout, which makes an offer to each shopper of a round."""

    def __init__(self, checkout: Path, sessions: int) -> None:
        script = checkout / "tests" / "bench" / "peers" / "job_tactful.py"
        command = [sys.executable, str(script), str(RULES), str(SKUS), "rescue"]
        self._server = harness.Server(["env", f"PYTHONPATH={checkout / 'server'}", *command])
        self._sessions = sessions

    def measure(self, _: str) -> dict[str, float]:
        """One round: new shoppers look at some items, and each is offered something."""
        shoppers = shoppers_at(self._server.port, self._sessions)
        shoppers.do(f"views {VIEWS}")
        seconds = self._sessions / OFFERS_EACH_SECOND
        began = self._idle_at()
        found = shoppers.do(f"offer 0 {seconds:.2f}")
        used = self._idle_at() - began
        shoppers.leave()
        assert found["offers"] == self._sessions, found
        return {"rate": 1e6 / found["p50_us"], "cpu_us": 1e6 * used / self._sessions}

    def _idle_at(self) -> float:
        """Processor time of the server once it has done everything that was asked of it."""
        used = self._server.precise_seconds()
        while True:
            time.sleep(0.3)
            if (now := self._server.precise_seconds()) - used < IDLE_S:
                return now
            used = now

    def stop(self) -> None:
        """Stop the server."""
        self._server.stop()


@contextmanager
def both(start: Callable[[Path], Any], checkout: Path) -> Iterator[tuple[Any, Any]]:
    """Context manager that starts something for this checkout and for the other."""
    with ExitStack() as stack:
        ours, theirs = start(harness.ROOT), start(checkout)
        stack.callback(theirs.stop)
        stack.callback(ours.stop)
        yield ours, theirs


def compared(pair: tuple[Any, Any], name: str, rounds: int) -> dict[str, Any]:
    """Medians of both, and the ratios of ours to theirs, after one round that does not count."""
    found: tuple[list[dict[str, float]], ...] = ([], [])
    for number in range(-1, rounds):
        # Each goes first every second time.
        for which in (0, 1) if number % 2 else (1, 0):
            one = pair[which].measure(name)
            if number >= 0:
                found[which].append(one)
    ours, theirs = ({key: [one[key] for one in each] for key in each[0]} for each in found)
    return {
        "rate": [round(median(ours["rate"])), round(median(theirs["rate"]))],
        "cpu_us": [round(median(ours["cpu_us"]), 1), round(median(theirs["cpu_us"]), 1)],
        "by the clock": harness.ratio(ours["rate"], theirs["rate"]),
        "by processor time": harness.ratio(theirs["cpu_us"], ours["cpu_us"]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--sessions", type=int, default=300)
    parser.add_argument("--only", default="")
    asked = parser.parse_args()
    other = asked.checkout.resolve()
    figures: dict[str, Any] = {}
    with both(Worker, other) as pair:
        for name in MEASURES:
            if asked.only in name:
                figures[name] = compared(pair, name, asked.rounds)
                print(name, json.dumps(figures[name]), flush=True)
    name = "event to offer"
    if asked.only in name:
        harness.built("active.c")
        with both(lambda path: Shop(path, asked.sessions), other) as pair:
            figures[name] = compared(pair, name, asked.rounds)
            print(name, json.dumps(figures[name]), flush=True)
    goals = [
        harness.goal(name, one["by processor time"]["median"], LEAST)
        for name, one in figures.items()
    ]
    harness.report("against_checkout", figures | {"written to": tempfile.gettempdir()}, goals)


if __name__ == "__main__":
    main()
