"""The whole server with the rules and facts of a benchmark: job_tactful.py RULES SKUS MODE.

patient: the product as it is; a shopper who is active gets no offer yet, so most events only change
the session. looking: that wait is switched off, so that, as on the peers, every event evaluates the
rules. rescue: the rules apply at once, on the pages that ask for it.
"""

import asyncio
import logging
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

import httpx
import structlog
import uvloop

from tactful.app import build
from tactful.config import Config
from tactful.core.rules.policy import Policy, TimingThresholds
from tactful.runtime.system_clock import SystemClock
from tactful.serving import tune_interpreter
from tactful.transports.server.listener import ListenAddress, Listener

KEY = "the-key-of-the-benchmark"
RULE = """
  - id: r{i}
    owner: bench@shop.example
    note: One of many.
    when:
      all:
        - item.category: {{under: cat{category}}}
        - item.stock: {{at_least: 5}}
        - item.price: {{at_least: {{EUR: 20.00}}}}
        - session.views: {{at_least: 2}}
{when}
    offer:
      percent: 10%
      message: "{{offer.price}}"
"""

DWELL = "        - session.dwell: {at_least: 30s}"
RESCUE = "    moment: rescue"


def facts_of(sku: str, number: int) -> list[dict[str, Any]]:
    """A product that can be sold."""
    money = {"amount": 12900, "currency": "EUR"}
    place = {"sku": sku, "territory": "DE"}
    categories = [f"cat{number % 100}"]
    return [
        {"type": "product", "sku": sku, "product": sku, "title": sku, "categories": categories},
        {"type": "price", **place, "price": money, "list": money, "tax_included": True,
         "tax_rate_bp": 1900},
        {"type": "stock", **place, "available": 1_000_000},
    ]  # fmt: skip


async def main(rules: int, skus: int, mode: str) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory() as folder:
        book = Path(folder) / "rules"
        book.mkdir()
        when = RESCUE if mode == "rescue" else DWELL
        texts = [RULE.format(i=i, category=i % 50, when=when) for i in range(rules)]
        (book / "rules.yaml").write_text("rules:" + "".join(texts), "utf-8")
        moment = TimingThresholds(0, 0) if mode == "looking" else TimingThresholds()
        config = Config(
            data=Path(folder) / "data",
            rules=book,
            server_key=KEY,
            origins=("https://shop.example",),
            policy=Policy(moment=moment),
            test_mode=True,  # no shopper clicks this fast: the limit on rates is off in test mode
            seed=1,
        )
        parts = build(config, clock=SystemClock())
        listener = Listener(parts.app, parts.hub, ListenAddress(port=0))
        told = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
        await listener.start()
        base, headers = f"http://127.0.0.1:{listener.port}", {"Authorization": f"Bearer {KEY}"}
        async with httpx.AsyncClient(base_url=base, headers=headers, timeout=60) as http:
            facts = [fact for i in range(skus) for fact in facts_of(f"s{i}", i)]
            answer = (await http.post("/v1/facts", json=facts)).json()
            assert answer["rejected"] == [], answer
        assert len(parts.shop.state.active_rulebook.current.rules) == rules
        tune_interpreter()  # as `tactful serve` does
        print(listener.port, flush=True)
        await told.wait()
        await listener.close()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:]))
