"""From an event to the offer on the wire, commit included, among active sessions; and their memory.

Every shopper is offered something at a moment of their own while all the others click on, at a rate
that keeps the server's core about half busy. The client is one Python process on the other core, so
its own delay is in the figures: they are upper bounds.
"""

import asyncio
import random  # noqa: TID251 -- seeded
import time
from typing import Any

import harness
from shoppers import Shopper, enter_all

RULES, SKUS = 100, 200
INPUT = b'{"t":"activity","kind":"input"}'
SPAN = 6.0
"""Seconds over which the offers of a round are spread."""


async def clicking(shoppers: list[Shopper], rate: float, until: asyncio.Event) -> int:
    """Inputs from shopper after shopper, so many a second in all; how many there were."""
    sent, began = 0, time.perf_counter()
    while not until.is_set():
        due = int((time.perf_counter() - began) * rate)
        for _ in range(due - sent):
            shoppers[sent % len(shoppers)].say(INPUT)
            sent += 1
        await asyncio.sleep(0.002)
    return sent


async def calm_rate(server: harness.Server, shoppers: list[Shopper]) -> float:
    """The rate of clicks at which the server's core is half busy, as far as this client can go."""
    until = asyncio.Event()
    before, began = server.cpu_seconds(), time.perf_counter()
    work = asyncio.ensure_future(clicking(shoppers, 4_000, until))
    await asyncio.sleep(1.5)
    until.set()
    sent = await work
    share = (server.cpu_seconds() - before) / (time.perf_counter() - began)
    return min(12_000.0, 0.5 * (sent / 1.5) / max(share, 0.02))


async def offered(
    server: harness.Server, shoppers: list[Shopper], rate: float, seed: int
) -> dict[str, float]:
    """One round: everybody is offered something, one after the other."""
    until = asyncio.Event()
    random.Random(seed).shuffle(shoppers)
    before, began = server.cpu_seconds(), time.perf_counter()
    work = asyncio.ensure_future(clicking(shoppers, rate, until))
    pause = SPAN / len(shoppers)
    for place, shopper in enumerate(shoppers):
        shopper.need_rescue()
        shoppers[place - 50].go_on()
        behind = began + place * pause - time.perf_counter()
        if behind > 0:
            await asyncio.sleep(behind)
    await asyncio.sleep(0.5)
    until.set()
    clicks = await work
    took = time.perf_counter() - began
    found = sorted(1000 * each for shopper in shoppers for each in shopper.latencies)
    missing = sum(not shopper.latencies for shopper in shoppers)
    return {
        "offers": len(found),
        "without": missing,
        "p50_ms": round(found[len(found) // 2], 2),
        "p99_ms": round(found[int(len(found) * 0.99)], 2),
        "clicks_per_s": round(clicks / took),
        "cpu_share": round((server.cpu_seconds() - before) / took, 2),
    }


async def measure(sessions: int, seed: int) -> dict[str, Any]:
    """A server of its own, for the caps let a session have one offer at a time."""
    command = harness.python("job_tactful.py", str(RULES), str(SKUS), "rescue")
    server = await asyncio.to_thread(harness.Server, command)
    try:
        warm = await enter_all(server.port, 50)
        for shopper in warm:
            shopper.transport.abort()
        await asyncio.sleep(0.5)
        empty = server.rss_kib()
        shoppers = await enter_all(server.port, sessions)
        idle = (server.rss_kib() - empty) / sessions
        for number in range(8):
            for shopper in shoppers:
                shopper.view(f"s{number}")
            await asyncio.sleep(0.5)
        await asyncio.sleep(1)
        active = (server.rss_kib() - empty) / sessions
        rate = await calm_rate(server, shoppers)
        found: dict[str, Any] = await offered(server, shoppers, rate, seed)
        found |= {"idle_kib": round(idle, 1), "active_kib": round(active, 1)}
        for shopper in shoppers:
            shopper.transport.abort()
        return found
    finally:
        await asyncio.to_thread(server.stop)


async def main() -> None:
    asked = harness.options(__doc__, sessions=5_000, rounds=2)
    harness.on_load_core()
    figures: dict[str, Any] = {}
    goals = []
    for sessions, wanted in ((1_000, 5.0), (5_000, 15.0)):
        if sessions > asked.sessions:
            continue
        rounds = [await measure(sessions, seed) for seed in range(asked.rounds)]
        figures[f"{sessions} active sessions"] = rounds
        best = sorted(each["p99_ms"] for each in rounds)[len(rounds) // 2]
        memory = sorted(each["active_kib"] for each in rounds)[len(rounds) // 2]
        goals += [
            harness.goal(
                f"event to offer, p99 ms, {sessions} sessions", best, wanted, at_most=True
            ),
            harness.goal(f"KiB an active session, {sessions}", memory, 16, at_most=True),
        ]
    harness.report("active", figures, goals)


if __name__ == "__main__":
    harness.run(main)
