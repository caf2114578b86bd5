"""The panel shows the item, the open cases, the rules and the budgets of the demo."""

from collections.abc import AsyncIterator

import pytest

from support.demo_server import DemoClient, demo_client


@pytest.fixture
async def demo() -> AsyncIterator[DemoClient]:
    async with demo_client() as client:
        yield client


async def test_an_item_is_shown_with_its_price_and_stock(demo: DemoClient) -> None:
    state = await demo.state(sku="RUN-42")
    assert state["item"] == {
        "sku": "RUN-42",
        "title": "Velo Aero Runner",
        "size": "42",
        "price": 12900,
        "stock": 6,
    }
    assert (await demo.state(sku="NO-1"))["item"] is None


async def test_without_a_session_there_is_no_shopper_and_no_decision(demo: DemoClient) -> None:
    for session in ("", "se_nobody"):
        state = await demo.state(session=session, sku="RUN-42")
        assert (state["session"], state["shopper"], state["why"]) == (None, None, None)
        assert (state["cases"], state["decisions"]) == ([], [])


async def test_rules_and_budgets_are_those_of_the_active_rulebook(demo: DemoClient) -> None:
    state = await demo.state()
    assert len(state["rules"]) == 6
    assert not any(rule["paused"] for rule in state["rules"])
    assert state["budgets"] == [
        {"campaign": "everyday", "limit": 40_000, "reserved": 0, "settled": 0}
    ]
    assert state["skipped"] == 0


async def test_a_campaign_has_one_line_when_its_week_has_changed(demo: DemoClient) -> None:
    await demo.state()
    await demo.press("clock", by="90 days")
    assert [one["campaign"] for one in (await demo.state())["budgets"]] == ["everyday"]
