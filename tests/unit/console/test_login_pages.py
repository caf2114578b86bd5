"""Operators log in with the server key or an account, and log out."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from journeys.fixture import rules
from support.console_client import Agent, visible_text
from support.live_server import KEY, LiveServer


@pytest.fixture
async def agent(one: LiveServer) -> AsyncIterator[Agent]:
    async with Agent(one) as somebody:
        yield somebody


async def test_the_server_key_opens_the_page_that_was_wanted(agent: Agent) -> None:
    wanted = (await agent.http.get("/console/customers/a b")).headers["location"]
    assert wanted == "/console/login?next=%2Fconsole%2Fcustomers%2Fa%2520b"
    wanted = (await agent.http.get("/console/why?sku=A%26B&customer=c1")).headers["location"]
    assert wanted == "/console/login?next=%2Fconsole%2Fwhy%3Fsku%3DA%2526B%26customer%3Dc1"
    answer = await agent.log_in(next="/console/why?sku=A%26B&customer=c1")
    assert answer.headers["location"] == "/console/why?sku=A%26B&customer=c1"
    answer = await agent.log_in(next="/console/rules")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/rules")
    assert "Log Ada out" in await agent.read("/console/rules")


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "/console\\evil", "/v1/facts", "/console.evil", ""],
)
async def test_a_login_leads_nowhere_but_into_the_console(agent: Agent, target: str) -> None:
    assert (await agent.log_in(next=target)).headers["location"] == "/console"


async def test_a_wrong_key_is_reported_without_details(agent: Agent) -> None:
    answer = await agent.log_in(key="wrong")
    assert answer.status_code == 401
    assert "This is not the server key." in answer.text
    assert "set-cookie" not in answer.headers
    assert "wrong" not in visible_text(answer.text)


@pytest.mark.parametrize(
    "name", ["tactful", "Server  Key", "\N{FULLWIDTH LATIN SMALL LETTER T}actful", "tact\u200bful"]
)
async def test_nobody_logs_in_under_a_name_of_the_server(agent: Agent, name: str) -> None:
    answer = await agent.log_in(name=name)
    assert answer.status_code == 422
    assert "This name belongs to the server." in answer.text


async def test_a_login_without_a_name_is_refused(agent: Agent) -> None:
    answer = await agent.log_in(name="  ")
    assert answer.status_code == 422
    assert "The name is missing." in answer.text


async def test_a_logout_ends_the_login(agent: Agent) -> None:
    await agent.log_in()
    cookies = dict(agent.http.cookies)
    answer = await agent.submit("/console/logout")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/login")
    assert (await agent.http.get("/console")).status_code == 303
    async with httpx.AsyncClient(base_url=agent.base, cookies=cookies) as other:
        assert (await other.get("/console")).status_code == 303


async def test_without_a_server_key_nobody_can_log_in(tmp_path: Path) -> None:
    one = LiveServer(tmp_path, rules())
    one.config = one.config.__class__(
        **{name: getattr(one.config, name) for name in one.config.__struct_fields__}
        | {"server_key": None}
    )
    await one.start()
    try:
        async with Agent(one) as agent:
            answer = await agent.http.get("/console/login")
            assert "TACTFUL_SERVER_KEY" in answer.text
            for key in ("", "None", KEY):
                assert (await agent.log_in(key=key)).status_code == 401
    finally:
        await one.stop()
