"""Echo over WebSockets: our listener against plain `websockets` and Node `ws`.

Two regimes: one message in flight per connection, where the kernel takes most of the time, and 16
in flight, where the servers do. A raw echo of bytes, which reads no frame at all, is the limit of
Python on this machine; each figure states how much of that limit it reaches.
"""

import json
import subprocess
from contextlib import ExitStack
from statistics import median
from typing import Any

import harness

OURS, PLAIN, NODE, RAW = "tactful", "websockets", "node ws", "raw bytes"
SIZE = 250
GOALS = {PLAIN: 3.5, NODE: 1.5}
WAYS = {"ours_is_times": "", "ours_in_user_time_is_times": ", processor time without the kernel's"}


class Echo:
    """One regime, measured on every contender in turn."""

    def __init__(self, servers: dict[str, harness.Server], asked: Any, depth: int) -> None:
        self._servers = servers
        self._asked = asked
        self._depth = depth
        self.user_us: dict[str, list[float]] = {name: [] for name in servers}
        self.cpu_us: dict[str, list[float]] = {name: [] for name in servers}

    def measure(self, name: str) -> float:
        """Events per second."""
        server = self._servers[name]
        command = harness.load_command(
            server.port, connections=self._asked.connections, seconds=self._asked.seconds,
            size=SIZE, depth=self._depth,
        )  # fmt: skip
        before, before_all = server.user_seconds(), server.cpu_seconds()
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        echoes = json.loads(done.stdout.splitlines()[1])
        used = server.user_seconds() - before
        self.user_us[name].append(used * 1e6 / echoes["events"])
        self.cpu_us[name].append((server.cpu_seconds() - before_all) * 1e6 / echoes["events"])
        return float(echoes["events"] / echoes["seconds"])

    def run(self) -> dict[str, Any]:
        """Medians of all contenders, and the ratios of ours to each."""
        samples = harness.interleave(list(self._servers), self.measure, self._asked.rounds)
        return {
            name: {
                "events_per_s": round(median(each)),
                "of_the_limit": harness.ratio(each, samples[RAW]),
                "processor_us_per_event": round(median(self.cpu_us[name]), 2),
                "of_that_without_the_kernel": round(median(self.user_us[name]), 2),
                "ours_is_times": harness.ratio(samples[OURS], each),
                "ours_in_user_time_is_times": harness.ratio(self.user_us[name], self.user_us[OURS]),
            }
            for name, each in samples.items()
        }


def main() -> None:
    asked = harness.options(__doc__, rounds=5, seconds=1.5, connections=500)
    commands = {
        OURS: harness.python("echo_tactful.py"),
        PLAIN: harness.python("echo_websockets.py"),
        NODE: harness.node("echo_ws.mjs"),
        RAW: harness.python("echo_raw.py"),
    }
    with ExitStack() as stack:
        servers = {
            name: stack.enter_context(harness.serving(command))
            for name, command in commands.items()
            if command is not None
        }
        harness.on_load_core()
        figures = {f"depth {depth}": Echo(servers, asked, depth).run() for depth in (1, 16)}
    goals = [
        harness.goal(f"echo against {name}, {depth}{how}", found[name][what]["median"], wanted)
        for depth, found in figures.items()
        for name, wanted in GOALS.items()
        for what, how in WAYS.items()
        if name in found
    ]
    for depth, found in figures.items():
        share = found[OURS]["of_the_limit"]["median"]
        print(f"{depth}: ours reaches {share:.0%} of what raw bytes on the same loop reach")
    harness.report("echo", figures, goals)


if __name__ == "__main__":
    main()
