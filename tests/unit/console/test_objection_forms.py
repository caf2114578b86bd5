"""An agent ends all offers of a customer, or those of an item, and undoes it."""

import re
from collections.abc import Mapping

import pytest

from journeys.fixture import case
from support.console_client import Agent
from support.live_server import LiveServer


async def test_no_offers_are_made_to_a_customer_until_the_objection_is_lifted(
    one: LiveServer, agent: Agent
) -> None:
    shopper = await one.known("c1")
    await shopper.view("RUN-42", 30)
    offer = await shopper.offered()
    answer = await agent.submit("/console/objections", customer="c1", days="7")
    assert answer.headers["location"] == "/console/customers/c1"
    assert (await shopper.expect("withdraw"))["offer"] == offer["id"]
    page = await agent.read("/console/customers/c1")
    assert "No offers are made to the customer from now on." in page
    assert "No offers are made until 2026-03-17 12:00:30 UTC, because the customer asked" in page
    assert "Ada stated a fact console:" in page
    assert "no offers for 7 days" in page
    await lift(agent)
    page = await agent.read("/console/customers/c1")
    assert "The objection is lifted." in page
    assert "Nothing is suppressed." in page
    assert await one.reason("RUN-42", shopper) != "objection.shop"


async def lift(agent: Agent) -> None:
    page = (await agent.http.get("/console/customers/c1")).text
    found = re.search(r'name="objection" value="([^"]+)"', page)
    assert found
    await agent.submit("/console/objections/lift", customer="c1", objection=found[1])


async def test_an_item_is_not_offered_again_from_the_card_of_its_offer(
    one: LiveServer, agent: Agent
) -> None:
    shopper = await one.known("c1")
    await shopper.view("RUN-42", 30)
    await shopper.offered()
    assert "Do not offer it again" in await agent.read("/console/customers/c1")
    await agent.submit("/console/objections", customer="c1", sku="RUN-42", days="lifted")
    await shopper.expect("withdraw")
    page = await agent.read("/console/customers/c1")
    assert "The item is not offered to the customer any more." in page
    assert (
        "Aero Runner (all variants) : the customer asked not to be offered it, until it is lifted"
        in page
    )
    assert "Offers are made, but not of what is listed as suppressed." in page
    await lift(agent)
    assert "Nothing is suppressed." in await agent.read("/console/customers/c1")


@pytest.mark.parametrize(
    ("form", "status", "words"),
    [
        ({"days": "2"}, 422, "Choose for how long"),
        ({}, 422, "Choose for how long"),
        ({"days": "7", "customer": "nobody"}, 404, "Nothing is known about this customer"),
        ({"days": "7", "sku": " "}, 422, "The item is missing"),
        ({"days": "7", "sku": "RUN-999"}, 404, "RUN-999"),
    ],
)
async def test_an_objection_that_cannot_be_stated_says_why(
    one: LiveServer, agent: Agent, form: Mapping[str, str], status: int, words: str
) -> None:
    await one.facts(case("k-1", "c1", "question"))
    answer = await agent.submit("/console/objections", **{"customer": "c1", **form})
    assert (answer.status_code, words in answer.text) == (status, True)


async def test_an_objection_of_the_shops_systems_is_shown_and_not_lifted(
    one: LiveServer, agent: Agent
) -> None:
    await one.facts({"type": "objection", "objection": "n-1", "customer": "c1"})
    page = await agent.read("/console/customers/c1")
    assert "the customer asked for no offers, until it is lifted" in page
    assert "Lift" not in page
    answer = await agent.submit("/console/objections/lift", customer="c1", objection="n-1")
    assert (answer.status_code, "which must lift it" in answer.text) == (404, True)
