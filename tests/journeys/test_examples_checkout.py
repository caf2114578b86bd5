"""The checkout examples against the real server: an accepted offer becomes an order."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from journeys.fixture import CATALOGUE, rules
from journeys.test_orders_and_shipping import BOOK, promised
from support.example_checkouts import COMMANDS, run_the_curl_page, running
from support.live_server import KEY, LiveServer, live_server


@asynccontextmanager
async def accepted(folder: Path) -> AsyncIterator[tuple[LiveServer, str, str]]:
    """(the server, its address, the token of an accepted offer), at the present time."""
    async with live_server(folder, rules()) as one:
        await one.clock(int(time.time()))
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        offer = await shopper.offered()
        await shopper.say("accept", offer=offer["id"])
        promise = await shopper.expect("accepted")
        yield one, f"http://127.0.0.1:{one.listener.port}", str(promise["token"])


@pytest.mark.parametrize("language", COMMANDS)
async def test_an_accepted_offer_is_ordered_cancelled_ordered_again_and_returned(
    language: str, tmp_path: Path
) -> None:
    async with accepted(tmp_path) as (one, url, token):
        with running(language, url, KEY) as shop:

            async def ask(
                act: Callable[..., tuple[int, Any]], *args: Any, **more: Any
            ) -> tuple[int, Any]:
                return await asyncio.to_thread(act, *args, **more)

            status, placed = await ask(shop.order, token)
            assert (status, placed["total"]) == (201, {"amount": 10965, "currency": "EUR"})
            assert await one.budget() == (0, 1935)
            assert (await ask(shop.order, token))[0] == 200
            assert await ask(shop.order, token, order="o2") == (409, {"code": "redemption.used"})
            assert (await ask(shop.cancel))[1]["status"] == "cancelled"
            assert await one.budget() == (1935, 0)
            assert (await ask(shop.order, token, order="o3"))[0] == 201
            lines = [{"sku": "RUN-42", "qty": 1}]
            for _ in range(2):
                status, refund = await ask(shop.refund, "r1", lines, order="o3")
                assert (status, refund["amount"]["amount"]) == (200, 10965)
            assert await one.budget() == (0, 0)


@pytest.mark.parametrize("language", COMMANDS)
async def test_a_token_outlives_the_rotation_of_its_key(language: str, tmp_path: Path) -> None:
    async with accepted(tmp_path) as (one, url, token):
        one.parts.shop.state.keys.rotate()
        with running(language, url, KEY) as shop:
            assert (await asyncio.to_thread(shop.order, token))[0] == 201


@pytest.mark.parametrize("language", COMMANDS)
async def test_an_offer_for_a_sold_out_item_is_refused_with_a_clear_message(
    language: str, tmp_path: Path
) -> None:
    async with accepted(tmp_path) as (one, url, token):
        fact = {"type": "stock", "sku": "RUN-42", "territory": "DE", "available": 0}
        await one.facts(fact)
        with running(language, url, KEY) as shop:
            found = await asyncio.to_thread(shop.order, token)
            assert found == (409, {"code": "stock.out"})


async def test_the_curl_manual_runs_against_the_server(tmp_path: Path) -> None:
    async with accepted(tmp_path) as (one, url, token):
        output = await asyncio.to_thread(run_the_curl_page, url, KEY, token)
        assert output.count("\n200\n") == 3
        assert '"unit":{"amount":10965,"currency":"EUR"}' in output
        # The page ends with a cancellation: the shopper may use the offer again.
        assert await one.budget() == (1935, 0)


TOGETHER = (
    BOOK.replace("item.category: running", "item.sku: RUN-42")
    .replace("item.category: boots", "item.sku: TRAIL-42")
    .replace("item.category: socks", "item.sku: SOCK-3")
)


@pytest.mark.parametrize("language", COMMANDS)
async def test_three_offers_apply_to_one_order_of_the_example(
    language: str, tmp_path: Path
) -> None:
    async with live_server(tmp_path, TOGETHER) as one:
        await one.clock(int(time.time()))
        await one.facts(*CATALOGUE)
        shoe, whole, parcel = await promised(one, "RUN-42", "TRAIL-42", "SOCK-3")
        with running(language, f"http://127.0.0.1:{one.listener.port}", KEY) as shop:
            more = [{"sku": "TRAIL-42", "qty": 1}]
            tokens = parcel, whole, shoe
            status, placed = await asyncio.to_thread(shop.order, *tokens, more=more, shipping=990)
            assert (status, placed["shipping"]["amount"]) == (201, 300)
            assert [line["paid"]["amount"] for line in placed["lines"]] == [9868, 12510]
            assert placed["total"]["amount"] == 9868 + 12510 + 300
            assert await one.budget() == (0, 1935 + 2487 + 690)
            back = [{"sku": "RUN-42", "qty": 1}]
            answer = await asyncio.to_thread(shop.refund, "r1", back)
            assert answer[1]["amount"]["amount"] == 9868
            assert (await asyncio.to_thread(shop.cancel))[1]["status"] == "cancelled"
            assert await one.budget() == (1935 + 5000 + 690, 0)
