"""Reduction claims over real sockets: t0, general offers, a short price history."""

from itertools import permutations
from pathlib import Path
from typing import Any

from journeys.fixture import CATALOGUE, money, price, rules, stock
from support.live_server import NOON, LiveServer, Shopper, live_server

DAY = 86_400
PLENTY = stock("RUN-42", "DE", 500)


async def look(one: LiveServer, sku: str = "RUN-42", seconds: int = 30) -> Shopper:
    shopper = await one.shopper()
    await shopper.view(sku, seconds)
    return shopper


async def offer(one: LiveServer) -> dict[str, Any]:
    return await (await look(one)).offered()


async def ledger(one: LiveServer, sku: str = "RUN-42") -> list[dict[str, Any]]:
    answer = await one.http.get(f"/v1/prices/{sku}", params={"territory": "DE"})
    return list(answer.json()["prices"])


async def test_the_was_price_stays_that_of_the_first_day_of_the_reduction(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE, PLENTY)
        first = await offer(one)
        assert first["was"] == money(12900)
        await one.clock(NOON + 10 * DAY)
        risen = price("RUN-42", "DE", 13900, 9900, since="2026-03-20T12:00:00Z")
        await one.facts(risen)
        await one.clock(NOON + 28 * DAY)
        later = await offer(one)
        assert later["price"] == money(11815)
        assert later["was"] == money(12900)
        await one.restart()
        assert (await offer(one))["was"] == money(12900)


async def test_the_was_price_is_never_above_a_later_public_price(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE, PLENTY)
        await offer(one)
        await one.clock(NOON + DAY)
        await one.facts(price("RUN-42", "DE", 11900, 9900, since="2026-03-11T12:00:00Z"))
        await one.clock(NOON + 2 * DAY)
        assert (await offer(one))["was"] == money(11900)


async def test_a_reduction_that_paused_for_a_month_has_a_new_start(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE, PLENTY)
        await offer(one)
        await one.facts(price("RUN-42", "DE", 13900, 9900, since="2026-03-10T13:00:00Z"))
        await one.clock(NOON + 32 * DAY)
        assert (await offer(one))["was"] == money(13900)


async def test_a_history_shorter_than_the_window_is_flagged(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        young = price("RUN-42", "DE", 12900, 9900, since="2026-03-01T12:00:00Z")
        others = [fact for fact in CATALOGUE if (fact["type"], fact["sku"]) != ("price", "RUN-42")]
        await one.facts(*others, young)
        made = await offer(one)
        (step,) = await one.decisions(offer=made["id"])
        assert step["notes"] == ["price.short_history"]
        assert made["was"] == money(12900)


async def test_an_offer_that_reaches_most_viewers_is_a_public_price(tmp_path: Path) -> None:
    two = """
  - id: second
    when: [item.category: running]
    paused: true
    offer: {percent: 14%}
"""
    async with live_server(tmp_path, rules(extra=two)) as one:
        await one.facts(*CATALOGUE, PLENTY)
        for _ in range(9):
            await offer(one)
        assert len(await ledger(one)) == 1
        tenth = await offer(one)
        (step,) = await one.decisions(offer=tenth["id"])
        assert step["notes"] == ["price.general"]
        entries = await ledger(one)
        assert [entry["price"]["amount"] for entry in entries] == [12900, 10965, 12900]
        assert entries[1] == {
            "since": "2026-03-10T12:05:00Z",
            "price": money(10965),
            "general_offer": True,
        }
        assert entries[2]["since"] == "2026-03-11T12:05:00Z"
        metrics = (await one.http.get("/metrics")).text
        assert "tactful_general_offers_total 1.0" in metrics
        assert (await offer(one))["was"] == money(12900)  # its own start does not count
        await one.reload(rules(extra=two.replace("    paused: true\n", "    priority: 1\n")))
        other = await offer(one)
        assert other["price"] == money(11094)
        assert "was" not in other  # at or above what everybody could have


async def test_an_offer_to_few_of_many_viewers_is_not_a_public_price(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules(budget="{EUR: 100.00}")) as one:
        await one.facts(*CATALOGUE, PLENTY)
        shoppers = [await one.shopper() for _ in range(14)]
        for shopper in shoppers:
            await shopper.view("RUN-42")
        await one.advance(30)
        assert await one.budget() == (9675, 0)
        assert len(await ledger(one)) == 1


async def test_viewers_of_yesterday_are_not_counted(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE, PLENTY)
        for _ in range(9):
            await offer(one)
        await one.clock(NOON + 25 * 3600)
        for _ in range(9):
            await offer(one)
        assert len(await ledger(one)) == 1
        shop = one.parts.shop
        assert shop.state.reductions.view.counts["Aero Runner", "DE"] == {"": 9, "R1": 9}


async def test_a_general_offer_is_extended_while_it_continues(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE, PLENTY)
        for _ in range(11):
            await offer(one)
        await one.advance(2 * 3600)
        await offer(one)
        entries = await ledger(one)
        assert [entry["price"]["amount"] for entry in entries] == [12900, 10965, 12900]
        assert entries[1]["since"] < "2026-03-10T12:10:00Z"
        assert entries[2]["since"] > "2026-03-11T14:00:00Z"


async def test_a_shopper_who_views_twice_is_one_viewer(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await look(one, seconds=0)
        await shopper.view("RUN-43")
        await shopper.view("RUN-42")
        nowhere = await one.shopper(None)
        await nowhere.view("RUN-42")
        await one.parts.shop.settled()
        assert one.parts.shop.state.reductions.view.counts == {("Aero Runner", "DE"): {"": 1}}


async def test_a_past_explanation_reads_the_counts_of_its_time(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE, PLENTY)
        for _ in range(9):
            await offer(one)
        shopper = await look(one)
        made = await shopper.offered()
        at = {"session": shopper.session, "at": "2026-03-10T12:05:01Z"}
        await one.advance(300)
        answer = (await one.http.get("/v1/why", params={"sku": "RUN-42", **at})).json()
        (then,) = answer["offers"]
        assert (then["id"], then["notes"]) == (made["id"], ["price.general"])


async def test_the_prior_price_does_not_depend_on_the_order_of_arrival(
    tmp_path: Path,
) -> None:
    told = [
        price("RUN-42", "DE", amount, 9900, version=version, since=since)
        for version, amount, since in (
            (2, 12900, "2026-01-29T12:00:00Z"),
            (3, 10900, "2026-02-18T12:00:00Z"),
            (4, 12900, "2026-02-19T12:00:00Z"),
        )
    ]
    ledgers = []
    for place, order in enumerate(permutations(told)):
        async with live_server(tmp_path / str(place), rules()) as one:
            await one.facts(*CATALOGUE, PLENTY)
            for fact in order:
                await one.facts(fact)
            assert "was" not in await offer(one)  # 109.65 is above the 109.00 of three weeks ago
            ledgers.append(await ledger(one))
    assert ledgers == [ledgers[0]] * 6


async def test_an_offer_beside_a_lower_shelf_price_is_withheld(tmp_path: Path) -> None:
    """The page sells the shoe for 109.65 EUR, which is what the offer would cost."""
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE, PLENTY)
        misled = await one.shopper()
        await misled.say("view", sku="RUN-42", price=money(10965))
        await one.advance(30)
        await misled.nothing()
        (gate,) = (await one.why("RUN-42", session=misled.session))["gates"]
        assert gate["reason"] == "price.disagrees"
        assert (gate["actual"], gate["needed"]) == (10965, 10964)
        metrics = (await one.http.get("/metrics")).text
        assert 'tactful_verdicts_total{outcome="withheld",reason="price.disagrees"}' in metrics
        agreeing = await one.shopper()
        await agreeing.say("view", sku="RUN-42", price=money(12900))
        await one.advance(30)
        assert (await agreeing.offered())["price"] == money(10965)
        await agreeing.say("view", sku="RUN-42", price=money(10900))
        await agreeing.expect("withdraw")
        await one.restart()
        again = await one.shopper()
        await again.say("view", sku="RUN-42", price=money(1, "XXX"))
        await again.say("view", sku="RUN-42", price=money(1, "GBP"))
        await one.advance(30)
        assert (await again.offered())["price"] == money(10965)
