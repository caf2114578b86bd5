"""Offers where prices differ by channel and customer group, and in subdivisions of a country."""

from pathlib import Path
from typing import Any

from journeys.fixture import CATALOGUE, price, rules, stock
from support.live_server import LiveServer, live_server

HIGHER = 15_900


async def offered_price(one: LiveServer, **hello: Any) -> int:
    shopper = await one.shopper(**hello)
    await shopper.view("RUN-42", 31)
    return int((await shopper.offered())["price"]["amount"])


async def test_the_price_of_a_channel_or_group_is_the_basis_of_an_offer(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(
            *CATALOGUE,
            price("RUN-42", "DE", HIGHER, 9900) | {"channel": "app", "version": 2},
            price("RUN-42", "DE", 11_900, 9900) | {"group": "club", "version": 2},
            {"type": "customer", "customer": "mia", "group": "club"},
        )
        assert await offered_price(one) == 10_965
        assert await offered_price(one, channel="app") == 13_515
        signed = {"consent": "personal", "identity": one.identity("omar", group="club")}
        assert await offered_price(one, **signed) == 10_115
        known = {"consent": "personal", "identity": one.identity("mia")}
        assert await offered_price(one, **known) == 10_115
        assert (
            await one.http.get("/v1/prices/RUN-42", params={"territory": "DE", "channel": "app"})
        ).json()["prices"][0]["price"]["amount"] == HIGHER
        unknown = await one.http.get("/v1/prices/RUN-42", params={"territory": "FR"})
        assert unknown.json()["code"] == "price.unknown"


async def test_another_channel_withdraws_an_offer_that_is_no_improvement_there(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, rules()) as one:
        cheap = price("RUN-42", "DE", 10_000, 9900) | {"channel": "outlet", "version": 2}
        await one.facts(*CATALOGUE, cheap)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 31)
        await shopper.offered()
        page = {"url": "https://shop.example/", "kind": "product"}
        await shopper.say("page", **page, channel="outlet")
        await shopper.expect("withdraw")


async def test_a_currency_without_a_price_is_offered_nothing(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper(currency="CHF")
        await shopper.view("RUN-42", 31)
        assert await one.reason("RUN-42", shopper) == "price.missing"


async def test_a_subdivision_sells_the_stock_of_its_country(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE, stock("RUN-42", "DE", 1, version=9))
        bavarian, german = await one.shopper("DE-BY"), await one.shopper("DE")
        await bavarian.view("RUN-42", 31)
        assert (await bavarian.offered())["price"]["amount"] == 10_965
        await german.view("RUN-42", 31)
        await german.nothing()
        assert await one.reason("RUN-42", german) == "stock.committed"


async def test_less_stock_of_the_country_withdraws_the_newest_offer_wherever_it_is(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE, stock("RUN-42", "DE", 2, version=9))
        older, newer = await one.shopper("DE"), await one.shopper("DE-BY")
        await older.view("RUN-42", 31)
        await older.offered()
        await newer.view("RUN-42", 31)
        await newer.offered()
        await one.facts(stock("RUN-42", "DE", 1, version=10))
        await newer.expect("withdraw")
        await older.nothing()


async def test_a_rule_for_a_country_holds_in_its_subdivisions(tmp_path: Path) -> None:
    german = rules().replace("    owner:", "    territories: [DE]\n    owner:")
    async with live_server(tmp_path, german) as one:
        await one.facts(*CATALOGUE)
        assert await offered_price(one, territory="DE-BY") == 10_965
