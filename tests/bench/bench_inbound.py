"""Deliveries of a shop platform: how many a second become facts, and what shoppers notice of 50 a second.

The first figure is taken with senders that never pause. The second compares the p99 of offers with
and without `--deliveries` a second, round by round, because the machine is shared.
"""

import json
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import bench_mixed_load
import harness
import httpx
from bench_mixed_load import run_program
from manager import HOST, KEY, Manager, opened
from restarts import RULES, SETTINGS

CONNECTOR = """
[connectors.woo]
kind = "woocommerce"
secret_file = "secret.txt"
territory = "DE"
currency = "EUR"
tax_rate = "19%"
"""
SENDER = str(Path(__file__).with_name("deliverer.py"))


class Shop(bench_mixed_load.Shop):
    """A running server and its shoppers, beside whom deliveries arrive."""

    def __init__(self, manager: Manager, folder: Path, asked: Any) -> None:
        super().__init__(manager, folder, asked)
        self.sent = 0
        self.answers_ms: list[float] = []
        """The p99 of the answers to deliveries, by round."""

    async def _repeat(self, work: str) -> None:
        assert work == "deliveries"
        await self.deliver(self._asked.deliveries, self._asked.seconds)

    async def deliver(self, rate: float, seconds: float) -> float:
        """Send deliveries and wait until all are mapped; return how many a second that was."""
        begun = time.perf_counter()
        words = [SENDER, str(self._manager.port), str(rate), str(seconds), str(self.sent)]
        found = json.loads(await run_program(*words))
        self.sent += found["sent"]
        self.answers_ms.append(found["p99_ms"])
        base = f"http://{HOST}:{self._manager.port}"
        async with httpx.AsyncClient(base_url=base, timeout=60) as http:
            while True:
                answer = await http.get(
                    "/v1/connectors", headers={"Authorization": f"Bearer {KEY}"}
                )
                (status,) = answer.json()["connectors"]
                assert not status["failed"], status["problems"]
                if status["mapped"] == self.sent:
                    return float(found["sent"] / (time.perf_counter() - begun))


async def main() -> None:
    asked = harness.options(__doc__, rounds=5, rate=60.0, deliveries=50.0, seconds=8.0)
    bench_mixed_load.LEAST_S = asked.seconds
    harness.on_load_core()
    with tempfile.TemporaryDirectory() as path:
        folder = Path(path)
        (folder / "shop").mkdir()
        (folder / "shop" / "secret.txt").write_text("whsecret")
        with opened(folder / "shop", RULES, SETTINGS + CONNECTOR) as manager:
            shop = Shop(manager, folder, asked)
            await shop.open()
            await shop.offers_p99(None)
            most = [await shop.deliver(0, asked.seconds / 2) for _ in range(asked.rounds)]
            shop.answers_ms.clear()
            samples: dict[str, list[float]] = {"quiet": [], "deliveries": []}
            for _ in range(asked.rounds):
                for name, found in samples.items():
                    found.append(await shop.offers_p99(None if name == "quiet" else name))
            shop.leave()
    times = harness.ratio(samples["deliveries"], samples["quiet"])
    figures = {
        "deliveries mapped a second, at most": round(median(most)),
        "p99 of offers, ms": {name: round(median(found), 1) for name, found in samples.items()},
        f"times quiet, beside {asked.deliveries:g} deliveries a second": times,
        "p99 of the answers to deliveries, ms": round(median(shop.answers_ms), 1),
    }
    goals = [
        harness.goal("deliveries mapped a second", median(most), 50),
        harness.goal("p99 of offers beside deliveries, times quiet", times["median"], 1.2,
                     at_most=True),
    ]  # fmt: skip
    harness.report("inbound", figures, goals)


if __name__ == "__main__":
    harness.run(main)
