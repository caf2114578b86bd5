"""The console lets operators in with the server key, and accepts forms of its own pages only."""

from collections.abc import AsyncIterator

import pytest

from support.console_client import Agent
from support.live_server import KEY, LiveServer

PAGES = ("/console", "/console/rules", "/console/decisions", "/console/why",
         "/console/customers/c1", "/console/sessions/x", "/console/offers/x", "/console/find?q=c1",
         "/console/recalls", "/console/cases/x", "/console/audit", "/console/rules/R1",
         "/console/results", "/console/rulebook/rollback", "/console/account", "/console/operators",
         "/console/nowhere")  # fmt: skip
FORMS = ("/console/logout", "/console/rulebook/reload", "/console/rulebook/rollback",
         "/console/rules/R1/pause", "/console/rules/R1/resume", "/console/offers/x/withdraw",
         "/console/remedies", "/console/recalls", "/console/recalls/lift", "/console/objections",
         "/console/account/password")  # fmt: skip
FORMS_OF_PAGES = ("/console/find", "/console/operators")
"""Forms at the path of a page."""


@pytest.fixture
async def agent(one: LiveServer) -> AsyncIterator[Agent]:
    async with Agent(one) as somebody:
        yield somebody


@pytest.mark.parametrize("path", PAGES)
async def test_without_a_login_no_page_is_shown(agent: Agent, path: str) -> None:
    answer = await agent.http.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/console/login")
    assert answer.text == ""


@pytest.mark.parametrize("path", [*FORMS, *FORMS_OF_PAGES])
async def test_without_a_login_no_form_is_accepted(
    one: LiveServer, agent: Agent, path: str
) -> None:
    answer = await agent.post_form(path, csrf="x")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/login")
    assert one.parts.shop.state.active_rulebook.current.paused == frozenset()


@pytest.mark.parametrize(
    "origin", [None, "null", "https://evil.example", "http://127.0.0.1", "http://127.0.0.1:1"]
)
@pytest.mark.parametrize("path", ["/console/login", *FORMS])
async def test_a_form_from_another_site_changes_nothing(
    one: LiveServer, agent: Agent, path: str, origin: str | None
) -> None:
    await agent.log_in()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    if origin:
        headers["Origin"] = origin
    body = f"csrf={agent.csrf}&key={KEY}&name=Eve"
    answer = await agent.http.post(path, content=body, headers=headers)
    assert answer.status_code == 403
    assert one.parts.shop.state.active_rulebook.current.paused == frozenset()
    assert "Log Ada out" in await agent.read("/console")


@pytest.mark.parametrize("csrf", ["", "wrong", "ä"])
async def test_a_form_with_another_operators_token_changes_nothing(
    one: LiveServer, agent: Agent, csrf: str
) -> None:
    await agent.log_in()
    async with Agent(one) as other:
        await other.log_in(name="Bob")
        for token in (csrf, other.csrf):
            answer = await agent.post_form("/console/rules/R1/pause", csrf=token)
            assert answer.status_code == 403
            assert "This form is out of date." in answer.text
    assert one.parts.shop.state.active_rulebook.current.paused == frozenset()


@pytest.mark.parametrize("kind", ["text/plain", "application/json", "multipart/form-data", ""])
async def test_a_body_that_is_not_a_form_is_refused(agent: Agent, kind: str) -> None:
    await agent.log_in()
    headers = {"Origin": agent.base, "Content-Type": kind}
    body = f"csrf={agent.csrf}"
    answer = await agent.http.post("/console/rules/R1/pause", content=body, headers=headers)
    assert answer.status_code == 415


async def test_a_form_that_is_too_large_or_not_text_is_refused(agent: Agent) -> None:
    await agent.log_in()
    answer = await agent.submit("/console/rules/R1/pause", more="x" * 70_000)
    assert answer.status_code == 413
    headers = {"Origin": agent.base, "Content-Type": "application/x-www-form-urlencoded"}
    answer = await agent.http.post("/console/rules/R1/pause", content=b"\xff", headers=headers)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "path", sorted({*FORMS} - {"/console/recalls", "/console/rulebook/rollback"})
)  # also a page
async def test_a_get_changes_nothing(one: LiveServer, agent: Agent, path: str) -> None:
    await agent.log_in()
    answer = await agent.http.get(path, headers={"X-HTTP-Method-Override": "POST"})
    assert answer.status_code in {404, 405}
    assert one.parts.shop.state.active_rulebook.current.paused == frozenset()


async def test_every_page_forbids_framing_scripts_and_caching(agent: Agent) -> None:
    answers = [await agent.http.get("/console/login"), await agent.http.get("/console")]
    await agent.log_in()
    answers += [await agent.http.get(path) for path in PAGES]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'self';")
        assert "frame-ancestors 'none'" in policy
        assert "form-action 'self'" in policy
        assert "unsafe" not in policy
        assert "script-src" not in policy
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["cache-control"] == "no-store"
        assert "<script" not in answer.text
        assert " style=" not in answer.text


@pytest.mark.parametrize("origin", ["http://[::1", "http://[", "//", "null", ""])
async def test_a_malformed_origin_is_refused(agent: Agent, origin: str) -> None:
    form = {"key": KEY, "name": "Kim"}
    answer = await agent.http.post("/console/login", data=form, headers={"Origin": origin})
    assert answer.status_code == 403
