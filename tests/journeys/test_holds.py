"""Held redemptions from the checkout's request to their end, on a live server whose clock is moved."""

from pathlib import Path
from typing import Any

import httpx

from journeys.fixture import CATALOGUE, order, rules
from support.live_server import NOON, LiveServer, live_server

LINES = [{"sku": "RUN-42", "qty": 1}]


async def accepted(one: LiveServer) -> tuple[Any, str, str]:
    """(shopper, offer, token) of an accepted offer."""
    await one.facts(*CATALOGUE)
    shopper = await one.shopper()
    await shopper.view("RUN-42", 30)
    offer = await shopper.offered()
    return shopper, offer["id"], await shopper.accept(offer["id"])


async def state(one: LiveServer, offer: str) -> str:
    return str((await one.http.get(f"/v1/offers/{offer}")).json()["state"])


async def post(one: LiveServer, path: str, body: Any = None) -> httpx.Response:
    return await one.http.post(f"/v1/redemptions/{path}", json=body or {})


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_a_declined_card_does_not_honour_an_offer_twice(tmp_path: Path) -> None:
    """E21: the order keeps its id after a failed payment."""
    async with live_server(tmp_path, rules()) as one:
        _, offer, token = await accepted(one)
        first = await one.redeem(token, "A")
        assert (first.status_code, first.json()["state"]) == (200, "redeemed")
        assert (await post(one, "A/cancel")).status_code == 200
        assert code(await one.redeem(token, "A")) == (409, "redemption.cancelled")
        assert (await one.redeem(token, "A", attempt=2)).status_code == 200
        assert code(await one.redeem(token, "B")) == (409, "redemption.used")
        assert await one.budget() == (0, 1935)
        listed = (await one.http.get("/v1/redemptions", params={"order": "A"})).json()
        assert [(row["attempt"], row["state"]) for row in listed["redemptions"]] == [
            (1, "cancelled"),
            (2, "redeemed"),
        ]
        assert (await one.http.get(f"/v1/offers/{offer}")).json()["orders"] == ["A"]


async def test_a_hold_lapses_by_itself_and_the_offer_stands_again(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        shopper, offer, token = await accepted(one)
        held = await one.redeem(token, "A", hold=60)
        assert held.json()["state"] == "held"
        assert await state(one, offer) == "held"
        assert await one.budget() == (1935, 0)
        rows = (await one.http.get("/v1/budgets")).json()["budgets"]
        assert [row["held"] for row in rows if row["currency"] == "EUR"] == [1935]
        await one.advance(59)
        assert await state(one, offer) == "held"
        await one.advance(1)
        assert await state(one, offer) == "accepted"
        (row,) = (await one.http.get("/v1/redemptions", params={"order": "A"})).json()[
            "redemptions"
        ]
        assert (row["state"], row["lapsed"]) == ("cancelled", True)
        assert (await one.redeem(token, "A", hold=60)).content == held.content
        assert await shopper.accept(offer) == token
        assert (await one.redeem(token, "B")).status_code == 200


async def test_a_hold_lapses_after_a_restart(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        _, offer, token = await accepted(one)
        await one.redeem(token, "A", hold=60)
        await one.restart()
        assert await state(one, offer) == "held"
        await one.advance(60)
        assert await state(one, offer) == "accepted"
        await one.advance(1800)
        assert await state(one, offer) == "expired"
        assert await one.budget() == (0, 0)


async def test_a_hold_that_ended_while_the_server_was_down_lapses_at_the_start(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, rules()) as one:
        _, offer, token = await accepted(one)
        await one.redeem(token, "A", hold=60)
        await one.restart(now=NOON + 600)
        assert await state(one, offer) == "accepted"


async def test_a_promise_that_comes_back_after_its_session_ended_still_expires(
    tmp_path: Path,
) -> None:
    long_promises = rules().replace("holdout: 0%", "holdout: 0%\n  accept_hold: 3h")
    assert "accept_hold" in long_promises
    for restarts in (False, True):
        async with live_server(tmp_path / str(restarts), long_promises) as one:
            shopper, offer, token = await accepted(one)
            await one.redeem(token, "A", hold=7_200)
            await shopper.leave()
            await one.advance(3_600)
            assert not one.parts.shop.state.registry.by_id
            await one.advance(3_600)
            assert await state(one, offer) == "accepted"
            if restarts:
                await one.restart()
            assert await one.budget() == (1935, 0)
            await one.advance(3_600)
            assert await state(one, offer) == "expired"
            assert await one.budget() == (0, 0)
            assert await one.parts.shop.reconcile() == []


async def test_a_confirmed_hold_does_not_lapse_and_the_order_has_two_ids(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        _, offer, token = await accepted(one)
        await one.redeem(token, "cart-1", hold=60)
        confirmed = await post(one, "cart-1/confirm", {"order": "9001"})
        assert (confirmed.status_code, confirmed.json()["state"]) == (200, "redeemed")
        assert (await post(one, "cart-1/confirm", {"order": "9001"})).content == confirmed.content
        await one.advance(600)
        assert await state(one, offer) == "redeemed"
        assert await one.budget() == (0, 1935)
        listed = (await one.http.get("/v1/redemptions", params={"order": "9001"})).json()
        (row,) = listed["redemptions"]
        assert (row["order"], row["also"], row["confirmed_at"]) == (
            "cart-1",
            ["9001"],
            "2026-03-10T12:00:30Z",
        )
        body = {"refund": "f1", "lines": LINES}
        assert (await post(one, "9001/refund", body)).json()["released"]["amount"] == 1935
        assert (await post(one, "9001/cancel")).status_code == 200
        assert await state(one, offer) == "accepted"


async def test_a_paid_order_confirms_and_a_cancelled_one_gives_back(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        _, offer, token = await accepted(one)
        await one.redeem(token, "cart-1", hold=60)
        unpaid = order(
            "9001", "c1", "RUN-42", status="placed", also=["cart-1"], paid=False, version=1
        )
        await one.facts(unpaid)
        assert await state(one, offer) == "held"
        await one.facts({**unpaid, "paid": True, "version": 2})
        assert await state(one, offer) == "redeemed"
        await one.facts({**unpaid, "status": "cancelled", "version": 3})
        assert await state(one, offer) == "accepted"


async def test_a_shipped_order_cannot_be_cancelled_under_the_id_of_its_cart(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, rules()) as one:
        _, _, token = await accepted(one)
        await one.redeem(token, "cart-1", hold=60)
        await post(one, "cart-1/confirm", {"order": "9001"})
        await one.facts(order("9001", "c1", "RUN-42", status="shipped"))
        assert code(await post(one, "cart-1/cancel")) == (409, "order.shipped")


async def test_a_hold_of_another_customer_is_listed_until_it_ends(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        _, offer, token = await accepted(one)
        await one.redeem(token, "A", hold=86_400)

        async def held() -> list[str]:
            listed = await one.http.get("/v1/redemptions", params={"state": "held"})
            return [row["offer"] for row in listed.json()["redemptions"]]

        assert await held() == [offer]
        await one.advance(86_399)
        assert await held() == [offer]
        await one.advance(1)
        assert await held() == []
        assert await state(one, offer) == "expired"
