"""How one flooding client among 100 talking clients delays the responses to the others.

They talk with `tactful serve` as an operator starts it, each from an address of its own, the
flooder from another one. Each kind of flood is measured from its beginning, beside a quiet moment,
round by round. The control is the same server without effective limits. Server and shoppers get a
higher priority than other work on this machine where that is allowed; otherwise p99 measures that
other work.
"""

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import harness
import httpx
from manager import HOST, KEY, Manager, opened
from restarts import RULES, SETTINGS, SKUS, facts_of

KINDS = ("messages", "pings", "garbage", "connects", "health", "facts")
GROWS_LESS_THAN = 20.0
"""Percent."""
UNLIMITED = ("--max-connections-per-address", "1000000")
LEAD_S = 0.1
"""Seconds between the start of the flood and the measurement; the burst allowance is not used up yet."""
CALM_S = 0.2
"""Seconds after a flood, so that its effects do not count for the next one."""


@contextmanager
def serving(folder: Path, *more: str) -> Iterator[Manager]:
    """A whole shop, with items in it; `more`: its further settings."""
    with opened(folder, RULES, SETTINGS, *more) as manager:
        facts = [fact for number in range(SKUS) for fact in facts_of(f"s{number}")]
        headers = {"Authorization": f"Bearer {KEY}"}
        url = f"http://{HOST}:{manager.port}/v1/facts"
        assert httpx.post(url, json=facts, headers=headers).json()["rejected"] == []
        go_first(manager.process.pid)
        yield manager


def go_first(pid: int) -> bool:
    """Give all threads of a process a higher priority, where that is permitted."""
    try:
        for thread in Path(f"/proc/{pid}/task").iterdir():
            os.sched_setscheduler(int(thread.name), os.SCHED_RR, os.sched_param(1))
    except (OSError, AttributeError):
        return False
    return True


class Talk(harness.Told):
    """The talking clients, and the response times that they measured."""

    def __init__(self, port: int, clients: int) -> None:
        super().__init__([str(harness.built("talk.c")), str(port), str(clients)])
        self.goes_first = go_first(self.pid)

    def for_a_while(self, rate: int, seconds: float) -> dict[str, int]:
        """Send messages at a total rate per second; return how long their acknowledgements took."""
        return self.do(f"{rate} {seconds}")


class Flooder:
    """The flooding client, from another address each time, so that no limit is in force yet."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._times = 0
        self._process: subprocess.Popen[str]

    def begin(self, kind: str, seconds: float) -> None:
        """Flood for a number of seconds."""
        self._times += 1
        address = f"127.2.0.{self._times}"
        command = [str(harness.built("flood.c")), str(self._port), address, kind, str(seconds)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        time.sleep(LEAD_S)

    def end(self) -> dict[str, int]:
        """What the flood achieved."""
        said, _ = self._process.communicate()
        found: dict[str, int] = json.loads(said)
        return found


def measure(manager: Manager, asked: Any, times: int) -> dict[str, list[dict[str, Any]]]:
    """Measure a quiet moment in each round, and then each kind of flood once."""
    found: dict[str, list[dict[str, Any]]] = {kind: [] for kind in KINDS}
    talk, flooder = Talk(manager.port, asked.clients), Flooder(manager.port)
    talk.for_a_while(asked.rate, asked.seconds)
    for _ in range(times):
        quiet = talk.for_a_while(asked.rate, asked.seconds)
        for kind in KINDS:
            worked = manager.cpu_seconds()
            flooder.begin(kind, asked.seconds + 2 * LEAD_S)
            loud = talk.for_a_while(asked.rate, asked.seconds)
            done = flooder.end()
            worked = (manager.cpu_seconds() - worked) / (asked.seconds + 2 * LEAD_S)
            found[kind].append({"quiet": quiet, "loud": loud, "worked": worked, "flooder": done})
            talk.for_a_while(asked.rate, CALM_S)
    talk.leave()
    return found


def summed_up(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """Medians over the rounds; the growth is that within a round."""

    def of(when: str, what: str) -> float:
        return median(one[when][what] for one in rounds)

    growth = harness.ratio(
        [one["loud"]["p99_us"] for one in rounds], [one["quiet"]["p99_us"] for one in rounds]
    )
    return {
        "p99 us, quiet": of("quiet", "p99_us"),
        "p99 us, flooded": of("loud", "p99_us"),
        "p50 us, quiet": of("quiet", "p50_us"),
        "p50 us, flooded": of("loud", "p50_us"),
        "max us, flooded": of("loud", "max_us"),
        "p99 is times": growth,
        "share of a core meanwhile": round(median(one["worked"] for one in rounds), 2),
        "flooder": {name: of("flooder", name) for name in rounds[0]["flooder"]},
    }


def measured(asked: Any, times: int, *more: str) -> dict[str, Any]:
    """Run a server of its own and return the figures of its shoppers."""
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder), *more) as manager:
        rounds = measure(manager, asked, times)
        assert "Traceback" not in manager.log(), manager.log()
    return {kind: summed_up(found) for kind, found in rounds.items()}


def main() -> None:
    asked = harness.options(__doc__, clients=100, rate=2_000, rounds=5, seconds=5.0, control=1)
    harness.on_load_core()
    figures = measured(asked, asked.rounds)
    goals = [
        harness.goal(
            f"% by which the others' p99 grows, {kind}",
            100 * (found["p99 is times"]["median"] - 1),
            GROWS_LESS_THAN,
            at_most=True,
        )
        for kind, found in figures.items()
    ]
    document = {"clients": asked.clients, "messages a second": asked.rate, **figures}
    if asked.control:
        document["control"] = measured(asked, asked.control, *UNLIMITED)
    harness.report("flood", document, goals)


if __name__ == "__main__":
    main()
