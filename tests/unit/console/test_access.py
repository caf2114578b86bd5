"""The console lets operators in with the server key, and accepts forms of its own pages only."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from journeys.fixture import CATALOGUE, rules
from support.console_client import Agent, visible_text
from support.live_server import KEY, LiveServer, live_server
from tactful.console.login import MAX_FAILURES_PER_ADDRESS

PAGES = ("/console", "/console/rules", "/console/decisions", "/console/why",
         "/console/customers/c1", "/console/sessions/x", "/console/offers/x", "/console/find?q=c1",
         "/console/nowhere")  # fmt: skip
FORMS = ("/console/logout", "/console/rulebook/reload", "/console/rulebook/rollback",
         "/console/rules/R1/pause", "/console/rules/R1/resume", "/console/offers/x/withdraw",
         "/console/remedies", "/console/recalls")  # fmt: skip


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[LiveServer]:
    async with live_server(tmp_path, rules()) as started:
        await started.facts(*CATALOGUE)
        yield started


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


@pytest.mark.parametrize("path", FORMS)
async def test_without_a_login_no_form_is_accepted(
    one: LiveServer, agent: Agent, path: str
) -> None:
    answer = await agent.post_form(path, csrf="x")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/login")
    assert one.parts.shop.state.active_rulebook.current.paused == frozenset()


async def test_the_server_key_opens_the_page_that_was_wanted(agent: Agent) -> None:
    wanted = (await agent.http.get("/console/customers/a b")).headers["location"]
    assert wanted == "/console/login?next=/console/customers/a%20b"
    answer = await agent.log_in(next="/console/rules")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/rules")
    assert "Log Ada out" in await agent.read("/console/rules")


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "/console\\evil", "/v1/facts", "/console.evil", ""],
)
async def test_a_login_leads_nowhere_but_into_the_console(agent: Agent, target: str) -> None:
    assert (await agent.log_in(next=target)).headers["location"] == "/console"


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(agent: Agent) -> None:
    cookie = (await agent.log_in()).headers["set-cookie"]
    name, *attributes = [part.strip().lower() for part in cookie.split(";")]
    assert name.startswith("tactful-console=")
    assert {"httponly", "samesite=strict", "path=/"} <= set(attributes)
    assert not any(one.startswith("domain") for one in attributes)


async def test_behind_tls_the_cookie_is_bound_to_the_host(tmp_path: Path) -> None:
    url = "https://offers.shop.example"
    async with live_server(tmp_path, rules(), public_url=url) as one, Agent(one) as agent:
        form = {"key": KEY, "name": "Ada"}
        answer = await agent.post_form("/console/login", headers={"Origin": url}, **form)
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-tactful=")
        assert {"secure", "httponly", "samesite=strict", "path=/"} <= {
            part.strip().lower() for part in cookie.split(";")
        }


async def test_a_wrong_key_is_reported_without_details(agent: Agent) -> None:
    answer = await agent.log_in(key="wrong")
    assert answer.status_code == 401
    assert "This is not the server key." in answer.text
    assert "set-cookie" not in answer.headers
    assert "wrong" not in visible_text(answer.text)


async def test_after_too_many_wrong_keys_even_the_right_one_must_wait(
    one: LiveServer, agent: Agent
) -> None:
    for number in range(MAX_FAILURES_PER_ADDRESS):
        assert (await agent.log_in(key=f"guess {number}")).status_code == 401
    answer = await agent.log_in()
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "300"
    await one.advance(300)
    assert (await agent.log_in()).status_code == 303


async def test_a_login_without_a_name_is_refused(agent: Agent) -> None:
    answer = await agent.log_in(name="  ")
    assert answer.status_code == 422
    assert "The name is missing." in answer.text


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


@pytest.mark.parametrize("path", FORMS)
async def test_a_get_changes_nothing(one: LiveServer, agent: Agent, path: str) -> None:
    await agent.log_in()
    answer = await agent.http.get(path, headers={"X-HTTP-Method-Override": "POST"})
    assert answer.status_code in {404, 405}
    assert one.parts.shop.state.active_rulebook.current.paused == frozenset()


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
