"""Offers off the order and off its shipping, from the rule file to the refund."""

import base64
import json
from pathlib import Path
from typing import Any

from journeys.fixture import CATALOGUE, case, money, order, price, product, stock
from support.live_server import LiveServer, Shopper, live_server

BOOK = """
rules:
  - id: shoe
    when: [item.category: running]
    priority: 2
    offer: {percent: 15%}
    campaign: C
    stacks_with: [whole, parcel]
  - id: whole
    when: [item.category: boots]
    priority: 1
    offer:
      percent: 10%
      off_the: order
      at_most: {EUR: 50.00}
      message: "10 % off your order, up to {offer.saved}."
    campaign: C
    stacks_with: [shoe, parcel]
  - id: parcel
    when: [item.category: socks]
    offer: {percent: 100%, off_the: shipping, at_most: {EUR: 6.90}}
    campaign: C
    stacks_with: [shoe, whole]
campaigns:
  C: {budget: {EUR: 200.00}}
policy:
  holdout: 0%
  caps: {per_session: 9, per_shopper: {count: 9, per: 30d}}
"""
CART = [{"sku": "RUN-42", "qty": 1}, {"sku": "BOOT-42", "qty": 2}]
HELD = 1935 + 5000 + 690


async def offered(shopper: Shopper, sku: str) -> dict[str, Any]:
    await shopper.view(sku, 60)
    return await shopper.offered()


async def accepted(shopper: Shopper, offer: dict[str, Any]) -> str:
    await shopper.say("accept", offer=offer["id"])
    return str((await shopper.expect("accepted"))["token"])


async def promised(one: LiveServer, *skus: str) -> list[str]:
    shopper = await one.shopper()
    return [await accepted(shopper, await offered(shopper, sku)) for sku in skus]


async def use(
    one: LiveServer, token: str, lines: list[dict[str, Any]] = CART, name: str = "o1", **more: Any
) -> dict[str, Any]:
    body = {"token": token, "order": name, "territory": "DE", "lines": lines, **more}
    return dict((await one.http.post("/v1/redemptions", json=body)).json())


def claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))))


async def test_an_order_offer_states_its_discount_and_the_price_of_the_item_alone(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, BOOK) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        offer = await offered(shopper, "BOOT-42")
        assert (offer["level"], offer["at_most"], offer["percent_bp"]) == (
            "order",
            money(5000),
            1000,
        )
        assert (offer["price"], offer["was"], offer["percent"]) == (money(17010), money(18900), 10)
        assert (offer["message"], offer["max_qty"]) == ("10 % off your order, up to €50.00.", 1)
        assert await one.budget() == (5000, 0)
        told = (await one.http.get(f"/v1/offers/{offer['id']}")).json()
        assert (told["level"], told["at_most"], told["percent_bp"]) == ("order", money(5000), 1000)
        said = claims(await accepted(shopper, offer))
        assert (said["level"], said["at_most"], said["percent_bp"]) == ("order", 5000, 1000)
        assert said["unit"] == 17010


async def test_a_shipping_offer_claims_nothing_about_the_item(tmp_path: Path) -> None:
    async with live_server(tmp_path, BOOK) as one:
        reduced = price("SOCK-3", "DE", 1890, since="2026-03-09T12:00:00Z")
        await one.facts(*CATALOGUE, reduced)
        shopper = await one.shopper()
        offer = await offered(shopper, "SOCK-3")
        assert (offer["level"], offer["at_most"], offer["price"]) == (
            "shipping",
            money(690),
            money(1890),
        )
        assert not {"was", "percent"} & offer.keys()
        await one.facts(price("SOCK-3", "DE", 1990))
        assert (await shopper.expect("withdraw"))["offer"] == offer["id"]
        (latest, *_) = await one.decisions(offer=offer["id"])
        assert latest["reason"] == "price.no_improvement"


async def test_three_offers_apply_to_one_order_each_on_the_result_of_the_last(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, BOOK) as one:
        await one.facts(*CATALOGUE)
        shoe, whole, parcel = await promised(one, "RUN-42", "BOOT-42", "SOCK-3")
        assert await one.budget() == (HELD, 0)
        first = await use(one, shoe)
        assert (first["unit"], first["qty"], first["saved"]) == (money(10965), 1, money(1935))
        assert first.keys() == {"redemption", "state", "unit", "qty", "saved"}
        second = await use(one, whole)
        assert (second["unit"], second["saved"]) == (money(43888), money(4877))
        assert [line["paid"] for line in second["lines"]] == [money(9868), money(34020)]
        third = await use(one, parcel, shipping=money(990))
        assert (third["unit"], third["saved"], third["level"]) == (
            money(300),
            money(690),
            "shipping",
        )
        assert await one.budget() == (0, 1935 + 4877 + 690)
        await one.restart()
        assert await use(one, whole) == second
        back = {"refund": "f1", "lines": [{"sku": "RUN-42", "qty": 1}], "shipping": money(990)}
        refund = (await one.http.post("/v1/redemptions/o1/refund", json=back)).json()
        assert (refund["amount"], refund["released"]) == (
            money(9868 + 300),
            money(1935 + 1097 + 690),
        )
        assert await one.budget() == (0, 3780)
        await one.http.post("/v1/redemptions/o1/cancel")
        assert await one.budget() == (HELD, 0)
        assert await one.parts.shop.reconcile() == []


async def test_offers_out_of_sequence_or_without_stacking_are_refused(tmp_path: Path) -> None:
    alone = BOOK.replace("[whole, parcel]", "[parcel]").replace("[shoe, parcel]", "[parcel]")
    async with live_server(tmp_path, alone) as one:
        await one.facts(*CATALOGUE)
        (shoe,) = await promised(one, "RUN-42")
        whole, parcel = await promised(one, "BOOT-42", "SOCK-3")
        assert (await use(one, shoe))["saved"] == money(1935)
        assert (await use(one, whole))["code"] == "redemption.stacking"
        assert (await use(one, parcel, name="o2", shipping=money(990)))["saved"] == money(690)
        assert (await use(one, whole, name="o2"))["code"] == "redemption.sequence"
        assert (await use(one, whole, name="o3"))["saved"] == money(5000)


async def test_a_second_order_offer_is_not_made_and_item_offers_still_are(
    tmp_path: Path,
) -> None:
    boot = [product("BOOT-43", "Fjord Boot", "Nordek", "boots"), price("BOOT-43", "DE", 18900)]
    async with live_server(tmp_path, BOOK) as one:
        await one.facts(*CATALOGUE, *boot, stock("BOOT-43", "DE", 9))
        shopper = await one.shopper()
        await accepted(shopper, await offered(shopper, "BOOT-42"))
        await shopper.view("BOOT-43", 60)
        await shopper.nothing()
        assert await one.reason("BOOT-43", shopper, "whole") == "arbitration.exclusive"
        assert (await offered(shopper, "RUN-42"))["price"] == money(10965)


async def test_gates_apply_to_the_viewed_item_and_the_promise_to_the_order(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, BOOK) as one:
        await one.facts(*CATALOGUE, order("o0", "c1", "RUN-43"))
        shopper = await one.shopper(consent="personal", identity=one.identity("c1"))
        token = await accepted(shopper, await offered(shopper, "BOOT-42"))
        bought = [{"sku": "RUN-43", "qty": 1}]
        await one.facts(case("k1", "c1", "defect", order="o0", skus=["RUN-43"]))
        assert (await use(one, token, bought, customer="c1"))["saved"] == money(1290)


async def test_a_recalled_line_must_leave_the_cart_and_a_recalled_item_ends_its_own_promise(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, BOOK) as one:
        await one.facts(*CATALOGUE)
        shoe, whole = await promised(one, "RUN-42", "BOOT-42")
        await one.facts({"type": "recall", "recall": "x1", "skus": ["RUN-42"], "status": "active"})
        assert (await use(one, whole))["code"] == "recall"
        assert (await use(one, shoe))["code"] == "recall"
        assert (await use(one, shoe, name="o2"))["code"] == "recall"
        assert (await use(one, whole, [{"sku": "BOOT-42", "qty": 1}]))["saved"] == money(1890)
        assert await one.budget() == (0, 1890)


def reported(name: str, status: str, **more: Any) -> dict[str, Any]:
    """An order fact as the shop's order system sends it."""
    lines = [{"sku": "RUN-42", "qty": 1, "unit": money(10965), **more}]
    return order(name, "c1", "RUN-42", status=status, lines=lines)


async def test_a_reported_cancellation_restores_right_and_budget(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, BOOK) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        offer = await offered(shopper, "RUN-42")
        token = await accepted(shopper, offer)
        assert (await use(one, token))["saved"] == money(1935)
        await one.facts(reported("o1", "placed", offer=offer["id"]) | {"version": 1})
        assert await one.budget() == (0, 1935)
        gone = reported("o1", "cancelled", offer=offer["id"]) | {"version": 2}
        assert (await one.facts(gone))["accepted"] == 1
        assert await one.budget() == (1935, 0)
        assert (await one.facts(gone))["ignored"] == 1
        assert await one.budget() == (1935, 0)
        assert (await use(one, token, name="o2"))["saved"] == money(1935)
        assert (await one.facts(gone))["ignored"] == 1
        assert await one.budget() == (0, 1935)


async def test_a_shipped_or_reinstated_order_restores_nothing(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, BOOK) as one:
        await one.facts(*CATALOGUE)
        for name, last in (("o1", "cancelled"), ("o2", "placed")):
            (token,) = await promised(one, "RUN-42")
            assert (await use(one, token, name=name))["saved"] == money(1935)
            before = "shipped" if last == "cancelled" else "placed"
            await one.facts(reported(name, before) | {"version": 1})
            await one.facts(reported(name, last) | {"version": 3})
            late = await one.facts(reported(name, "cancelled") | {"version": 2})
            assert late["accepted"] == 0
        assert await one.budget() == (0, 2 * 1935)
