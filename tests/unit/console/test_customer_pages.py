"""The pages of customers and cases say in sentences what is offered, what is not, and why."""

import re

import pytest

from journeys.fixture import CATALOGUE, case, order, rules
from support.console_client import Agent
from support.live_server import LiveServer
from tactful.console.customer_pages import customers_of_case
from tactful.runtime.case_corrections import find_case

VOUCHERS = "  - {id: V, remedy: true}\n"


async def test_a_case_says_what_it_suppresses_and_who_is_here(
    one: LiveServer, agent: Agent
) -> None:
    await one.reload(rules(extra=VOUCHERS))
    await one.facts(
        {"type": "customer", "customer": "c1", "tier": "gold", "name": "Mia M."},
        order("o-1", "c1", "TRAIL-42"),
        case("k-1", "c1", skus=["TRAIL-42"], kind="defect", opened_at="2026-03-09T12:00:00Z"),
        {"type": "objection", "objection": "n-1", "customer": "c1", "skus": ["BOOT-42"]},
    )
    shopper = await one.known("c1")
    await shopper.view("RUN-42", 30)
    await shopper.offered()
    page = await agent.read("/console/cases/k-1")
    assert "Case k-1" in page
    assert "Defect, open since 2026-03-09 12:00:00 UTC" in page
    assert "About Velo Trail TRAIL-42" in page
    assert "Customer Mia M. c1 , gold. Here now, looks at Aero Runner" in page
    assert "Velo Trail (all variants) : a complaint about it is open, while this is open" in page
    assert "For other reasons Fjord Boot (all variants)" in page
    assert "Aero Runner for 109.65 EUR" in page
    assert "Issue a voucher" in page
    assert 'name="cause" value="case:k-1"' in (await agent.http.get("/console/cases/k-1")).text


async def test_a_case_without_a_customer_says_that_it_suppresses_nothing(
    one: LiveServer, agent: Agent
) -> None:
    unknown = case("k-9", "", "defect", order="o-77")
    del unknown["customer"]
    await one.facts(unknown)
    page = await agent.read("/console/cases/k-9")
    assert "The customer of this case is not known" in page
    assert "Make no offers" not in page
    assert (await agent.http.get("/console/cases/none")).status_code == 404


async def test_a_case_concerns_complainant_purchaser_and_owners_of_its_orders(
    one: LiveServer, agent: Agent
) -> None:
    await one.facts(
        order("o-1", "c3", "TRAIL-42"), case("k-1", "c1", "defect", purchaser="c2", order="o-1")
    )
    found = await find_case(one.parts.shop, "k-1")
    assert await customers_of_case(one.parts.shop, found) == ["c1", "c2", "c3"]
    assert "Also concerns c2 . Also concerns c3" in await agent.read("/console/cases/k-1")


async def test_a_customer_page_begins_with_a_sentence(one: LiveServer, agent: Agent) -> None:
    await one.facts(*CATALOGUE, order("o-1", "c1", "TRAIL-42"), case("k-1", "c1", "late"))
    page = await agent.read("/console/customers/c1")
    assert "No offers are made while this is open, because a complaint about the service" in page
    assert "Not in the shop now." in page
    assert "Everything except vouchers : a complaint about the service is open" in page
    assert 'href="/console/cases/k-1"' in (await agent.http.get("/console/customers/c1")).text


@pytest.mark.parametrize("path", ["customers/nobody", "sessions/se_x", "cases/none"])
async def test_an_unknown_id_gives_an_error_page(agent: Agent, path: str) -> None:
    answer = await agent.http.get(f"/console/{path}")
    assert (answer.status_code, "<h1>Not found</h1>" in answer.text) == (404, True)


async def test_an_angry_caller_gets_no_offers_and_the_voucher_that_was_promised(
    one: LiveServer, agent: Agent
) -> None:
    await one.reload(rules(extra=VOUCHERS))
    await one.facts(order("o-1", "c1", "TRAIL-42"), case("ZD-7", "c1", "late", order="o-1"))
    caller = await one.known("c1")
    await caller.view("RUN-42", 30)
    found = await agent.submit("/console/find", q="ZD-7")
    page = found.headers["location"]
    assert page == "/console/cases/ZD-7"
    answer = await agent.submit("/console/objections", customer="c1", days="7", back=page)
    assert answer.headers["location"] == page
    html = (await agent.http.get(page)).text
    code = re.search(r'name="code" value="([^"]+)"', html)
    assert code
    form = {"customer": "c1", "value": "10.00 EUR", "days": "30", "cause": "case:ZD-7"}
    await agent.submit("/console/remedies", code=code[1], back=page, **form)
    assert (await caller.offered())["price"]["amount"] == 12900 - 1000
    assert "the customer sees it in the shop now" in await agent.read(page)
    assert await one.reason("RUN-42", caller, "R1") == "objection.shop"
