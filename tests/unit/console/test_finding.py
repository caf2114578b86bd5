"""The search box finds whatever an operator has in hand, and says what it did not find."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from journeys.fixture import CATALOGUE, case, order, rules
from support.console_client import Agent
from support.live_server import LiveServer, live_server
from tactful.console.finding import MAX_FOUND, exact_page, find_by_beginning


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
        ("R1", "/console/rules/R1"),
        ("C", "/console#budgets"),
        ("se_" + "A" * 22, "/console/sessions/se_" + "A" * 22),
        ("se_" + "A" * 22 + ".1", "/console/sessions/se_" + "A" * 22 + ".1"),
        ("of_" + "A" * 22, "/console/offers/of_" + "A" * 22),
    ],
)
async def test_every_kind_of_id_leads_to_its_page(one: LiveServer, typed: str, page: str) -> None:
    assert await exact_page(one.parts.shop, typed) == page


async def test_an_unknown_id_is_answered_with_similar_customers(
    one: LiveServer, agent: Agent
) -> None:
    await one.facts({"type": "customer", "customer": "mia-2026", "tier": "gold"})
    answer = await agent.submit("/console/find", q="mia-2027")
    assert answer.status_code == 404
    assert "Nothing begins with mia-2027. Is it the customer mia-2026?" in answer.text


async def test_a_beginning_lists_what_is_meant_by_kind(one: LiveServer, agent: Agent) -> None:
    await one.facts(
        order("A/580167", "c2", "TRAIL-42"),
        order("A/580168", "c3", "TRAIL-42"),
        {"type": "customer", "customer": "c4", "name": "Aeron, Mia", "tier": "gold"},
    )
    groups = await find_by_beginning(one.parts.shop, "A/5801")
    assert [(group.title, len(group.results)) for group in groups] == [("Orders", 3)]
    page = await agent.read("/console/find", q="aero")
    assert "Customers by name Aeron, Mia c4" in page
    assert "Items by title RUN-42 Aero Runner RUN-43 Aero Runner" in page
    answer = await agent.submit("/console/find", q="A/580167")
    assert answer.headers["location"] == "/console/customers/c2"
    answer = await agent.submit("/console/find", q="ZD-48")
    assert answer.headers["location"] == "/console/cases/ZD-48000"


async def test_an_order_of_no_known_customer_is_listed_without_a_link(
    one: LiveServer, agent: Agent
) -> None:
    guest = order("G-1", "", "TRAIL-42")
    del guest["customer"]
    await one.facts(guest)
    assert "G-1 of no known customer" in await agent.read("/console/find", q="G-1")


async def test_many_results_are_cut_off_and_said_to_be_more(one: LiveServer) -> None:
    await one.facts(*(order(f"M-{n:03}", "c9", "TRAIL-42") for n in range(MAX_FOUND + 5)))
    (group,) = await find_by_beginning(one.parts.shop, "M-")
    assert (len(group.results), group.has_more) == (MAX_FOUND, True)


@pytest.mark.parametrize(
    "typed", ["%", "'; DROP TABLE facts", "<script>", "\x00", "\U0010ffff", "é" * 200, "../.."]
)
async def test_evil_input_finds_nothing_and_stays_text(
    one: LiveServer, agent: Agent, typed: str
) -> None:
    answer = await agent.submit("/console/find", q=typed)
    assert answer.status_code == 404
    assert "<script>" not in answer.text
    assert "c1" in await agent.read("/console/customers/c1")


async def test_an_erased_customer_is_not_found_by_name_or_order(
    one: LiveServer, agent: Agent
) -> None:
    contact = {"email": "eve@shop.example"}
    await one.facts(
        {"type": "customer", "customer": "eve-1", "name": "Eve Adams", "contact": contact},
        order("E-1", "eve-1", "TRAIL-42"),
    )
    typed = ("Eve A", "eve", "E-1", "eve@shop.example")
    for text in typed:
        assert (await agent.submit("/console/find", q=text)).status_code == 303, text
    assert (await one.http.delete("/v1/customers/eve-1")).is_success
    for text in typed:
        answer = await agent.submit("/console/find", q=text)
        assert (answer.status_code, "eve-1" in answer.text) == (404, False), text


async def test_a_search_that_finds_an_item_asks_for_a_shopper(agent: Agent) -> None:
    assert "Why?" in await agent.read("/console/find", q="RUN-42")


async def test_the_console_finds_a_customer_by_address_and_names_several(
    one: LiveServer, agent: Agent
) -> None:
    contact = {"email": "mia@shop.example"}
    await one.facts({"type": "customer", "customer": "mia", "name": "Mia M.", "contact": contact})
    assert "Mia M." in await agent.read("/console/find", q="mia@shop.example")
    await one.facts({"type": "customer", "customer": "mia-2", "contact": contact})
    page = await agent.read("/console/find", q="mia@shop.example")
    assert "Customers by contact mia mia-2" in page
