"""The page that stops all offers: what it says is what shoppers and the checkout see."""

from support.console_client import Agent
from support.live_server import LiveServer
from tactful.console.stop_pages import MAX_REASON


async def stop(agent: Agent, reason: str = "a wrong price") -> None:
    answer = await agent.submit("/console/stop", reason=reason, confirm="yes")
    assert answer.headers["location"] == "/console/stop"


async def test_a_stop_withdraws_standing_offers_and_honours_accepted_ones(
    one: LiveServer, agent: Agent
) -> None:
    looking, buying = await one.shopper(), await one.shopper()
    for shopper in (looking, buying):
        await shopper.view("RUN-42", 30)
    offer = await looking.offered()
    token = await buying.accept((await buying.offered())["id"])
    page = await agent.read("/console/stop")
    assert "Offers on the screens of shoppers end at once: 1 now." in page
    assert "the checkout honours them: 1 now." in page
    await stop(agent)
    withdrawn = await looking.expect("withdraw")
    assert withdrawn["offer"] == offer["id"]
    page = await agent.read("/console/rules")
    assert "All offers are stopped since 2026-03-10" in page
    assert "by Ada: a wrong price End the stop" in page
    assert await one.reason("RUN-42", looking) == "offers.stopped"
    assert (await one.redeem(token, "o1")).status_code == 200
    await one.advance(3_600)
    newcomer = await one.shopper()
    await newcomer.view("RUN-42", 60)
    await newcomer.nothing()


async def test_a_stop_outlives_a_restart_and_ends_on_the_page(
    one: LiveServer, agent: Agent
) -> None:
    await stop(agent)
    await one.restart()
    async with Agent(one) as later:
        await later.log_in(name="Bo")
        assert "by Ada: a wrong price" in await later.read("/console")
        assert (await later.submit("/console/stop/end")).status_code == 422
        answer = await later.submit("/console/stop/end", confirm="yes")
        assert answer.headers["location"] == "/console"
        page = await later.read("/console")
        assert "The stop has ended, and offers are made again." in page
        assert "All offers are stopped" not in page
        await later.submit("/console/stop/end", confirm="yes")
        assert "The offers were not stopped." in await later.read("/console")
    shopper = await one.shopper()
    await shopper.view("RUN-42", 30)
    assert await shopper.offered()


async def test_a_second_stop_keeps_the_first_one(one: LiveServer, agent: Agent) -> None:
    await stop(agent)
    await stop(agent, "another")
    page = await agent.read("/console/stop")
    assert "All offers had been stopped already. Nothing was changed." in page
    assert ": a wrong price" in page


async def test_a_stop_needs_a_reason_and_a_confirmation(one: LiveServer, agent: Agent) -> None:
    for form in (
        {"confirm": "yes"}, {"reason": " ", "confirm": "yes"}, {"reason": "x"},
        {"reason": "x" * (MAX_REASON + 1), "confirm": "yes"},
    ):  # fmt: skip
        assert (await agent.submit("/console/stop", **form)).status_code == 422
    assert one.parts.shop.state.active_rulebook.stop is None


async def test_pages_of_customers_say_that_nothing_is_offered(
    one: LiveServer, agent: Agent
) -> None:
    await one.facts({"type": "customer", "customer": "c1", "name": "Lotte"})
    await stop(agent)
    page = await agent.read("/console/customers/c1")
    assert "No offers are made to anybody: all offers are stopped." in page


async def test_the_reason_is_shown_as_text(one: LiveServer, agent: Agent) -> None:
    await stop(agent, "<img src=x onerror=alert(1)>")
    answer = await agent.http.get("/console")
    assert "<img src=x" not in answer.text
    assert "&lt;img src=x" in answer.text
