"""Events per second with the whole decision and its record, through real sockets, against peers.

All get the same messages, four views to six inputs of 200 items, and the same rules of 5 conditions.
`tactful` is the product as it is: a shopper who is active gets no offer yet, so most events only
change the session, and rules are evaluated in a pause. `tactful looking` has that wait switched off:
as on the peers, every event evaluates the rules, and the reasons are recorded. The peers keep no
record and no budget, and know no caps and no complaints.
"""

import json
import subprocess
from contextlib import ExitStack
from statistics import median
from typing import Any

import harness

OURS, LOOKING, DOOR, ECHO = "tactful", "tactful looking", "our door alone", "our echo"
ENGINE, INDEXED = "node ws + json-rules-engine", "node ws, indexed by hand"
SKUS = 200


def commands(rules: int) -> dict[str, list[str] | None]:
    """The commands of all contenders, for a number of rules."""
    size = [str(rules), str(SKUS)]
    node = harness.node("job_ws.mjs")
    return {
        OURS: harness.python("job_tactful.py", *size, "patient"),
        LOOKING: harness.python("job_tactful.py", *size, "looking"),
        DOOR: harness.python("job_listener.py"),
        ECHO: harness.python("echo_tactful.py"),
        INDEXED: node and [*node, "indexed", *size],
        ENGINE: node and [*node, "engine", *size],
    }


class Job:
    """One regime, measured on every contender in turn."""

    def __init__(self, servers: dict[str, harness.Server], asked: Any, depth: int) -> None:
        self._servers = servers
        self._asked = asked
        self._depth = depth
        self.cpu_us: dict[str, list[float]] = {name: [] for name in servers}
        self.p99_ms: dict[str, list[float]] = {name: [] for name in servers}

    def measure(self, name: str) -> float:
        """Events per second."""
        server = self._servers[name]
        # An engine that takes 10 ms an event gets as few shoppers, and as much time, as it can use.
        connections, seconds = int(self._asked.connections), self._asked.seconds
        if name == ENGINE:
            connections, seconds = 1, 5 * seconds
        mode = "echo" if name == ECHO else "ack"
        program = harness.built("job.c")
        arguments = (server.port, connections, seconds, self._depth, SKUS, mode)
        before = server.cpu_seconds()
        done = subprocess.run(
            [str(program), *map(str, arguments)], capture_output=True, text=True, check=True
        )
        found = json.loads(done.stdout)
        assert found["events"], f"{name} answered nothing"
        self.cpu_us[name].append((server.cpu_seconds() - before) * 1e6 / found["events"])
        self.p99_ms[name].append(found["p99_us"] / 1000)
        return float(found["events"] / found["seconds"])

    def run(self) -> dict[str, Any]:
        """Medians of all contenders, and the ratios of ours to each, in wall-clock and processor time."""
        samples = harness.interleave(list(self._servers), self.measure, int(self._asked.rounds))
        return {
            name: {
                "events_per_s": round(median(each)),
                "cpu_us_per_event": round(median(self.cpu_us[name]), 1),
                "p99_ms": round(median(self.p99_ms[name]), 2),
                "ours_is_times": harness.ratio(samples[OURS], each),
                "ours_in_cpu_is_times": harness.ratio(self.cpu_us[name], self.cpu_us[OURS]),
                "looking_in_cpu_is_times": harness.ratio(self.cpu_us[name], self.cpu_us[LOOKING]),
            }
            for name, each in samples.items()
        }


def goals(figures: dict[str, Any]) -> list[dict[str, Any]]:
    """The goals, as in the table of server/OPERATING.md."""
    wanted = [
        ("100 rules, 16 in flight", ENGINE, "ours_is_times", 100),
        ("1000 rules, 16 in flight", ENGINE, "ours_is_times", 500),
        ("100 rules, 16 in flight", INDEXED, "ours_in_cpu_is_times", 0.5),
        ("1000 rules, 16 in flight", INDEXED, "ours_in_cpu_is_times", 0.5),
        ("100 rules, 1 in flight", ECHO, "ours_in_cpu_is_times", 0.6),
    ]
    return [
        harness.goal(f"{regime}: against {name}", figures[regime][name][key]["median"], least)
        for regime, name, key, least in wanted
        if name in figures.get(regime, {})
    ]


def main() -> None:
    asked = harness.options(__doc__, rounds=5, seconds=1.0, connections=200)
    figures: dict[str, Any] = {}
    harness.built("job.c")
    for rules in (100, 1000):
        with ExitStack() as stack:
            servers = {
                name: stack.enter_context(harness.serving(command))
                for name, command in commands(rules).items()
                if command is not None
            }
            harness.on_load_core()
            for depth in (1, 16):
                regime = f"{rules} rules, {depth} in flight"
                figures[regime] = Job(servers, asked, depth).run()
    harness.report("whole_job", figures, goals(figures))


if __name__ == "__main__":
    main()
