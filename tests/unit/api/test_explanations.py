"""Endpoints that explain decisions and show offers, budgets and price histories."""

from pathlib import Path
from typing import Any

import pytest

from journeys.fixture import CATALOGUE, rules, stock
from support.live_server import live_server


async def test_why_explains_each_rule_for_a_session(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 10)
        answer = await one.http.get("/v1/why", params={"sku": "RUN-42", "session": shopper.session})
        assert answer.status_code == 200
        (rule,) = answer.json()["rules"]
        assert (rule["rule"], rule["outcome"]) == ("R1", "withheld")
        assert rule["gates"][0]["reason"] == rule["reason"]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({}, 400, "query.missing"),
        ({"sku": "RUN-42"}, 400, "query.one_of"),
        ({"sku": "RUN-42", "session": "se_1", "customer": "c1"}, 400, "query.one_of"),
        ({"sku": "RUN-42", "session": "se_unknown"}, 404, "shopper.unknown"),
        ({"sku": "RUN-42", "customer": "c1"}, 404, "customer.unknown"),
        ({"sku": "RUN-42", "customer": "c1", "territory": "DE"}, 404, "customer.unknown"),
        ({"sku": "RUN-24", "territory": "DE"}, 404, "item.unknown"),
        ({"sku": "RUN-42", "customer": "c1", "at": "yesterday"}, 400, "query.instant"),
        ({"sku": "RUN-42", "dwell": "long"}, 400, "query.duration"),
        ({"sku": "RUN-42", "dwell": "45s", "session": "se_1"}, 400, "query.one_of"),
        (
            {"sku": "RUN-42", "territory": "DE", "at": "2026-03-10T12:00:00Z"},
            400,
            "query.one_of",
        ),
    ],
)
async def test_why_rejects_an_ambiguous_query(
    tmp_path: Path, query: dict[str, str], status: int, code: str
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        answer = await one.http.get("/v1/why", params=query)
        assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_why_explains_a_hypothetical_visit(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        query = {"sku": "RUN-42", "territory": "DE", "dwell": "45s"}
        answer = (await one.http.get("/v1/why", params=query)).json()
        assert "session" not in answer
        assert answer["rules"][0]["outcome"] == "pushed"


async def test_decisions_offers_budgets_and_prices_show_one_pushed_offer(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        offer = await shopper.offered()
        (step,) = await one.decisions(offer=offer["id"])
        assert (step["to"], step["sku"], step["rule"]) == ("pushed", "RUN-42", "R1")
        shown = (await one.http.get(f"/v1/offers/{offer['id']}")).json()
        assert (shown["price"], shown["orders"]) == (offer["price"], [])
        assert {one["fact"] for one in shown["inputs"]} == {"product", "price", "cost", "stock"}
        assert [one["step"] for one in shown["price_steps"]] == [
            "public", "percent", "floor", "offer",
        ]  # fmt: skip
        assert {one["field"] for one in shown["conditions"]} == {"item.category", "session.dwell"}
        why = await one.http.get("/v1/why", params={"sku": "RUN-42", "session": shopper.session})
        (verdict,) = why.json()["rules"]
        assert verdict["outcome"] == "standing"
        assert [one["amount"] for one in verdict["price"]] == [12900, 10965, 10965, 10965]
        assert verdict["lost"] == []
        rows: list[dict[str, Any]] = (await one.http.get("/v1/budgets")).json()["budgets"]
        (row,) = [row for row in rows if row["currency"] == "EUR"]
        assert (row["campaign"], row["unit"], row["limit"]) == ("C", "minor units", 50_000)
        assert row["reserved"] > 0
        prices = (await one.http.get("/v1/prices/RUN-42", params={"territory": "DE"})).json()
        assert prices["prices"][0]["price"] == {"amount": 12_900, "currency": "EUR"}
        await one.facts(stock("RUN-42", "DE", 0, version=9))
        withdrawn = (await one.decisions(offer=offer["id"]))[0]
        assert withdrawn["reason"] == "stock.out"
        (empty,) = [read for read in withdrawn["inputs"] if read["fact"] == "stock"]
        assert (empty["version"], empty["age"], empty["value"]["available"]) == (9, 0, 0)


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/decisions", 400, "query.one_of"),
        ("/v1/decisions?session=a&customer=b", 400, "query.one_of"),
        ("/v1/offers/of_unknown", 404, "offer.unknown"),
        ("/v1/prices/RUN-42", 400, "query.missing"),
        ("/v1/prices/RUN-42?territory=FR", 404, "price.unknown"),
    ],
)
async def test_a_query_for_what_does_not_exist_is_answered_with_a_code(
    tmp_path: Path, path: str, status: int, code: str
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        answer = await one.http.get(path)
        assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_an_unknown_name_is_answered_with_the_nearest_known_ones(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE, {"type": "customer", "customer": "omar"})
        asked = {"sku": "RUN-421", "customer": "omra"}
        answer = (await one.http.get("/v1/why", params=asked)).json()
        assert (answer["code"], answer["near"]) == ("customer.unknown", ["omar"])
        assert answer["detail"] == "Nothing is known about the customer omra. Did you mean omar?"
        answer = (await one.http.get("/v1/why", params={**asked, "customer": "omar"})).json()
        assert (answer["code"], answer["near"][0]) == ("item.unknown", "RUN-42")
        shopper = await one.known("nobody-reported")
        asked = {"sku": "RUN-42", "customer": "nobody-reported"}
        assert (await one.http.get("/v1/why", params=asked)).status_code == 200
        await shopper.leave()


async def test_an_offer_names_the_order_that_used_it(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE, stock("RUN-42", "DE", 9))
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        offer = await shopper.offered()
        token = await shopper.accept(offer["id"])
        assert (await one.redeem(token, "o-7")).status_code == 200
        path = f"/v1/offers/{offer['id']}"
        assert (await one.http.get(path)).json()["orders"] == ["o-7"]
        await one.http.post("/v1/redemptions/o-7/cancel", json={})
        assert (await one.http.get(path)).json()["orders"] == []


OTHER = "tactful.runtime.services.explanations.ENGINE"


async def test_what_another_engine_decided_is_shown_as_it_was_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found in use: a past decision was computed again by rules that its engine never had."""
    loser = "  - {id: R2, when: [item.category: running], offer: {percent: 16%}}\n"
    async with live_server(tmp_path, rules(extra=loser)) as one:
        await one.facts(*CATALOGUE, stock("RUN-42", "DE", 9))
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        offer = await shopper.offered()
        await one.advance(10)
        asked = {"sku": "RUN-42", "session": shopper.session, "at": "2026-03-10T12:00:35Z"}
        path = f"/v1/offers/{offer['id']}"
        why = (await one.http.get("/v1/why", params=asked)).json()
        assert {"recorded_by", "recomputed_by"}.isdisjoint(why)
        monkeypatch.setattr(OTHER, "9")
        why = (await one.http.get("/v1/why", params=asked)).json()
        assert (why["recorded_by"], "recomputed_by" in why) == ("2", False)
        decided = [
            (rule["rule"], rule["outcome"], rule.get("reason"), rule["decided_at"])
            for rule in why["rules"]
        ]
        assert decided == [
            ("R1", "standing", None, "2026-03-10T12:00:30Z"),
            ("R2", "withheld", "arbitration.outranked", "2026-03-10T12:00:30Z"),
        ]
        (winner, _) = why["rules"]
        assert [step["amount"] for step in winner["price"]] == [12900, 10965]
        assert winner["lost"] == [{"rule": "R2", "reason": "arbitration.outranked"}]
        assert {"inputs", "conditions"}.isdisjoint(winner)
        assert [(one["id"], one["state"]) for one in why["offers"]] == [(offer["id"], "pushed")]
        shown = (await one.http.get(path)).json()
        assert (shown["recorded_by"], "inputs" in shown) == ("2", False)
        asked["at"] = "2026-03-10T12:00:30Z"
        before = (await one.http.get("/v1/why", params=asked)).json()
        assert [rule["outcome"] for rule in before["rules"]] == []
        del asked["at"]
        now = (await one.http.get("/v1/why", params=asked)).json()
        assert {"recorded_by", "recomputed_by"}.isdisjoint(now)


async def test_what_another_engine_decided_is_computed_again_on_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE, stock("RUN-42", "DE", 9))
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        offer = await shopper.offered()
        await one.advance(10)
        asked = {"sku": "RUN-42", "session": shopper.session, "at": "2026-03-10T12:00:35Z"}
        monkeypatch.setattr(OTHER, "9")
        again = {"recompute": "true"}
        why = (await one.http.get("/v1/why", params={**asked, **again})).json()
        shown = (await one.http.get(f"/v1/offers/{offer['id']}", params=again)).json()
        assert why["rules"][0]["outcome"] == "standing"
        assert why["rules"][0]["inputs"]
        assert (why["recomputed_by"], shown["recomputed_by"]) == ("9", "9")
        assert shown["inputs"]
        await one.http.post("/v1/facts", json=[stock("RUN-42", "DE", 0)])
        steps = await one.decisions(session=shopper.session)
        assert steps[0]["to"] == "withdrawn"
        wrong = await one.http.get("/v1/why", params={**asked, "recompute": "yes"})
        assert (wrong.status_code, wrong.json()["code"]) == (400, "query.recompute")


async def test_a_past_turn_is_explained_by_the_rules_of_its_time(tmp_path: Path) -> None:
    """Found in use: an edited rule made `why` deny an offer that stood."""
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE, stock("RUN-42", "DE", 9))
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        offer = await shopper.offered()
        await one.advance(10)
        await one.reload(rules(category="boots"))
        await one.advance(10)
        asked = {"sku": "RUN-42", "session": shopper.session, "at": "2026-03-10T12:00:45Z"}
        why = (await one.http.get("/v1/why", params=asked)).json()
        assert [one["id"] for one in why["offers"]] == [offer["id"]]
        assert why["rules"][0]["outcome"] == "standing"
