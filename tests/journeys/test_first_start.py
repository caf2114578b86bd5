"""A start with broken rule files is reported wherever an operator would look."""

from pathlib import Path

import pytest

from journeys.fixture import CATALOGUE, rules
from support.console_client import Agent
from support.live_server import live_server

NOTHING = "The rule files have errors, and none have been accepted yet. Nothing is offered."
BEFORE = "The rule files have errors. The previous rulebook stays active."


async def test_a_first_start_with_broken_rules_is_reported_everywhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with live_server(tmp_path, rules("    persent: 3")) as one, Agent(one) as agent:
        assert NOTHING in capsys.readouterr().out
        await agent.log_in()
        await one.facts(*CATALOGUE)
        ready = await one.http.get("/readyz")
        assert (ready.status_code, ready.json()["rules"]) == (200, 0)
        assert ready.json()["rules_trouble"] == NOTHING
        book = (await one.http.get("/v1/rulebook")).json()
        assert (book["version"], book["trouble"], book["rules"]) == ("empty", NOTHING, [])
        assert book["refused"][0]["line"] == 10
        again = await one.http.post("/v1/rulebook/reload")
        assert (again.status_code, again.json()["detail"]) == (422, NOTHING)
        for page in ("/console", "/console/rules"):
            assert NOTHING in await agent.read(page)
        assert (await one.reload(rules())).status_code == 200
        assert (await one.http.get("/readyz")).json()["rules_trouble"] is None
        await one.advance(60)  # the alert ends at the next look
        assert NOTHING not in await agent.read("/console")
        assert (await one.reload(rules("    persent: 3"))).json()["detail"] == BEFORE
        await one.restart()
        assert (await one.http.get("/readyz")).json()["rules_trouble"] == BEFORE
