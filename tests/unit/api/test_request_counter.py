"""Requests are counted by the template of their route, whatever a client asks for."""

import asyncio

import httpx
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tactful.api.request_counter import OTHER, RequestCounter, RequestCounterMiddleware


async def found(request: Request) -> Response:
    return Response(status_code=int(request.path_params["status"]))


async def broken(request: Request) -> Response:
    raise ValueError


def counted(paths: list[str]) -> list[tuple[tuple[str, str], int]]:
    """What is counted where a client asks for these paths."""
    counter = RequestCounter()
    routes = [Route("/a/{status}", found), Route("/broken", broken)]
    counter.name_routes(routes)
    app = Starlette(
        routes=routes, middleware=[Middleware(RequestCounterMiddleware, counter=counter)]
    )

    async def ask() -> None:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://shop.example") as http:
            for path in paths:
                await http.get(path)

    asyncio.run(ask())
    return list(counter.readings())


def test_responses_are_counted_by_route_and_class_of_status() -> None:
    found = counted(["/a/200", "/a/204", "/a/404", "/nowhere", "/a/b/c"])
    assert found == [
        (("/a/{status}", "2xx"), 2),
        (("/a/{status}", "4xx"), 1),
        (("/a/{status}", "5xx"), 0),
        (("/broken", "5xx"), 0),
        ((OTHER, "4xx"), 2),
    ]


@given(st.lists(st.text(alphabet="abc/{}.%0", max_size=12), max_size=20))
def test_no_path_of_a_client_becomes_a_label(paths: list[str]) -> None:
    found = counted([f"http://shop.example/{path}" for path in paths])
    assert {route for (route, _), _ in found} <= {"/a/{status}", "/broken", OTHER}
