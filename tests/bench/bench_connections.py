"""Connections: memory of 10,000 idle ones, and a storm in which all 10,000 come back at once."""

import json
import subprocess
from typing import Any

import harness

SESSIONS = harness.python("front_door.py")


def hold(port: int, connections: int) -> tuple[subprocess.Popen[str], dict[str, Any]]:
    """Open connections at once and keep them until told otherwise."""
    command = harness.load_command(port, connections=connections, seconds=0, size=250, depth=1)
    client = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert client.stdout is not None
    return client, json.loads(client.stdout.readline())


def let_go(client: subprocess.Popen[str]) -> None:
    """Drop them all."""
    assert client.stdin is not None
    assert client.stdout is not None
    client.stdin.close()
    client.wait()
    client.stdout.close()


def main() -> None:
    asked = harness.options(__doc__, connections=10_000, storms=3)
    with harness.serving(SESSIONS) as server:
        harness.on_load_core()
        empty = server.rss_kib()
        storms = []
        for _ in range(asked.storms):
            client, shaken = hold(server.port, asked.connections)
            full = server.rss_kib()
            idle_cpu = server.cpu_share(seconds=2)
            storms.append(shaken | {"kib_per_connection": (full - empty) / asked.connections})
            let_go(client)
            server.settled(descriptors=64)
        after = server.rss_kib()
    last = storms[-1]
    figures = {
        "connections": asked.connections,
        "storms": storms,
        "idle_cpu_share": round(idle_cpu, 4),
        "rss_kib": {"empty": empty, "after": after},
    }
    goals = [
        harness.goal("KiB per idle connection", last["kib_per_connection"], 6, at_most=True),
        harness.goal("seconds until all are in", last["seconds"], 3, at_most=True),
        harness.goal("failed", sum(storm["failed"] for storm in storms), 0, at_most=True),
        harness.goal("share of a core when idle", idle_cpu, 0.15, at_most=True),
    ]
    harness.report("connections", figures, goals)


if __name__ == "__main__":
    main()
