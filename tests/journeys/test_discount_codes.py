"""Discount codes of a platform without a bridge: from the import to the order that used one."""

from pathlib import Path
from typing import Any

import httpx

from journeys.fixture import CATALOGUE, rules
from support.live_server import LiveServer, Shopper, live_server

CODED = rules().replace("expires:", "codes: spring-15\n      expires:", 1)


async def add(one: LiveServer, *codes: Any, **more: Any) -> dict[str, Any]:
    """Import codes into the pool, and return the answer."""
    answer = await one.http.post("/v1/codes/spring-15", json={"codes": list(codes), **more})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def counts(one: LiveServer) -> dict[str, int]:
    """The counts of the pool that are not zero."""
    (pool,) = (await one.http.get("/v1/codes")).json()["pools"]
    return {name: count for name, count in pool.items() if isinstance(count, int) and count}


async def hesitating(one: LiveServer, **who: Any) -> Shopper:
    """A shopper who has looked at the shoe for long enough."""
    shopper = await one.shopper(**who)
    await shopper.view("RUN-42", 30)
    await shopper.say("activity", kind="idle")
    return shopper


async def taken(shopper: Shopper) -> dict[str, Any]:
    """Accept the offer on the screen, and return the answer."""
    await shopper.say("accept", offer=(await shopper.offered())["id"])
    return await shopper.expect("accepted")


async def bought(one: LiveServer, order: str, *codes: str, **more: Any) -> httpx.Response:
    """The shop reports a paid order with the codes that it used."""
    line = {"sku": "RUN-42", "qty": 1, "unit": {"amount": 10965, "currency": "EUR"}}
    fact = {
        "type": "order", "order": order, "territory": "DE", "status": "placed",
        "placed_at": "2026-03-10T12:01:00Z", "lines": [line], "codes": list(codes), **more,
    }  # fmt: skip
    return await one.http.post("/v1/facts", json=[fact])


async def test_an_accepted_offer_brings_a_code_that_no_other_shopper_gets(tmp_path: Path) -> None:
    async with live_server(tmp_path, CODED) as one:
        await one.facts(*CATALOGUE)
        assert (await add(one, "SPRING-1", "SPRING-2"))["free"] == 2
        first, second = await hesitating(one), await hesitating(one)
        assert await counts(one) == {"reserved": 2}
        codes = {(await taken(first))["code"], (await taken(second))["code"]}
        assert codes == {"SPRING-1", "SPRING-2"}
        assert await counts(one) == {"handed_out": 2}
        assert await one.parts.shop.reconcile() == []


async def test_no_offer_is_made_that_has_no_code_to_give(tmp_path: Path) -> None:
    async with live_server(tmp_path, CODED) as one:
        await one.facts(*CATALOGUE)
        await add(one, "SPRING-1")
        await hesitating(one)
        late = await hesitating(one)
        assert late.frames == []
        assert await one.reason("RUN-42", late) == "budget.codes"
        kinds = {alert["subject"] for alert in (await one.http.get("/v1/alerts")).json()["alerts"]}
        assert "spring-15" in kinds


async def test_a_code_returns_only_where_its_shopper_has_not_seen_it(tmp_path: Path) -> None:
    async with live_server(tmp_path, CODED) as one:
        await one.facts(*CATALOGUE)
        await add(one, "SPRING-1")
        first = await hesitating(one)
        await first.say("dismiss", offer=(await first.offered())["id"])
        assert await counts(one) == {"free": 1}
        second = await hesitating(one)
        assert (await taken(second))["code"] == "SPRING-1"
        await one.advance(1801)
        assert await counts(one) == {"handed_out": 1}, "its shopper knows it, so it is spent"
        assert await one.parts.shop.reconcile() == []


async def test_the_answer_to_a_lost_acceptance_has_the_same_code_also_after_a_restart(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, CODED) as one:
        await one.facts(*CATALOGUE)
        await add(one, "SPRING-1", "SPRING-2")
        shopper = await hesitating(one)
        first = await taken(shopper)
        offer = first["offer"]
        await shopper.say("accept", offer=offer)
        assert (await shopper.expect("accepted"))["code"] == first["code"]
        await one.restart()
        await shopper.connect(resume=shopper.resume)
        assert (await shopper.expect("accepted"))["code"] == first["code"]
        assert await counts(one) == {"free": 1, "handed_out": 1}
        shown = (await one.http.get(f"/v1/offers/{offer}")).json()
        assert (shown["pool"], shown["code"]) == ("spring-15", first["code"])


async def test_an_order_that_used_the_code_redeems_the_offer_once(tmp_path: Path) -> None:
    async with live_server(tmp_path, CODED) as one:
        await one.facts(*CATALOGUE)
        await add(one, "SPRING-1")
        shopper = await hesitating(one)
        accepted = await taken(shopper)
        offer, code = accepted["offer"], accepted["code"]
        for _ in range(2):
            await bought(one, "1001", code.lower())
        (used,) = (await one.http.get("/v1/redemptions?order=1001")).json()["redemptions"]
        assert (used["offer"], used["state"]) == (offer, "redeemed")
        assert used["unit"] == {"amount": 10965, "currency": "EUR"}
        assert used["saved"] == {"amount": 1935, "currency": "EUR"}
        assert await one.budget() == (0, 1935)
        assert await counts(one) == {"used": 1}
        assert await one.parts.shop.reconcile() == []


async def test_a_token_of_an_order_that_used_the_code_gets_that_use(tmp_path: Path) -> None:
    async with live_server(tmp_path, CODED) as one:
        await one.facts(*CATALOGUE)
        await add(one, "SPRING-1")
        accepted = await taken(await hesitating(one))
        await bought(one, "1001", accepted["code"])
        (used,) = (await one.http.get("/v1/redemptions?order=1001")).json()["redemptions"]
        ask = {"token": accepted["token"], "order": "1001", "territory": "DE"}
        for lines in ([{"sku": "RUN-42", "qty": 1}], [{"sku": "RUN-42", "qty": 3}]):
            answer = await one.http.post("/v1/redemptions", json={**ask, "lines": lines})
            assert answer.status_code == 200, answer.text
            assert answer.json()["redemption"] == used["redemption"]
            assert (answer.json()["state"], answer.json()["qty"]) == ("redeemed", 1)
        another = {"lines": [{"sku": "RUN-42", "qty": 1}], "attempt": 2}
        refused = await one.http.post("/v1/redemptions", json={**ask, **another})
        assert (refused.status_code, refused.json()["code"]) == (409, "redemption.used")
        assert await one.budget() == (0, 1935), "once"


async def test_a_code_that_is_used_after_the_hold_is_redeemed_all_the_same(tmp_path: Path) -> None:
    async with live_server(tmp_path, CODED) as one:
        await one.facts(*CATALOGUE)
        await add(one, "SPRING-1")
        code = (await taken(await hesitating(one)))["code"]
        await one.advance(1801)
        assert await one.budget() == (0, 0)
        await bought(one, "1001", code)
        assert await one.budget() == (0, 1935)
        assert await one.parts.shop.reconcile() == []


async def test_a_cancelled_order_gives_back_the_budget_and_not_the_code(tmp_path: Path) -> None:
    async with live_server(tmp_path, CODED) as one:
        await one.facts(*CATALOGUE)
        await add(one, "SPRING-1")
        code = (await taken(await hesitating(one)))["code"]
        await bought(one, "1001", code)
        await bought(one, "1001", code, status="cancelled")
        assert await one.budget() == (1935, 0), "the right stands again until its hold ends"
        assert await counts(one) == {"handed_out": 1}


async def test_a_code_that_an_order_used_without_an_offer_is_never_given_out(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, CODED) as one:
        await one.facts(*CATALOGUE)
        await add(one, "SPRING-1")
        await bought(one, "1001", "SPRING-1")
        assert await counts(one) == {"used": 1}
        assert (await hesitating(one)).frames == []


async def test_withdrawn_codes_are_given_out_no_more(tmp_path: Path) -> None:
    async with live_server(tmp_path, CODED) as one:
        await one.facts(*CATALOGUE)
        await add(one, "SPRING-1", "SPRING-2")
        first = await hesitating(one)
        answer = await one.http.delete("/v1/codes/spring-15")
        assert answer.json() == {"pool": "spring-15", "withdrawn": 1}
        assert (await hesitating(one)).frames == []
        assert (await taken(first))["code"] in {"SPRING-1", "SPRING-2"}
        assert (await add(one, "SPRING-1", "SPRING-2"))["added"] == 1, "the one nobody has seen"


async def test_an_offer_ends_with_its_code(tmp_path: Path) -> None:
    async with live_server(tmp_path, CODED) as one:
        await one.facts(*CATALOGUE)
        await add(one, {"code": "SHORT", "ends_at": "2026-03-10T12:20:30Z"})
        shopper = await hesitating(one)
        accepted = await taken(shopper)
        assert (accepted["code"], accepted["hold"]) == ("SHORT", 20 * 60)


async def test_a_code_that_ends_before_its_offer_could_is_not_given(tmp_path: Path) -> None:
    async with live_server(tmp_path, CODED) as one:
        await one.facts(*CATALOGUE)
        await add(one, {"code": "SHORT", "ends_at": "2026-03-10T12:10:00Z"}, "LONG")
        assert (await taken(await hesitating(one)))["code"] == "LONG"
        assert (await hesitating(one)).frames == []


async def test_an_import_names_what_it_leaves_out(tmp_path: Path) -> None:
    async with live_server(tmp_path, CODED) as one:
        ended = {"code": "OLD", "ends_at": "2026-03-01T00:00:00Z"}
        answer = await add(one, "SPRING-1", "spring-1", "two words", ended, dry_run=True)
        assert (answer["added"], answer["known"], answer["free"]) == (1, ["spring-1"], 0)
        assert [(one["index"], one["code"]) for one in answer["rejected"]] == [
            (2, "code.malformed"),
            (3, "code.ended"),
        ]
        assert (await add(one, "SPRING-1"))["added"] == 1
        assert (await add(one, "SPRING-1"))["known"] == ["SPRING-1"]
