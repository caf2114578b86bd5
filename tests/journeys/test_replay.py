"""Replaying the recorded log gives every decision of a busy day, byte for byte."""

import random  # noqa: TID251 - seeded
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from journeys.fixture import CATALOGUE, case, order, price, rules, stock
from support.live_server import LiveServer, Shopper, live_server
from tactful.runtime.turn_log.replay import Replay, ReplayResult

SHADOWED = """
  - id: quiet-look
    mode: shadow
    priority: 5
    when: [item.stock: {at_least: 1}]
    offer: {percent: 8%}
  - id: loyal
    when:
      - customer.orders: {at_least: 1}
    offer: {percent: 10%}
    campaign: C
  - id: cart
    when: [cart.total: {at_least: {EUR: 10.00}}]
    offer: {percent: 5%, off_the: order, at_most: {EUR: 20.00}}
    campaign: C
    stacks_with: [parcel]
  - id: parcel
    when: [cart.lines: {at_least: 1}, item.category: {under: socks}]
    offer: {amount: {EUR: 3.00}, off_the: shipping}
    campaign: C
    stacks_with: [cart]
"""
BOOKS = (
    rules(extra=SHADOWED),
    rules(extra=SHADOWED, percent="12%", budget="{EUR: 80.00}"),
    rules(extra=SHADOWED, policy="  arbitration: expected_value\n  max_age: {stock: 2h}\n"),
)
SKUS = ("RUN-42", "RUN-43", "TRAIL-42", "BOOT-42", "SOCK-3")
PEOPLE = ("c1", "c2", "c3")
LONG = 10**15


async def replayed(one: LiveServer, since: int = 0) -> ReplayResult:
    shop = one.parts.shop
    await shop.settled()
    await shop.ledger.flush()
    replay = Replay(shop.ledger, shop.settings.policy, shop.settings.seed)
    return await replay.run(since, LONG)


class Day:
    """Shoppers, a shop and its merchandiser, acting at random and concurrently."""

    def __init__(self, one: LiveServer, seed: int) -> None:
        self.one = one
        self.dice = random.Random(seed)
        self.shoppers: list[Shopper] = []
        self.tokens: list[tuple[str, str]] = []
        self.skus: dict[str, str] = {}
        self.redeemed = 0
        self.count = 0

    async def play(self, acts: int) -> None:
        weighted: list[Callable[[], Any]] = [
            *[self.arrives] * 6, *[self.looks] * 9, *[self.waits] * 9, *[self.acts] * 3,
            *[self.answers] * 6, *[self.carts] * 2, self.logs_in, self.logs_out, *[self.leaves] * 4,
            *[self.stocks] * 3, self.prices, self.complains, self.orders, *[self.redeems] * 2,
            self.reloads, self.pauses, self.stops, self.consents,
        ]  # fmt: skip
        for _ in range(acts):
            await self.dice.choice(weighted)()

    def somebody(self) -> Shopper | None:
        return self.dice.choice(self.shoppers) if self.shoppers else None

    async def say(self, kind: str, /, **fields: Any) -> None:
        if who := self.somebody():
            await who.say(kind, **fields)

    async def arrives(self) -> None:
        if len(self.shoppers) < 8:
            consent = self.dice.choice(["personal", "personal", "anonymous"])
            self.shoppers.append(await self.one.shopper(consent=consent))

    async def looks(self) -> None:
        await self.say("view", sku=self.dice.choice(SKUS))

    async def waits(self) -> None:
        await self.one.advance(self.dice.choice([0.5, 4, 31, 31, 61, 900]))

    async def acts(self) -> None:
        kind = self.dice.choice(["input", "idle", "hidden", "visible", "compare", "exit"])
        await self.say("activity", kind=kind)

    async def answers(self) -> None:
        if who := self.somebody():
            for frame in [frame for frame in who.frames if frame["t"] == "offer"]:
                who.frames.remove(frame)
                self.skus[frame["offer"]["id"]] = frame["offer"]["sku"]
                answer = self.dice.choice(["seen", "dismiss", "accept", "accept"])
                await who.say(answer, offer=frame["offer"]["id"])
            await self.one.parts.shop.settled()
            await who.say("activity", kind="idle")
            for frame in [frame for frame in who.frames if frame["t"] == "accepted"]:
                who.frames.remove(frame)
                self.tokens.append((frame["token"], self.skus[frame["offer"]]))
                await self.redeems()

    async def carts(self) -> None:
        lines = [{"sku": sku, "qty": 1} for sku in self.dice.sample(SKUS, 2)]
        await self.say("cart", lines=lines)
        await self.say(
            "page", url="https://shop.example/cart", kind=self.dice.choice(["cart", "product"])
        )

    async def logs_in(self) -> None:
        await self.say("identify", identity=self.one.identity(self.dice.choice(PEOPLE)))

    async def logs_out(self) -> None:
        await self.say("logout")

    async def consents(self) -> None:
        await self.say("consent", consent=self.dice.choice(["anonymous", "personal"]))

    async def leaves(self) -> None:
        if who := self.somebody():
            self.shoppers.remove(who)
            await who.leave()

    async def stocks(self) -> None:
        await self.one.facts(stock(self.dice.choice(SKUS), "DE", self.dice.choice([0, 1, 9, 9])))

    async def prices(self) -> None:
        amount = self.dice.choice([9900, 12900, 13900])
        await self.one.facts(price(self.dice.choice(SKUS), "DE", amount, amount // 2))

    async def complains(self) -> None:
        self.count += 1
        status = self.dice.choice(["open", "resolved"])
        more = {"resolved_at": "2026-03-10T12:00:00Z"} if status == "resolved" else {}
        await self.one.facts(
            case(f"k{self.count % 3}", self.dice.choice(PEOPLE), "defect", status=status,
                 skus=[self.dice.choice(SKUS)], **more)
        )  # fmt: skip

    async def orders(self) -> None:
        self.count += 1
        await self.one.facts(order(f"o{self.count}", self.dice.choice(PEOPLE), "BOOT-42"))

    async def redeems(self) -> None:
        if self.tokens:
            self.count += 1
            token, sku = self.tokens.pop()
            name = f"r{self.count}"
            answer = await self.one.redeem(token, name, sku=sku)
            self.redeemed += answer.status_code == 200
            if self.dice.random() < 0.3:
                await self.one.http.post(f"/v1/redemptions/{name}/cancel")

    async def reloads(self) -> None:
        await self.one.reload(self.dice.choice(BOOKS))

    async def pauses(self) -> None:
        rule, how = self.dice.choice(["R1", "loyal", "cart"]), self.dice.choice(["pause", "resume"])
        await self.one.http.post(f"/v1/rules/{rule}/{how}")

    async def stops(self) -> None:
        how = self.dice.choice(["stop", "start", "start", "start"])
        await self.one.http.post(f"/v1/rulebook/{how}", json={"reason": "an accident"})


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_replayed_day_gives_the_same_decisions(tmp_path: Path, seed: int) -> None:
    async with live_server(tmp_path, BOOKS[0]) as one:
        await one.facts(*CATALOGUE, order("o-old", "c1", "BOOT-42"))
        day = Day(one, seed)
        await day.play(1_500)
        middle = one.parts.shop.clock.now()
        done = await replayed(one)
        assert done.differences == ()
        assert done.decisions > 80
        assert day.redeemed > 0
        assert (done.unknown, done.lost) == (0, 0)
        day.shoppers.clear()
        await one.restart()
        await day.play(300)
        again = await replayed(one)
        assert again.differences == ()
        assert again.decisions > done.decisions
        half = await replayed(one, since=middle - 1_800_000)
        assert half.differences == ()
        assert 0 < half.decisions < again.decisions


async def test_holds_that_lapse_or_are_taken_over_are_replayed(tmp_path: Path) -> None:
    """One call then takes several steps of an offer, and the session learns of the last one."""
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        tokens = []
        for _ in range(2):
            shopper = await one.shopper()
            await shopper.view("RUN-42", 30)
            tokens.append(await shopper.accept((await shopper.offered())["id"]))
        first, second = tokens
        await one.redeem(first, "A", hold=3_600)
        await one.advance(3_600)
        await one.restart()
        listed = await one.http.get("/v1/redemptions", params={"order": "A"})
        assert listed.json()["redemptions"][0]["lapsed"]
        await one.redeem(second, "B", hold=30)
        assert (await replayed(one)).differences == ()


async def test_a_hold_that_another_order_takes_over_is_replayed(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        token = await shopper.accept((await shopper.offered())["id"])
        await one.redeem(token, "A", hold=30)
        # The clock is past the end of the hold before its timer has fired.
        one.parts.shop.state.timers.cancel("holds")
        await one.advance(60)
        assert (await one.redeem(token, "B")).status_code == 200
        assert (await replayed(one)).differences == ()
