"""Discounts that need a minimum order, from the rule to the checkout, with the other offers of the order."""

from pathlib import Path
from typing import Any

import httpx

from journeys.fixture import CATALOGUE, money
from support.live_server import LiveServer, Shopper, live_server

BOOK = """
rules:
  - {id: shoe, when: [item.category: running], priority: 2, offer: {percent: 15%}, campaign: C, stacks_with: [whole, parcel]}
  - id: whole
    when: [cart.total: {at_least: {EUR: 200.00}}, item.category: boots]
    offer: {amount: {EUR: 15.00}, off_the: order}
    campaign: C
    stacks_with: [shoe, parcel]
  - id: parcel
    when: [item.category: socks]
    offer: {percent: 100%, off_the: shipping, at_most: {EUR: 6.90}, min_order: {EUR: 50.00}}
    campaign: C
    stacks_with: [shoe, whole]
campaigns:
  C: {budget: {EUR: 200.00}}
policy:
  holdout: 0%
  caps: {per_session: 9, per_shopper: {count: 9, per: 30d}}
"""


async def accepted(shopper: Shopper, sku: str) -> str:
    await shopper.view(sku, 60)
    offer = await shopper.offered()
    await shopper.say("accept", offer=offer["id"])
    return str((await shopper.expect("accepted"))["token"])


async def promised(one: LiveServer) -> list[str]:
    """Tokens of the item, the order and the shipping, with 318.00 EUR in the cart."""
    await one.facts(*CATALOGUE)
    shopper = await one.shopper()
    lines = [{"sku": "RUN-42", "qty": 1}, {"sku": "BOOT-42", "qty": 1}]
    await shopper.say("cart", lines=lines)
    return [await accepted(shopper, sku) for sku in ("RUN-42", "BOOT-42", "SOCK-3")]


async def use(one: LiveServer, order: str, *lines: tuple[str, int], **body: Any) -> httpx.Response:
    named = [{"sku": sku, "qty": qty} for sku, qty in lines]
    fields = {"order": order, "territory": "DE", "lines": named, "shipping": money(990)}
    return await one.http.post("/v1/redemptions", json={**fields, **body})


async def test_a_cart_that_shrank_gets_no_discount_on_the_order(tmp_path: Path) -> None:
    """E11: 15.00 off from 200.00 on, and at the checkout one pair of socks."""
    async with live_server(tmp_path, BOOK) as one:
        _, whole, parcel = await promised(one)
        refused = await use(one, "o1", ("SOCK-3", 1), token=whole)
        assert (refused.status_code, refused.json()["code"]) == (422, "redemption.minimum")
        assert refused.json()["missing"] == money(20_000 - 1_990)
        refused = await use(one, "o1", ("SOCK-3", 1), token=parcel)
        assert refused.json()["missing"] == money(5_000 - 1_990)
        served = await use(one, "o1", ("BOOT-42", 1), ("RUN-42", 1), token=whole)
        assert served.json()["saved"] == money(1_500)


async def test_all_tokens_of_an_order_are_redeemed_by_one_call_in_any_order(
    tmp_path: Path,
) -> None:
    """E14: the offers apply to the item, the order and the shipping, however the tokens stand."""
    async with live_server(tmp_path, BOOK) as one:
        shoe, whole, parcel = await promised(one)
        lines = (("RUN-42", 1), ("BOOT-42", 1))
        answer = await use(one, "o1", *lines, tokens=[parcel, whole, shoe])
        assert answer.status_code == 200, answer.text
        again = await use(one, "o1", *lines, tokens=[shoe, parcel, whole])
        assert again.content == answer.content
        body = answer.json()
        levels = [row.get("level") for row in body["redemptions"]]
        assert levels == [None, "order", "shipping"]
        assert body["saved"] == money(1_935 + 1_500 + 690)
        assert await one.budget() == (0, 1_935 + 1_500 + 690)
        alone = await use(one, "o1", *lines, token=whole)
        assert alone.json()["code"] == "redemption.mismatch"


async def test_of_several_tokens_all_are_used_or_none(tmp_path: Path) -> None:
    async with live_server(tmp_path, BOOK) as one:
        shoe, whole, _ = await promised(one)
        before = await one.budget()
        refused = await use(one, "o1", ("RUN-42", 1), tokens=[whole, shoe])
        assert refused.json()["code"] == "redemption.minimum"
        assert refused.json()["missing"] == money(20_000 - 10_965)
        assert refused.json()["offer"]
        assert await one.budget() == before
        assert (await use(one, "o2", ("RUN-42", 1), tokens=[shoe])).status_code == 200
