"""`GET /v1/shadow` reports what rules in shadow mode would have offered."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from journeys.fixture import CATALOGUE, money, rules
from support.live_server import LiveServer, live_server

TRYING = "  - {id: R2, mode: shadow, when: [item.category: boots], offer: {percent: 10%}}\n"


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[LiveServer]:
    async with live_server(tmp_path, rules(extra=TRYING)) as server:
        await server.facts(*CATALOGUE)
        yield server


async def report(one: LiveServer, **query: str) -> dict[str, Any]:
    answer = await one.http.get("/v1/shadow", params=query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_a_week_of_shadow_can_be_read_and_reported(one: LiveServer) -> None:
    """Found in use: what a rule in shadow mode decided was counted and not kept."""
    shopper, other = await one.shopper(), await one.known("c1")
    for each in (shopper, other):
        await each.view("BOOT-42", 60)
        await each.view("BOOT-42", 60)
    await shopper.nothing()
    found = await report(one, rule="R2")
    assert found["rules"] == [
        {
            "rule": "R2", "decisions": 2, "shoppers": 2, "items": 1,
            "public": money(37800), "discount": money(3780),
            "first": found["offers"][1]["at"], "last": found["offers"][0]["at"],
        }
    ]  # fmt: skip
    assert [one["customer"] for one in found["offers"]] == ["c1", None]
    assert found["offers"][0]["price"] == money(17010)
    offer = found["offers"][1]["offer"]
    (step,) = await one.decisions(session=shopper.session)
    assert (step["to"], step["reason"], step["offer"]) == ("shadow", "shadow", offer)
    shown = (await one.http.get(f"/v1/offers/{offer}")).json()
    assert (shown["state"], shown["hold"]) == ("shadow", money(0))
    assert [step["step"] for step in shown["price_steps"]][-1] == "offer"
    assert (await one.why("BOOT-42", "R2", session=shopper.session))["outcome"] == "shadow"


async def test_what_was_decided_in_shadow_survives_a_restart_and_leaves_with_the_customer(
    one: LiveServer,
) -> None:
    shopper = await one.known("c1")
    await shopper.view("BOOT-42", 60)
    await one.restart(now=one.parts.shop.clock.now() // 1000)
    assert (await report(one))["rules"][0]["decisions"] == 1
    export = (await one.http.get("/v1/customers/c1/export")).text
    assert "the shop tried a rule that would have offered BOOT-42 for 170.10 EUR" in export
    await one.http.delete("/v1/customers/c1")
    (left,) = (await report(one, rule="R2"))["offers"]
    assert left["customer"] != "c1"


async def test_the_report_is_about_the_window_that_is_asked_for(one: LiveServer) -> None:
    shopper = await one.shopper()
    await shopper.view("BOOT-42", 60)
    assert (await report(one, rule="R1"))["rules"] == []
    assert (await report(one, until="2026-03-10T12:00:00Z"))["rules"] == []
    assert len((await report(one, since="2026-03-10T12:00:00Z"))["rules"]) == 1
    await one.advance(8 * 86_400)
    assert (await report(one))["rules"] == []
    assert len((await report(one, last="9d"))["rules"]) == 1
    wrong = await one.http.get("/v1/shadow", params={"last": "long"})
    assert (wrong.status_code, wrong.json()["code"]) == (400, "query.duration")


async def test_a_shadow_keeps_no_offer_from_the_screen(one: LiveServer) -> None:
    both = TRYING.replace("boots", "running")
    await one.reload(rules(extra=both))
    shopper = await one.shopper()
    await shopper.view("RUN-42", 60)
    assert (await shopper.offered())["price"] == money(10965)
    reserved, _ = await one.budget()
    assert reserved == 1935
