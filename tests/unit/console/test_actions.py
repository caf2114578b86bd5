"""Every action of an operator takes effect at once, and is recorded with the operator's name."""

import re

import pytest

from journeys.fixture import rules
from support.console_client import Agent
from support.live_server import LiveServer
from tactful.console.actions import SNOOZES
from tactful.console.rendering import format_instant
from tactful.runtime.ports.alert_store import Alert
from tactful.runtime.ports.ledger import LedgerFullError


@pytest.mark.parametrize("reason", ["price.error", "fraud", "customer.asked"])
async def test_an_offer_that_an_operator_ends_is_withdrawn_at_once(
    one: LiveServer, agent: Agent, reason: str
) -> None:
    shopper = await one.shopper()
    await shopper.view("RUN-42", 30)
    offer = await shopper.offered()
    answer = await agent.submit(f"/console/offers/{offer['id']}/withdraw", reason=reason)
    assert answer.headers["location"] == f"/console/offers/{offer['id']}"
    assert (await shopper.expect("withdraw"))["offer"] == offer["id"]
    assert await one.budget() == (0, 0)
    (latest, *_) = await one.decisions(offer=offer["id"])
    assert (latest["to"], latest["reason"]) == ("withdrawn", reason)
    page = await agent.read(answer.headers["location"])
    assert "The offer has ended" in page
    assert "End this offer" not in page


async def test_the_page_of_an_offer_says_which_order_holds_it_and_until_when(
    one: LiveServer, agent: Agent
) -> None:
    shopper = await one.shopper()
    await shopper.view("RUN-42", 30)
    offer = await shopper.offered()
    token = await shopper.accept(offer["id"])

    async def page() -> str:
        return await agent.read(f"/console/offers/{offer['id']}")

    await one.redeem(token, "A", hold=60)
    held = await page()
    assert "State held" in held
    assert "Order A" in held
    assert "holds the offer until" in held
    assert "End this offer" not in held
    await one.advance(60)
    assert "and was not paid" in await page()
    await one.redeem(token, "A", attempt=2)
    assert "has used the offer (payment attempt 2)" in await page()
    await one.http.post("/v1/redemptions/A/cancel")
    assert "has given the offer back (payment attempt 2)" in await page()


async def test_an_accepted_offer_that_was_ended_cannot_be_redeemed(
    one: LiveServer, agent: Agent
) -> None:
    shopper = await one.shopper()
    await shopper.view("RUN-42", 30)
    offer = await shopper.offered()
    await shopper.say("accept", offer=offer["id"])
    token = (await shopper.expect("accepted"))["token"]
    page = await agent.read(f"/console/offers/{offer['id']}")
    assert "has accepted this offer, and will not be able to use it" in page
    await agent.submit(f"/console/offers/{offer['id']}/withdraw", reason="fraud")
    answer = await one.redeem(token, "o1")
    assert (answer.status_code, answer.json()["code"]) == (409, "fraud")
    assert await one.budget() == (0, 0)


async def test_a_redeemed_offer_cannot_be_ended(one: LiveServer, agent: Agent) -> None:
    shopper = await one.shopper()
    await shopper.view("RUN-42", 30)
    offer = await shopper.offered()
    await shopper.say("accept", offer=offer["id"])
    await one.redeem((await shopper.expect("accepted"))["token"], "o1")
    answer = await agent.submit(f"/console/offers/{offer['id']}/withdraw", reason="fraud")
    assert "The offer had already ended." in await agent.read(answer.headers["location"])
    assert await one.budget() == (0, 1935)


async def test_an_offer_ends_for_a_stated_reason_only(agent: Agent) -> None:
    answer = await agent.submit("/console/offers/of_x/withdraw", reason="complaint.open")
    assert answer.status_code == 422
    answer = await agent.submit("/console/offers/of_x/withdraw", reason="fraud")
    assert answer.status_code == 404


async def stale_feed(one: LiveServer) -> Alert:
    """The alert of a feed that has become stale."""
    await one.reload(rules(policy="  max_age: {stock: 15m}"))
    await one.advance(16 * 60)
    (found,) = (alert for alert in one.parts.shop.alerts.unresolved() if alert.subject == "stock")
    return found


async def test_an_alert_is_acknowledged_in_the_name_of_the_operator(
    one: LiveServer, agent: Agent
) -> None:
    alert = await stale_feed(one)
    page = await agent.read("/console")
    assert "feed.stale (stock) open" in page
    assert "age_ms : 960000, max_age_ms : 900000" in page
    answer = await agent.submit(f"/console/alerts/{alert.id}/acknowledge")
    assert answer.headers["location"] == "/console"
    page = await agent.read("/console")
    assert "The alert is acknowledged in your name." in page
    assert "feed.stale (stock) acknowledged" in page
    assert "Acknowledged by Ada." in page
    kept = await one.parts.shop.ledger.alerts(resolved=False)
    (stored,) = [found for found in kept if found.id == alert.id]
    assert stored.acknowledged is not None
    assert stored.acknowledged.by == "Ada"


async def test_every_choice_of_the_form_lets_an_alert_rest_for_so_long(
    one: LiveServer, agent: Agent
) -> None:
    alert = await stale_feed(one)
    html = (await agent.http.get("/console")).text
    assert set(re.findall(r'<option value="(\w+)">\d+ (?:hour|days?)<', html)) == set(SNOOZES)
    for choice, length in SNOOZES.items():
        await agent.submit(f"/console/alerts/{alert.id}/snooze", duration=choice)
        until = one.parts.shop.clock.now() + length
        page = await agent.read("/console")
        assert "The alert rests." in page
        assert "feed.stale (stock) at rest" in page
        assert f"Rests until {format_instant(until, 'UTC')}." in page
    await agent.submit(f"/console/alerts/{alert.id}/snooze", duration="1h")
    await one.advance(SNOOZES["1h"] / 1000)
    page = await agent.read("/console")
    assert "feed.stale (stock) open" in page
    assert "Rests until" not in page


async def test_an_alert_that_is_not_open_or_a_wrong_time_is_refused_with_a_page(
    one: LiveServer, agent: Agent
) -> None:
    alert = await stale_feed(one)
    for duration in ("", "2h", "-1h", "9999d"):
        answer = await agent.submit(f"/console/alerts/{alert.id}/snooze", duration=duration)
        assert (answer.status_code, "Choose for how long" in answer.text) == (422, True)
    for path, fields in (("acknowledge", {}), ("snooze", {"duration": "1h"})):
        answer = await agent.submit(f"/console/alerts/al_nobody/{path}", **fields)
        assert (answer.status_code, "not open any more" in answer.text) == (404, True)
    forged = await agent.post_form(f"/console/alerts/{alert.id}/acknowledge", csrf="x")
    assert forged.status_code == 403
    elsewhere = await agent.submit(
        f"/console/alerts/{alert.id}/acknowledge", headers={"Origin": "https://evil.example"}
    )
    assert elsewhere.status_code == 403
    (known,) = [found for found in one.parts.shop.alerts.unresolved() if found.id == alert.id]
    assert (known.acknowledged, known.snoozed) == (None, None)


async def test_an_alert_cannot_be_acknowledged_while_nothing_can_be_stored(
    one: LiveServer, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(alert: Alert) -> Alert:
        raise LedgerFullError("no room")

    alert = await stale_feed(one)
    with monkeypatch.context() as patch:
        patch.setattr(one.parts.shop.ledger, "put_alert", refuse)
        answer = await agent.submit(f"/console/alerts/{alert.id}/acknowledge")
    assert (answer.status_code, "while the ledger fails" in answer.text) == (503, True)
    assert "feed.stale (stock) open" in await agent.read("/console")


async def test_a_rule_is_paused_and_resumed(one: LiveServer, agent: Agent) -> None:
    shopper = await one.shopper()
    untried = "It has made no offer in its present form."
    answer = await agent.submit("/console/rules/R1/pause")
    assert answer.headers["location"] == "/console/rules"
    await shopper.view("RUN-42", 30)
    assert await one.reason("RUN-42", shopper) == "rule.paused"
    page = await agent.read("/console/rules")
    assert "footwear@shop.example, campaign C" in page
    assert f"paused by Ada, 2026-03-10 12:00:00 UTC 0 0 0 {untried} Resume" in page
    await agent.submit("/console/rules/R1/resume")
    assert f"active 0 0 0 {untried} Pause" in await agent.read("/console/rules")
    assert (await agent.submit("/console/rules/R9/pause")).status_code == 404
    page = await agent.read("/console/decisions")
    assert "Ada resumed a rule R1" in page
    assert "Ada paused a rule R1" in page


async def test_rule_files_are_reloaded_and_rolled_back(one: LiveServer, agent: Agent) -> None:
    before = one.parts.shop.state.active_rulebook.current.version
    file = one.rules / "rules.yaml"
    answer = await agent.submit("/console/rulebook/reload")
    assert "The rule files have not changed." in await agent.read(answer.headers["location"])
    file.write_text(rules().replace("15%", "12%"))
    answer = await agent.submit("/console/rulebook/reload")
    assert "The rule files were reloaded" in await agent.read(answer.headers["location"])
    assert one.parts.shop.state.active_rulebook.current.version != before
    file.write_text("rules: no")
    answer = await agent.submit("/console/rulebook/reload")
    assert "The rule files have errors." in await agent.read(answer.headers["location"])
    answer = await agent.submit("/console/rulebook/rollback", version=before)
    assert "The previous rulebook is active again." in await agent.read(answer.headers["location"])
    assert one.parts.shop.state.active_rulebook.current.version == before


@pytest.mark.parametrize(
    "back", ["https://evil.example", "//evil.example", "/v1/facts", "/console\\x"]
)
async def test_an_action_redirects_only_to_pages_of_the_console(agent: Agent, back: str) -> None:
    answer = await agent.submit("/console/rules/R1/pause", back=back)
    assert answer.headers["location"] == "/console/rules"


async def test_a_link_shows_no_success_that_did_not_happen(agent: Agent) -> None:
    assert 'class="done"' not in (await agent.http.get("/console?done=revoked")).text


async def test_the_result_of_an_action_is_shown_once(agent: Agent) -> None:
    answer = await agent.submit("/console/rules/R1/pause")
    assert answer.headers["location"] == "/console/rules"
    assert "The rule is paused." in await agent.read("/console/rules")
    assert "The rule is paused." not in await agent.read("/console/rules")
