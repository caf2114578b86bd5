"""Scenarios 1, 2, 3, 6 and 12 over real sockets."""

from pathlib import Path

from journeys.fixture import CATALOGUE, case, order, price, rules, stock
from support.live_server import Shopper, live_server

C1_ORDER = order("o-2025", "c1", "RUN-43")


async def accepted(shopper: Shopper, offer: str) -> dict[str, object]:
    await shopper.say("accept", offer=offer)
    return await shopper.expect("accepted")


async def test_scenario_1_a_hesitating_shopper_gets_exactly_one_offer_and_redeems_it(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        offer = await shopper.offered()
        assert offer["price"] == {"amount": 10965, "currency": "EUR"}
        assert offer["was"] == {"amount": 12900, "currency": "EUR"}
        assert (offer["percent"], offer["ends_in"], offer["max_qty"]) == (15, 900, 1)
        assert offer["disclosure"]
        assert await one.budget() == (1935, 0)
        await one.advance(3)
        await shopper.nothing()
        promise = await accepted(shopper, offer["id"])
        answer = await one.redeem(str(promise["token"]), "o1")
        assert answer.status_code == 200, answer.text
        assert answer.json() | {"redemption": ""} == {
            "redemption": "",
            "state": "redeemed",
            "unit": {"amount": 10965, "currency": "EUR"},
            "qty": 1,
            "saved": {"amount": 1935, "currency": "EUR"},
        }
        assert await one.budget() == (0, 1935)


async def test_scenario_1_a_reload_keeps_the_offer_and_its_countdown(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        offer = await shopper.offered()
        await one.advance(60)
        await shopper.leave()
        await shopper.connect(resume=shopper.resume)
        (standing,) = shopper.welcome["offers"]
        assert (standing["id"], standing["ends_in"]) == (offer["id"], 840)
        await shopper.view("RUN-42", 30)
        await shopper.nothing()


async def test_scenario_1_a_clamp_stops_at_the_territorys_target(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules(category="boots", percent="30%")) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("BOOT-42", 30)
        offer = await shopper.offered()
        assert (offer["price"]["amount"], offer["percent"]) == (14900, 21)


async def test_scenario_2_a_complaint_withdraws_the_offer_in_every_tab(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE, C1_ORDER)
        first = await one.known("c1")
        second = await one.known("c1", resume=first.resume)
        assert second.session == first.session
        other = await one.shopper()
        await first.view("RUN-42")
        await other.view("RUN-42", 30)
        offer = await first.offered()
        assert (await second.offered())["id"] == offer["id"]
        await other.offered()
        await first.say("seen", offer=offer["id"])
        await one.advance(20)
        await one.facts(case("case-1", "c1", "defect", order="o-2025", skus=["RUN-43"]))
        for tab in (first, second):
            assert (await tab.expect("withdraw"))["offer"] == offer["id"]
        assert await one.budget() == (1935, 0)  # the other shopper's
        await other.nothing()
        assert (await one.decisions(offer=offer["id"]))[0]["reason"] == "complaint.open"
        await first.view("TRAIL-42", 30)
        assert await one.reason("TRAIL-42", first) == "timing.quiet"
        await one.advance(600)
        again = await first.offered()
        assert (again["sku"], again["price"]["amount"]) == ("TRAIL-42", 11815)
        assert await one.reason("RUN-42", first) == "complaint.open"


async def test_scenario_3_a_promise_survives_the_complaint(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE, C1_ORDER)
        shopper = await one.known("c1")
        await shopper.view("RUN-42", 30)
        promise = await accepted(shopper, (await shopper.offered())["id"])
        await one.facts(case("case-1", "c1", "defect", skus=["RUN-43"]))
        await shopper.nothing()
        await one.advance(600)
        redeemed = await one.redeem(str(promise["token"]), "o1", customer="c1")
        assert redeemed.status_code == 200


async def test_scenario_3_a_promise_ends_when_the_last_pair_is_gone(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        promise = await accepted(shopper, (await shopper.offered())["id"])
        await one.facts(stock("RUN-42", "DE", 0))
        answer = await one.redeem(str(promise["token"]), "o1")
        assert (answer.status_code, answer.json()["code"]) == (409, "stock.out")
        assert await one.budget() == (0, 0)


async def test_scenario_6_a_late_older_stock_fact_does_not_revive_stock(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper, briton = await one.shopper(), await one.shopper("GB")
        await shopper.view("RUN-42")
        await briton.view("RUN-42", 30)
        offer = await shopper.offered()
        assert (await briton.offered())["price"] == {"amount": 9775, "currency": "GBP"}
        await one.facts(stock("RUN-42", "DE", 0, version=12))
        assert (await shopper.expect("withdraw"))["offer"] == offer["id"]
        assert (await one.decisions(offer=offer["id"]))[0]["reason"] == "stock.out"
        late = await one.facts(stock("RUN-42", "DE", 5, version=11))
        assert (late["accepted"], late["ignored"]) == (0, 1)
        assert await one.reason("RUN-42", shopper) == "stock.out"
        await briton.nothing()
        await one.facts(stock("RUN-42", "DE", 5, version=13))
        await shopper.nothing()


async def test_scenario_6_a_stale_feed_withdraws_offers_and_recovers_by_itself(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, rules(policy="  max_age: {stock: 15m}")) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await one.advance(700)
        await shopper.view("RUN-42", 30)
        offer = await shopper.offered()
        await one.advance(200)
        assert (await shopper.expect("withdraw"))["offer"] == offer["id"]
        assert (await one.decisions(offer=offer["id"]))[0]["reason"] == "stale.stock"
        other = await one.shopper()
        await other.view("TRAIL-42", 30)
        assert await one.reason("TRAIL-42", other) == "stale.stock"
        await other.nothing()
        await one.facts({"type": "feed", "feed": "stock"})
        await other.view("RUN-42", 30)
        assert (await other.offered())["sku"] == "RUN-42"


async def test_scenario_12_an_offer_waits_for_engagement_and_a_pause(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 10)
        assert await one.reason("RUN-42", shopper) == "timing.wait"
        await one.advance(19)
        await shopper.say("activity", kind="input")
        await one.advance(1)
        await shopper.say("activity", kind="input")
        await one.advance(2)
        await shopper.nothing()
        await one.advance(1)
        await shopper.offered()


async def test_scenario_12_a_hidden_page_gets_no_offer_until_it_is_visible(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 29)
        await shopper.say("activity", kind="hidden")
        await one.advance(60)
        await shopper.nothing()
        assert await one.reason("RUN-42", shopper) == "timing.wait"
        await shopper.say("activity", kind="visible")
        await one.advance(1)
        await shopper.offered()


async def test_scenario_12_no_offer_is_made_during_payment_or_chat(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        payer, talker = await one.shopper(), await one.shopper()
        await payer.view("RUN-42")
        await payer.say("page", url="https://shop.example/pay", kind="payment")
        await talker.view("RUN-42")
        await talker.say("activity", kind="chat_open")
        await one.advance(40)
        assert await one.reason("RUN-42", payer) == "timing.checkout"
        assert await one.reason("RUN-42", talker) == "timing.chat"
        await payer.nothing()
        await talker.nothing()
        await talker.say("activity", kind="chat_closed")
        await talker.offered()


async def test_scenario_12_a_dismissal_starts_a_cooldown_and_a_third_offer_exceeds_the_cap(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, rules(category="running")) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        offer = await shopper.offered()
        await shopper.say("dismiss", offer=offer["id"])
        await shopper.expect("withdraw")
        assert await one.reason("RUN-42", shopper) == "contact.dismissed"
        assert await one.reason("RUN-43", shopper) is not None


async def test_a_price_that_falls_below_the_offer_withdraws_it(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        offer = await shopper.offered()
        await one.facts(price("RUN-42", "DE", 10900, 9900, since="2026-03-10T12:00:30Z"))
        await shopper.expect("withdraw")
        steps = await one.decisions(offer=offer["id"])
        assert steps[0]["reason"] == "price.no_improvement"


async def test_a_restart_loses_no_offer(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        offer = await shopper.offered()
        await one.restart()
        assert await one.budget() == (1935, 0)
        await shopper.connect(resume=shopper.resume)
        assert [standing["id"] for standing in shopper.welcome["offers"]] == [offer["id"]]
        await one.advance(900)
        assert await one.budget() == (0, 0)


async def test_an_item_that_a_guest_bought_in_another_tab_is_not_offered(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        offer = await shopper.offered()
        bought = order("g-1", "", "RUN-43", status="placed", session=shopper.session)
        del bought["customer"], bought["delivered_at"]
        bought["placed_at"] = "2026-03-10T12:00:30Z"
        await one.facts(bought)
        assert (await shopper.expect("withdraw"))["offer"] == offer["id"]
        assert (await one.decisions(offer=offer["id"]))[0]["reason"] == "owned.already"
        await one.facts({**bought, "status": "cancelled"})
        assert await one.reason("RUN-42", shopper) != "owned.already"


async def test_scenario_6_a_live_feed_is_not_stale_after_a_restart(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules(policy="  max_age: {stock: 15m}")) as one:
        await one.facts(*CATALOGUE)
        await one.restart()
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        await shopper.offered()
        await one.advance(900)
        await shopper.view("TRAIL-42", 30)
        assert await one.reason("TRAIL-42", shopper) == "stale.stock"
        assert (tmp_path / "data" / "tactful.db").stat().st_mode & 0o077 == 0
