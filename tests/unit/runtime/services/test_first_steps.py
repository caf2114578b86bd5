"""Each step of a new shop is done with what the shop or a shopper did, and stays done."""

from pathlib import Path

from journeys.fixture import CATALOGUE, case, order, rules
from support.live_server import live_server
from tactful.runtime.services.first_steps import STEPS, FirstSteps


async def test_a_new_shop_ticks_off_every_step_from_nothing_to_a_redemption(tmp_path: Path) -> None:
    async with live_server(tmp_path, "rules: []") as one:
        steps = FirstSteps(one.parts.shop.state)
        assert await steps.done() == frozenset()
        await one.facts(*CATALOGUE)
        known = {"product", "price", "cost", "stock"}
        assert await steps.done() == known
        await one.facts(order("o-old", "c1", "BOOT-42"), case("k1", "c1", "late"))
        known |= {"order", "case"}
        assert await steps.done() == known
        await one.reload(rules())
        known |= {"rule"}
        assert await steps.done() == known
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        offer = await shopper.offered()
        known |= {"script", "offer"}
        assert await steps.done() == known
        token = await shopper.accept(offer["id"])
        assert (await one.redeem(token, "o1")).status_code == 200
        known |= {"redemption"}
        assert await steps.done() == known
        await one.reload(rules().replace("holdout: 0%", "holdout: 10%"))
        assert await steps.done() == set(STEPS)
        await one.reload("rules: []")
        assert await steps.done() == set(STEPS) - {"rule", "holdout"}
        assert await FirstSteps(one.parts.shop.state).done() == set(STEPS) - {"rule", "holdout"}
