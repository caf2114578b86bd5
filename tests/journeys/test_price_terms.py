"""From rule file to offer: ladders, endings, minimum savings, total discount, gifts, stacking."""

from pathlib import Path
from typing import Any

import pytest

from journeys.fixture import CATALOGUE, money, price
from support.live_server import NOON, LiveServer, Shopper, live_server

FLOORLESS = "may_undercut_target: true"


def book(offer: str, policy: str = "", extra: str = "") -> str:
    """A rule for everything, with these terms."""
    return f"""
rules:
  - id: terms
    when: [item.stock: {{at_least: 1}}]
    offer: {offer}
{extra}
policy:
  holdout: 0%
{policy}
"""


async def seen(
    one: LiveServer, sku: str = "RUN-42", shopper: Shopper | None = None
) -> dict[str, Any]:
    shopper = shopper or await one.shopper()
    await shopper.view(sku, 60)
    return await shopper.offered()


async def withheld(one: LiveServer, sku: str = "RUN-42") -> dict[str, Any]:
    shopper = await one.shopper()
    await shopper.view(sku, 60)
    await shopper.nothing()
    (gate,) = (await one.why(sku, session=shopper.session))["gates"]
    return dict(gate)


async def test_a_ladder_goes_down_one_step_per_trigger_and_never_up(tmp_path: Path) -> None:
    ladder = "{ladder: [{percent: 5%}, {percent: 10%}, {percent: 8%}], expires: 1m}"
    policy = "  caps: {per_session: 5, per_shopper: {count: 9, per: 30d}}"
    async with live_server(tmp_path, book(ladder, policy)) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        prices = []
        for sku in ("RUN-42", "TRAIL-42", "BOOT-42", "SOCK-3"):
            made = await seen(one, sku, shopper)
            prices.append(made["price"]["amount"])
            assert made["disclosure"]  # the step was made by what this session saw
            await shopper.say("seen", offer=made["id"])
            await one.advance(61)
        assert prices == [12255, 12510, 17010, 1791]  # 5 %, then 10 %, and 10 % where 8 % follows
        stranger = await seen(one)
        assert stranger["price"] == money(12255)


@pytest.mark.parametrize(
    ("terms", "amount"),
    [
        ("{percent: 15%, ending: 95}", 10895),
        ("{percent: 15%, ending: 9}", 10959),
        ("{percent: 15%, ending: 95, floor: {minimum: {EUR: 109.00}}}", 10965),
        ("{amount: {EUR: 10.00}, ending: 99}", 11899),
        ("{fixed: {EUR: 99.00}}", 9900),
        ("{to_target: true}", 9900),
        ("{percent: 30%}", 9900),
        (f"{{percent: 30%, floor: {{{FLOORLESS}}}}}", 9030),
        (f"{{percent: 90%, floor: {{{FLOORLESS}}}}}", 6188),
        (f"{{percent: 90%, floor: {{{FLOORLESS}, margin: 20%}}}}", 7735),
    ],
)
async def test_the_terms_of_a_rule_make_its_price(tmp_path: Path, terms: str, amount: int) -> None:
    async with live_server(tmp_path, book(terms)) as one:
        await one.facts(*CATALOGUE)
        assert (await seen(one))["price"] == money(amount)


@pytest.mark.parametrize(
    ("terms", "reason", "actual", "needed"),
    [
        ("{percent: 5%, min_saving: 10.00 EUR}", "price.no_improvement", 12255, 11900),
        ("{percent: 5%, min_saving: 6%}", "price.no_improvement", 12255, 12126),
        ("{percent: 30%, on_floor: withhold}", "price.floor", 9030, 9900),
        ("{percent: 30%, min_saving: 40.00 EUR}", "price.floor", 8900, 9900),
        ("{fixed: {EUR: 129.00}}", "price.no_improvement", 12900, 12899),
    ],
)
async def test_terms_that_leave_no_real_saving_withhold_the_offer(
    tmp_path: Path, terms: str, reason: str, actual: int, needed: int
) -> None:
    async with live_server(tmp_path, book(terms)) as one:
        await one.facts(*CATALOGUE)
        gate = await withheld(one)
        assert (gate["reason"], gate["actual"], gate["needed"]) == (
            reason,
            money(actual),
            money(needed),
        )


async def test_the_total_below_list_stays_within_the_policy(tmp_path: Path) -> None:
    terms = f"{{percent: 15%, floor: {{{FLOORLESS}}}}}"
    async with live_server(tmp_path, book(terms, "  max_total_discount: 20%")) as one:
        on_sale = price("RUN-42", "DE", 11000, 9900, list=money(12900))
        await one.facts(*CATALOGUE, on_sale)
        assert (await seen(one))["price"] == money(
            10320
        )  # 80 % of list, not 85 % of the sale price
        marks = await one.why("RUN-42", session=one.shoppers[0].session)
        assert marks["outcome"] == "standing"


async def test_a_gift_costs_nothing_and_reserves_its_whole_price(tmp_path: Path) -> None:
    text = book("{gift: true}").replace("offer:", "campaign: G\n    offer:")
    text += "campaigns:\n  G: {budget: {EUR: 20.00}}\n"
    async with live_server(tmp_path, text) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        made = await seen(one, "SOCK-3", shopper)
        assert made["price"] == money(0)
        assert await one.budget("G") == (1990, 0)
        assert (await withheld(one, "SOCK-3"))["reason"] == "budget.spend"
        await shopper.say("accept", offer=made["id"])
        token = (await shopper.expect("accepted"))["token"]
        answer = await one.redeem(token, "o1", sku="SOCK-3")
        assert answer.json()["unit"] == money(0)
        assert await one.budget("G") == (0, 1990)


BESIDE = """
  - id: other
    when: [item.category: boots]
    priority: 1
    offer: {percent: 10%}
"""


@pytest.mark.parametrize("named", [True, False])
async def test_two_offers_stand_together_if_their_rules_name_each_other(
    tmp_path: Path, named: bool
) -> None:
    text = book("{percent: 10%}", "  caps: {visible: 2, per_session: 5}", BESIDE)
    text = text.replace("item.stock: {at_least: 1}", "item.category: running")
    if named:
        text = text.replace("    priority: 1", "    priority: 1\n    stacks_with: [terms]")
        text = text.replace("  - id: terms", "  - id: terms\n    stacks_with: [other]")
    async with live_server(tmp_path, text) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await seen(one, "RUN-42", shopper)
        await shopper.view("BOOT-42", 60)
        verdict = await one.why("BOOT-42", "other", session=shopper.session)
        if named:
            assert (await shopper.offered())["sku"] == "BOOT-42"
        else:
            assert verdict["reason"] == "arbitration.exclusive"


async def test_an_offer_stands_for_two_weeks_at_most(tmp_path: Path) -> None:
    async with live_server(tmp_path, book("{percent: 10%, expires: 14d}")) as one:
        await one.facts(*CATALOGUE)
        made = await seen(one)
        assert made["ends_in"] == 14 * 86_400
        answer = await one.reload(book("{percent: 10%, expires: 15d}"))
        assert answer.status_code == 422
        await one.clock(NOON + 86_400)
