"""Time to activate new rules under live sessions, and the delay that it causes to other clients.

Every shopper views an item and half of them hold an offer for it, so that each new rulebook makes
all sessions evaluate again. One uninvolved client keeps asking; its response times are counted.
"""

import asyncio
import tempfile
import time
from pathlib import Path
from statistics import median

import harness
import httpx
from bench_rules import rule_file
from good_client import Good
from manager import HOST, KEY, opened
from restarts import RULES, SETTINGS, facts_of, until
from shoppers import enter_all

SKU = "s0"


async def reloads(port: int, folder: Path, asked: object) -> list[dict[str, float]]:
    """Reload in rounds, with one rule fewer each time."""
    headers = {"Authorization": f"Bearer {KEY}"}
    async with httpx.AsyncClient(base_url=f"http://{HOST}:{port}", headers=headers) as http:
        answer = await http.post("/v1/facts", json=facts_of(SKU))
        assert answer.json()["rejected"] == [], answer.text
        people = await enter_all(port, asked.sessions)
        some = people[::2]
        for one in people:
            one.view(SKU)
        for one in some:
            one.need_rescue()
            await asyncio.sleep(0.001)
        await until(lambda: all(one.offers for one in some))
        found = [
            await reload(http, port, folder, asked.rules - number) for number in range(asked.rounds)
        ]
        assert not any(one.withdrawn for one in some), "an offer fell that no change concerned"
        for one in people:
            one.transport.abort()
        return found


async def reload(http: httpx.AsyncClient, port: int, folder: Path, rules: int) -> dict[str, float]:
    """Activate a number of rules; times in ms."""
    done, onlooker = asyncio.Event(), Good(port)
    watching = asyncio.ensure_future(onlooker.ask_until(done, numbered=True))
    await until(lambda: len(onlooker.answer_ms) > 20)
    before = sorted(onlooker.answer_ms)
    onlooker.answer_ms.clear()
    (folder / "rules" / "many.yaml").write_bytes(rule_file(rules).text)
    began = time.perf_counter()
    answer = await http.post("/v1/rulebook/reload", timeout=60)
    took = 1000 * (time.perf_counter() - began)
    assert answer.json()["outcome"] == "active", answer.text
    done.set()
    await watching
    return {
        "reload": took,
        "answer, p50": median(onlooker.answer_ms),
        "answer, longest": max(onlooker.answer_ms),
        "answer before, p50": median(before),
    }


async def main() -> None:
    asked = harness.options(__doc__, sessions=1_000, rules=1_000, rounds=7)
    harness.on_load_core()
    with tempfile.TemporaryDirectory() as path, opened(Path(path), RULES, SETTINGS) as manager:
        rounds = await reloads(manager.port, Path(path), asked)
    figures = {
        name: {
            "median": round(median(one[name] for one in rounds), 1),
            "high": round(max(one[name] for one in rounds), 1),
        }
        for name in rounds[0]
    }
    longest = figures["answer, longest"]["median"]
    goals = [
        harness.goal("ms to take them", figures["reload"]["median"], 1_000, at_most=True),
        harness.goal("ms an onlooker waits at most", longest, 20, at_most=True),
    ]
    harness.report("reload", {"ms": figures}, goals)


if __name__ == "__main__":
    harness.run(main)
