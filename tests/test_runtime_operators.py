"""What a person at the shop may do to what was promised."""

from pathlib import Path

from journeys.fixture import CATALOGUE, rules
from journeys.stage import stage
from tactful.core.offers import State
from tactful.core.signals import Revoked
from tactful.runtime import operators
from tactful.runtime.records import signal_from


async def test_a_revoked_offer_is_recorded_with_who_ended_it(tmp_path: Path) -> None:
    async with stage(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shop = one.parts.shop
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        offer = (await shopper.offered())["id"]
        assert await operators.revoke(shop, offer, "price.error", "Ada") == "revoked"
        assert await operators.revoke(shop, offer, "fraud", "Bob") == "ended"
        entries = await shop.ledger.entries(session=shopper.session)
        acts = [signal_from(entry.signal) for entry in entries]
        assert Revoked(offer, "price.error", "Ada") in acts
        assert not any(isinstance(act, Revoked) and act.who == "Bob" for act in acts)
        kept = await shop.ledger.offer(offer)
        assert kept is not None
        assert kept.state is State.WITHDRAWN


async def test_an_offer_outlives_a_restart_but_not_its_revocation(tmp_path: Path) -> None:
    async with stage(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        offer = (await shopper.offered())["id"]
        await one.restart()
        assert await operators.revoke(one.parts.shop, offer, "fraud", "Ada") == "revoked"
        assert await one.budget() == (0, 0)
        await shopper.connect(resume=shopper.resume)
        assert shopper.welcome["offers"] == []


async def test_what_nobody_knows_is_not_revoked(tmp_path: Path) -> None:
    async with stage(tmp_path, rules()) as one:
        assert await operators.revoke(one.parts.shop, "of_x", "fraud", "Ada") == "unknown"


async def test_a_stated_fact_is_judged_like_any_other(tmp_path: Path) -> None:
    async with stage(tmp_path, rules()) as one:
        shop = one.parts.shop
        good = {"type": "recall", "recall": "r", "skus": ["RUN-42"], "status": "active"}
        assert (await operators.report(shop, good, "Ada")).accepted == 1
        (refused,) = (await operators.report(shop, {"type": "recall"}, "Ada")).rejected
        assert "recall" in refused.message


async def test_only_a_rule_that_exists_is_paused(tmp_path: Path) -> None:
    async with stage(tmp_path, rules()) as one:
        shop = one.parts.shop
        assert await operators.pause(shop, "R1", "Ada", paused=True)
        assert shop.rulebooks.active.paused == {"R1"}
        assert await operators.pause(shop, "R1", "Ada", paused=False)
        assert shop.rulebooks.active.paused == frozenset()
        assert not await operators.pause(shop, "R9", "Ada", paused=True)


async def test_there_is_nothing_before_the_first_rulebook(tmp_path: Path) -> None:
    async with stage(tmp_path, rules()) as one:
        assert await operators.rollback(one.parts.shop, "Ada") is None
        assert (await operators.reload(one.parts.shop, "Ada")).outcome == "same"
