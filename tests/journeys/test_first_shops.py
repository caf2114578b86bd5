"""What the first shops found: each story over HTTP, as it was reported, with what must happen.

The mechanisms behind them are tested where they are; here each report is one test.
"""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from journeys.fixture import CATALOGUE, case, money, order, price, product, rules, stock
from support.cli_runner import run
from support.live_server import NOON, LiveServer, Shopper, live_server

DAY = 86_400
BEFORE = "2025-09-01T12:00:00Z"
YESTERDAY, TOMORROW = "2026-03-09T12:00:00Z", "2026-03-11T12:00:00Z"
NO_COST = [fact for fact in CATALOGUE if fact["type"] != "cost"]
VOUCHERS = "rules:\n  - {id: V, remedy: true}\n"


async def told(one: LiveServer, *facts: dict[str, Any]) -> dict[str, Any]:
    """Report facts, accepted or not."""
    return dict((await one.http.post("/v1/facts", json=list(facts))).json())


async def gates(one: LiveServer, sku: str, rule: str | None = None, **who: str) -> list[str]:
    """Every reason that withholds a rule."""
    return [gate["reason"] for gate in (await one.why(sku, rule, **who))["gates"]]


def voucher(amount: int = 1000, **more: Any) -> dict[str, Any]:
    return {
        "type": "remedy", "remedy": "m1", "customer": "c1", "value": money(amount),
        "cause": {"skus": ["RUN-42"]}, "expires_at": "2026-06-08T12:00:00Z", **more,
    }  # fmt: skip


async def offers_in(shopper: Shopper) -> list[dict[str, Any]]:
    """The offers that a shopper was sent so far."""
    await shopper.stage.parts.shop.settled()
    await shopper.say("activity", kind="idle")
    return [frame["offer"] for frame in shopper.frames if frame["t"] == "offer"]


# prices


async def test_a_price_of_tomorrow_is_not_used_today(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        await one.facts(price("RUN-42", "DE", 15900, since=TOMORROW, version=2))
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        assert (await shopper.offered())["price"] == money(10965)
        await one.restart(now=NOON + DAY + 60)
        later = await one.shopper()
        await later.view("RUN-42", 30)
        assert (await later.offered())["price"] == money(13515)


async def test_why_names_the_missing_cost_and_not_the_price(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*NO_COST)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        (gate,) = (await one.why("RUN-42", session=shopper.session))["gates"]
        assert (gate["reason"], gate["needed"]) == ("price.missing", "a cost")
        assert "cost" in gate["change"]


async def test_a_general_offer_is_recognised_although_all_are_decided_at_once(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        await one.facts(stock("RUN-42", "DE", 100, version=2))
        shoppers = [await one.shopper() for _ in range(11)]
        for shopper in shoppers:
            await shopper.view("RUN-42")
        await one.advance(30)
        ids = [(await shopper.offered())["id"] for shopper in shoppers]
        notes = [(await one.http.get(f"/v1/offers/{key}")).json()["notes"] for key in ids]
        assert any("price.general" in one for one in notes)


async def test_a_reduction_that_never_pauses_stops_to_say_what_the_price_was(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        said = []
        for _ in range(34):
            shopper = await one.shopper()
            await shopper.view("RUN-42", 30)
            said.append("was" in await shopper.offered())
            await shopper.leave()
            one.shoppers.remove(shopper)
            await one.advance(DAY - 30)
        assert (said[0], said[-1]) == (True, False)


async def test_an_unchanged_price_that_is_told_again_adds_nothing_to_its_history(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, rules()) as one:
        same = price("RUN-42", "DE", 12900, 9900)
        del same["since"]
        for version in range(1, 4):
            await told(one, {**same, "version": version})
            await one.advance(DAY)
        found = await one.http.get("/v1/prices/RUN-42", params={"territory": "DE"})
        assert len(found.json()["prices"]) == 1


# one answer


@pytest.mark.parametrize("gpc", [False, True])
async def test_an_offer_to_somebody_unknown_is_not_personal_and_stands(
    tmp_path: Path, gpc: bool
) -> None:
    unless = "    unless: [customer.tier: gold]"
    async with live_server(tmp_path, rules(unless)) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper(gpc=gpc)
        await shopper.view("RUN-42", 30)
        offer = await shopper.offered()
        assert (await one.why("RUN-42", session=shopper.session))["outcome"] == "standing"
        cost = {"type": "cost", "sku": "RUN-42", "cost": money(5201), "territory": "DE"}
        await one.facts({**cost, "version": 2})
        state = (await one.http.get(f"/v1/offers/{offer['id']}")).json()["state"]
        assert state == "pushed"


async def test_an_offer_that_was_made_is_explained(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        offer = await shopper.offered()
        found = await one.why("RUN-42", session=shopper.session)
        assert found["outcome"] == "standing"
        assert {read["fact"] for read in found["inputs"]} == {"product", "price", "cost", "stock"}
        assert [held["field"] for held in found["conditions"]] == ["item.category", "session.dwell"]
        assert [step["amount"] for step in found["price"]][:2] == [12900, 10965]
        assert (await one.http.get(f"/v1/offers/{offer['id']}")).json()["inputs"]


async def test_unknown_names_get_no_confident_answers(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE, case("k1", "omar", "defect"))
        for asked, code, near in (
            ({"sku": "RUN-42", "customer": "omra"}, "customer.unknown", "omar"),
            ({"sku": "RUN-44", "customer": "omar"}, "item.unknown", "RUN-42"),
        ):
            answer = await one.http.get("/v1/why", params=asked)
            assert answer.status_code == 404
            assert answer.json()["code"] == code
            assert near in answer.json()["near"]


# complaints and refunds


async def test_a_complaint_that_is_merged_into_an_old_case_still_protects(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        old = {"opened_at": BEFORE, "status": "resolved", "resolved_at": "2025-10-01T12:00:00Z"}
        new = case("n1", "c1", "defect", skus=["RUN-42"], opened_at=YESTERDAY)
        await one.facts(case("o1", "c1", "defect", skus=["TRAIL-42"], **old), new)
        await one.facts({**new, "status": "merged", "merged_into": "o1", "version": 2})
        assert "complaint.cooldown" in await gates(one, "RUN-42", customer="c1")


async def test_dates_that_mean_no_date_lift_no_protection(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE, order("o1", "c1", "RUN-42", placed_at="2025-02-01T12:00:00Z"))
        nothing = "0001-01-01T00:00:00Z"
        closed = case("k1", "c1", "defect", skus=["TRAIL-42"], opened_at=YESTERDAY)
        await told(one, {**closed, "status": "resolved", "resolved_at": nothing})
        assert "complaint.cooldown" in await gates(one, "TRAIL-42", customer="c1")
        wrong = {**closed, "case": "k2", "status": "resolved", "resolved_at": BEFORE}
        (refused,) = (await told(one, wrong))["rejected"]
        assert refused["code"] == "fact.inconsistent"


async def test_a_refund_does_not_bring_the_item_back_on_offer(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE, order("o1", "c1", "RUN-42", placed_at="2025-02-01T12:00:00Z"))
        refund = {"type": "return", "return": "r1", "order": "o1", "customer": "c1"}
        await told(one, {**refund, "at": YESTERDAY, "status": "received"})
        assert "return.recent" in await gates(one, "RUN-42", customer="c1")


async def test_another_customer_s_return_of_their_own_order_does_not_concern_me(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE, order("o9", "c2", "RUN-42"))
        mine = case("k1", "c1", "service", order="o9", opened_at=BEFORE)
        returned = {"type": "return", "return": "r1", "order": "o9", "customer": "c2"}
        line = {"sku": "RUN-42", "qty": 1, "reason": "quality"}
        await one.facts(
            {**mine, "status": "resolved", "resolved_at": "2025-10-01T12:00:00Z"},
            {**returned, "at": YESTERDAY, "status": "received", "lines": [line]},
        )
        assert "return.recent" not in await gates(one, "RUN-42", customer="c1")


# stock


async def test_stock_with_and_without_a_location_is_not_added_up(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        await one.facts(stock("RUN-42", "DE", 1, version=1))
        await one.facts(stock("RUN-42", "DE", 1, location="berlin", version=2))
        shoppers = [await one.shopper() for _ in range(2)]
        for shopper in shoppers:
            await shopper.view("RUN-42")
        await one.advance(30)
        assert sorted([len(await offers_in(shopper)) for shopper in shoppers]) == [0, 1]


# promises


async def test_a_promise_and_its_token_stay_with_their_customer(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules("        - customer.tier: gold")) as one:
        await one.facts(*CATALOGUE, {"type": "customer", "customer": "c1", "tier": "gold"})
        shopper = await one.known("c1")
        await shopper.view("RUN-42", 30)
        token = await shopper.accept((await shopper.offered())["id"])
        await shopper.say("logout")
        await shopper.say("identify", identity=one.identity("c2"))
        await one.parts.shop.settled()
        await shopper.say("activity", kind="idle")
        assert [frame for frame in shopper.frames if frame["t"] == "accepted"] == []
        assert "contact.active" not in await gates(one, "TRAIL-42", session=shopper.session)
        refused = await one.redeem(token, "o1")
        assert (refused.status_code, refused.json()["code"]) == (422, "redemption.holder")
        assert (await one.redeem(token, "o1", customer="c1")).status_code == 200


async def test_an_offer_names_the_order_that_used_it(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        offer = await shopper.offered()
        token = await shopper.accept(offer["id"])
        assert (await one.redeem(token, "o1")).status_code == 200
        assert (await one.http.get(f"/v1/offers/{offer['id']}")).json()["orders"] == ["o1"]


async def test_an_erased_customer_is_in_no_byte_after_later_activity(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.known("erasable-77")
        await shopper.view("RUN-42", 30)
        await shopper.accept((await shopper.offered())["id"])
        await one.http.delete("/v1/customers/erasable-77")
        await shopper.view("TRAIL-42", 40)
        await one.advance(4_000)
        await one.restart(now=NOON + 5_000)
        files = [path for path in (one.folder / "data").rglob("*") if path.is_file()]
        assert [path.name for path in files if b"erasable-77" in path.read_bytes()] == []


# vouchers and rescues


async def test_a_voucher_reaches_the_page_that_is_open_without_a_false_countdown(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, VOUCHERS) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.known("c1")
        await shopper.view("SOCK-3")
        await one.facts(voucher(5000))
        async with asyncio.timeout(30):
            offer = await shopper.offered()
        assert (offer["sku"], offer["price"]) == ("SOCK-3", money(0))
        assert "disclosure" not in offer
        assert offer.get("ends_in", 90 * DAY) > 80 * DAY


async def test_a_voucher_can_be_accepted_again_until_it_is_used(tmp_path: Path) -> None:
    async with live_server(tmp_path, VOUCHERS) as one:
        await one.facts(*CATALOGUE, voucher())
        shopper = await one.known("c1")
        await shopper.view("BOOT-42", 60)
        await shopper.accept((await shopper.offered())["id"])
        await one.advance(1_900)
        await shopper.view("BOOT-42", 60)
        (again,) = await offers_in(shopper)
        await shopper.accept(again["id"])


async def test_a_rescue_page_without_an_item_makes_an_offer(tmp_path: Path) -> None:
    rescue = "moment: rescue, offer: {percent: 10%, off_the: order, at_most: {EUR: 20.00}}"
    async with live_server(tmp_path, f"rules:\n  - {{id: R, {rescue}}}\n") as one:
        await one.facts(*CATALOGUE, order("o1", "c1", "BOOT-42", placed_at=YESTERDAY))
        shopper = await one.known("c1")
        await shopper.say("page", url="https://shop.example/x", kind="cancel", moment="rescue")
        assert [offer["sku"] for offer in await offers_in(shopper)] == ["BOOT-42"]


async def test_what_a_shop_excludes_is_never_offered(tmp_path: Path) -> None:
    excluded = "exclude:\n  - {brands: [VELO], note: Price-bound., owner: shop@shop.example}\n"
    async with live_server(tmp_path, rules() + excluded) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        assert await one.reason("RUN-42", shopper) == "excluded.by_shop"


# files and facts


def test_the_server_and_the_check_read_the_same_files(tmp_path: Path) -> None:
    """A folder that Kubernetes mounts from a ConfigMap."""
    real, folder = tmp_path / "rules" / "..2026_03_10.1", tmp_path / "rules"
    real.mkdir(parents=True)
    (real / "spring.yaml").write_text(rules(), encoding="utf-8")
    (folder / "..data").symlink_to(real.name)
    (folder / "spring.yaml").symlink_to("..data/spring.yaml")

    async def rules_of_the_server() -> list[str]:
        async with live_server(tmp_path, "") as one:
            return [rule["rule"] for rule in (await one.http.get("/v1/rulebook")).json()["rules"]]

    assert run("rules", "check", folder).exit_code == 0
    assert asyncio.run(rules_of_the_server()) == ["R1"]


def test_the_formatter_leaves_files_that_are_no_rule_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "services:\n    web:   {image: nginx}\n"
    (tmp_path / "docker-compose.yml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert run("rules", "fmt").exit_code == 2
    run("rules", "fmt", tmp_path)
    assert (tmp_path / "docker-compose.yml").read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    ("fact", "code"),
    [
        ({"type": "cost", "sku": "RUN-42", "cost": money(-1)}, "fact.inconsistent"),
        (stock("RUN-42", "UK", 1), "fact.unknown_territory"),
    ],
    ids=["negative cost", "no territory"],
)
async def test_facts_that_cannot_be_meant_are_refused(
    tmp_path: Path, fact: dict[str, Any], code: str
) -> None:
    async with live_server(tmp_path, rules()) as one:
        (refused,) = (await told(one, fact))["rejected"]
        assert refused["code"] == code


async def test_all_errors_of_a_fact_are_reported_at_once(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        (refused,) = (await told(one, {"type": "price", "sku": 5, "territory": "UK"}))["rejected"]
        assert {error["path"] for error in refused["errors"]} >= {"sku", "territory", "price"}


async def test_a_subdivision_has_the_price_of_its_country(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        cost = {"type": "cost", "sku": "RUN-42", "cost": money(5200, "USD"), "territory": "US"}
        await one.facts(price("RUN-42", "US", 13900), stock("RUN-42", "US", 3), cost)
        shopper = await one.shopper("US-CA")
        await shopper.view("RUN-42", 30)
        assert (await shopper.offered())["price"] == money(11815, "USD")


async def test_a_product_that_is_gone_is_not_offered(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        offer = await shopper.offered()
        assert (await told(one, {"type": "gone", "of": "product", "sku": "RUN-42"}))["accepted"]
        assert (await shopper.expect("withdraw"))["offer"] == offer["id"]


async def test_a_case_that_is_known_by_an_address_protects_its_customer(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        known = {"type": "customer", "customer": "c1", "contact": {"email": "Ada@shop.example"}}
        await told(one, *CATALOGUE, known)
        unnamed = case("k1", "", "defect", skus=["RUN-42"])
        del unnamed["customer"]
        report = await told(one, {**unnamed, "contact": {"email": " ada@shop.example"}})
        assert report["accepted"] == 1
        assert "complaint.open" in await gates(one, "RUN-42", customer="c1")


async def test_rejected_facts_raise_an_alert(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await told(one, {"type": "price"})
        alerts = (await one.http.get("/v1/alerts")).json()["alerts"]
        assert ("facts.rejected", "price") in {(one["kind"], one["subject"]) for one in alerts}


async def test_a_bad_line_of_an_order_leaves_the_others(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        bought = order("o1", "c1", "RUN-42", "TRAIL-42", placed_at=YESTERDAY)
        bought["lines"][0]["qty"] = -1
        await told(one, bought)
        assert "owned.already" in await gates(one, "TRAIL-42", customer="c1")


async def test_texts_of_categories_are_compared_without_case_and_spaces(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules(category="Shoes/Running")) as one:
        await one.facts(*CATALOGUE)
        await one.facts({**product("RUN-42", "Aero", "Velo", " /shoes / running"), "version": 2})
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        assert (await shopper.offered())["price"] == money(10965)
