"""Links and redirects under the prefix of a mount."""

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route

from tactful.console.mounting import under_its_prefix

PAGE = '<a href="/console/why?sku=%22/console"><form action="/console"><input value="/console">'


async def page(_: Request) -> Response:
    return HTMLResponse(PAGE)


async def gone(_: Request) -> Response:
    return RedirectResponse("/console/login", 303)


async def elsewhere(_: Request) -> Response:
    return RedirectResponse("https://shop.example/console", 303)


async def plain(_: Request) -> Response:
    return PlainTextResponse('href="/console')


ROUTES = [
    under_its_prefix(Route(f"/{one.__name__}", one, methods=["GET"]))
    for one in (page, gone, elsewhere, plain)
]


@pytest.mark.parametrize("prefix", ["", "/offers"])
async def test_links_and_redirects_begin_with_the_prefix(prefix: str) -> None:
    app = Starlette(routes=[Mount(prefix, routes=ROUTES)] if prefix else ROUTES)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        shown = await http.get(f"{prefix}/page")
        wanted = PAGE.replace('f="/', f'f="{prefix}/').replace('n="/', f'n="{prefix}/')
        assert shown.text == wanted
        assert shown.headers["content-length"] == str(len(wanted))
        assert (await http.get(f"{prefix}/gone")).headers["location"] == f"{prefix}/console/login"
        left = await http.get(f"{prefix}/elsewhere")
        assert left.headers["location"] == "https://shop.example/console"
        assert (await http.get(f"{prefix}/plain")).text == 'href="/console'
