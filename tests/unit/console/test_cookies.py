"""Cookies of the console are bound to it as tightly as the connection allows."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from journeys.fixture import rules
from support.console_client import Agent
from support.live_server import KEY, LiveServer, live_server


@pytest.fixture
async def agent(one: LiveServer) -> AsyncIterator[Agent]:
    async with Agent(one) as somebody:
        yield somebody


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(agent: Agent) -> None:
    cookie = (await agent.log_in()).headers.get_list("set-cookie")[0]
    name, *attributes = [part.strip().lower() for part in cookie.split(";")]
    assert name.startswith("tactful-console=")
    assert {"httponly", "samesite=lax", "path=/"} <= set(attributes)
    assert not any(one.startswith("domain") for one in attributes)


async def test_behind_tls_the_cookie_is_bound_to_the_host(tmp_path: Path) -> None:
    url = "https://offers.shop.example"
    async with live_server(tmp_path, rules(), public_url=url) as one, Agent(one) as agent:
        form = {"key": KEY, "name": "Ada"}
        answer = await agent.post_form("/console/login", headers={"Origin": url}, **form)
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-tactful=")
        assert {"secure", "httponly", "samesite=lax", "path=/"} <= {
            part.strip().lower() for part in cookie.split(";")
        }
