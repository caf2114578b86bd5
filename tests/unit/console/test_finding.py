"""The search box finds whatever an operator has in hand, and says what it did not find."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from journeys.fixture import CATALOGUE, case, order, rules
from support.console_client import Agent
from support.live_server import LiveServer, live_server
from tactful.console.finding import page_of
from tactful.console.rendering import PageError


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[LiveServer]:
    async with live_server(tmp_path, rules()) as started:
        await started.facts(*CATALOGUE)
        await started.facts(order("A/580166", "c1", "TRAIL-42"))
        await started.facts(case("ZD-48000", "c1", order="A/580166", kind="late"))
        await started.facts({"type": "customer", "customer": "../rules", "tier": "gold"})
        yield started


@pytest.mark.parametrize(
    ("typed", "page"),
    [
        ("", "/console"),
        ("c1", "/console/customers/c1"),
        ("A/580166", "/console/customers/c1"),
        ("ZD-48000", "/console/cases/ZD-48000"),
        ("../rules", "/console/customers/..%2Frules"),
        ("RUN-42", "/console/why?sku=RUN-42"),
        ("R1", "/console/rules#rule-R1"),
        ("C", "/console#budgets"),
        ("se_" + "A" * 22, "/console/sessions/se_" + "A" * 22),
        ("se_" + "A" * 22 + ".1", "/console/sessions/se_" + "A" * 22 + ".1"),
        ("of_" + "A" * 22, "/console/offers/of_" + "A" * 22),
    ],
)
async def test_every_kind_of_id_leads_to_its_page(one: LiveServer, typed: str, page: str) -> None:
    assert await page_of(one.parts.shop, typed) == page


async def test_an_unknown_id_is_answered_with_similar_customers(one: LiveServer) -> None:
    await one.facts({"type": "customer", "customer": "mia-2026", "tier": "gold"})
    with pytest.raises(
        PageError, match=r"Nothing has the id mia-2027. Is it .* mia-2026\?"
    ) as error:
        await page_of(one.parts.shop, "mia-2027")
    assert error.value.status == 404


async def test_a_search_that_finds_an_item_asks_for_a_shopper(agent: Agent) -> None:
    assert "Why?" in await agent.read("/console/find", q="RUN-42")


async def test_the_console_finds_a_customer_by_address_and_names_several(
    one: LiveServer, agent: Agent
) -> None:
    contact = {"email": "mia@shop.example"}
    await one.facts({"type": "customer", "customer": "mia", "name": "Mia M.", "contact": contact})
    assert "Mia M." in await agent.read("/console/find", q="mia@shop.example")
    await one.facts({"type": "customer", "customer": "mia-2", "contact": contact})
    answer = await agent.http.get("/console/find", params={"q": "mia@shop.example"})
    assert answer.status_code == 404
    assert "mia, mia-2" in answer.text
