"""What a redemption reads of a live shop, and what the shop does with its outcome."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from journeys.fixture import CATALOGUE, order, rules, stock
from support.builders import but, cost, price, recall
from support.builders import stock as stock_fact
from support.live_server import LiveServer, live_server
from support.naive_assembly import NaiveShop
from tactful.core.redemption.order_totals import SkuNow
from tactful.core.rules.policy import Policy
from tactful.core.values.money import Money
from tactful.runtime.services.hold_timer import HoldTimer
from tactful.runtime.services.promise_timers import PromiseTimers
from tactful.runtime.services.redemption_effects import RedemptionEffects, sku_now


def effects_of(one: LiveServer) -> RedemptionEffects:
    shop = one.parts.shop
    holds = HoldTimer(shop.state, nothing_held)
    promises = PromiseTimers(shop.state, shop.redemptions.expire_promise)
    return RedemptionEffects(shop.state, shop.turns, holds, promises)


async def nothing_held() -> None:
    """Sweep a shop that holds nothing."""


def test_price_stock_and_recall_of_an_item_in_its_territory() -> None:
    facts = (price("A", 900), stock_fact("A", 3), cost("A", 1), recall(skus=("A",)))
    item = NaiveShop((fact, 0) for fact in facts).item("A")
    policy = Policy()
    known = sku_now(item, "DE", 0, policy)
    floor = known.floor or 0
    assert known == SkuNow(price=900, currency="EUR", available=3, recalled=True, floor=floor)
    assert 0 < floor < 900
    assert sku_now(item, "GB", 0, policy) == SkuNow(recalled=True)


def test_the_floor_of_an_item_is_its_cost_and_the_least_margin_if_the_cost_is_known() -> None:
    dear = NaiveShop((fact, 0) for fact in (price("A", 900, target=880), cost("A", 700))).item("A")
    policy = Policy(min_margin_bp=0, max_total_discount_bp=9000)
    assert sku_now(dear, "DE", 0, policy).floor == 833, "the net cost with its tax"
    unknown = NaiveShop([(price("A", 900), 0)]).item("A")
    assert sku_now(unknown, "DE", 0, policy).floor == 90
    mixed = but(price("A", 900), list=Money(900, "GBP"))
    assert sku_now(NaiveShop([(mixed, 0)]).item("A"), "DE", 0, policy).floor is None


async def test_skus_are_read_as_last_reported_and_unknown_ones_are_unknown(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        await one.facts(stock("RUN-42", "DE", 2, version=900))
        found, subjects = await effects_of(one).skus_now(["RUN-42", "GHOST"], "DE")
        assert {("sku", "RUN-42"), ("sku", "GHOST")} <= subjects
        assert found == {
            "RUN-42": SkuNow(price=12900, currency="EUR", available=2, floor=found["RUN-42"].floor),
            "GHOST": SkuNow(),
        }


async def test_an_order_is_shipped_once_the_shop_reported_it(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        effects = effects_of(one)
        assert not await effects.is_shipped(["o1"])
        for version, status, shipped in ((1, "placed", False), (2, "shipped", True)):
            await one.facts(order("o1", "c1", "RUN-42", status=status, version=version))
            assert await effects.is_shipped(["o1"]) is shipped


async def test_a_redemption_reaches_the_session_and_the_budget(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        offer = await shopper.offered()
        token = await shopper.accept(offer["id"])
        live = one.parts.shop.state.registry.by_id
        (session,) = [found for found in live.values() if found.state.offers]
        assert (await one.redeem(token, "o1")).status_code == 200
        await one.parts.shop.settled()
        assert session.state.offers == ()


VOUCHERS = "rules:\n  - {id: V, remedy: true}\n"


def voucher(name: str = "m1") -> dict[str, Any]:
    cause = {"skus": ["RUN-42"]}
    return {
        "type": "remedy", "remedy": name, "customer": "c1", "cause": cause,
        "value": {"amount": 1000, "currency": "EUR"}, "expires_at": "2026-06-10T12:00:00Z",
    }  # fmt: skip


@pytest.mark.parametrize("leaves", ["stays", "logs out", "ends"])
async def test_a_voucher_is_used_once_wherever_its_customer_is(tmp_path: Path, leaves: str) -> None:
    """Found by variations: a voucher that was redeemed after a logout was offered again."""
    async with live_server(tmp_path, VOUCHERS) as one:
        await one.facts(*CATALOGUE, voucher())
        shopper, other = await one.known("c1"), await one.known("c1")
        await shopper.view("BOOT-42", 60)
        token = await shopper.accept((await shopper.offered())["id"])
        if leaves == "logs out":
            await shopper.say("logout")
        elif leaves == "ends":
            await one.restart(now=one.parts.shop.clock.now() // 1000)
            other = await one.known("c1")
        redeemed = await one.redeem(token, "o1", sku="BOOT-42", customer="c1")
        assert redeemed.status_code == 200
        await one.parts.shop.settled()
        await one.advance(3600)
        await other.view("BOOT-42", 60)
        assert await one.reason("BOOT-42", other) == "target.conditions"
        await one.http.post("/v1/redemptions/o1/cancel")
        await one.parts.shop.settled()
        await one.advance(3600)
        await other.view("BOOT-42", 60)
        assert (await one.why("BOOT-42", session=other.session))["outcome"] == "standing"


async def test_the_offer_of_a_voucher_leaves_the_customer_s_other_pages_when_it_is_used(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, VOUCHERS) as one:
        await one.facts(*CATALOGUE)
        shoppers = [await one.known("c1"), await one.known("c1")]
        for shopper in shoppers:
            await shopper.view("BOOT-42")
        await one.facts(voucher())
        offers = [await shopper.offered() for shopper in shoppers]
        token = await shoppers[0].accept(offers[0]["id"])
        assert (await one.redeem(token, "o1", sku="BOOT-42", customer="c1")).status_code == 200
        assert (await shoppers[1].expect("withdraw"))["offer"] == offers[1]["id"]
        await shoppers[1].say("accept", offer=offers[1]["id"])
        assert (await shoppers[1].expect("refused"))["code"] == "ended"


async def test_of_two_acceptances_of_a_voucher_at_once_one_is_confirmed(tmp_path: Path) -> None:
    async with live_server(tmp_path, VOUCHERS) as one:
        await one.facts(*CATALOGUE)
        shoppers = [await one.known("c1"), await one.known("c1")]
        for shopper in shoppers:
            await shopper.view("BOOT-42")
        await one.facts(voucher())
        offers = [await shopper.offered() for shopper in shoppers]
        await asyncio.gather(
            *(
                shopper.say("accept", offer=offer["id"])
                for shopper, offer in zip(shoppers, offers, strict=True)
            )
        )
        await one.parts.shop.settled()
        for shopper in shoppers:
            await shopper.say("activity", kind="idle")
        kinds = sorted(frame["t"] for shopper in shoppers for frame in shopper.frames)
        assert kinds == ["accepted", "refused", "withdraw"]
