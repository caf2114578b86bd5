"""Every act on the console leaves one entry with its values, which a page shows and exports."""

import csv
import io
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from journeys.fixture import CATALOGUE, case, order, rules
from support.console_client import Agent
from support.live_server import LiveServer, live_server
from tactful.console.audit_pages import COLUMNS, ROWS, csv_line, read_filter
from tactful.console.audit_words import ACT_WORDS, ACTS
from tactful.console.rendering import PageError
from tactful.runtime.ports.operator_actions import ActionFilter, AuditEntry, OperatorAction
from tactful.runtime.security.operator_accounts import OperatorAccounts
from tactful.runtime.security.passwords import PasswordHasher
from unit.console.test_permissions import ROUTES

PASSWORD = "correct horse battery"
UNCHANGING = {"POST /console/find", "POST /console/logout"}
"""Forms that change nothing of the shop or of an account."""
OF_ACCOUNTS = {route for route in ROUTES if route.startswith("POST /console/account")}
"""Forms of the own account; `test_account_pages.py` and the test below try them."""


async def entries(one: LiveServer) -> list[AuditEntry]:
    return await one.parts.shop.ledger.audit_entries(ActionFilter())


async def offer_of(one: LiveServer) -> str:
    shopper = await one.known("customer-1")
    await shopper.view("RUN-42", 30)
    return str((await shopper.offered())["id"])


async def hidden(agent: Agent, page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', (await agent.http.get(page)).text)
    assert found, page
    return found[1]


async def objection(_: LiveServer, agent: Agent) -> dict[str, str]:
    await agent.submit("/console/objections", customer="c1", days="7")
    return {"objection": await hidden(agent, "/console/customers/c1", "objection")}


async def voucher(_: LiveServer, agent: Agent) -> dict[str, str]:
    return {"code": await hidden(agent, "/console/customers/c1", "code")}


async def recalled(_: LiveServer, agent: Agent) -> dict[str, str]:
    await agent.submit("/console/recalls", sku="RUN-42", confirm="yes")
    return {}


async def paused(_: LiveServer, agent: Agent) -> dict[str, str]:
    await agent.submit("/console/rules/R1/pause")
    return {}


async def stopped(_: LiveServer, agent: Agent) -> dict[str, str]:
    await agent.submit("/console/stop", reason="a wrong price", confirm="yes")
    return {}


async def changed_rules(one: LiveServer, agent: Agent) -> dict[str, str]:
    await one.reload(rules(percent="9%", extra="  - {id: V, remedy: true}\n"))
    return {"version": await hidden(agent, "/console/rulebook/rollback", "version")}


async def no_holdout(one: LiveServer, _: Agent) -> dict[str, str]:
    await one.reload(rules().partition("policy:")[0])
    return {}


async def token(one: LiveServer, agent: Agent) -> dict[str, str]:
    await agent.submit("/console/tokens", name="Feed", life="30", **{"facts:write": "yes"})
    (made, *_) = await entries(one)
    return {"token": made.action.subject}


async def bo(one: LiveServer, agent: Agent) -> dict[str, str]:
    accounts = OperatorAccounts(one.parts.shop.state.keys.folder, one.parts.shop.clock)
    accounts.join(accounts.invite("Bo", "agent"), await PasswordHasher().digest(PASSWORD))
    return {}


async def suspended(one: LiveServer, agent: Agent) -> dict[str, str]:
    await bo(one, agent)
    await agent.submit("/console/operators/suspend", name="Bo")
    return {}


async def alert(one: LiveServer, _: Agent) -> dict[str, str]:
    await one.parts.shop.alerts.check()
    return {"alert": one.parts.shop.alerts.unresolved()[0].id}


async def offer(one: LiveServer, _: Agent) -> dict[str, str]:
    return {"offer": await offer_of(one)}


Values = dict[str, str]
Prepare = Callable[[LiveServer, Agent], Awaitable[Values]]
FIRST_RULE = {"id": "first-offer", "percent": "10", "margin": "20", "stock": "5", "dwell": "30", "count": "100", "category": ""}  # fmt: skip
ACTED: dict[str, tuple[Prepare | None, dict[str, str], str, Values, Values]] = {
    "POST /console/offers/{offer}/withdraw": (
        offer, {"reason": "fraud"}, "offer.revoked", {"state": "pushed"}, {"state": "withdrawn"},
    ),
    "POST /console/alerts/{alert}/acknowledge": (
        alert, {}, "alert.acknowledged", {"state": "open"}, {"state": "acknowledged"},
    ),
    "POST /console/alerts/{alert}/snooze": (
        alert, {"duration": "1h"}, "alert.snoozed", {"state": "open"},
        {"state": "snoozed", "until": "2026-03-10T13:00:00Z"},
    ),
    "POST /console/rules/R1/pause": (
        None, {}, "rule.paused", {"state": "running"}, {"state": "paused"},
    ),
    "POST /console/rules/R1/resume": (
        paused, {}, "rule.resumed", {"state": "paused"}, {"state": "running"},
    ),
    "POST /console/rulebook/reload": (None, {}, "rulebook.reloaded", {}, {}),
    "POST /console/rulebook/rollback": (
        changed_rules, {}, "rulebook.rolled_back", {"rulebook": "*"}, {"rulebook": "*"},
    ),
    "POST /console/cases/k1/correct": (
        None, {"kind": "defect", "skus": "RUN-42"}, "case.corrected",
        {"kind": "late", "items": "none"}, {"kind": "defect", "items": "RUN-42"},
    ),
    "POST /console/remedies": (
        voucher, {"customer": "c1", "value": "10.00 EUR", "cause": "order:o-1", "days": "30"},
        "fact.stated", {},
        {"value": "10.00 EUR", "cause": "order", "expires": "2026-04-09T12:00:00Z"},
    ),
    "POST /console/objections": (
        None, {"customer": "c1", "days": "7"}, "fact.stated", {},
        {"status": "active", "items": "all", "until": "2026-03-17T12:00:00Z"},
    ),
    "POST /console/objections/lift": (
        objection, {"customer": "c1"}, "fact.stated", {"status": "active"}, {"status": "lifted"},
    ),
    "POST /console/recalls": (
        None, {"sku": "RUN-42", "confirm": "yes"}, "fact.stated", {},
        {"status": "active", "items": "RUN-42"},
    ),
    "POST /console/recalls/lift": (
        recalled, {"recall": "console:RUN-42"}, "fact.stated",
        {"status": "active"}, {"status": "lifted"},
    ),
    "POST /console/start/rule": (
        None, FIRST_RULE, "rulebook.reloaded", {"rulebook": "*"}, {"rulebook": "*"},
    ),
    "POST /console/start/holdout": (
        no_holdout, {}, "rulebook.reloaded", {"rulebook": "*"}, {"rulebook": "*"},
    ),
    "POST /console/stop": (
        None, {"reason": "a wrong price", "confirm": "yes"}, "offers.stopped",
        {"offers": "made"}, {"offers": "stopped"},
    ),
    "POST /console/stop/end": (
        stopped, {"confirm": "yes"}, "offers.started", {"offers": "stopped"}, {"offers": "made"},
    ),
    "POST /console/tokens": (
        None, {"name": "Feed", "life": "30", "facts:write": "yes"}, "token.issued", {},
        {"scopes": "facts:write", "ends": "2026-04-09T12:00:00Z"},
    ),
    "POST /console/tokens/revoke": (token, {}, "token.revoked", {"scopes": "facts:write"}, {}),
    "POST /console/operators": (
        None, {"name": "Bo", "role": "agent"}, "operator.invited", {},
        {"role": "agent", "state": "invited"},
    ),
    "POST /console/operators/invite-again": (bo, {"name": "Bo"}, "operator.invited", {}, {}),
    "POST /console/operators/role": (
        bo, {"name": "Bo", "role": "viewer"}, "operator.changed",
        {"role": "agent"}, {"role": "viewer"},
    ),
    "POST /console/operators/second-factor": (
        None, {"agent": "yes"}, "operator.changed", {"required_of": "none"},
        {"required_of": "agent"},
    ),
    "POST /console/operators/suspend": (
        bo, {"name": "Bo"}, "operator.changed", {"state": "active"}, {"state": "suspended"},
    ),
    "POST /console/operators/resume": (
        suspended, {"name": "Bo"}, "operator.changed", {"state": "suspended"}, {"state": "active"},
    ),
}  # fmt: skip
"""Form → what comes before, its fields, the act, and the values before and after; `*`: some."""


def test_every_form_of_the_console_is_in_the_table() -> None:
    forms = {route for route in ROUTES if route.startswith("POST ")} - UNCHANGING - OF_ACCOUNTS
    named = (
        re.sub(r"/(cases)/k1/", r"/\1/{id:path}/", route)
        .replace("/R1/", "/{id}/")
        .replace("{offer}", "{id}")
        .replace("{alert}", "{id}")
        for route in ACTED
    )
    assert set(named) == forms


@pytest.mark.parametrize("route", ACTED)
async def test_every_act_leaves_one_entry_with_its_values(
    one: LiveServer, agent: Agent, route: str
) -> None:
    prepare, form, act, before, after = ACTED[route]
    await one.facts(order("o-1", "c1", "TRAIL-42"), case("k1", "c1", "late"))
    await one.reload(rules(extra="  - {id: V, remedy: true}\n"))
    found = await prepare(one, agent) if prepare else {}
    known = len(await entries(one))
    path = route.removeprefix("POST ").format(**found)
    answer = await agent.submit(path, **form, **found)
    assert answer.status_code in {200, 303}, answer.text
    (made, *earlier) = await entries(one)
    assert len(earlier) == known
    action = made.action
    assert (action.who, action.act, action.role) == ("Ada", act, "server key")
    for shown, expected in ((action.before, before), (action.after, after)):
        assert shown.keys() == expected.keys()
        assert all(expected[name] in {"*", value} for name, value in shown.items())


async def test_a_voucher_and_an_ended_offer_have_their_amounts(
    one: LiveServer, agent: Agent
) -> None:
    await one.facts(order("o-1", "c1", "TRAIL-42"))
    await one.reload(rules(extra="  - {id: V, remedy: true}\n"))
    offer = await offer_of(one)
    held = (await one.parts.shop.ledger.offer(offer)).hold  # type: ignore[union-attr]
    await agent.submit(f"/console/offers/{offer}/withdraw", reason="fraud")
    code = await hidden(agent, "/console/customers/c1", "code")
    form = {"customer": "c1", "value": "10.00 EUR", "cause": "order:o-1", "days": "30"}
    await agent.submit("/console/remedies", code=code, **form)
    (voucher, ended, *_) = [made.action for made in await entries(one)]
    assert (voucher.amount, voucher.currency, voucher.customer) == (1000, "EUR", "c1")
    assert (ended.amount, ended.currency) == (held, "EUR")
    page = await agent.read("/console/audit")
    assert "10.00 EUR" in page
    assert "ended an offer" in page


async def test_the_role_is_the_one_of_then_and_an_agent_sees_the_own_acts(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one, Agent(one) as ann, Agent(one) as eve:
        await one.facts(*CATALOGUE, order("o-1", "c1", "TRAIL-42"))
        accounts = OperatorAccounts(one.parts.shop.state.keys.folder, one.parts.shop.clock)
        for name, role in (("Ann", "owner"), ("Eve", "agent")):
            code = accounts.invite(name, role)  # type: ignore[arg-type]
            accounts.join(code, await PasswordHasher().digest(PASSWORD))
        await ann.log_in(key=PASSWORD, name="Ann")
        await eve.log_in(key=PASSWORD, name="Eve")
        await ann.submit("/console/rules/R1/pause")
        await eve.submit("/console/objections", customer="c1", days="7")
        assert [(made.action.who, made.action.role) for made in await entries(one)] == [
            ("Eve", "agent"),
            ("Ann", "owner"),
        ]
        own = await eve.read("/console/audit?who=Ann")
        assert "stated a fact" in own
        assert "Ann" not in own
        exported = (await eve.http.get("/console/audit.csv?who=Ann")).text
        assert "Ann" not in exported
        assert "paused a rule" in await ann.read("/console/audit?who=Ann")


async def test_the_filter_narrows_the_page_and_the_export(one: LiveServer, agent: Agent) -> None:
    await agent.submit("/console/rules/R1/pause")
    await agent.submit("/console/rules/R1/resume")
    page = (await agent.http.get("/console/audit?act=rule.resumed")).text
    assert page.count('id="entry-') == 1
    assert 'href="/console/audit.csv?act=rule.resumed"' in page
    answer = await agent.http.get("/console/audit.csv?act=rule.resumed")
    assert "attachment" in answer.headers["content-disposition"]
    (head, row) = list(csv.reader(io.StringIO(answer.text)))
    assert tuple(head) == COLUMNS
    assert dict(zip(head, row, strict=True)) == {
        "number": "2", "at": "2026-03-10T12:00:00Z", "who": "Ada", "role": "server key",
        "act": "rule.resumed", "subject": "R1", "customer": "", "detail": "",
        "before": "state=paused", "after": "state=running", "amount": "", "currency": "",
    }  # fmt: skip
    assert "There is no such entry." in await agent.read("/console/audit?to=2026-03-09")
    assert (await agent.http.get("/console/audit?from=yesterday")).status_code == 400


async def test_older_entries_are_on_the_next_pages_and_all_are_exported(
    one: LiveServer, agent: Agent
) -> None:
    for number in range(2 * ROWS + 1):
        await one.parts.shop.ledger.record_operator_action(
            OperatorAction(at=number, who="Bo", act="rule.paused", subject=f"r{number}")
        )
    seen, path = [], "/console/audit?who=Bo"
    for _ in range(3):
        page = (await agent.http.get(path)).text
        seen += re.findall(r'id="entry-(\d+)"', page)
        older = re.search(r'href="(/console/audit\?[^"]+)"', page)
        path = older[1].replace("&amp;", "&") if older else ""
    assert path == ""
    assert len(seen) == len(set(seen)) == 2 * ROWS + 1
    exported = (await agent.http.get("/console/audit.csv")).text
    assert len(exported.splitlines()) == 2 * ROWS + 2


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx"])
def test_a_spreadsheet_computes_no_cell_of_an_export(text: str) -> None:
    assert csv_line([text, None, "a,b"]).startswith(("'", "\"'"))


def test_a_day_of_the_filter_is_one_of_the_shops_zone() -> None:
    given: dict[str, Any] = dict.fromkeys(("who", "act", "subject", "customer"), "")
    found = read_filter(given | {"from": "2026-03-10", "to": "2026-03-10"}, "Europe/Berlin")
    assert (found.since, found.until) == (1_773_097_200_000, 1_773_183_600_000)
    with pytest.raises(PageError):
        read_filter(given | {"from": "10.03.2026", "to": ""}, "UTC")


def test_every_act_has_words() -> None:
    assert set(ACT_WORDS) == set(ACTS)
