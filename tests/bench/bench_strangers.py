"""Strangers who make up SKUs: what they cost, and whether a good client notices them.

First a crowd puts unknown SKUs in its carts three times and leaves. Then some addresses do the same
at their limits, for minutes. Meanwhile a good client must be welcomed in under 1 s and get an offer
in under 300 ms, and the memory of `tactful serve` may grow by 150 MiB.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Any

import harness
import httpx
from good_client import HELLO, HOST, UPGRADE, Buyer
from manager import KEY, Manager, opened
from restarts import RULES, SETTINGS, facts_of

LINES = 200
CARTS = 3
AT_ONCE = 8
"""Strangers of one address who are connected at the same time."""
PAUSE_S = 0.1
"""Seconds between two visits of the good client."""
ATTACKERS_NICENESS = 10
"""The attackers share a core with the good client, whose own delays are not the server's."""


def long_frame(message: dict[str, object]) -> bytes:
    """A text frame of up to 64 KiB with a mask of zero, which is valid."""
    payload = json.dumps(message, separators=(",", ":")).encode()
    return b"\x81\xfe" + len(payload).to_bytes(2) + bytes(4) + payload


def carts(name: str) -> bytes:
    """The carts of one stranger; no SKU of them exists, and no other stranger has any of them."""
    frames = b""
    for number in range(CARTS):
        lines = [{"sku": f"{name}-{number}-{line}", "qty": 1} for line in range(LINES)]
        frames += long_frame({"t": "cart", "lines": lines})
    return frames


async def stranger(port: int, address: str, name: str, counts: Counter[str]) -> None:
    """Connect, fill the cart, and leave."""
    try:
        reader, writer = await asyncio.open_connection(HOST, port, local_addr=(address, 0))
    except OSError:
        counts["no connection"] += 1
        return
    try:
        writer.write(UPGRADE + HELLO)
        async with asyncio.timeout(10):
            answer = await reader.readuntil(b"\r\n\r\n")
            if b" 101 " not in answer.partition(b"\r\n")[0]:
                counts["rejected"] += 1
                return
            frame = await reader.readexactly(2)
            if frame[0] != 0x81:
                counts["closed"] += 1
                return
            writer.write(carts(name))
            await writer.drain()
            counts["carts filled"] += 1
    except (OSError, EOFError, TimeoutError):
        counts["broken off"] += 1
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def attack(port: int, addresses: int, sessions: int, seconds: float) -> Counter[str]:
    """Visit as strangers: a number of sessions of all addresses, or for some seconds.

    Returns:
        What became of them.
    """
    counts: Counter[str] = Counter()
    ends = time.monotonic() + seconds
    if not addresses:
        await asyncio.sleep(seconds)
    left = iter(range(sessions)) if sessions else None

    async def come(place: int) -> None:
        number = 0
        while time.monotonic() < ends and (left is None or next(left, None) is not None):
            number += 1
            where = f"127.3.0.{1 + place % addresses}"
            before = counts["carts filled"]
            await stranger(port, where, f"x{os.getpid()}-{place}-{number}", counts)
            if counts["carts filled"] == before:
                await asyncio.sleep(0.05)

    await asyncio.gather(*[come(place) for place in range(addresses * AT_ONCE)])
    return counts


async def visits(good: Buyer, done: asyncio.Event) -> None:
    """Visit again and again until it is done."""
    while not done.is_set():
        await good.visit(answers=1)
        await asyncio.sleep(PAUSE_S)


async def phase(
    manager: Manager, good: Buyer, addresses: int, sessions: int, seconds: float
) -> dict[str, Any]:
    """Attack from a process of its own while the good client visits; return the figures."""
    good.connect_ms, good.answer_ms, good.answer_work_ms = [], [], []
    before, worked = rss_mib(manager), manager.cpu_seconds()
    began = time.perf_counter()
    asked = map(str, (manager.port, addresses, sessions, seconds))
    command = [sys.executable, __file__, "attack", *asked]
    attackers = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    done = asyncio.Event()
    visiting = asyncio.ensure_future(visits(good, done))
    said, _ = await attackers.communicate()
    took = time.perf_counter() - began
    await good.visit(answers=5)
    done.set()
    await visiting
    return {
        "strangers": json.loads(said),
        "seconds": round(took, 1),
        "share of a core": round((manager.cpu_seconds() - worked) / took, 2),
        "added_mib": round(rss_mib(manager) - before, 1),
        "rss_mib": round(rss_mib(manager), 1),
        "visits": len(good.answer_ms),
        "welcome_ms": spread(good.connect_ms),
        "offer_ms": spread(good.answer_ms),
        "ms that the event loop worked until the offer": spread(good.answer_work_ms),
    }


def spread(times: list[float]) -> dict[str, float]:
    """Median, p99 and maximum."""
    ordered = sorted(times)
    found = {"median": median(ordered), "p99": ordered[len(ordered) * 99 // 100]}
    return {name: round(one, 2) for name, one in {**found, "max": ordered[-1]}.items()}


def rss_mib(manager: Manager) -> float:
    """Resident memory of the server now."""
    pages = int(Path(f"/proc/{manager.process.pid}/statm").read_text().split()[1])
    return pages * harness.PAGE_KIB / 1024


def loop_work_ms(manager: Manager) -> float:
    """Processor time of the server's event loop so far; a busy machine adds to every other figure."""
    return int(Path(f"/proc/{manager.process.pid}/schedstat").read_text().split()[0]) / 1e6


async def main() -> None:
    asked = harness.options(__doc__, sessions=600, addresses=10, seconds=300.0, quiet=20.0, skus=80)
    harness.on_load_core()
    with (
        tempfile.TemporaryDirectory() as name,
        opened(Path(name), RULES, SETTINGS) as manager,
    ):
        folder = Path(name)
        numbers = [hundred * 100 + one for hundred in range(asked.skus) for one in range(50)]
        for start in range(0, len(numbers), 500):
            facts = [
                fact for number in numbers[start : start + 500] for fact in facts_of(f"s{number}")
            ]
            async with httpx.AsyncClient(timeout=60) as http:
                url = f"http://{HOST}:{manager.port}/v1/facts"
                answer = await http.post(
                    url, json=facts, headers={"Authorization": f"Bearer {KEY}"}
                )
                assert answer.json()["rejected"] == [], answer.text
        good = Buyer(manager.port, lambda: loop_work_ms(manager))
        await good.visit(answers=20)
        calm = rss_mib(manager)
        quiet = await phase(manager, good, 0, 0, asked.quiet)
        crowd = await phase(manager, good, asked.addresses, asked.sessions, 600.0)
        limits = await phase(manager, good, asked.addresses, 0, asked.seconds)
        added = rss_mib(manager) - calm
        ledger = sum(each.stat().st_size for each in (folder / "data").glob("tactful.db*")) / 2**20
        assert "Traceback" not in manager.log(), manager.log()
    figures = {
        "quiet": quiet,
        "crowd": crowd,
        "at their limits": limits,
        "ledger_mib": round(ledger, 1),
    }
    welcome = max(crowd["welcome_ms"]["max"], limits["welcome_ms"]["max"])
    offer = max(crowd["offer_ms"]["max"], limits["offer_ms"]["max"])
    goals = [
        harness.goal("MiB added", added, 150, at_most=True),
        harness.goal("ms until a good client is welcomed, worst", welcome, 1_000, at_most=True),
        harness.goal("ms until it has an offer, worst", offer, 300, at_most=True),
    ]
    harness.report("strangers", figures, goals)


if __name__ == "__main__":
    if sys.argv[1:2] == ["attack"]:
        os.nice(ATTACKERS_NICENESS)
        port, addresses, sessions = map(int, sys.argv[2:5])
        print(json.dumps(asyncio.run(attack(port, addresses, sessions, float(sys.argv[5])))))
    else:
        harness.run(main)
