"""Time from a fact to the withdrawal frames: 500 of 5,000 open sessions, and all of 10,000.

Sessions are notified before the fact is acknowledged, so hardly any time passes after the
acknowledgement. The stricter figure starts when the fact is sent, durable write included.
The client is one Python process, which takes some 10 us per frame: that is in all figures.
"""

import asyncio
import re
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import harness
import httpx
from good_client import Good
from manager import HOST, KEY, Manager, opened
from restarts import RULES, SETTINGS, facts_of, until
from shoppers import Shopper, enter_all

TOLD = re.compile(r"^tactful_fact_to_withdrawal_seconds_(sum|count) (\S+)$", re.MULTILINE)


class Sale:
    """A running shop, its sessions, and one uninvolved client."""

    def __init__(self, manager: Manager, http: httpx.AsyncClient) -> None:
        self._manager = manager
        self._http = http
        self.people: list[Shopper] = []
        self.onlooker = Good(manager.port)

    async def facts(self, *facts: dict[str, Any]) -> None:
        """Report facts."""
        answer = (await self._http.post("/v1/facts", json=list(facts))).json()
        assert answer["rejected"] == [], answer

    async def offer(self, people: list[Shopper], sku: str) -> None:
        """Make an offer for one item in all sessions."""
        before = [len(one.offers) for one in people]
        for start in range(0, len(people), 100):
            for one in people[start : start + 100]:
                one.view(sku)
                one.need_rescue()
                one.go_on()
            await asyncio.sleep(0.01)
        await until(
            lambda: all(len(p.offers) > count for p, count in zip(people, before, strict=True))
        )

    async def told_s(self) -> tuple[float, float]:
        """The server's own measurement: seconds from durable writes to the last notification, and their number."""
        text = (await self._http.get("/metrics")).text
        found = dict(TOLD.findall(text))
        return float(found["sum"]), float(found["count"])

    async def withdraw(self, people: list[Shopper], sku: str) -> dict[str, float]:
        """Sell the last item, and return when each session received the withdrawal, in ms."""
        before = [one.withdrawn for one in people]
        told_before, cpu_s = await self.told_s(), self._manager.cpu_seconds()
        self.onlooker.answer_ms.clear()
        sent = time.perf_counter()
        await self.facts({"type": "stock", "sku": sku, "territory": "DE", "available": 0})
        acknowledged = time.perf_counter()
        await until(
            lambda: all(p.withdrawn > count for p, count in zip(people, before, strict=True))
        )
        others = max(self.onlooker.answer_ms)
        cpu_s = self._manager.cpu_seconds() - cpu_s
        told = await self.told_s()
        at = sorted(1000 * (one.withdrawn_at - sent) for one in people)
        return {
            "p50": at[len(at) // 2],
            "p99": at[len(at) * 99 // 100],
            "last": at[-1],
            "last after the acknowledgement": max(0.0, at[-1] - 1000 * (acknowledged - sent)),
            "told, by the server's clock": 1000 * (told[0] - told_before[0]),
            "processor us each": cpu_s * 1e6 / len(people),
            "longest answer to another": others,
        }


async def run(sessions: int, each: int, rounds: int) -> list[dict[str, float]]:
    """Withdraw an offer from `each` sessions, in rounds."""
    with tempfile.TemporaryDirectory() as path, opened(Path(path), RULES, SETTINGS) as manager:
        headers = {"Authorization": f"Bearer {KEY}"}
        base = f"http://{HOST}:{manager.port}"
        async with httpx.AsyncClient(base_url=base, headers=headers, timeout=60) as http:
            return await played(Sale(manager, http), manager.port, (sessions, each, rounds))


async def played(sale: Sale, port: int, size: tuple[int, int, int]) -> list[dict[str, float]]:
    """Connect all sessions; in each round make offers to some, and withdraw them."""
    sessions, each, rounds = size
    await sale.facts(*(fact for number in range(rounds) for fact in facts_of(f"s{number}")))
    people = await enter_all(port, sessions)
    done = asyncio.Event()
    watching = asyncio.ensure_future(sale.onlooker.ask_until(done, numbered=True))
    found = []
    for number in range(rounds):
        start = number * each % sessions
        some = people[start : start + each]
        await sale.offer(some, f"s{number}")
        found.append(await sale.withdraw(some, f"s{number}"))
    done.set()
    await watching
    for one in people:
        one.transport.abort()
    return found


def summed_up(rounds: list[dict[str, float]]) -> dict[str, Any]:
    """The median of each figure, with the best and the worst."""
    return {
        name: {
            "median": round(median(one[name] for one in rounds), 1),
            "low": round(min(one[name] for one in rounds), 1),
            "high": round(max(one[name] for one in rounds), 1),
        }
        for name in rounds[0]
    }


async def main() -> None:
    asked = harness.options(__doc__, sessions=5_000, all=10_000, rounds=10, all_rounds=3)
    harness.on_load_core()
    tenth = asked.sessions // 10
    some = summed_up(await run(asked.sessions, tenth, asked.rounds))
    everybody = summed_up(await run(asked.all, asked.all, asked.all_rounds))
    figures = {
        f"{tenth} of {asked.sessions}, ms": some,
        f"all of {asked.all}, ms": everybody,
    }
    last = everybody["last after the acknowledgement"]["median"]
    goals = [
        harness.goal(
            f"ms, {tenth} of {asked.sessions}, p50", some["p50"]["median"], 30, at_most=True
        ),
        harness.goal(
            f"ms, {tenth} of {asked.sessions}, p99", some["p99"]["median"], 50, at_most=True
        ),
        harness.goal(f"ms after the acknowledgement, last of {asked.all}", last, 150, at_most=True),
    ]
    harness.report("withdrawal", figures, goals)


if __name__ == "__main__":
    harness.run(main)
