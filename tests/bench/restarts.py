"""Restarts of the whole server while shoppers hold offers, accept, buy and get the next offer.

Afterwards the account of every shopper is compared with the ledger: an offer that only one side
knows is lost, one that was sent or made twice is doubled.
"""

import asyncio
import random  # noqa: TID251 -- seeded
import sqlite3
import sys
import time
from collections import Counter, deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import harness
import httpx
from msgspec import Struct

sys.path[:0] = [str(harness.ROOT / "tests"), str(harness.ROOT / "server")]

from manager import HOST, KEY, Manager  # noqa: E402
from visitor import WELCOME_S, Visitor  # noqa: E402

from journeys.fixture import price, product, stock  # noqa: E402

SKUS = 60
PATIENCE_S = 60.0
RULES = """
rules:
  - id: rescue
    owner: bench@shop.example
    note: Somebody is about to leave.
    moment: rescue
    when:
      all:
        - item.category: {under: running}
    offer:
      percent: 10%
      expires: 2h
      message: "{offer.price}"
    campaign: C
campaigns:
  C: {budget: {EUR: 100000000.00}, per: total}
policy:
  holdout: 0%
"""
SETTINGS = """
origins = ["https://shop.example"]
log_level = "warning"
[policy]
caps.per_session = 10000
caps.per_shopper.count = 10000
"""


class Restarted(Struct, frozen=True):
    """The result. `wrong`: forbidden events and their counts; `away_s`: gaps of all sessions, in seconds."""

    wrong: dict[str, int]
    away_s: list[float]
    stop_s: list[float]
    cpu_s: list[float]
    offers: int
    redeemed: int
    asked_again: dict[str, int]

    def away(self, share: float) -> float:
        """A quantile of the gaps, in seconds."""
        return sorted(self.away_s)[int(len(self.away_s) * share)] if self.away_s else 0.0

    def count(self, kind: str) -> int:
        """How often one kind of forbidden event happened."""
        return sum(number for name, number in self.wrong.items() if name.startswith(kind))

    def others(self) -> int:
        """How often the other kinds happened."""
        return sum(self.wrong.values()) - self.count("refused") - self.count("offer")


class Shop:
    """One run: a manager, its sessions and the checkout."""

    def __init__(self, manager: Manager, sessions: int, welcome_s: float) -> None:
        self._manager = manager
        self._counts: Counter[str] = Counter()
        self._again: Counter[str] = Counter()
        self.visitors = [Visitor(manager.port, self._counts, welcome_s) for _ in range(sessions)]
        self._dice = random.Random(7)
        self._orders = 0
        self.bought: set[str] = set()
        self.stop_s: list[float] = []
        self.cpu_s: list[float] = []
        # Without connections that are kept: whether the next one is let in is what is asked here.
        self.http = httpx.AsyncClient(
            base_url=f"http://{HOST}:{manager.port}",
            headers={"Authorization": f"Bearer {KEY}"},
            timeout=PATIENCE_S,
            limits=httpx.Limits(max_keepalive_connections=0, max_connections=100),
        )

    async def open(self) -> None:
        """Connect all sessions, and wait for an offer in each."""
        facts = [fact for number in range(SKUS) for fact in facts_of(f"s{number}")]
        answer = (await self.http.post("/v1/facts", json=facts)).json()
        assert answer["rejected"] == [], answer
        for start in range(0, len(self.visitors), 200):
            some = self.visitors[start : start + 200]
            for visitor in some:
                visitor.dial()
            await until(lambda some=some: all(v.connected for v in some))  # type: ignore[misc]
            for number, visitor in enumerate(some):
                visitor.need_rescue(f"s{number % SKUS}")
        await until(lambda: all(v.standing for v in self.visitors))

    async def trade(self, rate: float, done: asyncio.Event) -> None:
        """Have a number of shoppers a second accept their offer, buy, and view another item."""
        resting = deque(self._dice.sample(self.visitors, len(self.visitors)))
        under_way: set[asyncio.Task[None]] = set()
        while not done.is_set():
            if resting:
                visitor = resting.popleft()
                task = asyncio.ensure_future(self._buy(visitor))
                under_way.add(task)
                task.add_done_callback(under_way.discard)
                task.add_done_callback(lambda _, one=visitor: resting.append(one))  # type: ignore[misc]
            await asyncio.sleep(1 / rate)
        if under_way:
            await asyncio.wait(under_way)

    async def _buy(self, visitor: Visitor) -> None:
        if not visitor.standing:
            return  # counted before, as an offer that did not come
        offer = next(iter(visitor.standing.values()))
        name = offer["id"]
        visitor.say({"t": "accept", "offer": name})
        if not await self._comes(visitor, lambda: name in visitor.tokens):
            self._counts["accept never answered"] += 1
            return
        await self._redeem(visitor.tokens[name], offer)
        visitor.need_rescue(f"s{(int(offer['sku'][1:]) + 1) % SKUS}")
        if not await self._comes(visitor, lambda: visitor.standing.keys() - {name}):
            self._counts["no next offer"] += 1

    async def _comes(self, visitor: Visitor, what: Callable[[], object]) -> bool:
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not what():
                    visitor.changed.clear()
                    await visitor.changed.wait()
        except TimeoutError:
            return False
        return True

    async def _redeem(self, token: str, offer: dict[str, Any]) -> None:
        """Redeem as a checkout does: retry with the same order until there is a response."""
        self._orders += 1
        lines = [{"sku": offer["sku"], "qty": 1}]
        asked = {"token": token, "order": f"o{self._orders}", "territory": "DE", "lines": lines}
        for _ in range(20):
            try:
                answer = await self.http.post("/v1/redemptions", json=asked)
            except httpx.TransportError as error:
                self._again[f"redemption: {type(error).__name__}"] += 1
            else:
                if answer.status_code == 200:
                    self.bought.add(offer["id"])
                    return
                if answer.status_code != 503:
                    break
                self._again["redemption: 503"] += 1
            await asyncio.sleep(0.25)
        self._counts["redemption failed"] += 1

    async def restart(self, signal: str) -> None:
        """Stop the server, start the next, and wait until all sessions have resumed."""
        manager, before = self._manager, [v.welcomes for v in self.visitors]
        old, began = manager.process, time.perf_counter()
        if manager.way == "shared":
            said = manager.log().count("ledger.waiting")
            manager.start()
            await until(lambda: manager.log().count("ledger.waiting") > said)
        getattr(old, signal)()
        await asyncio.to_thread(old.wait, PATIENCE_S)
        self.stop_s.append(round(time.perf_counter() - began, 2))
        if manager.way != "shared":
            manager.start()
        await until(
            lambda: all(
                v.connected and v.welcomes > count
                for v, count in zip(self.visitors, before, strict=True)
            )
        )
        self.cpu_s.append(manager.cpu_seconds())

    async def end(self, ledger: Path) -> Restarted:
        """Compare what every session received with the ledger."""
        await self.http.aclose()
        for visitor in self.visitors:
            visitor.leave()
        await asyncio.to_thread(self._manager.close)
        self._audit(ledger)
        counts = Counter(self._counts)
        del counts["goodbyes"]
        return Restarted(
            wrong=dict(counts),
            away_s=[gap for visitor in self.visitors for gap in visitor.away_s],
            stop_s=self.stop_s,
            cpu_s=self.cpu_s,
            offers=sum(len(visitor.seen) for visitor in self.visitors),
            redeemed=len(self.bought),
            asked_again=dict(self._again),
        )

    def _audit(self, ledger: Path) -> None:
        connection = sqlite3.connect(ledger)
        rows = connection.execute("SELECT id, session, state, body ->> 'sku' FROM"
                                  " (SELECT id, session, state, CAST(body AS TEXT) AS body FROM offers)")  # fmt: skip
        written: dict[str, dict[str, str]] = {}
        made: Counter[tuple[str, str]] = Counter()
        for offer, session, state, sku in rows:
            written.setdefault(session, {})[offer] = state
            made[session, sku] += 1
        connection.close()
        counts = self._counts
        counts["offer doubled: made twice"] += sum(number > 1 for number in made.values())
        for visitor in self.visitors:
            known = written.get(visitor.session, {})
            standing = {offer for offer, state in known.items() if state in {"pushed", "shown"}}
            redeemed = {offer for offer, state in known.items() if state == "redeemed"}
            counts["offer lost: written, not shown"] += len(standing - visitor.standing.keys())
            counts["offer lost: shown, not written"] += len(visitor.standing.keys() - standing)
            counts["offer lost: told, not written"] += len(visitor.seen - known.keys())
            counts["redemption lost"] += len((self.bought & visitor.seen) - redeemed)
        for name in [name for name, number in counts.items() if not number]:
            del counts[name]


def facts_of(sku: str) -> list[dict[str, Any]]:
    """The facts of an item with ample stock."""
    return [
        product(sku, f"P-{sku}", None, "running"),
        price(sku, "DE", 12900),
        stock(sku, "DE", 10_000_000),
    ]


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a state, with a deadline."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 -- the state is in many places
            await asyncio.sleep(0.02)


async def restarted(
    folder: Path,
    *,
    way: str,
    sessions: int,
    restarts: int,
    rate: float,
    signal: str = "terminate",
    welcome_s: float = WELCOME_S,
) -> Restarted:
    """Run once; `welcome_s`: seconds that a visitor waits for `welcome` before it retries."""
    (folder / "rules").mkdir(parents=True)
    (folder / "rules" / "rules.yaml").write_text(RULES, "utf-8")
    (folder / "tactful.toml").write_text(SETTINGS, "utf-8")
    settings = ["--config", str(folder / "tactful.toml"), "--data", str(folder / "data")]
    manager = Manager(way, folder, [*settings, "--rules", str(folder / "rules")])
    shop = Shop(manager, sessions, welcome_s)
    done = asyncio.Event()
    try:
        await until(lambda: "serves" in manager.log())
        await shop.open()
        trading = asyncio.ensure_future(shop.trade(rate, done))
        for _ in range(restarts):
            bought = len(shop.bought)
            await until(lambda bought=bought: len(shop.bought) >= bought + rate / 2)  # type: ignore[misc]
            await shop.restart(signal)
        done.set()
        await trading
        return await shop.end(folder / "data" / "tactful.db")
    finally:
        done.set()
        await asyncio.to_thread(manager.close)
