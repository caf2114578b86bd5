"""The check of the server key."""

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tactful.api.problems import HANDLERS
from tactful.api.server_key import Grant, ServerKey
from tactful.runtime.security.api_tokens import TokenScope

KEY = "the-key-of-this-test"


class Reports:
    """Every check that was reported: the address, and whether the key was right."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, bool]] = []

    def __call__(self, address: str, right: bool) -> None:
        self.seen.append((address, right))


async def ask(key: ServerKey, authorization: str | None, *scopes: TokenScope) -> httpx.Response:
    async def endpoint(_: Request) -> Response:
        return PlainTextResponse("done")

    app = Starlette(routes=[Route("/a", key.guard(endpoint, *scopes))], exception_handlers=HANDLERS)
    transport = httpx.ASGITransport(app, client=("192.0.2.1", 4711))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        headers = (
            {} if authorization is None else {b"authorization": authorization.encode("latin-1")}
        )
        return await http.get("/a", headers=headers)


@pytest.mark.parametrize("authorization", [f"Bearer {KEY}", f"bearer  {KEY}"])
async def test_a_request_with_the_key_reaches_the_endpoint(authorization: str) -> None:
    reports = Reports()
    answer = await ask(ServerKey(KEY, reports), authorization)
    assert (answer.status_code, answer.text) == (200, "done")
    assert reports.seen == [("192.0.2.1", True)]


@pytest.mark.parametrize(
    "authorization", [None, "", KEY, f"Basic {KEY}", f"Bearer {KEY}x", "Bearer ", "Bearer é"]
)
async def test_a_request_without_the_key_gets_401_and_is_reported(
    authorization: str | None,
) -> None:
    reports = Reports()
    answer = await ask(ServerKey(KEY, reports), authorization)
    assert (answer.status_code, answer.json()["code"]) == (401, "key.wrong")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert reports.seen == [("192.0.2.1", False)]


@pytest.mark.parametrize("authorization", [None, "Bearer ", "Bearer None"])
async def test_without_a_configured_key_the_endpoint_is_closed(authorization: str | None) -> None:
    reports = Reports()
    answer = await ask(ServerKey(None, reports), authorization)
    assert (answer.status_code, answer.json()["code"]) == (401, "key.unset")
    assert reports.seen == []


@pytest.mark.parametrize(
    ("scopes", "needed", "status", "code"),
    [
        (("redeem",), ("redeem",), 200, None),
        (("facts:write",), ("redeem",), 403, "key.scope"),
        (("redeem",), (), 403, "key.scope"),
        ((), ("redeem",), 401, "key.wrong"),
    ],
)
async def test_the_key_of_a_plugin_reaches_what_its_scopes_allow(
    scopes: tuple[str, ...], needed: tuple[TokenScope, ...], status: int, code: str | None
) -> None:
    key = ServerKey(
        KEY, granted=lambda given: Grant(scopes) if given == "tft_1" and scopes else None
    )
    answer = await ask(key, "Bearer tft_1", *needed)
    assert answer.status_code == status
    assert code is None or answer.json()["code"] == code
    assert (await ask(key, f"Bearer {KEY}", *needed)).status_code == 200


async def test_a_plugin_is_served_without_a_server_key() -> None:
    key = ServerKey(None, granted=lambda given: Grant(("redeem",)) if given == "tft_1" else None)
    assert (await ask(key, "Bearer tft_1", "redeem")).status_code == 200
    assert (await ask(key, "Basic tft_1", "redeem")).json()["code"] == "key.unset"
