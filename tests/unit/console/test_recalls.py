"""The list of recalls, and what the console may lift."""

from typing import Any

import pytest

from support.console_client import Agent
from support.live_server import LiveServer
from tactful.console.recalls import active_recalls

OF_THE_SHOP = {"type": "recall", "recall": "R-9", "skus": ["RUN-42"], "status": "active"}


async def recall(agent: Agent, sku: str = "RUN-42", **more: Any) -> None:
    answer = await agent.submit("/console/recalls", sku=sku, confirm="yes", **more)
    assert answer.headers["location"] == "/console/recalls"


async def test_an_item_is_recalled_without_naming_a_shopper(one: LiveServer, agent: Agent) -> None:
    shopper = await one.shopper()
    await shopper.view("RUN-42", 30)
    offer = await shopper.offered()
    page = await agent.read("/console/recalls", sku="RUN-42")
    assert "End now: offers shown 1, offers accepted 0" in page
    refused = await agent.submit("/console/recalls", sku="RUN-42")
    assert (refused.status_code, "not confirmed" in refused.text) == (422, True)
    await recall(agent)
    assert (await shopper.expect("withdraw"))["offer"] == offer["id"]
    page = await agent.read("/console/recalls")
    assert "The item is recalled." in page
    assert "RUN-42 console:RUN-42" in page
    assert " Ada Lift" in page


async def test_a_recall_that_was_made_here_is_lifted_here(one: LiveServer, agent: Agent) -> None:
    await recall(agent)
    shopper = await one.shopper()
    assert await one.reason("RUN-42", shopper) == "recall"
    await agent.submit("/console/recalls/lift", recall="console:RUN-42")
    page = await agent.read("/console/recalls")
    assert "The recall is lifted. The item can be offered again." in page
    assert "No recall is active." in page
    assert await one.reason("RUN-42", shopper) != "recall"
    again = await agent.submit("/console/recalls/lift", recall="console:RUN-42")
    assert again.status_code == 404


async def test_a_recall_of_the_shops_systems_is_listed_and_not_lifted(
    one: LiveServer, agent: Agent
) -> None:
    await one.facts(OF_THE_SHOP)
    page = await agent.read("/console/recalls")
    assert "R-9" in page
    assert "the shop's systems, which report it as lifted" in page
    refused = await agent.submit("/console/recalls/lift", recall="R-9")
    assert (refused.status_code, "Lift it there" in refused.text) == (422, True)
    assert [each.id for each in await active_recalls(one.parts.shop)] == ["R-9"]


async def test_a_lifted_recall_says_that_another_one_holds(one: LiveServer, agent: Agent) -> None:
    await one.facts(OF_THE_SHOP)
    await recall(agent)
    await agent.submit("/console/recalls/lift", recall="console:RUN-42")
    assert "The item has another recall" in await agent.read("/console/recalls")


async def test_an_explanation_names_the_recall_first(one: LiveServer, agent: Agent) -> None:
    await one.facts(OF_THE_SHOP)
    shopper = await one.shopper()
    page = await agent.read("/console/why", sku="RUN-42", session=shopper.session)
    assert page.index("RUN-42 is recalled (R-9): nothing is offered for it.") < page.index("R1")


async def test_an_unknown_item_is_not_recalled(one: LiveServer, agent: Agent) -> None:
    for answer in (
        await agent.http.get("/console/recalls", params={"sku": "RUN-43x"}),
        await agent.submit("/console/recalls", sku="RUN-43x", confirm="yes"),
    ):
        assert (answer.status_code, "Did you mean RUN-4" in answer.text) == (404, True)
    assert await active_recalls(one.parts.shop) == []


async def test_every_recall_is_listed_however_many_there_are(
    one: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tactful.console.recalls.PAGE_OF_FACTS", 2)
    for number in range(5):
        await one.facts({**OF_THE_SHOP, "recall": f"R-{number}"})
    await one.facts({**OF_THE_SHOP, "recall": "R-3", "status": "lifted"})
    found = await active_recalls(one.parts.shop)
    assert sorted(each.id for each in found) == ["R-0", "R-1", "R-2", "R-4"]
