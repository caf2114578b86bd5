"""Connections: memory of 10,000 idle ones, and a storm in which all 10,000 come back at once."""

import asyncio
import json
import subprocess
from statistics import median
from typing import Any

import harness
from good_client import Good

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


async def storm(port: int, connections: int) -> tuple[subprocess.Popen[str], dict[str, Any]]:
    """All come at once, while one client that was there before asks on."""
    good, done = Good(port), asyncio.Event()
    asking = asyncio.ensure_future(good.ask_until(done))
    await asyncio.sleep(0.2)
    good.answer_ms.clear()
    client, shaken = await asyncio.to_thread(hold, port, connections)
    done.set()
    await asking
    return client, shaken | {"others_p99_ms": round(good.answer_p99(), 2)}


async def main() -> None:
    asked = harness.options(__doc__, connections=10_000, storms=3)
    with harness.serving(SESSIONS) as server:
        harness.on_load_core()
        empty = server.rss_kib()
        storms = []
        for _ in range(asked.storms):
            client, shaken = await storm(server.port, asked.connections)
            each = (server.rss_kib() - empty) / asked.connections
            idle_cpu = server.cpu_share(seconds=2)
            storms.append(shaken | {"kib_per_connection": round(each, 3)})
            let_go(client)
            server.settled(descriptors=64)
        after = server.rss_kib()
    figures = {
        "connections": asked.connections,
        "storms": storms,
        "idle_cpu_share": round(idle_cpu, 4),
        "rss_kib": {"empty": empty, "after": after},
    }
    seconds = median(each["seconds"] for each in storms)
    others = median(each["others_p99_ms"] for each in storms)
    failed = sum(each["failed"] for each in storms)
    goals = [
        harness.goal("KiB per idle connection", storms[-1]["kib_per_connection"], 6, at_most=True),
        harness.goal("seconds until all are in", seconds, 3, at_most=True),
        harness.goal("failed", failed, 0, at_most=True),
        harness.goal("ms until others are answered, p99", others, 100, at_most=True),
        harness.goal("share of a core when idle", idle_cpu, 0.15, at_most=True),
    ]
    harness.report("connections", figures, goals)


if __name__ == "__main__":
    harness.run(main)
