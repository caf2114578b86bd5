"""Scenarios 4, 5 and 14 over real sockets."""

from pathlib import Path

import httpx

from journeys.fixture import CATALOGUE, case, money, order, price, product, rules, stock
from support.live_server import live_server

VOUCHER = """
  - id: voucher
    owner: care@shop.example
    note: An apology that knows what it is for.
    remedy: true
    offer:
      message: "A small apology: {offer.price}."
"""


async def test_scenario_4_a_remedy_is_offered_but_never_on_its_cause(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules(extra=VOUCHER)) as one:
        await one.facts(
            *CATALOGUE,
            order("o7", "c3", "TRAIL-42", status="shipped", delivered_at=None)
            | {"delivered_at": None},
            case("case-7", "c3", "late", order="o7"),
        )
        early = await one.known("c3")
        await early.view("RUN-42", 30)
        assert await one.reason("RUN-42", early, "R1") == "service.open"
        await early.nothing()
        await one.facts(
            {
                "type": "remedy",
                "remedy": "v1",
                "customer": "c3",
                "value": money(1000),
                "cause": {"order": "o7"},
                "expires_at": "2026-06-01T00:00:00Z",
            }
        )
        trail = await one.known("c3")
        await trail.view("TRAIL-42", 30)
        assert await one.reason("TRAIL-42", trail, "voucher") == "complaint.cause"
        await trail.nothing()
        shopper = await one.known("c3")
        await shopper.view("RUN-42", 30)
        offer = await shopper.offered()
        assert offer["price"]["amount"] == 11900
        token = await shopper.accept(offer["id"])
        answer = await one.redeem(token, "o-trail", sku="TRAIL-42", customer="c3")
        assert answer.status_code == 200, answer.text
        assert answer.json()["saved"] == money(1000)


async def test_scenario_4_a_voucher_worth_half_the_cart_leaves_the_other_half(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, rules(extra=VOUCHER)) as one:
        await one.facts(
            *CATALOGUE,
            {
                "type": "remedy",
                "remedy": "v1",
                "customer": "c3",
                "value": money(1000),
                "cause": {"order": "o7"},
                "expires_at": "2026-06-01T00:00:00Z",
            },
        )
        shopper = await one.known("c3")
        await shopper.view("RUN-42", 30)
        offers = {(await shopper.offered())["id"]}
        token = await shopper.accept(offers.pop())
        answer = await one.redeem(token, "o-sock", sku="SOCK-3", customer="c3")
        assert answer.json()["saved"] == money(1000)
        again = await one.redeem(token, "o-other", sku="SOCK-3", customer="c3")
        assert (again.status_code, again.json()["code"]) == (409, "redemption.used")


async def test_the_rest_of_a_voucher_that_is_worth_more_than_its_order_is_offered_again(
    tmp_path: Path,
) -> None:
    """A voucher over 50.00 EUR and socks of 19.90 EUR: 30.10 EUR stay, with the same cause and end."""
    async with live_server(tmp_path, rules(extra=VOUCHER)) as one:
        await one.facts(
            *CATALOGUE,
            {
                "type": "remedy",
                "remedy": "v1",
                "customer": "c3",
                "value": money(5000),
                "cause": {"order": "o7"},
                "expires_at": "2026-06-01T00:00:00Z",
            },
        )
        shopper = await one.known("c3")
        await shopper.view("BOOT-42", 30)
        token = await shopper.accept((await shopper.offered())["id"])
        answer = await one.redeem(token, "o-sock", sku="SOCK-3", customer="c3")
        assert answer.json()["saved"] == money(1990)
        again = await one.redeem(token, "o-sock", sku="SOCK-3", customer="c3")
        assert again.content == answer.content
        exported = (await one.http.get("/v1/customers/c3/export")).json()
        kept = {
            fact["fact"]["remedy"]: fact["fact"]["value"]["amount"]
            for fact in exported["facts"]
            if fact["fact"]["type"] == "remedy" and fact["ended"] is None
        }
        assert kept == {"v1": 1990, "v1/2": 3010}
        await shopper.view("SOCK-3", 60)
        rest = await shopper.offered()
        second = await shopper.accept(rest["id"])
        used = await one.redeem(second, "o-boot", sku="BOOT-42", customer="c3")
        assert used.json()["saved"] == money(3010)


async def test_scenario_5_two_products_of_a_brand_taint_it_and_bundles_with_it(
    tmp_path: Path,
) -> None:
    bundle = product("SET-1", "Set", None, "boots", components=["BOOT-42", "SOCK-3"])
    async with live_server(tmp_path, rules(category="[running, boots]")) as one:
        await one.facts(
            *CATALOGUE, bundle, price("SET-1", "DE", 20000, 15000), stock("SET-1", "DE", 3)
        )
        await one.facts(
            case("k1", "c5", "defect", skus=["RUN-43"], opened_at="2026-01-01T00:00:00Z"),
            case("k2", "c5", "defect", skus=["SOCK-3"], opened_at="2026-03-02T00:00:00Z"),
            case("k3", "c6", "defect", skus=["RUN-43"], opened_at="2026-01-01T00:00:00Z"),
            case("k4", "c6", "defect", skus=["RUN-42"], opened_at="2026-03-02T00:00:00Z"),
        )
        shopper = await one.known("c5")
        await shopper.view("TRAIL-42", 30)
        assert await one.reason("TRAIL-42", shopper) == "complaint.brand"
        assert await one.reason("SET-1", shopper) == "complaint.component"
        await shopper.view("BOOT-42", 30)
        assert (await shopper.offered())["price"]["amount"] == 16065
        twice = await one.known("c6")
        await twice.view("TRAIL-42", 30)
        assert (await twice.offered())["sku"] == "TRAIL-42"


async def test_scenario_14_a_bad_edit_changes_nothing(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        await shopper.offered()
        before = (await one.http.get("/v1/rulebook")).json()["version"]
        answer = await one.reload(rules("    persent: 3"))
        assert (answer.status_code, answer.json()["code"]) == (422, "rulebook.refused")
        finding = answer.json()["findings"][0]
        assert (finding["path"], finding["line"], finding["column"]) == ("rules.yaml", 10, 5)
        assert (await one.http.get("/v1/rulebook")).json()["version"] == before
        await shopper.nothing()


async def paused(tmp_path: Path, on_change: str) -> tuple[list[str], str | None]:
    """The frames that follow when the rule of a shown offer is paused, and the audit's reason."""
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        offer = await shopper.offered()
        body = f"    paused: true\n    on_change: {on_change}"
        assert (await one.reload(rules(body))).status_code == 200
        await one.parts.shop.settled()
        await shopper.say("activity", kind="idle")
        step = (await one.decisions(offer=offer["id"]))[0]
        return [frame["t"] for frame in shopper.frames], step["reason"]


async def test_scenario_14_pausing_withdraws_or_drains(tmp_path: Path) -> None:
    assert await paused(tmp_path / "a", "withdraw") == (["withdraw"], "rule.paused")
    assert await paused(tmp_path / "b", "drain") == ([], None)


async def test_scenario_14_after_a_reconnect_the_first_frame_is_the_snapshot(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        offer = await shopper.offered()
        await shopper.leave()
        await one.reload(rules("    paused: true\n    on_change: withdraw"))
        await one.advance(90)
        await shopper.connect(resume=shopper.resume)
        assert shopper.welcome["offers"] == []
        await shopper.say("accept", offer=offer["id"])
        refused = await shopper.expect("refused")
        assert refused["code"] == "ended"
        assert (await one.http.post("/v1/rulebook/rollback")).status_code == 200
        assert (await one.why("RUN-42", session=shopper.session))["rule"] == "R1"


async def test_an_explanation_of_a_past_instant_is_the_same_as_then(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 10)
        then = await one.why("RUN-42", session=shopper.session)
        assert then["reason"] == "timing.wait"
        await one.advance(20)
        await shopper.offered()
        await one.facts(stock("RUN-42", "DE", 0))
        await one.parts.shop.ledger.flush()
        past = await one.why("RUN-42", session=shopper.session, at="2026-03-10T12:00:10Z")
        assert past == then


async def test_every_error_of_the_http_side_says_what_to_do(tmp_path: Path) -> None:
    async with (
        live_server(tmp_path, rules()) as one,
        httpx.AsyncClient(base_url=one.http.base_url) as nobody,
    ):
        assert (await nobody.get("/v1/why")).json()["code"] == "key.wrong"
        for method, path, body, code in (
            ("GET", "/v1/why", None, "query.missing"),
            ("GET", "/v1/why?sku=A", None, "query.one_of"),
            ("GET", "/v1/why?sku=A&session=nobody", None, "shopper.unknown"),
            ("GET", "/v1/nothing", None, "http.not_found"),
            ("PUT", "/v1/facts", None, "http.method"),
            ("POST", "/v1/facts", b"[", "body.malformed"),
            ("POST", "/v1/facts", b"{}", "facts.not_a_list"),
            ("POST", "/v1/redemptions", b"[]", "body.invalid"),
            ("POST", "/v1/rules/nobody/pause", None, "rule.unknown"),
        ):
            answer = await one.http.request(method, path, content=body)
            assert answer.headers["content-type"] == "application/problem+json", path
            assert answer.json()["code"] == code, path


async def test_scenario_4_a_rule_may_set_the_value_of_the_remedy(tmp_path: Path) -> None:
    voucher = VOUCHER.replace("    offer:\n", "    offer:\n      amount: {EUR: 10.00}\n")
    async with live_server(tmp_path, rules(extra=voucher)) as one:
        remedy = {"type": "remedy", "remedy": "v1", "customer": "c3", "value": money(1000)}
        ends = "2026-06-01T00:00:00Z"
        await one.facts(*CATALOGUE, remedy | {"cause": {"skus": ["TRAIL-42"]}, "expires_at": ends})
        await one.facts(case("case-7", "c3", "late", order="o7"))
        shopper = await one.known("c3")
        await shopper.view("RUN-42", 30)
        assert (await shopper.offered())["price"]["amount"] == 11900
        assert await one.reason("TRAIL-42", shopper, "voucher") == "complaint.cause"


async def test_an_absent_customer_is_explained_in_the_territory_of_the_last_order(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(
            *CATALOGUE, order("o1", "c1", "BOOT-42"), case("k", "c1", "defect", skus=["RUN-43"])
        )
        verdict = await one.why("RUN-42", customer="c1")
        assert verdict["reason"] == "complaint.open"
        assert "price.missing" not in {gate["reason"] for gate in verdict["gates"]}


async def test_erasing_the_complainant_removes_the_taint_of_the_purchaser(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(
            *CATALOGUE, order("o2", "c2", "RUN-43"), case("k", "c1", "defect", order="o2")
        )
        buyer = await one.known("c2")
        await buyer.view("RUN-42", 30)
        assert await one.reason("RUN-42", buyer) == "complaint.open"
        await one.http.delete("/v1/customers/c1")
        assert await one.reason("RUN-42", buyer) is None
