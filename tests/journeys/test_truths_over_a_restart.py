"""What a shop has counted is the same after a restart: one test for each count."""

from pathlib import Path
from typing import Any

from journeys.fixture import CATALOGUE, order, rules, stock
from support.live_server import LiveServer, Shopper, live_server
from support.raw_connections import eventually

GENERAL = rules()
PLENTY = stock("RUN-42", "DE", 100, version=9)
TRIAL = rules("    mode: trial\n    share: 50%\n    valid: {from: 2026-03-01, until: 2026-04-01}")
WEIGHED = rules("    force: true", policy="  arbitration: expected_value")
HELD_OUT = WEIGHED.replace("holdout: 0%", "holdout: 100%")


async def offered_to(one: LiveServer, count: int, **hello: Any) -> list[Shopper]:
    """Shoppers who looked at the shoe for long enough to be offered it."""
    shoppers = []
    for _ in range(count):
        shopper = await one.shopper(**hello)
        await shopper.view("RUN-42")
        shoppers.append(shopper)
    await one.advance(30)
    return shoppers


def reach(one: LiveServer) -> dict[str, int]:
    counts = one.parts.shop.state.reductions.view.counts
    return dict(counts.get(("Aero Runner", "DE"), {}))


async def test_viewers_and_offers_of_a_product_are_counted_on(tmp_path: Path) -> None:
    async with live_server(tmp_path, GENERAL) as one:
        await one.facts(*CATALOGUE, PLENTY)
        await offered_to(one, 5)
        before = reach(one)
        assert before == {"": 5, "R1": 5}
        await one.restart()
        assert reach(one) == before
        for shopper in await offered_to(one, 6):
            await shopper.offered()
        assert reach(one) == {"": 11, "R1": 11}
        offers = await one.parts.shop.ledger.standing_offers()
        general = [offer for offer in offers if "price.general" in offer.notes]
        assert general, "the counts of both halves of the day make the offer general"
        await one.advance(25 * 3600)
        await one.restart()
        assert reach(one) == {}


async def test_decisions_of_one_instant_count_each_other(tmp_path: Path) -> None:
    """Eleven shoppers are decided by the same tick of the clock."""
    async with live_server(tmp_path, GENERAL) as one:
        await one.facts(*CATALOGUE, PLENTY)
        shoppers = await offered_to(one, 11)
        offers = [await shopper.offered() for shopper in shoppers]
        assert len(offers) == 11
        made = await one.parts.shop.ledger.standing_offers()
        general = [offer for offer in made if "price.general" in offer.notes]
        assert len(general) >= 5
        assert len({offer.issued_at for offer in made}) == 1


async def test_the_outcomes_of_a_trial_are_counted_on(tmp_path: Path) -> None:
    async with live_server(tmp_path, TRIAL) as one:
        await one.facts(*CATALOGUE, PLENTY)
        for shopper in await offered_to(one, 8):
            for frame in [one for one in shopper.frames if one["t"] == "offer"]:
                await shopper.say("seen", offer=frame["offer"]["id"])
                await shopper.say("dismiss", offer=frame["offer"]["id"])
        before = dict(one.parts.shop.trials._tallies)
        assert sum(tally.dismissed for tally in before.values()) > 0
        await one.restart()
        assert one.parts.shop.trials._tallies == before


async def test_the_rates_that_expected_value_learns_are_counted_on(tmp_path: Path) -> None:
    async with live_server(tmp_path, WEIGHED) as one:
        await one.facts(*CATALOGUE, PLENTY)
        shopper, *others = await offered_to(one, 3)
        offer = await shopper.offered()
        await shopper.say("seen", offer=offer["id"])
        assert (await one.redeem(await shopper.accept(offer["id"]), "o-1")).status_code == 200
        for other in others:
            await other.say("seen", offer=(await other.offered())["id"])
        rates = one.parts.shop.state.conversions
        before = {where: dict(found) for where, found in rates.view.log.items()}
        assert sum(tally.tried for tally in before["Aero Runner", "DE"].values()) == 3
        await one.restart()
        assert one.parts.shop.state.conversions.view.log == before


async def test_an_order_of_a_held_out_shopper_that_is_cancelled_later_is_taken_off(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, HELD_OUT) as one:
        await one.facts(*CATALOGUE, PLENTY)
        shopper = await one.known("c1")
        await shopper.view("RUN-42", 30)
        placed = {"placed_at": "2026-03-10T12:01:00Z", "status": "placed", "delivered_at": None}
        await one.facts({**order("o1", "c1", "RUN-42"), **placed, "version": 1})
        await one.facts({**order("o2", "c1", "RUN-42"), **placed, "version": 1})
        tallies = one.parts.shop.state.conversions.view
        assert tallies.tally_of("", "Aero Runner", "DE").bought == 1
        await one.restart()
        tallies = one.parts.shop.state.conversions.view
        assert tallies.tally_of("", "Aero Runner", "DE").bought == 1
        gone = {**placed, "status": "cancelled", "version": 2}
        await one.facts({**order("o1", "c1", "RUN-42"), **gone})
        assert tallies.tally_of("", "Aero Runner", "DE").bought == 1
        await one.facts({**order("o2", "c1", "RUN-42"), **gone})
        assert tallies.tally_of("", "Aero Runner", "DE").bought == 0


async def test_the_stock_that_standing_offers_promise_is_counted_on(tmp_path: Path) -> None:
    async with live_server(tmp_path, GENERAL) as one:
        await one.facts(*CATALOGUE, PLENTY)
        for shopper in await offered_to(one, 3):
            await shopper.accept((await shopper.offered())["id"])
        commitments = one.parts.shop.state.stock_commitments
        before = dict(commitments.totals)
        assert before == {("RUN-42", "DE"): 3}
        await one.restart()
        assert one.parts.shop.state.stock_commitments.totals == before
        assert await one.parts.shop.reconcile() == []


async def test_a_client_that_sends_its_messages_again_after_a_restart_is_not_counted_twice(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, GENERAL) as one:
        await one.facts(*CATALOGUE, PLENTY)
        shopper = await one.shopper()
        for sku in ("RUN-42", "RUN-43", "TRAIL-42"):
            await shopper.view(sku)
        await one.restart()
        await shopper.connect(resume=shopper.resume, consent="anonymous", n=9)
        # The acknowledgements were lost with the server, so the client sends everything again.
        for number, sku in ((2, "RUN-42"), (3, "RUN-43"), (4, "TRAIL-42"), (10, "BOOT-42")):
            await shopper.say("view", sku=sku, n=number)
        (live,) = one.parts.shop.state.registry
        await eventually(lambda: live.state.focus == "BOOT-42")
        assert [(item.sku, item.views) for item in live.state.viewed_items] == [
            ("RUN-42", 1), ("RUN-43", 1), ("TRAIL-42", 1), ("BOOT-42", 1),
        ]  # fmt: skip
        assert live.state.views == 4
