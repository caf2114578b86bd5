"""Applications that mount a shop, as `server/README.md` describes it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
import websockets
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from websockets.typing import Origin, Subprotocol

from journeys.fixture import CATALOGUE
from support.live_server import KEY, ORIGIN
from tactful import Config, create_app


def shop(folder: Path, key: str = KEY) -> Starlette:
    """A shop of its own."""
    return create_app(
        Config(data=folder, server_key=key, origins=(ORIGIN,), default_territory="DE")
    )


def host(**shops: Starlette) -> Starlette:
    """An application that mounts each shop under its name."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as running:
            for one in shops.values():
                await running.enter_async_context(one.router.lifespan_context(one))
            yield

    app = Starlette(lifespan=lifespan)
    for name, one in shops.items():
        app.mount(f"/{name}", one)
    return app


@asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[str]:
    """Serve an application with uvicorn: its address, without the scheme."""
    options = uvicorn.Config(
        app, port=0, http="h11", ws="websockets-sansio", log_config=None, lifespan="on"
    )
    server = uvicorn.Server(options)
    task = asyncio.ensure_future(server._serve())
    while not server.started and not task.done():
        await asyncio.wait({task}, timeout=0.01)
    assert server.started
    try:
        yield f"127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


async def welcome(address: str) -> dict[str, Any]:
    """The answer to the first message of a session."""
    async with websockets.connect(
        f"ws://{address}/v1/session",
        origin=Origin(ORIGIN),
        subprotocols=[Subprotocol("tactful.v1")],
    ) as socket:
        page = {"url": f"{ORIGIN}/", "kind": "product"}
        await socket.send(json.dumps({"t": "hello", "n": 1, "consent": "anonymous", "page": page}))
        return dict(json.loads(await socket.recv()))


async def test_a_mounted_shop_serves_its_api_console_widget_and_sessions(tmp_path: Path) -> None:
    async with serving(host(offers=shop(tmp_path))) as address:
        async with httpx.AsyncClient(
            base_url=f"http://{address}/offers", headers={"Authorization": f"Bearer {KEY}"}
        ) as http:
            facts = await http.post("/v1/facts", json=CATALOGUE)
            assert facts.json()["accepted"] == len(CATALOGUE)
            assert (await http.get("/readyz")).json()["status"] == "ok"
            assert (await http.get("/widget/v1.js")).headers["content-type"].startswith("text/java")
            assert (await http.get("/console")).headers["location"] == "/offers/console/login"
            login = (await http.get("/console/login")).text
            assert 'href="/offers/console/static/console.css"' in login
            assert (await http.get("/v1/nothing")).json()["code"] == "http.not_found"
        assert (await welcome(f"{address}/offers"))["t"] == "welcome"


async def test_several_shops_in_one_process_share_nothing(tmp_path: Path) -> None:
    both = host(a=shop(tmp_path / "a", "a" * 20), b=shop(tmp_path / "b", "b" * 20))
    async with serving(both) as address, httpx.AsyncClient(base_url=f"http://{address}") as http:
        key = {"Authorization": f"Bearer {'a' * 20}"}
        await http.post("/a/v1/facts", json=CATALOGUE, headers=key)
        there = await http.get("/a/v1/facts", params={"of": "stock"}, headers=key)
        assert there.json()["facts"]
        assert (await http.get("/b/v1/facts", headers=key)).status_code == 401
        key = {"Authorization": f"Bearer {'b' * 20}"}
        there = await http.get("/b/v1/facts", params={"of": "stock"}, headers=key)
        assert there.json()["facts"] == []
        keys = [(await http.get(f"/{one}/.well-known/jwks.json")).json() for one in "ab"]
        assert keys[0] != keys[1]


async def test_any_asgi_application_can_stand_beside_a_shop(tmp_path: Path) -> None:
    async def framework(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"  # like Django, which knows no lifespan
        await PlainTextResponse("the storefront")(scope, receive, send)

    app = host(offers=shop(tmp_path))
    app.mount("/", framework)
    async with serving(app) as address, httpx.AsyncClient(base_url=f"http://{address}") as http:
        assert (await http.get("/products/1")).text == "the storefront"
        assert (await http.get("/offers/readyz")).json()["status"] == "ok"


async def test_a_session_of_a_shop_that_did_not_start_is_refused(tmp_path: Path) -> None:
    app = Starlette()
    app.mount("/offers", shop(tmp_path))
    async with serving(app) as address:
        with pytest.raises(websockets.exceptions.InvalidStatus) as refused:
            await welcome(f"{address}/offers")
    assert refused.value.response.status_code == 403  # what uvicorn makes of the close
