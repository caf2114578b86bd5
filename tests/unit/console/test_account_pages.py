"""An operator joins by a link, logs in with password and code, and manages the own account."""

import re
from base64 import b32decode
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from journeys.fixture import rules
from support.console_client import Agent, visible_text
from support.live_server import KEY, LiveServer, live_server
from tactful.runtime.security.operator_accounts import OperatorAccounts, Role
from tactful.runtime.security.passwords import code_at

PASSWORD = "correct horse battery"
OTHER = "another long password"


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[LiveServer]:
    async with live_server(tmp_path, rules()) as started:
        yield started


@pytest.fixture
async def agent(one: LiveServer) -> AsyncIterator[Agent]:
    async with Agent(one) as somebody:
        yield somebody


def accounts_of(one: LiveServer) -> OperatorAccounts:
    return OperatorAccounts(one.parts.shop.state.keys.folder, one.parts.shop.clock)


async def join(one: LiveServer, agent: Agent, name: str = "Ada", role: Role = "owner") -> str:
    """Join by the page, and return the code of the invitation."""
    code = accounts_of(one).invite(name, role)
    answer = await agent.post_form("/console/join", code=code, password=PASSWORD)
    assert answer.headers["location"] == "/console/login"
    return code


def present_code(one: LiveServer, secret: bytes, later: int = 0) -> str:
    return code_at(secret, one.parts.shop.clock.now() // 30_000 + later)


async def test_an_owner_who_joins_ends_the_server_key_as_a_login(
    one: LiveServer, agent: Agent
) -> None:
    await agent.log_in(key=KEY)
    assert (await agent.http.get("/console")).status_code == 200
    code = accounts_of(one).invite("Ada", "owner")
    page = await agent.read(f"/console/join?code={code}")
    assert "Welcome, Ada" in page
    assert (await agent.http.get("/console")).status_code == 200
    await agent.post_form("/console/join", code=code, password=PASSWORD)
    assert (await agent.http.get("/console")).status_code == 303
    assert (await agent.log_in(key=KEY)).status_code == 401
    assert (await agent.log_in(key=KEY, name="Ada")).status_code == 401
    assert (await agent.log_in(key=PASSWORD, name="ada")).status_code == 303
    (act,) = await one.parts.shop.ledger.operator_actions()
    assert (act.who, act.act, act.after) == (
        "Ada",
        "operator.joined",
        {"state": "active", "role": "owner"},
    )


async def test_a_link_that_was_used_or_a_weak_password_is_refused(
    one: LiveServer, agent: Agent
) -> None:
    code = accounts_of(one).invite("Ada", "agent")
    weak = await agent.post_form("/console/join", code=code, password="short")
    assert (weak.status_code, "12 to 256 characters" in weak.text) == (422, True)
    elsewhere = await agent.post_form(
        "/console/join", headers={"Origin": "https://evil.example"}, code=code, password=PASSWORD
    )
    assert elsewhere.status_code == 403
    assert (await agent.post_form("/console/join", code=code, password=PASSWORD)).status_code == 303
    for used in (code, "", "x.y"):
        answer = await agent.post_form("/console/join", code=used, password=OTHER)
        assert (answer.status_code, "This link cannot be used" in answer.text) == (404, True)
        assert (await agent.http.get("/console/join", params={"code": used})).status_code == 404


async def test_an_unknown_name_and_a_wrong_password_get_the_same_answer(
    one: LiveServer, agent: Agent
) -> None:
    await join(one, agent)
    unknown = await agent.log_in(key=OTHER, name="Nobody")
    wrong = await agent.log_in(key=OTHER, name="Ada")
    assert unknown.status_code == wrong.status_code == 401
    assert unknown.text.replace("Nobody", "Ada") == wrong.text


async def test_a_second_factor_is_asked_for_and_no_code_counts_twice(
    one: LiveServer, agent: Agent
) -> None:
    await join(one, agent)
    await agent.log_in(key=PASSWORD, name="Ada")
    shown = re.search(
        r"<code>([A-Z2-7]{32})</code>", (await agent.http.get("/console/account")).text
    )
    assert shown
    form = {"secret": shown[1], "current": PASSWORD}
    secret = b32decode(shown[1])
    refused = await agent.submit("/console/account/second-factor", code="000000", **form)
    assert (refused.status_code, "The code is wrong" in refused.text) == (422, True)
    answer = await agent.submit(
        "/console/account/second-factor", code=present_code(one, secret), **form
    )
    shown_once = visible_text(answer.text)
    assert "The second factor is added." in shown_once
    assert re.search(r"([a-z2-7]{4}-){3}[a-z2-7]{4}", shown_once)
    assert "10 recovery codes left." in shown_once
    renewed = await agent.submit("/console/account/recovery-codes", current=PASSWORD)
    assert re.search(r"([a-z2-7]{4}-){3}[a-z2-7]{4}", renewed.text)
    again = (await agent.http.get("/console/account")).text
    assert not re.search(r"([a-z2-7]{4}-){3}", again)
    assert (await agent.log_in(key=PASSWORD, name="Ada")).status_code == 401
    code = present_code(one, secret)
    assert (await agent.log_in(key=OTHER, name="Ada", code=code)).status_code == 401
    assert (await agent.log_in(key=PASSWORD, name="Ada", code=code)).status_code == 303
    assert (await agent.log_in(key=PASSWORD, name="Ada", code=code)).status_code == 401
    early = present_code(one, secret, later=1)
    assert (await agent.log_in(key=PASSWORD, name="Ada", code=early)).status_code == 303
    await agent.submit("/console/account/second-factor/remove", current=PASSWORD)
    assert (await agent.log_in(key=PASSWORD, name="Ada")).status_code == 303


async def test_a_change_needs_the_current_password(one: LiveServer, agent: Agent) -> None:
    await join(one, agent)
    await agent.log_in(key=PASSWORD, name="Ada")
    for path in ("password", "second-factor", "second-factor/remove"):
        answer = await agent.submit(f"/console/account/{path}", current=OTHER, password=OTHER)
        assert (answer.status_code, "current password is wrong" in answer.text) == (403, True)
    stale = await agent.submit("/console/account/second-factor", current=PASSWORD, secret="A?")
    assert (stale.status_code, "out of date" in stale.text) == (422, True)
    weak = await agent.submit("/console/account/password", current=PASSWORD, password="ada")
    assert weak.status_code == 422


async def test_a_new_password_ends_every_login(one: LiveServer, agent: Agent) -> None:
    await join(one, agent)
    async with Agent(one) as elsewhere:
        await elsewhere.log_in(key=PASSWORD, name="Ada")
        await agent.log_in(key=PASSWORD, name="Ada")
        await agent.submit("/console/account/password", current=PASSWORD, password=OTHER)
        for each in (agent, elsewhere):
            assert (await each.http.get("/console")).status_code == 303
    assert (await agent.log_in(key=PASSWORD, name="Ada")).status_code == 401
    assert (await agent.log_in(key=OTHER, name="Ada")).status_code == 303
    await agent.submit("/console/account/logins/end")
    assert (await agent.http.get("/console")).status_code == 303


async def test_the_server_key_does_not_act_in_the_name_of_an_account(
    one: LiveServer, agent: Agent
) -> None:
    accounts_of(one).invite("Bo", "agent")
    answer = await agent.log_in(key=KEY, name="BO")
    assert (answer.status_code, "This name has an account" in answer.text) == (422, True)


async def test_the_server_key_has_no_account_to_change(one: LiveServer, agent: Agent) -> None:
    await agent.log_in(key=KEY)
    assert "Invite an owner" in await agent.read("/console/account")
    answer = await agent.submit("/console/account/password", current=KEY, password=OTHER)
    assert (answer.status_code, "has no account" in answer.text) == (422, True)


async def test_a_cookie_that_was_planted_before_a_login_opens_nothing(
    one: LiveServer, agent: Agent
) -> None:
    await join(one, agent)
    agent.http.cookies.set("tactful-console", "planted")
    answer = await agent.log_in(key=PASSWORD, name="Ada")
    assert "planted" not in answer.headers["set-cookie"]
    async with Agent(one) as attacker:
        attacker.http.cookies.set("tactful-console", "planted")
        assert (await attacker.http.get("/console")).status_code == 303
