"""The console lets operators in with the server key, and accepts forms of its own pages only."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response

from journeys.fixture import rules
from support.console_client import Agent, visible_text
from support.live_server import KEY, LiveServer, live_server
from support.raw_connections import eventually
from tactful.console.access import ConsoleAccess
from tactful.console.login import FREE_FAILURES, MAX_WAITING_PER_SOURCE
from tactful.runtime.security.operator_accounts import OperatorAccounts

PAGES = ("/console", "/console/rules", "/console/decisions", "/console/why",
         "/console/customers/c1", "/console/sessions/x", "/console/offers/x", "/console/find?q=c1",
         "/console/recalls", "/console/cases/x", "/console/account", "/console/operators",
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


async def test_a_wrong_key_is_reported_without_details(agent: Agent) -> None:
    answer = await agent.log_in(key="wrong")
    assert answer.status_code == 401
    assert "This is not the server key." in answer.text
    assert "set-cookie" not in answer.headers
    assert "wrong" not in visible_text(answer.text)


class Sleeps:
    """Waits for nothing, and remembers for how long it was asked to wait; or waits for `release`."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self.release: asyncio.Event | None = None

    async def __call__(self, seconds: float) -> None:
        self.asked.append(seconds)
        if self.release is not None:
            await self.release.wait()


def console_of(one: LiveServer, sleeps: Sleeps) -> ConsoleAccess:
    accounts = OperatorAccounts(one.parts.shop.state.keys.folder, one.parts.shop.clock)
    return ConsoleAccess(
        one.parts.shop, key=KEY, name="Shop", public_url=None, accounts=accounts, sleep=sleeps
    )


async def attempt(
    access: ConsoleAccess, address: str, key: str = "wrong", cookie: str = "", name: str = "Ada"
) -> Response:
    """Send a login form from an address, past the sockets."""
    body = urlencode({"key": key, "name": name}).encode()
    headers = {
        "host": "shop.example",
        "origin": "https://shop.example",
        "content-type": "application/x-www-form-urlencoded",
        "cookie": cookie,
    }
    scope = {
        "type": "http", "method": "POST", "path": "/console/login", "scheme": "http",
        "query_string": b"", "server": ("shop.example", 80), "client": (address, 5000),
        "headers": [(key.encode(), value.encode()) for key, value in headers.items()],
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return await access.log_in(Request(scope, receive))


def cookies_of(answer: Response) -> str:
    lines = [value.decode() for key, value in answer.raw_headers if key == b"set-cookie"]
    return "; ".join(line.partition(";")[0] for line in lines)


async def test_wrong_keys_delay_the_attempts_of_their_network_and_refuse_none(
    one: LiveServer,
) -> None:
    sleeps = Sleeps()
    access = console_of(one, sleeps)
    for number in range(FREE_FAILURES + 6):
        answer = await attempt(access, f"2001:db8::{number:x}")
        assert answer.status_code == 401
    assert sleeps.asked == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0]
    assert (await attempt(access, "2001:db8::1", KEY)).status_code == 303
    sleeps.asked.clear()
    assert (await attempt(access, "2001:db8:0:1::1", KEY)).status_code == 303
    assert sleeps.asked == []


async def test_a_hundred_wrong_keys_of_twenty_networks_lock_nobody_out(one: LiveServer) -> None:
    sleeps = Sleeps()
    access = console_of(one, sleeps)
    owner = cookies_of(await attempt(access, "192.0.2.1", KEY))
    for number in range(200):
        await attempt(access, f"198.51.100.{number % 20}")
    sleeps.asked.clear()
    assert (await attempt(access, "203.0.113.9", KEY)).status_code == 303
    assert sleeps.asked == [8.0]
    sleeps.asked.clear()
    assert (await attempt(access, "203.0.113.9", KEY, owner)).status_code == 303
    assert sleeps.asked == []
    # The known browser's own wrong keys count.
    for _ in range(FREE_FAILURES + 1):
        await attempt(access, "203.0.113.9", "wrong", owner)
    assert sleeps.asked == [0.5]


@pytest.mark.parametrize("forged", ["x.9999999999999.00", "..", "x", "ä.1.2"])
async def test_a_forged_cookie_has_no_allowance_of_its_own(one: LiveServer, forged: str) -> None:
    sleeps = Sleeps()
    access = console_of(one, sleeps)
    for _ in range(FREE_FAILURES + 1):
        await attempt(access, "203.0.113.9", "wrong", f"tactful-console-browser={forged}")
    assert sleeps.asked == [0.5]


async def test_a_limited_number_of_attempts_of_one_network_waits(one: LiveServer) -> None:
    sleeps = Sleeps()
    access = console_of(one, sleeps)
    for _ in range(FREE_FAILURES):
        await attempt(access, "203.0.113.9")
    sleeps.release = asyncio.Event()
    waiting = [
        asyncio.ensure_future(attempt(access, "203.0.113.9")) for _ in range(MAX_WAITING_PER_SOURCE)
    ]
    await eventually(lambda: len(sleeps.asked) == MAX_WAITING_PER_SOURCE)
    refused = await attempt(access, "203.0.113.9", KEY)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "10")
    sleeps.release.set()
    assert {(await one).status_code for one in waiting} == {401}
    assert (await attempt(access, "203.0.113.9", KEY)).status_code == 303


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


@pytest.mark.parametrize("path", sorted({*FORMS} - {"/console/recalls"}))  # also a page
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
