"""Scenarios 9, 10 and 13 over real sockets."""

import asyncio
from pathlib import Path

import httpx
import pytest

from journeys.fixture import CATALOGUE, money, order, rules, stock
from support.live_server import LiveServer, Shopper, live_server

CROWD = 200


async def crowd(one: LiveServer, size: int = CROWD) -> list[Shopper]:
    """Shoppers who all view the same shoe in the same tick."""
    shoppers = [await one.shopper() for _ in range(size)]
    await asyncio.gather(*(shopper.view("RUN-42") for shopper in shoppers))
    await one.advance(30)
    return shoppers


async def pushed(shoppers: list[Shopper]) -> list[Shopper]:
    """The shoppers who got an offer."""
    await asyncio.gather(*(shopper.say("activity", kind="idle") for shopper in shoppers))
    return [one for one in shoppers if any(frame["t"] == "offer" for frame in one.frames)]


async def test_scenario_9_two_hundred_at_once_share_a_budget_for_five(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules(budget="{EUR: 100.00}")) as one:
        await one.facts(*CATALOGUE, stock("RUN-42", "DE", 500))
        shoppers = await crowd(one)
        winners = await pushed(shoppers)
        assert len(winners) == 5
        assert await one.budget() == (9675, 0)
        losers = [one for one in shoppers if one not in winners]
        reasons = {await one.reason("RUN-42", loser) for loser in losers}
        assert reasons == {"budget.spend"}
        (offer,) = [f["offer"]["id"] for f in winners[0].frames if f["t"] == "offer"]
        await winners[0].say("dismiss", offer=offer)
        assert await one.budget() == (7740, 0)
        for loser in losers[:3]:
            await loser.view("RUN-42")
        await one.advance(3)
        assert len(await pushed(losers[:3])) == 1
        assert await one.budget() == (9675, 0)


async def test_scenario_9_a_count_is_shared_like_an_amount(tmp_path: Path) -> None:
    text = rules(budget="{EUR: 500.00}, count: 3").replace(
        "budget: {EUR: 500.00}, count: 3", "count: 3"
    )
    async with live_server(tmp_path, text) as one:
        await one.facts(*CATALOGUE, stock("RUN-42", "DE", 500))
        shoppers = await crowd(one, 12)
        winners = await pushed(shoppers)
        assert len(winners) == 3
        loser = next(one for one in shoppers if one not in winners)
        assert await one.reason("RUN-42", loser) == "budget.count"


async def test_scenario_9_a_guest_has_a_limit_too(tmp_path: Path) -> None:
    body = "    limits: {per_shopper: {count: 1, per: 30d}}"
    async with live_server(tmp_path, rules(body)) as one:
        await one.facts(*CATALOGUE)
        guest = await one.shopper()
        await guest.view("RUN-42", 30)
        offer = await guest.offered()
        await guest.say("seen", offer=offer["id"])
        await guest.say("dismiss", offer=offer["id"])
        await guest.view("TRAIL-42", 60)
        verdict = await one.why("TRAIL-42", session=guest.session)
        assert "budget.shopper_limit" in {gate["reason"] for gate in verdict["gates"]}


async def test_scenario_9_a_restart_in_the_middle_keeps_holds_and_offers_together(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, rules(budget="{EUR: 100.00}")) as one:
        await one.facts(*CATALOGUE, stock("RUN-42", "DE", 500))
        await crowd(one, 20)
        await one.restart()
        standing = await one.parts.shop.ledger.standing_offers()
        assert sum(offer.hold for offer in standing) == (await one.budget())[0] == 9675


async def promised(one: LiveServer, **view: int) -> str:
    """The token of an accepted offer on RUN-42."""
    shopper = await one.shopper()
    await shopper.view("RUN-42", 30)
    await shopper.say("accept", offer=(await shopper.offered())["id"], **view)
    return str((await shopper.expect("accepted"))["token"])


async def test_scenario_10_fifty_redemptions_of_one_order_are_one(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        token = await promised(one)
        calls = [one.redeem(token, "o9") for _ in range(50)]
        calls += [one.redeem(token, "o10") for _ in range(10)]
        answers = await asyncio.gather(*calls)
        first = answers[0]
        assert first.status_code == 200
        assert {answer.content for answer in answers[:50]} == {first.content}
        assert {(a.status_code, a.json()["code"]) for a in answers[50:]} == {
            (409, "redemption.used")
        }
        assert await one.budget() == (0, 1935)
        await one.restart()
        assert (await one.redeem(token, "o9")).content == first.content


async def test_scenario_10_a_cancelled_order_restores_right_and_budget(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        token = await promised(one)
        assert (await one.redeem(token, "o9")).status_code == 200
        cancelled = await one.http.post("/v1/redemptions/o9/cancel")
        assert cancelled.status_code == 200, cancelled.text
        assert await one.budget() == (1935, 0)
        again = await one.http.post("/v1/redemptions/o9/cancel")
        assert again.content == cancelled.content
        assert await one.budget() == (1935, 0)
        assert (await one.redeem(token, "o11")).status_code == 200
        assert await one.budget() == (0, 1935)


async def test_scenario_10_a_cancellation_that_races_a_new_order_is_never_counted_twice(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        token = await promised(one)
        assert (await one.redeem(token, "r0")).status_code == 200
        for n in range(10):
            cancel = one.http.post(f"/v1/redemptions/r{n}/cancel")
            new = [one.redeem(token, f"r{n + 1}") for _ in range(3)]
            first, *others = await asyncio.gather(cancel, *new)
            assert first.status_code == 200
            assert {answer.status_code for answer in others} <= {200, 409}
            assert await one.budget() in {(0, 1935), (1935, 0)}
            assert (await one.redeem(token, f"r{n + 1}")).status_code == 200
            assert await one.budget() == (0, 1935)


async def test_scenario_8_a_price_is_named_as_money_and_is_at_most_the_promised_one(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        token = await promised(one)

        async def charge(amount: int) -> httpx.Response:
            line = {"sku": "RUN-42", "qty": 1, "unit": money(amount)}
            body = {"token": token, "order": "o1", "territory": "DE", "lines": [line]}
            return await one.http.post("/v1/redemptions", json=body)

        assert (await charge(10966)).json()["code"] == "redemption.price"
        less = (await charge(9000)).json()
        assert (less["unit"], less["saved"]) == (money(9000), money(0))
        assert await one.budget() == (0, 0)


async def test_scenario_10_a_refund_returns_the_price_paid(tmp_path: Path) -> None:
    body = rules().replace("expires: 15m", "expires: 15m\n      max_qty: 3")
    async with live_server(tmp_path, body) as one:
        await one.facts(*CATALOGUE)
        token = await promised(one)
        answer = await one.redeem(token, "o9", qty=3)
        assert answer.json()["saved"] == money(5805)
        assert await one.budget() == (0, 5805)
        asked = {"refund": "r1", "lines": [{"sku": "RUN-42", "qty": 1}]}
        refunded = await one.http.post("/v1/redemptions/o9/refund", json=asked)
        assert refunded.status_code == 200, refunded.text
        assert money(10965) in refunded.json().values()
        assert await one.budget() == (0, 3870)
        again = await one.http.post("/v1/redemptions/o9/refund", json=asked)
        assert again.content == refunded.content
        assert await one.budget() == (0, 3870)


async def test_scenario_10_an_unused_promise_expires(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        token = await promised(one)
        await one.advance(1801)
        answer = await one.redeem(token, "o9")
        assert (answer.status_code, answer.json()["code"]) == (410, "offer.expired")
        assert await one.budget() == (0, 0)


@pytest.mark.parametrize(("fallen", "charged"), [(10900, 10900), (12000, 10965)])
async def test_the_lower_of_promise_and_public_price_is_charged(
    tmp_path: Path, fallen: int, charged: int
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        token = await promised(one)
        price = next(f for f in CATALOGUE if f["type"] == "price" and f["sku"] == "RUN-42")
        await one.facts({**price, "price": money(fallen), "since": "2026-03-10T12:00:30Z"})
        assert (await one.redeem(token, "o1")).json()["unit"] == money(charged)


HISTORY = """
  - id: returning
    owner: crm@shop.example
    note: Somebody who bought before.
    when:
      all:
        - customer.orders: {at_least: 1}
        - item.category: running
    offer:
      percent: %s
"""
CONTEXTUAL = """
  - id: plenty
    owner: stock@shop.example
    note: There is enough of it.
    when:
      all:
        - item.stock: {at_least: 3}
    offer:
      to_target: true
"""
NEW_YORK = "THIS PRICE WAS SET BY AN ALGORITHM USING YOUR PERSONAL DATA"


@pytest.mark.parametrize(("percent", "unit"), [("10%", 12510), ("15%", 11900)])
async def test_scenario_13_new_york_gets_its_prescribed_disclosure(
    tmp_path: Path, percent: str, unit: int
) -> None:
    async with live_server(tmp_path, rules(category="nothing", extra=HISTORY % percent)) as one:
        await one.facts(*CATALOGUE, order("o1", "c13", "BOOT-42"))
        shopper = await one.shopper(
            "US-NY", consent="personal", identity=one.identity("c13"), locale="en-US"
        )
        await shopper.view("RUN-42", 30)
        offer = await shopper.offered()
        assert offer["price"] == money(unit, "USD")
        assert offer["disclosure"] == NEW_YORK


async def test_scenario_13_a_public_price_needs_no_disclosure(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules(category="nothing", extra=CONTEXTUAL)) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper("US-NY")
        await shopper.view("RUN-42", 30)
        offer = await shopper.offered()
        assert offer["price"] == money(11900, "USD")
        assert "disclosure" not in offer


async def test_scenario_13_global_privacy_control_refuses_personal_offers(tmp_path: Path) -> None:
    extra = HISTORY % "10%" + CONTEXTUAL
    async with live_server(tmp_path, rules(category="nothing", extra=extra)) as one:
        await one.facts(*CATALOGUE, order("o1", "c13", "BOOT-42"))
        shopper = await one.shopper(gpc=True, identity=one.identity("c13"))
        await shopper.view("RUN-42", 30)
        assert await one.reason("RUN-42", shopper, "returning") == "consent.gpc"
        assert (await shopper.offered())["price"] == money(9900)
        session = shopper.session
        await shopper.leave()
        await one.parts.shop.settled()
        await one.parts.shop.ledger.flush()
        assert await one.parts.shop.ledger.session(session) is None


async def test_scenario_13_revoking_consent_withdraws_the_personal_offer(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules(category="nothing", extra=HISTORY % "10%")) as one:
        await one.facts(*CATALOGUE, order("o1", "c13", "BOOT-42"))
        shopper = await one.shopper(consent="personal", identity=one.identity("c13"))
        await shopper.view("RUN-42", 30)
        offer = await shopper.offered()
        await shopper.say("consent", consent="anonymous")
        assert (await shopper.expect("withdraw"))["offer"] == offer["id"]
        assert (await one.decisions(offer=offer["id"]))[0]["reason"] == "consent.missing"


async def test_a_shopper_in_another_territory_is_offered_its_price(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        offer = await shopper.offered()
        moved = await one.shopper("GB", resume=shopper.resume)
        assert (await shopper.expect("withdraw"))["offer"] == offer["id"]
        await moved.view("RUN-42", 30)
        assert (await moved.offered())["price"] == money(9775, "GBP")
        assert await one.budget() == (0, 0)
        assert await one.budget(currency="GBP") == (1725, 0)


async def test_a_signed_territory_takes_precedence_over_the_pages(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        here = {"consent": "personal", "identity": one.identity("c1", territory="GB")}
        first = await one.shopper("DE", **here)
        second = await one.shopper("DE", resume=first.resume, **here)
        await second.view("RUN-42", 30)
        assert (await second.offered())["price"] == money(9775, "GBP")
        await second.say("identify", identity=one.identity("c1", territory="DE"))
        await second.expect("withdraw")
        await second.view("RUN-42", 30)
        assert (await second.offered())["price"] == money(10965)


async def test_a_holdout_and_a_shadow_reserve_nothing(tmp_path: Path) -> None:
    for folder, body, policy in (("a", "    mode: shadow", ""), ("b", "", "  holdout: 100%")):
        text = rules(body, policy=policy)
        text = text.replace("  holdout: 0%\n", "") if policy else text
        async with live_server(tmp_path / folder, text) as one:
            await one.facts(*CATALOGUE)
            shopper = await one.shopper()
            await shopper.view("RUN-42", 30)
            await shopper.nothing()
            outcome = (await one.why("RUN-42", session=shopper.session))["outcome"]
            assert outcome == ("held_out" if policy else "shadow")
            assert await one.budget() == (0, 0)
