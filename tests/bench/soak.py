"""`make soak`: a day of traffic in half an hour; afterwards only reconciled balances may be left.

A quarter of an hour of the shop's day at a time: shoppers connect, view, click, get offers, accept,
dismiss, lose their connection, resume, and buy. Stock runs out, prices and rules change, the clock
moves. Server and shoppers share one process, so that memory, tasks and descriptors can be counted.
"""

import asyncio
import random  # noqa: TID251 -- seeded
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import harness
from msgspec import Struct, structs

sys.path[:0] = [str(harness.ROOT / "tests"), str(harness.ROOT / "server")]

from shoppers import Shopper, enter_all  # noqa: E402

from journeys.fixture import CATALOGUE, price, rules, stock  # noqa: E402
from support.live_server import LiveServer, live_server  # noqa: E402

QUARTER = 900
"""Seconds of the shop's day that one step plays."""
SKUS = ("RUN-42", "RUN-43", "TRAIL-42", "BOOT-42", "SOCK-3")
RULES = rules(budget="{EUR: 10000000.00}")
LOOKS = 4, 14
"""The range of items per visit: about 20 messages, 5 million in the long form."""
INPUT = b'{"t":"activity","kind":"input"}'
PLENTY = 1_000_000


class Step(Struct, frozen=True):
    """The cost of one quarter of an hour, and the resources after it."""

    cpu_s: float
    events: int
    rss_kib: int
    tasks: int
    descriptors: int
    sessions: int


class Soaked(Struct, frozen=True):
    """The result. `left`: sessions, connections and timers that outlived the day."""

    steps: list[Step]
    offers: int
    redeemed: int
    withdrawn: int
    tasks_more: int
    descriptors_more: int
    left: dict[str, int]
    wrong: list[str]

    def growth(self) -> float:
        """Memory of the last tenth over that of the tenth after warming up (a fifth of the day)."""
        tenth = max(1, len(self.steps) // 10)
        warm = self.steps[len(self.steps) // 5 :][:tenth]
        last = self.steps[-tenth:]
        return median(s.rss_kib for s in last) / median(s.rss_kib for s in warm) - 1

    def slowdown(self) -> float:
        """Processor time an event of the last tenth over that of the tenth after warming up."""
        tenth = max(1, len(self.steps) // 10)
        warm = self.steps[len(self.steps) // 5 :][:tenth]
        last = self.steps[-tenth:]
        return median(s.cpu_s / s.events for s in last) / median(s.cpu_s / s.events for s in warm)


class Day:
    """The traffic of one shop."""

    def __init__(self, one: LiveServer, shoppers: int, seed: int) -> None:
        self._one = one
        self._count = shoppers
        self._dice = random.Random(seed)
        self._orders = 0
        self.offers = self.redeemed = self.withdrawn = 0

    async def quarter(self, number: int) -> int:
        """Run a quarter of an hour; return the number of messages."""
        one, dice = self._one, self._dice
        before = one.parts.hub.messages_received
        people = await enter_all(one.listener.port, self._count)
        for shopper in people:
            for _ in range(dice.randrange(*LOOKS)):
                shopper.view(dice.choice(SKUS))
                shopper.say(INPUT)
        await self._heard(before + sum(p.said for p in people))
        await one.advance(31)
        await self._answered(people)
        await self._shop_changes(number)
        people = await self._reconnected(people)
        for shopper in people:
            self.withdrawn += shopper.withdrawn
            shopper.transport.close()
        while one.parts.hub.connections:  # noqa: ASYNC110 -- until all have gone
            await asyncio.sleep(0.001)
        await one.advance(QUARTER - 31)
        return one.parts.hub.messages_received - before

    async def _heard(self, messages: int) -> None:
        async with asyncio.timeout(60):
            while self._one.parts.hub.messages_received < messages:  # noqa: ASYNC110 -- a count
                await asyncio.sleep(0.001)
        await self._one.parts.shop.settled()

    async def _answered(self, people: list[Shopper]) -> None:
        """Some accept and buy, some dismiss, some do nothing."""
        dice, one = self._dice, self._one
        accepting = []
        before, said = one.parts.hub.messages_received, 0
        for shopper in people:
            await asyncio.sleep(0)
            self.offers += len(shopper.offers)
            for offer in shopper.offers:
                way = dice.random()
                if way < 0.6:
                    shopper.say(b'{"t":"accept","offer":"%s"}' % offer["id"].encode())
                    accepting.append(shopper)
                elif way < 0.8:
                    shopper.say(b'{"t":"dismiss","offer":"%s"}' % offer["id"].encode())
                said += way < 0.8
        await self._heard(before + said)
        await one.http.get("/healthz")
        for shopper in accepting:
            if shopper.tokens and dice.random() < 0.5:
                self._orders += 1
                sku = shopper.offers[-1]["sku"]
                answer = await one.redeem(shopper.tokens[-1], f"o{self._orders}", sku=sku)
                self.redeemed += answer.status_code == 200

    async def _shop_changes(self, number: int) -> None:
        one, sku = self._one, self._dice.choice(SKUS)
        await one.facts(stock(sku, "DE", 0))
        await one.facts(stock(sku, "DE", PLENTY), price("SOCK-3", "DE", 1990 + number % 7, 1790))
        if number % 4 == 3:
            answer = await one.reload(RULES.replace("15%", f"{15 + number // 4 % 2}%"))
            assert answer.status_code == 200, answer.text

    async def _reconnected(self, people: list[Shopper]) -> list[Shopper]:
        """A tenth loses the connection and comes back."""
        port, found = self._one.listener.port, []
        for shopper in people:
            if self._dice.random() < 0.1:
                shopper.transport.abort()
                found.append(await Shopper().enter(port, shopper.resume))
            else:
                found.append(shopper)
        return found


def now_there(sessions: int, cpu_s: float = 0.0, events: int = 1) -> Step:
    """The resources that this process holds."""
    statm = Path("/proc/self/statm").read_text().split()
    return Step(
        cpu_s=cpu_s,
        events=events,
        rss_kib=int(statm[1]) * harness.PAGE_KIB,
        tasks=len(asyncio.all_tasks()),
        descriptors=sum(1 for _ in Path("/proc/self/fd").iterdir()),
        sessions=sessions,
    )


async def small_cache(ledger: Any) -> None:
    """Bound the ledger's page cache, 32 MiB else, so that it is full before memory is compared."""
    pragma = "PRAGMA cache_size=-512"
    await ledger._open_writer.run_outside_transaction(
        lambda connection: connection.execute(pragma).close()
    )
    await ledger._reader.execute(pragma)


async def first_checkpoint(ledger: Any) -> None:
    """Make the ledger's first checkpoint, which opens a connection that stays until the ledger closes.

    Two descriptors more would else be counted as left behind.
    """
    writer = ledger._open_writer
    await writer.run_outside_transaction(lambda _: writer._engine._checkpointer._move_most())


async def soak(folder: Path, *, quarters: int, shoppers: int, seed: int = 1) -> Soaked:
    """Run a number of quarters of an hour with a number of shoppers each."""
    async with live_server(folder, RULES, session_ttl=300_000) as one:
        shop = one.parts.shop
        await one.facts(*CATALOGUE, *(stock(sku, "DE", PLENTY) for sku in SKUS))
        await small_cache(shop.ledger)
        await first_checkpoint(shop.ledger)
        day = Day(one, shoppers, seed)
        await day.quarter(0)
        await one.advance(2 * 3600)
        start = now_there(0)
        steps = []
        for number in range(quarters):
            began = time.process_time()
            events = await day.quarter(number)
            steps.append(now_there(len(shop.state.registry), time.process_time() - began, events))
        await one.advance(3 * 3600)
        end = now_there(len(shop.state.registry))
        return Soaked(
            steps=steps,
            offers=day.offers,
            redeemed=day.redeemed,
            withdrawn=day.withdrawn,
            tasks_more=end.tasks - start.tasks,
            descriptors_more=end.descriptors - start.descriptors,
            left={
                "sessions": len(shop.state.registry),
                "connections": len(one.parts.hub.connections),
                "held": sum(row.reserved for row in shop.state.balances.rows()),
            },
            wrong=await shop.reconcile(),
        )


def main() -> None:
    asked = harness.options(__doc__, quarters=96, shoppers=2_600)
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(soak(Path(folder), quarters=asked.quarters, shoppers=asked.shoppers))
    figures = structs.asdict(found) | {"steps": [structs.asdict(step) for step in found.steps]}
    goals = [
        harness.goal("memory grows by", found.growth(), 0.03, at_most=True),
        harness.goal("the last tenth takes, in multiples", found.slowdown(), 1.2, at_most=True),
        harness.goal("tasks more", found.tasks_more, 0, at_most=True),
        harness.goal("descriptors more", found.descriptors_more, 0, at_most=True),
        harness.goal("left over", sum(found.left.values()), 0, at_most=True),
        harness.goal("books that are wrong", len(found.wrong), 0, at_most=True),
    ]
    harness.report("soak", figures, goals)
    sys.exit(not all(each["met"] for each in goals))


if __name__ == "__main__":
    main()
