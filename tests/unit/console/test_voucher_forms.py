"""An agent issues a voucher on the page of a customer or case, and sees what became of it."""

import re

import pytest

from journeys.fixture import CATALOGUE, case, order, rules
from support.console_client import Agent
from support.live_server import ORIGIN, LiveServer
from tactful.console.login import Login
from tactful.console.rendering import PageError
from tactful.console.voucher_forms import limits_of, read_request
from tactful.core.facts.customer_facts import RemedyValue
from tactful.core.rules.policy import Policy
from tactful.runtime.security.operator_accounts import Role

VOUCHERS = "  - {id: V, remedy: true}\n"
FORM = {"customer": "c1", "value": "10.00 EUR", "cause": "order:o-1", "days": "30"}


async def code_on(agent: Agent, page: str = "/console/customers/c1") -> str:
    found = re.search(r'name="code" value="([^"]+)"', (await agent.http.get(page)).text)
    assert found
    return found[1]


async def test_a_voucher_that_no_rule_would_show_has_no_form_and_is_refused(
    one: LiveServer, agent: Agent
) -> None:
    await one.reload(rules(extra=VOUCHERS))
    await one.facts(order("o-1", "c1", "TRAIL-42"))
    code = await code_on(agent)
    await agent.submit("/console/rules/V/pause")
    assert "No active rule shows vouchers" in await agent.read("/console/customers/c1")
    refused = await agent.submit("/console/remedies", code=code, **FORM)
    assert (refused.status_code, "would never see it" in refused.text) == (422, True)


async def test_no_voucher_is_issued_while_all_offers_are_stopped(
    one: LiveServer, agent: Agent
) -> None:
    await one.reload(rules(extra=VOUCHERS))
    await one.facts(order("o-1", "c1", "TRAIL-42"))
    code = await code_on(agent)
    await agent.submit("/console/stop", reason="a wrong price", confirm="yes")
    assert "A voucher is not shown while all offers are stopped" in await agent.read(
        "/console/customers/c1"
    )
    refused = await agent.submit("/console/remedies", code=code, **FORM)
    assert (refused.status_code, "All offers are stopped" in refused.text) == (422, True)
    assert await one.parts.shop.ledger.facts_about([("customer", "c1")], ["remedy"]) == []


async def test_a_voucher_is_issued_with_a_text_for_the_reply(one: LiveServer, agent: Agent) -> None:
    await one.reload(rules(extra=VOUCHERS))
    await one.facts(order("o-1", "c1", "TRAIL-42"), case("k-1", "c1", order="o-1", kind="late"))
    code = await code_on(agent)
    page = await agent.read("/console/customers/c1")
    assert "Shown by rule V. Your limit: 25.00 CHF, 25.00 EUR, 25.00 GBP, 25.00 USD" in page
    form = FORM | {"cause": "case:k-1", "code": code}
    answer = await agent.submit("/console/remedies", **form)
    assert answer.headers["location"] == "/console/customers/c1"
    page = await agent.read(answer.headers["location"])
    assert "The voucher is issued. The customer is not in the shop now" in page
    assert "10.00 EUR for k-1 can be used until 2026-04-09 12:00:00 UTC" in page
    assert f"We have a voucher of 10.00 EUR for you ({code}). Log in at {ORIGIN}/ before" in page
    assert f"Ada stated a fact {code} voucher of 10.00 EUR for a case" in page
    again = await agent.submit("/console/remedies", **form)
    assert "had been issued already" in await agent.read(again.headers["location"])
    assert len(await one.parts.shop.ledger.facts_about([("customer", "c1")], ["remedy"])) == 1


async def test_a_customer_who_is_here_sees_the_voucher_and_uses_it_once(
    one: LiveServer, agent: Agent
) -> None:
    await one.reload(rules(extra=VOUCHERS))
    await one.facts(*CATALOGUE, order("o-1", "c1", "TRAIL-42"))
    shopper = await one.known("c1")
    await shopper.view("RUN-42", 1)
    answer = await agent.submit("/console/remedies", code=await code_on(agent), **FORM)
    assert "the customer sees it in the shop now" in await agent.read(answer.headers["location"])
    token = await shopper.accept((await shopper.offered())["id"])
    assert "10.00 EUR for o-1 accepted until" in await agent.read("/console/customers/c1")
    assert (await one.redeem(token, "o-2", customer="c1")).status_code == 200
    assert "10.00 EUR for o-1 used until" in await agent.read("/console/customers/c1")


async def test_a_voucher_above_the_limit_is_refused_with_the_limit(
    one: LiveServer, agent: Agent
) -> None:
    await one.reload(rules(extra=VOUCHERS))
    await one.facts(order("o-1", "c1", "TRAIL-42"))
    for value, limit in (("999999.00 EUR", "25.00 EUR"), ("100 %", "20%"), ("1.00 JPY", None)):
        form = FORM | {"value": value, "code": await code_on(agent)}
        answer = await agent.submit("/console/remedies", **form)
        assert answer.status_code == 422
        assert limit is None or f"above your limit of {limit}" in answer.text
    assert "No vouchers." in await agent.read("/console/customers/c1")


async def test_the_example_of_the_form_has_the_currency_of_the_latest_order(
    one: LiveServer, agent: Agent
) -> None:
    await one.reload(rules(extra=VOUCHERS))
    line = {"sku": "TRAIL-42", "qty": 1, "unit": {"amount": 900, "currency": "GBP"}}
    at = "2026-03-10T11:00:00Z"
    await one.facts(order("o-1", "c1", "TRAIL-42"), order("o-2", "c1", placed_at=at, lines=[line]))
    assert 'placeholder="10.00 GBP"' in (await agent.http.get("/console/customers/c1")).text


@pytest.mark.parametrize(
    ("role", "has_account", "largest"),
    [
        ("agent", True, 2500),
        ("merchandiser", True, 5000),
        ("owner", True, None),
        ("owner", False, 2500),
    ],
)
def test_each_role_has_its_limits_and_the_server_key_those_of_an_agent(
    role: Role, has_account: bool, largest: int | None
) -> None:
    limits = limits_of(Login("Ada", "csrf", 0, role=role, has_account=has_account), Policy())
    assert (limits and limits.money["EUR"]) == largest


def test_a_form_is_read() -> None:
    assert read_request(FORM).value == RemedyValue(amount=1000, currency="EUR")
    found = read_request(FORM | {"value": " 15 %", "cause": "case:k:1", "days": "1", "code": "V"})
    assert (found.value, found.cause, found.cause_id, found.days, found.code) == (
        RemedyValue(percent_bp=1500), "case", "k:1", 1, "V",
    )  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [
        {"value": "10"},
        {"value": "ten EUR"},
        {"value": "0 %"},
        {"value": "101 %"},
        {"value": "-1.00 EUR"},
        {"value": "0.00 EUR"},
        {"value": ""},
        {"cause": "nothing"},
        {"cause": "case:"},
        {"days": "0"},
        {"days": "366"},
        {"days": "²"},
    ],
)
def test_a_form_with_a_wrong_field_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(PageError):
        read_request(FORM | wrong)
