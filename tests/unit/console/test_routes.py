"""The pages of the console show feeds, budgets, customers, offers and decisions."""

from pathlib import Path
from urllib.parse import quote

import pytest

from journeys.fixture import CATALOGUE, case, order, rules
from support.console_client import Agent, visible_text
from support.live_server import LiveServer, live_server

EVIL = "<img src=x onerror=alert(1)>{{7*7}}"


async def test_the_overview_shows_feeds_budgets_and_decisions(
    one: LiveServer, agent: Agent
) -> None:
    shopper = await one.shopper()
    await shopper.view("RUN-42", 30)
    await shopper.offered()
    page = await agent.read("/console")
    assert "1 session connected, 1 in memory" in page
    assert "1 rule active, 0 paused" in page
    assert "stock 30s ago none not watched" in page
    assert "C in total 19.35 EUR 0.00 EUR 500.00 EUR 3 %" in page
    assert "Aero Runner RUN-42 109.65 EUR pushed R1 an anonymous shopper" in page


async def test_a_stale_feed_is_shown_on_the_overview(tmp_path: Path) -> None:
    text = rules(policy="  max_age: {stock: 15m}")
    async with live_server(tmp_path, text) as one, Agent(one) as agent:
        await one.facts(*CATALOGUE)
        await agent.log_in()
        await one.advance(16 * 60)
        page = await agent.read("/console")
        assert "stock 16m ago 15m stale: nothing is offered" in page
        assert "feed.stale (stock)" in page
        assert "The next fact or heartbeat is enough." in page
        (alert,) = [each for each in one.parts.shop.alerts.unresolved() if each.subject]
        await one.parts.shop.alerts.acknowledge(alert.id, "Ada")
        assert "Acknowledged by Ada." in await agent.read("/console")


async def test_what_an_alert_measured_is_shown_and_its_codes_are_set_as_code(
    one: LiveServer, agent: Agent
) -> None:
    await one.http.post("/v1/facts", json=[{"type": "price"}])
    html = (await agent.http.get("/console")).text
    assert "Look at <code>code</code>." in html
    assert "<code>code</code>: fact.invalid, <code>facts</code>: 1" in html
    assert "`" not in html


async def test_a_customer_page_shows_the_session_and_the_taints(
    one: LiveServer, agent: Agent
) -> None:
    await one.facts(
        {"type": "customer", "customer": "c1", "tier": "gold"},
        order("o-1", "c1", "TRAIL-42"),
        case("k-1", "c1", skus=["TRAIL-42"], kind="defect", opened_at="2026-03-09T12:00:00Z"),
    )
    shopper = await one.shopper(consent="personal", identity=one.identity("c1"))
    await shopper.view("BOOT-42")
    await shopper.view("RUN-42", 30)
    page = await agent.read("/console/customers/c1")
    assert "Tier gold" in page
    assert "connected" in page
    assert "Current item Aero Runner RUN-42" in page
    assert "Velo Trail (all variants) : a complaint about it is open, while this is open" in page


async def test_an_anonymous_session_has_a_page_too(one: LiveServer, agent: Agent) -> None:
    shopper = await one.shopper()
    await shopper.view("RUN-42", 30)
    offer = await shopper.offered()
    page = await agent.read(f"/console/sessions/{shopper.session}")
    assert "An anonymous shopper" in page
    assert "Aero Runner for 109.65 EUR" in page
    assert "Offers shown 1 time" in page
    page = await agent.read("/console/find", q=offer["id"])
    assert "Public price when offered 129.00 EUR, shown as “was” 129.00 EUR" in page
    assert "Reserved 19.35 EUR, campaign C" in page


@pytest.mark.parametrize("path", ["customers/nobody", "sessions/se_x", "offers/of_x", "nowhere"])
async def test_an_unknown_id_gives_an_error_page(agent: Agent, path: str) -> None:
    answer = await agent.http.get(f"/console/{path}")
    assert answer.status_code == 404
    assert "<h1>Not found</h1>" in answer.text
    assert "Times are those of" not in answer.text, "the page shows no time"


async def test_why_shows_every_gate_with_what_would_change_it(
    one: LiveServer, agent: Agent
) -> None:
    shopper = await one.shopper()
    await shopper.view("RUN-42", 10)
    page = await agent.read("/console/why", sku="RUN-42", session=shopper.session)
    assert "R1 withheld the shopper has not looked at it long enough timing.wait" in page
    assert "The shopper has not looked at it long enough timing.wait" in page
    assert "the shopper stays, pauses and looks; by itself at 2026-03-10 12:00:30 UTC" in page
    await one.advance(20)
    page = await agent.read("/console/why", sku="RUN-42", session=shopper.session)
    assert "R1 standing" in page
    then = "2026-03-10T12:00:10Z"
    page = await agent.read("/console/why", sku="RUN-42", session=shopper.session, at=then)
    assert "R1 withheld" in page


async def test_pages_write_and_read_times_in_the_zone_of_the_shop(
    one: LiveServer, agent: Agent
) -> None:
    assert "Times are those of UTC." in await agent.read("/console")
    await one.reload(rules(policy="  timezone: Europe/Berlin"))
    shopper = await one.shopper()
    await shopper.view("RUN-42", 10)
    page = await agent.read("/console/why", sku="RUN-42", session=shopper.session)
    assert "by itself at 2026-03-10 13:00:30 CET" in page
    assert "Times are those of Europe/Berlin." in page
    await one.advance(20)
    for then in ("2026-03-10 13:00:10", "2026-03-10T12:00:10Z"):
        page = await agent.read("/console/why", sku="RUN-42", session=shopper.session, at=then)
        assert "2026-03-10 13:00:10 CET, rulebook" in page
        assert "R1 withheld" in page


async def test_an_explanation_needs_an_item_and_a_shopper(agent: Agent) -> None:
    assert "for one shopper and one item" in await agent.read("/console/why")
    answer = await agent.http.get("/console/why", params={"sku": "RUN-42", "session": "se_x"})
    assert answer.status_code == 404
    query = {"sku": "RUN-42", "customer": "c1", "at": "yesterday"}
    assert (await agent.http.get("/console/why", params=query)).status_code == 400


async def test_rules_that_were_refused_are_shown_with_their_place(
    one: LiveServer, agent: Agent
) -> None:
    await one.reload(rules().replace("session.dwell", "session.dwel"))
    page = await agent.read("/console/rules")
    assert "rules.yaml:" in page
    assert "R203" in page
    assert "did you mean 'session.dwell'?" in page
    assert "The rule files have errors. The previous rulebook stays active" in await agent.read(
        "/console"
    )


async def test_text_from_shops_and_operators_is_escaped(one: LiveServer, agent: Agent) -> None:
    evil = {**CATALOGUE[0], "title": EVIL, "version": 9}
    await one.facts(
        evil,
        {"type": "customer", "customer": EVIL, "tier": EVIL, "segments": [EVIL]},
        order(EVIL, EVIL, "RUN-43"),
        case(EVIL, EVIL, "defect", skus=["TRAIL-42"]),
    )
    shopper = await one.shopper(consent="personal", identity=one.identity(EVIL))
    await shopper.view("RUN-42", 30)
    await agent.log_in(name=EVIL)
    pages = [
        "/console",
        "/console/decisions",
        f"/console/cases/{quote(EVIL, safe='')}",
        f"/console/customers/{quote(EVIL, safe='')}",
        f"/console/why?sku={EVIL}&customer=c1",
    ]
    for path in [*pages, f"/console/sessions/{shopper.session}"]:
        answer = await agent.http.get(path)
        assert "<img src=x" not in answer.text, path
        assert "49" not in visible_text(answer.text).replace("149", ""), path
    assert EVIL in await agent.read("/console/find", q=EVIL)


@pytest.mark.parametrize("name", ["console.css", "mark.svg"])
async def test_static_files_need_no_login(one: LiveServer, name: str) -> None:
    async with Agent(one) as stranger:
        answer = await stranger.http.get(f"/console/static/{name}")
        assert answer.status_code == 200
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("name", ["..%2fpages.py", "%2e%2e%2fauth.py", "console.css%00", "none"])
async def test_no_other_file_is_served(one: LiveServer, name: str) -> None:
    async with Agent(one) as stranger:
        assert (await stranger.http.get(f"/console/static/{name}")).status_code in {303, 404}


async def test_a_refusal_is_not_titled_as_not_found(agent: Agent) -> None:
    refused = await agent.submit("/console/remedies", customer="c1")
    assert "<h1>The request was not carried out</h1>" in refused.text


async def test_a_closed_page_is_not_a_connected_session(one: LiveServer, agent: Agent) -> None:
    shopper = await one.shopper()
    await shopper.leave()
    assert "0 sessions connected, 1 in memory" in await agent.read("/console")
