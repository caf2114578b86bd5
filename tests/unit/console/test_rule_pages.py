"""A rule is shown with its words, numbers, text and history; a rollback shows what it changes."""

from journeys.fixture import rules
from support.console_client import Agent
from support.live_server import LiveServer


async def test_the_list_leads_to_the_page_of_a_rule(one: LiveServer, agent: Agent) -> None:
    page = (await agent.http.get("/console/rules")).text
    assert '<a href="/console/rules/R1">The shopper hesitates over a shoe.</a>' in page
    assert "footwear@shop.example" in page
    assert "It has made no offer in its present form." in page


async def test_the_page_of_a_rule_says_what_it_does_and_what_became_of_its_offers(
    one: LiveServer, agent: Agent
) -> None:
    shopper = await one.known("customer-1")
    await shopper.view("RUN-42", 30)
    offer = await shopper.offered()
    await one.parts.shop.ledger.flush()
    page = await agent.read("/console/rules/R1")
    assert "offers 15% off" in page or "15%" in page
    assert "1 offered" in page
    assert "Pause: 1 standing offer ends" in page
    assert "customer-1" in page
    assert "- id: R1" in page
    assert "campaign: C" in page
    html = (await agent.http.get("/console/rules/R1")).text
    assert f'href="/console/offers/{offer["id"]}"' in html


async def test_the_history_names_who_changed_what_in_words(one: LiveServer, agent: Agent) -> None:
    (one.rules / "rules.yaml").write_text(rules(percent="12%"))
    await agent.submit("/console/rulebook/reload")
    await agent.submit("/console/rules/R1/pause")
    page = await agent.read("/console/rules/R1")
    assert "15%" in page.partition("Changes")[2]
    assert "Ada: paused a rule" in page
    assert "paused by Ada" in page
    assert "by Ada" in await agent.read("/console/rules")


async def test_an_unknown_rule_is_not_found(agent: Agent) -> None:
    answer = await agent.http.get("/console/rules/R9")
    assert (answer.status_code, "no rule R9" in answer.text) == (404, True)


async def test_two_versions_are_compared_in_words(one: LiveServer, agent: Agent) -> None:
    active = one.parts.shop.state.active_rulebook
    old = active.current.version
    await one.reload(rules(percent="12%"))
    page = (await agent.http.get("/console/rules")).text
    path = f"/console/rulebook/compare?from={old}&to={active.current.version}"
    assert path.replace("&", "&amp;") in page
    assert "12%" in await agent.read(path)
    assert "Both mean the same." in await agent.read(
        f"/console/rulebook/compare?from={old}&to={old}"
    )
    unknown = await agent.http.get("/console/rulebook/compare?from=x&to=y")
    assert unknown.status_code == 404


async def test_a_rollback_shows_what_it_changes_and_does_only_that(
    one: LiveServer, agent: Agent
) -> None:
    assert "There is no previous rulebook." in await agent.read("/console/rulebook/rollback")
    active = one.parts.shop.state.active_rulebook
    first = active.current.version
    await one.reload(rules(percent="12%"))
    page = await agent.read("/console/rulebook/rollback")
    assert "15%" in page
    await one.reload(rules(percent="13%"))
    second = active.current.version
    for version in ("", first):
        refused = await agent.submit("/console/rulebook/rollback", version=version)
        assert (refused.status_code, "have changed" in refused.text) == (409, True)
    assert active.current.version == second
