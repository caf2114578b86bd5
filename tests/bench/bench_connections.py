"""Storms of 10,000 reconnecting clients, and the memory of connected ones.

Three servers in turn: the whole product, where every client is welcomed, its listener alone, and
plain `websockets`. One client that was connected before keeps asking, to show what the storm costs
it; it shares a core with the client of the storm, and waits for that too.
"""

import asyncio
import json
import subprocess
from contextlib import ExitStack
from statistics import median
from typing import Any

import harness
from good_client import Good

WHOLE, DOOR, PLAIN = "whole server, greeted", "door alone", "websockets"
COMMANDS = {
    WHOLE: harness.python("job_tactful.py", "100", "200", "patient"),
    DOOR: harness.python("bare_listener.py"),
    PLAIN: harness.python("echo_websockets.py"),
}


def hold(port: int, connections: int, *, hello: bool) -> tuple[subprocess.Popen[str], Any]:
    """Open connections at once and keep them open."""
    command = harness.load_command(
        port, connections=connections, seconds=0, size=250, depth=1, hello=hello
    )
    client = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert client.stdout is not None
    return client, json.loads(client.stdout.readline())


def let_go(client: subprocess.Popen[str]) -> None:
    """Close them all."""
    assert client.stdin is not None
    assert client.stdout is not None
    client.stdin.close()
    client.wait()
    client.stdout.close()


async def storm(name: str, server: harness.Server, connections: int) -> dict[str, Any]:
    """All connect at once, while a client that was connected before keeps asking; then all disconnect."""
    good, done = Good(server.port), asyncio.Event()
    asking = asyncio.ensure_future(good.ask_until(done, numbered=name == WHOLE))
    await asyncio.sleep(0.2)
    good.answer_ms.clear()
    before, cpu_s = server.rss_kib(), server.cpu_seconds()
    client, shaken = await asyncio.to_thread(hold, server.port, connections, hello=name == WHOLE)
    cpu_s = server.cpu_seconds() - cpu_s
    done.set()
    await asking
    found = {
        "seconds": shaken["seconds"],
        "failed": shaken["failed"],
        "cpu_s": cpu_s,
        "cpu_us": cpu_s * 1e6 / connections,
        "others_p99_ms": round(good.answer_p99(), 1),
        "kib": (server.rss_kib() - before) / connections,
        "idle_cpu": server.cpu_share(seconds=1),
    }
    let_go(client)
    server.settled(descriptors=96)
    return found


def summed_up(storms: list[dict[str, Any]], plain: list[dict[str, Any]]) -> dict[str, Any]:
    """Medians, and their ratios to plain `websockets`."""

    def of(what: str) -> list[float]:
        return [each[what] for each in storms]

    return {
        "seconds": round(median(of("seconds")), 2),
        "seconds, best and worst": [round(min(of("seconds")), 2), round(max(of("seconds")), 2)],
        "failed": sum(of("failed")),
        "processor s of the server, all": round(median(of("cpu_s")), 2),
        "processor us each": round(median(of("cpu_us"))),
        "processor time of websockets is times": harness.ratio(
            [each["cpu_us"] for each in plain], of("cpu_us")
        ),
        "others' p99 ms": median(of("others_p99_ms")),
        "KiB each, first storm": round(storms[0]["kib"], 2),
        "idle share of a core": round(median(of("idle_cpu")), 4),
    }


async def main() -> None:
    asked = harness.options(__doc__, connections=10_000, storms=5)
    storms: dict[str, list[dict[str, Any]]] = {name: [] for name in COMMANDS}
    with ExitStack() as stack:
        servers = {
            name: stack.enter_context(harness.serving(command))
            for name, command in COMMANDS.items()
        }
        harness.on_load_core()
        for _ in range(asked.storms):
            for name, server in servers.items():
                storms[name].append(await storm(name, server, asked.connections))
    figures = {name: summed_up(found, storms[PLAIN]) for name, found in storms.items()}
    whole = figures[WHOLE]
    idle = figures[DOOR]["KiB each, first storm"]
    goals = [
        harness.goal("seconds until all are welcomed", whole["seconds"], 3, at_most=True),
        harness.goal(
            "processor s of the server for that",
            whole["processor s of the server, all"],
            3,
            at_most=True,
        ),
        harness.goal("failed", whole["failed"], 0, at_most=True),
        harness.goal(
            "ms until others are answered, p99", whole["others' p99 ms"], 100, at_most=True
        ),
        harness.goal("KiB per idle connection, door alone", idle, 6, at_most=True),
        harness.goal(
            "share of a core when idle", whole["idle share of a core"], 0.15, at_most=True
        ),
    ]
    harness.report("connections", {"connections": asked.connections, **figures}, goals)


if __name__ == "__main__":
    harness.run(main)
