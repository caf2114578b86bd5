"""Echo over WebSockets: the product's own front door against plain `websockets` and Node `ws`."""

import json
import subprocess
from contextlib import ExitStack
from statistics import median

import harness

OURS, PLAIN, NODE = "tactful", "websockets", "node ws"


def main() -> None:
    asked = harness.options(__doc__, rounds=5, seconds=2.0, connections=500, size=250)
    commands = {
        OURS: harness.python("echo_tactful.py"),
        PLAIN: harness.python("echo_websockets.py"),
        NODE: harness.node("echo_ws.mjs"),
    }
    with ExitStack() as stack:
        servers = {
            name: stack.enter_context(harness.serving(command))
            for name, command in commands.items()
            if command is not None
        }
        harness.on_load_core()

        def measure(name: str) -> float:
            command = harness.load_command(
                servers[name].port, connections=asked.connections, seconds=asked.seconds,
                size=asked.size, depth=1,
            )  # fmt: skip
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            echoes = json.loads(done.stdout.splitlines()[1])
            return float(echoes["events"] / echoes["seconds"])

        samples = harness.interleave(list(servers), measure, asked.rounds)
    figures = {name: {"events_per_s": round(median(each))} for name, each in samples.items()}
    goals = []
    for name, wanted in ((PLAIN, 3.5), (NODE, 1.5)):
        if name in samples:
            found = harness.ratio(samples[OURS], samples[name])
            figures[name]["ours_is_times"] = found
            goals.append(harness.goal(f"echo against {name}", found["median"], wanted))
    harness.report("echo", figures, goals)


if __name__ == "__main__":
    main()
