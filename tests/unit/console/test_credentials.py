"""Wrong passwords and keys delay the attempts after them."""

import asyncio
from typing import Any
from urllib.parse import urlencode

import pytest
from starlette.requests import Request
from starlette.responses import Response

from support.live_server import KEY, LiveServer
from support.raw_connections import eventually
from tactful.console.access import ConsoleAccess
from tactful.console.credentials import Credentials
from tactful.console.login import FREE_FAILURES, MAX_WAITING_PER_SOURCE
from tactful.console.login_pages import LoginPages
from tactful.runtime.security.operator_accounts import OperatorAccounts


class Sleeps:
    """Waits for nothing, and remembers for how long it was asked to wait; or waits for `release`."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self.release: asyncio.Event | None = None

    async def __call__(self, seconds: float) -> None:
        self.asked.append(seconds)
        if self.release is not None:
            await self.release.wait()


def login_pages_of(one: LiveServer, sleeps: Sleeps) -> LoginPages:
    accounts = OperatorAccounts(one.parts.shop.state.keys.folder, one.parts.shop.clock)
    credentials = Credentials(one.parts.shop, accounts, sleep=sleeps)
    access = ConsoleAccess(one.parts.shop, credentials, name="Shop", public_url=None)
    return LoginPages(access, KEY)


async def attempt(
    pages: LoginPages, address: str, key: str = "wrong", cookie: str = "", name: str = "Ada"
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

    return await pages.log_in(Request(scope, receive))


def cookies_of(answer: Response) -> str:
    lines = [value.decode() for key, value in answer.raw_headers if key == b"set-cookie"]
    return "; ".join(line.partition(";")[0] for line in lines)


async def test_wrong_keys_delay_the_attempts_of_their_network_and_refuse_none(
    one: LiveServer,
) -> None:
    sleeps = Sleeps()
    pages = login_pages_of(one, sleeps)
    for number in range(FREE_FAILURES + 6):
        answer = await attempt(pages, f"2001:db8::{number:x}")
        assert answer.status_code == 401
    assert sleeps.asked == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0]
    assert (await attempt(pages, "2001:db8::1", KEY)).status_code == 303
    sleeps.asked.clear()
    assert (await attempt(pages, "2001:db8:0:1::1", KEY)).status_code == 303
    assert sleeps.asked == []


async def test_a_hundred_wrong_keys_of_twenty_networks_lock_nobody_out(one: LiveServer) -> None:
    sleeps = Sleeps()
    pages = login_pages_of(one, sleeps)
    owner = cookies_of(await attempt(pages, "192.0.2.1", KEY))
    for number in range(200):
        await attempt(pages, f"198.51.100.{number % 20}")
    sleeps.asked.clear()
    assert (await attempt(pages, "203.0.113.9", KEY)).status_code == 303
    assert sleeps.asked == [8.0]
    sleeps.asked.clear()
    assert (await attempt(pages, "203.0.113.9", KEY, owner)).status_code == 303
    assert sleeps.asked == []
    # The known browser's own wrong keys count.
    for _ in range(FREE_FAILURES + 1):
        await attempt(pages, "203.0.113.9", "wrong", owner)
    assert sleeps.asked == [0.5]


@pytest.mark.parametrize("forged", ["x.9999999999999.00", "..", "x", "ä.1.2"])
async def test_a_forged_cookie_has_no_allowance_of_its_own(one: LiveServer, forged: str) -> None:
    sleeps = Sleeps()
    pages = login_pages_of(one, sleeps)
    for _ in range(FREE_FAILURES + 1):
        await attempt(pages, "203.0.113.9", "wrong", f"tactful-console-browser={forged}")
    assert sleeps.asked == [0.5]


async def test_a_limited_number_of_attempts_of_one_network_waits(one: LiveServer) -> None:
    sleeps = Sleeps()
    pages = login_pages_of(one, sleeps)
    for _ in range(FREE_FAILURES):
        await attempt(pages, "203.0.113.9")
    sleeps.release = asyncio.Event()
    waiting = [
        asyncio.ensure_future(attempt(pages, "203.0.113.9")) for _ in range(MAX_WAITING_PER_SOURCE)
    ]
    await eventually(lambda: len(sleeps.asked) == MAX_WAITING_PER_SOURCE)
    refused = await attempt(pages, "203.0.113.9", KEY)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "10")
    sleeps.release.set()
    assert {(await one).status_code for one in waiting} == {401}
    assert (await attempt(pages, "203.0.113.9", KEY)).status_code == 303
