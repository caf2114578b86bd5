"""The page Start here: what it ticks off, its forms, and its stream of changes."""

import json
from pathlib import Path

import pytest

from journeys.fixture import CATALOGUE, rules
from support.console_client import Agent, visible_text
from support.live_server import LiveServer, live_server
from tactful.console.start_pages import LIMITS, PROPOSAL, read_rule
from tactful.rulebook.authoring.first_rule import FirstRule


async def test_a_rule_is_made_by_the_form_and_offers_to_half_of_the_shoppers(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, "rules: []") as one, Agent(one) as agent:
        await one.facts(*CATALOGUE)
        await agent.log_in()
        page = await agent.read("/console/start")
        assert "4 of 11 steps are done." in page
        assert "/widget/v1.js" in page
        answer = await agent.submit("/console/start/rule", **PROPOSAL)
        assert answer.headers["location"] == "/console/start"
        page = await agent.read("/console/start")
        assert "The rule is active as a trial." in page
        assert "5 of 11 steps are done." in page
        rule = one.parts.shop.state.active_rulebook.current.rules["first-offer"]
        assert (rule.mode, rule.share_bp) == ("trial", 5_000)
        await agent.submit("/console/start/holdout")
        page = await agent.read("/console/start")
        assert "One shopper in ten is shown no offers." in page
        assert one.parts.shop.state.active_rulebook.current.policy.holdout_bp == 1_000
        again = await agent.submit("/console/start/rule", **PROPOSAL)
        assert again.status_code == 422
        assert "error" in visible_text(again.text)


async def test_a_refused_form_keeps_what_was_entered(one: LiveServer, agent: Agent) -> None:
    form = PROPOSAL | {"percent": "60", "category": "<b>boots"}
    answer = await agent.submit("/console/start/rule", **form)
    assert answer.status_code == 422
    assert "The number for percent is not usable. Enter 1 to 50." in visible_text(answer.text)
    assert 'value="60"' in answer.text
    assert "&lt;b&gt;boots" in answer.text
    assert [path.name for path in one.rules.iterdir()] == ["rules.yaml"]


async def test_a_file_that_cannot_be_written_is_shown_as_text(
    one: LiveServer, agent: Agent
) -> None:
    (one.rules / "holdout.yaml").write_text("rules: []", "utf-8")
    answer = await agent.submit("/console/start/holdout")
    assert answer.status_code == 422
    assert "holdout: 10%" in answer.text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", ""), ("id", "../x"), ("id", "a b"), ("id", "x" * 65), ("category", "x" * 129),
        ("category", "a\nb"), ("percent", "1e3"), ("margin", "+1"), ("stock", ""), ("dwell", "٣٠"),
        *[(name, str(most + 1)) for name, (_, most) in LIMITS.items()],
        *[(name, str(least - 1)) for name, (least, _) in LIMITS.items()],
    ],
)  # fmt: skip
def test_what_is_not_usable_is_refused_in_words(field: str, value: str) -> None:
    with pytest.raises(ValueError, match=r"usable|category"):
        read_rule(PROPOSAL | {field: value})


def test_the_proposal_is_usable() -> None:
    assert read_rule(PROPOSAL) == FirstRule(
        id="first-offer", percent=10, margin=20, stock=5, dwell=30, count=100, category=""
    )


async def test_the_stream_tells_of_a_step_when_it_happens(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one, Agent(one) as agent:
        await agent.log_in()
        async with agent.http.stream("GET", "/console/start/events") as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            lines = (line async for line in stream.aiter_lines() if line.startswith("data: "))
            assert json.loads((await anext(lines))[6:]) == ["rule"]
            await one.facts(*CATALOGUE)
            told = json.loads((await anext(lines))[6:])
            assert {"product", "price", "rule"} <= set(told)
            await agent.submit("/console/logout")
            assert [line async for line in lines] == []


async def test_a_server_that_leaves_ends_the_stream(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one, Agent(one) as agent:
        await agent.log_in()
        async with agent.http.stream("GET", "/console/start/events") as stream:
            lines = stream.aiter_lines()
            await anext(lines)
            one.parts.hub.shutting_down = True
            async for _ in lines:
                pass


async def test_only_this_page_may_run_a_script(one: LiveServer, agent: Agent) -> None:
    policy = (await agent.http.get("/console/start")).headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "trusted-types 'none'" in policy
    other = (await agent.http.get("/console")).headers["content-security-policy"]
    assert "script-src" not in other
