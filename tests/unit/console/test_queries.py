"""The queries of the console find customers, budgets, feeds and rules."""

from pathlib import Path

from journeys.fixture import CATALOGUE, case, order, rules, stock
from support.live_server import live_server
from tactful.console import queries


async def test_a_customer_is_found_by_id_by_session_and_after_disconnecting(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shop = one.parts.shop
        shopper = await one.shopper(consent="personal", identity=one.identity("c1"))
        await shopper.view("RUN-42", 30)
        offer = (await shopper.offered())["id"]
        by_customer = await queries.customer_view(shop, customer="c1")
        by_session = await queries.customer_view(shop, session=shopper.session)
        assert by_customer is not None
        assert by_customer == by_session
        assert by_customer.connected
        assert [standing.id for standing in by_customer.offers] == [offer]
        await shopper.leave()
        await one.restart()
        gone = await queries.customer_view(one.parts.shop, customer="c1")
        assert gone is not None
        assert not gone.connected
        assert [standing.id for standing in gone.offers] == [offer]


async def test_an_unknown_customer_or_session_is_not_found(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        assert await queries.customer_view(one.parts.shop, customer="nobody") is None
        assert await queries.customer_view(one.parts.shop, session="se_nobody") is None


async def test_a_customer_without_a_session_is_known_by_facts(tmp_path: Path) -> None:
    later = {"placed_at": "2025-02-10T12:00:00Z", "delivered_at": "2025-02-15T12:00:00Z"}
    async with live_server(tmp_path, rules()) as one:
        await one.facts(
            *CATALOGUE,
            order("o-1", "c1", "RUN-43", placed_at="2025-01-10T12:00:00Z"),
            order("o-2", "c1", "SOCK-3", **later),
            case("k-1", "c1", "defect", skus=["RUN-43"]),
            case("k-2", "c1", "service"),
        )
        found = await queries.customer_view(one.parts.shop, customer="c1")
        assert found is not None
        assert found.session is None
        assert found.orders == ("o-2", "o-1")
        assert set(found.cases) == {"k-1", "k-2"}
        reached = {(taint.scope, taint.key, taint.taint.cause) for taint in found.taints}
        assert ("product", "Aero Runner", "k-1") in reached
        assert ("the whole shop", "", "k-2") in reached


async def test_decisions_from_before_the_login_are_the_customers_too(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shop = one.parts.shop
        shopper = await one.shopper(consent="personal")
        await shopper.view("RUN-42", 30)
        offer = (await shopper.offered())["id"]
        await one.facts(stock("RUN-42", "DE", 0))
        await shopper.expect("withdraw")
        await shopper.say("identify", identity=one.identity("c1"))
        await shopper.expect("welcome")
        await shopper.view("TRAIL-42", 30)
        other = (await shopper.offered())["id"]
        found = await queries.customer_view(shop, customer="c1")
        assert found is not None
        rows = await queries.offers_of(shop, found)
        assert [row.offer.id for row in rows] == [other, offer]
        assert [step.to.value for step in rows[1].steps] == ["pushed", "withdrawn"]


async def test_only_balances_with_a_limit_are_budgets(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules(budget="{EUR: 100.00}")) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        await shopper.offered()
        (row,) = queries.budgets(one.parts.shop)
        assert (row.campaign, row.currency, row.limit, row.reserved) == ("C", "EUR", 10_000, 1935)


async def test_a_feed_is_stale_after_its_limit_and_never_without_one(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules(policy="  max_age: {stock: 15m, cases: 10m}")) as one:
        await one.facts(*CATALOGUE)
        await one.advance(15 * 60)
        state = {feed.name: feed.stale for feed in queries.feeds(one.parts.shop)}
        assert state == {"stock": False, "prices": False, "orders": False, "cases": True}
        await one.advance(1)
        assert {f.name for f in queries.feeds(one.parts.shop) if f.stale} == {"stock", "cases"}


async def test_a_rule_says_how_many_more_buyers_it_needs(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        typical = await queries.break_evens(one.parts.shop)
        assert "at a margin of 30%" in typical["R1"][0]
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        await shopper.offered()
        (line,) = (await queries.break_evens(one.parts.shop))["R1"]
        assert "times the buyers (RUN-42 in DE, margin" in line


async def test_a_customer_is_found_by_address_or_number_and_shown_by_name(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        contact = {"email": "mia@shop.example", "phone": "+49 30 901820"}
        await one.facts(
            {"type": "customer", "customer": "mia", "name": "Mia M.", "contact": contact},
            case("k1", "omar", "defect") | {"contact": {"phone": "+4930901820"}},
        )
        shop = one.parts.shop
        assert await queries.customers_with_contact(shop, "Mia@Shop.example") == ["mia"]
        assert await queries.customers_with_contact(shop, "0049 30 901820") == ["mia", "omar"]
        assert await queries.customers_with_contact(shop, "omar@shop.example") == []
        assert await queries.customers_with_contact(shop, "mia") == []
        view = await queries.customer_view(shop, customer="mia")
        assert view is not None
        assert view.name == "Mia M."
