"""The table of roles, and a walk through every route with every role."""

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

import pytest
from starlette.routing import Route

from journeys.fixture import CATALOGUE, case, rules
from support.console_client import Agent, csrf_token
from support.live_server import LiveServer, live_server
from tactful.console.permissions import ACT_WORDS, ACTS_OF, Act, may, refusal
from tactful.console.routes import console_routes
from tactful.runtime.security.operator_accounts import ROLES, OperatorAccounts, Role
from tactful.runtime.security.passwords import PasswordHasher

PASSWORD = "correct horse battery"
PUBLIC = {
    "GET /console/login", "POST /console/login", "GET /console/join", "POST /console/join",
    "GET /console/static/{name}",
}  # fmt: skip
"""The routes that need no login."""
ROUTES: Mapping[str, Act] = {
    "GET /console": "see",
    "GET /console/rules": "see",
    "GET /console/decisions": "see",
    "GET /console/recalls": "see",
    "GET /console/offers/{id}": "see",
    "GET /console/{rest:path}": "see",
    "POST /console/logout": "own_account",
    "GET /console/account": "own_account",
    "POST /console/account/password": "own_account",
    "POST /console/account/second-factor": "own_account",
    "POST /console/account/second-factor/remove": "own_account",
    "POST /console/account/recovery-codes": "own_account",
    "POST /console/account/logins/end": "own_account",
    "POST /console/account/language": "own_account",
    "GET /console/why": "customers",
    "GET /console/find": "customers",
    "POST /console/find": "customers",
    "GET /console/customers/{id:path}": "customers",
    "GET /console/sessions/{id}": "customers",
    "GET /console/cases/{id:path}": "customers",
    "POST /console/cases/{id:path}/correct": "cases",
    "POST /console/offers/{id}/withdraw": "end_offers",
    "POST /console/objections": "objections",
    "POST /console/objections/lift": "objections",
    "POST /console/remedies": "vouchers",
    "POST /console/alerts/{id}/acknowledge": "alerts",
    "POST /console/alerts/{id}/snooze": "alerts",
    "POST /console/recalls": "recalls",
    "POST /console/recalls/lift": "recalls",
    "POST /console/rules/{id}/pause": "rules",
    "POST /console/rules/{id}/resume": "rules",
    "POST /console/rulebook/reload": "rules",
    "POST /console/rulebook/rollback": "rules",
    "GET /console/rulebook/rollback": "rules",
    "GET /console/rulebook/compare": "see",
    "GET /console/rules/{id}": "see",
    "GET /console/results": "see",
    "GET /console/audit": "end_offers",
    "GET /console/audit.csv": "end_offers",
    "GET /console/start": "see",
    "GET /console/start/events": "see",
    "POST /console/start/rule": "rules",
    "POST /console/start/holdout": "rules",
    "GET /console/stop": "stop_offers",
    "POST /console/stop": "stop_offers",
    "POST /console/stop/end": "stop_offers",
    "GET /console/tokens": "operators",
    "POST /console/tokens": "operators",
    "POST /console/tokens/revoke": "operators",
    "GET /console/operators": "operators",
    "POST /console/operators": "operators",
    "POST /console/operators/invite-again": "operators",
    "POST /console/operators/role": "operators",
    "POST /console/operators/second-factor": "operators",
    "POST /console/operators/suspend": "operators",
    "POST /console/operators/resume": "operators",
}
"""Route → what it needs."""
LAST = ("POST /console/account/logins/end", "POST /console/logout")
"""They end the login with which the others are tried."""


def test_each_role_may_what_the_one_before_it_may() -> None:
    sizes = [len(ACTS_OF[role]) for role in ROLES]
    assert sizes == sorted(set(sizes))
    for lower, higher in itertools.pairwise(ROLES):
        assert ACTS_OF[lower] < ACTS_OF[higher]
    assert ACTS_OF["owner"] == set(get_args(Act)) == set(ACT_WORDS)


def test_a_refusal_says_who_may() -> None:
    assert not may("agent", "recalls")
    assert refusal("agent", "recalls").startswith(
        "Your role, agent, may not recall items. The role merchandiser may"
    )


async def test_every_route_is_in_the_table(one: LiveServer, tmp_path: Path) -> None:
    accounts = OperatorAccounts(tmp_path, one.parts.shop.clock)
    routes = console_routes(one.parts.shop, accounts, "k", "Shop", None)
    found = {
        f"{method} {route.path}"
        for route in routes
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }
    assert found == PUBLIC | ROUTES.keys()


async def account(one: LiveServer, name: str, role: Role) -> OperatorAccounts:
    accounts = OperatorAccounts(one.parts.shop.state.keys.folder, one.parts.shop.clock)
    accounts.join(accounts.invite(name, role), await PasswordHasher().digest(PASSWORD))
    return accounts


@pytest.mark.parametrize("role", ROLES)
async def test_every_role_reaches_exactly_its_routes(tmp_path: Path, role: Role) -> None:
    async with live_server(tmp_path, rules()) as one, Agent(one) as agent:
        await one.facts(*CATALOGUE, case("k1", "c1", "late"))
        await account(one, "Root", "owner")
        await account(one, "Eve", role)
        assert (await agent.log_in(key=PASSWORD, name="Eve")).status_code == 303
        for route in sorted(ROUTES, key=LAST.__contains__):
            method, path = route.split(" ")
            path = (
                path.replace("{id:path}", "c1").replace("{id}", "x").replace("{rest:path}", "none")
            )
            if method == "GET":
                async with agent.http.stream("GET", path) as answer:  # one of them never ends
                    if answer.status_code != 200:
                        await answer.aread()
            else:
                answer = await agent.submit(path)
            assert (answer.status_code == 403) is (
                not may(role, ROUTES[route])
                or route.startswith("POST /console/account/password")
                or "/account/second-factor" in route
                or "recovery-codes" in route
            ), route
            if answer.status_code == 403 and not may(role, ROUTES[route]):
                assert "may not" in answer.text, route


async def test_a_viewer_sees_no_customer_and_no_form_that_is_refused(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one, Agent(one) as agent:
        await one.facts(*CATALOGUE)
        await account(one, "Root", "owner")
        await account(one, "Eve", "viewer")
        shopper = await one.known("customer-1")
        await shopper.view("RUN-42", 30)
        offer = (await shopper.offered())["id"]
        await agent.log_in(key=PASSWORD, name="Eve")
        for path in ("", "/rules", "/decisions", "/recalls", f"/offers/{offer}"):
            html = (await agent.http.get(f"/console{path}")).text
            assert "customer-1" not in html, path
            forms = set(html.split('action="')[1:])
            assert {one.partition('"')[0] for one in forms} == {"/console/logout"}, path


async def test_a_role_and_a_suspension_count_with_the_next_request(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one, Agent(one) as agent:
        await account(one, "Root", "owner")
        accounts = await account(one, "Eve", "merchandiser")
        await agent.log_in(key=PASSWORD, name="Eve")
        assert (await agent.submit("/console/rules/R1/pause")).status_code == 303
        accounts.set_role("Eve", "agent")
        assert (await agent.submit("/console/rules/R1/resume")).status_code == 403
        accounts.suspend("Eve", suspended=True)
        answer = await agent.http.get("/console/rules")
        assert answer.headers["location"].startswith("/console/login")
        refused = await agent.log_in(key=PASSWORD, name="Eve")
        assert refused.status_code == 401
        assert one.parts.shop.state.active_rulebook.current.paused == {"R1"}


async def test_a_login_outlives_a_restart_and_its_forms_still_work(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one, Agent(one) as agent:
        await account(one, "Root", "owner")
        await agent.log_in(key=PASSWORD, name="Root")
        cookies = dict(agent.http.cookies)
        await one.restart()
        async with Agent(one) as again:
            again.http.cookies.update(cookies)
            again.csrf = csrf_token((await again.http.get("/console")).text)
            assert (await again.submit("/console/rules/R1/pause")).status_code == 303
        (act, *_) = await one.parts.shop.ledger.operator_actions()
        assert (act.who, act.act) == ("Root", "rule.paused")
