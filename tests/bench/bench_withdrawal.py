"""From a fact to the withdrawal frames: 500 of 5,000 open sessions, ten times.

The server tells the sessions concerned before it acknowledges, so the time from the acknowledgement
is near zero; the stricter figure is from the moment the fact is sent, durable write included.

Run: python tests/bench/bench_withdrawal.py [--sessions 5000] [--rounds 10]
The goals (issue and performance.md): p50 <= 30 ms, p99 <= 50 ms (250 ms is the promise).
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

import httpx
import websockets

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "server")]

from journeys.fixture import price, product, rules, stock  # noqa: E402
from journeys.stage import KEY, ORIGIN  # noqa: E402


def catalogue(groups: int) -> list[dict[str, object]]:
    """One SKU a group of sessions."""
    facts: list[dict[str, object]] = []
    for group in range(groups):
        sku = f"SKU-{group}"
        facts += [
            product(sku, f"P{group}", None, "running"),
            price(sku, "DE", 12900, 9900),
            stock(sku, "DE", 100_000),
        ]
    return facts


async def server(folder: Path, port: int) -> asyncio.subprocess.Process:
    """The product, on a core of its own."""
    (folder / "rules").mkdir()
    text = rules(budget="{EUR: 1000000.00}").replace("      floor: {margin: 20%}\n", "")
    (folder / "rules" / "rules.yaml").write_text(text, encoding="utf-8")
    environment = os.environ | {
        "TACTFUL_SERVER_KEY": KEY,
        "TACTFUL_ORIGINS": ORIGIN,
        "TACTFUL_TEST_MODE": "1",
        "PYTHONPATH": str(ROOT / "server"),
    }
    command = ["-m", "tactful", "serve", "--data", str(folder / "data")]
    command += ["--rules", str(folder / "rules"), "--host", "127.0.0.1", "--port", str(port)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, env=environment, stdout=asyncio.subprocess.DEVNULL
    )
    os.sched_setaffinity(process.pid, {0})
    return process


async def ready(http: httpx.AsyncClient) -> None:
    """Wait until the server answers."""
    for _ in range(200):
        try:
            if (await http.get("/readyz")).status_code == 200:
                return
        except httpx.TransportError:
            await asyncio.sleep(0.05)
    raise SystemExit("the server did not start")


class Session:
    """One shopper, who notes when the offer came and went."""

    def __init__(self) -> None:
        self.offered = asyncio.Event()
        self.withdrawn = asyncio.Event()
        self.withdrawn_at = 0.0

    async def open(self, url: str, sku: str) -> None:
        """Connect and look at an item."""
        self.socket = await websockets.connect(
            url, origin=ORIGIN, subprotocols=["tactful.v1"], compression=None, ping_interval=None
        )
        page = {"url": f"{ORIGIN}/", "kind": "product"}
        hello = {"t": "hello", "consent": "anonymous", "territory": "DE", "page": page}
        await self.socket.send(json.dumps(hello))
        await self.socket.send(json.dumps({"t": "view", "sku": sku}))
        self.reader = asyncio.ensure_future(self.read())

    async def read(self) -> None:
        """Note what comes."""
        async for frame in self.socket:
            text = str(frame)
            if text.startswith('{"t":"offer"'):
                self.offered.set()
            elif text.startswith('{"t":"withdraw"'):
                self.withdrawn_at = perf_counter()
                self.withdrawn.set()


async def run(sessions: int, rounds: int, port: int) -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        process = await server(Path(folder), port)
        headers = {"Authorization": f"Bearer {KEY}"}
        base = f"http://127.0.0.1:{port}"
        try:
            async with httpx.AsyncClient(base_url=base, headers=headers, timeout=120) as http:
                await ready(http)
                await measure(http, f"ws://127.0.0.1:{port}/v1/session", sessions, rounds)
        finally:
            process.terminate()
            await process.wait()


async def measure(http: httpx.AsyncClient, url: str, sessions: int, rounds: int) -> None:
    """Open everybody, let everybody be offered something, then take it back group by group."""
    answer = (await http.post("/v1/facts", json=catalogue(rounds))).json()
    assert answer["rejected"] == [], answer
    groups: list[list[Session]] = [[] for _ in range(rounds)]
    started = perf_counter()
    for start in range(0, sessions, 100):
        batch = []
        for place in range(start, min(start + 100, sessions)):
            one = Session()
            groups[place % rounds].append(one)
            batch.append(one.open(url, f"SKU-{place % rounds}"))
        await asyncio.gather(*batch)
    print(f"{sessions} sessions opened in {perf_counter() - started:.1f} s")
    started = perf_counter()
    await http.post("/v1/test/clock", json={"advance": 30})
    await asyncio.gather(*(one.offered.wait() for group in groups for one in group))
    print(f"{sessions} offers committed and delivered in {perf_counter() - started:.2f} s")
    latencies: list[float] = []
    after_ack: list[float] = []
    lasts: list[float] = []
    for group, members in enumerate(groups):
        sent = perf_counter()
        await http.post("/v1/facts", json=[stock(f"SKU-{group}", "DE", 0)])
        acknowledged = perf_counter()
        await asyncio.gather(*(one.withdrawn.wait() for one in members))
        at = [one.withdrawn_at for one in members]
        delays = sorted(1000 * (one - sent) for one in at)
        after_ack += [1000 * max(0.0, one - acknowledged) for one in at]
        latencies += delays
        lasts.append(delays[-1])
    size = f"{len(groups[0])} of {sessions} sessions, {rounds} rounds"
    for name, found in (("sent", latencies), ("acknowledged", after_ack)):
        found.sort()
        p99 = found[int(len(found) * 0.99)]
        print(f"fact {name} to withdrawal, {size}: p50 {median(found):.1f} ms, p99 {p99:.1f} ms")
    print(
        f"last frame after the fact was sent: median {median(lasts):.1f}, worst {max(lasts):.1f} ms"
    )
    for group in groups:
        for one in group:
            one.reader.cancel()
            one.socket.transport.abort()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--port", type=int, default=8765)
    given = parser.parse_args()
    asyncio.run(run(given.sessions, given.rounds, given.port))
