"""An application is refused until its lifespan runs, and works under a mount."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from starlette.applications import Starlette
from starlette.types import Message

from tactful import Config, create_app

MANUAL = Path(__file__).parents[3] / "server" / "README.md"
EXAMPLE = re.compile(r"```python mounted\n(.*?)```", re.DOTALL)


def client(app: Starlette) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app)
    return httpx.AsyncClient(transport=transport, base_url="http://localhost")


async def test_a_mounted_application_without_its_lifespan_says_what_to_write(
    tmp_path: Path,
) -> None:
    app = Starlette()
    app.mount("/offers", create_app(Config(data=tmp_path / "data")))
    async with client(app) as http:
        answer = await http.get("/offers/readyz")
    assert (answer.status_code, answer.json()["code"]) == (503, "server.not_started")
    assert "offers.router.lifespan_context(offers)" in answer.json()["detail"]


async def test_a_websocket_is_closed_with_try_again_later(tmp_path: Path) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": "/v1/session", "headers": [], "query_string": b""}
    await create_app(Config(data=tmp_path / "data"))(scope, receive, send)
    assert [(one["type"], one["code"]) for one in sent] == [("websocket.close", 1013)]


async def test_the_mounted_application_of_the_manual_works_with_its_console() -> None:
    (source,) = EXAMPLE.findall(MANUAL.read_text("utf-8"))
    names: dict[str, object] = {}
    exec(source, names)  # noqa: S102 - the example of our own manual
    app = names["app"]
    assert isinstance(app, Starlette)
    async with app.router.lifespan_context(app), client(app) as http:
        assert (await http.get("/offers/readyz")).status_code == 200
    async with client(app) as http:
        assert (await http.get("/offers/readyz")).status_code == 503


@asynccontextmanager
async def mounted_with_a_key() -> AsyncIterator[httpx.AsyncClient]:
    offers = create_app(Config(server_key="key-of-the-mounted-application"))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with offers.router.lifespan_context(offers):
            yield

    app = Starlette(lifespan=lifespan)
    app.mount("/offers", offers)
    async with app.router.lifespan_context(app), client(app) as http:
        yield http


async def test_the_consoles_links_and_redirects_keep_the_prefix_of_the_mount() -> None:
    async with mounted_with_a_key() as http:
        sent = await http.get("/offers/console/rules")
        assert sent.headers["location"] == "/offers/console/login?next=%2Fconsole%2Frules"
        page = (await http.get("/offers/console/login")).text
        assert not re.search(r'(href|src|action)="/console', page)
        form = {"name": "Ada", "key": "key-of-the-mounted-application", "next": "/console/rules"}
        headers = {"Origin": "http://localhost"}
        done = await http.post("/offers/console/login", data=form, headers=headers)
        assert done.headers["location"] == "/offers/console/rules"
        page = (await http.get("/offers/console/rules")).text
        assert 'href="/offers/console/rules" aria-current="page"' in page
        assert not re.search(r'(href|src|action)="/console', page)
