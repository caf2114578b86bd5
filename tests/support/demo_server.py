"""A running demo, with a client that uses its shop and its panel without a browser."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from tactful.demo.server import DemoServer


class DemoClient:
    """One demo, and an HTTP client of its shop and its panel."""

    def __init__(self, server: DemoServer, http: httpx.AsyncClient) -> None:
        self.server = server
        self.http = http

    async def page(self, path: str) -> str:
        answer = await self.http.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    async def submit(self, path: str, **fields: str) -> httpx.Response:
        """Submit a form of the shop."""
        return await self.http.post(path, data=fields)

    async def press(self, act: str, **body: Any) -> httpx.Response:
        """Press a button of the panel."""
        return await self.http.post(f"/demo/{act}", json=body)

    async def state(self, **query: str) -> dict[str, Any]:
        """Return what the panel shows."""
        return dict((await self.http.get("/demo/state", params=query)).json())


@asynccontextmanager
async def demo_client() -> AsyncIterator[DemoClient]:
    """Run a demo on a free port."""
    async with DemoServer(port=0) as server:
        origin = server.url.rstrip("/")
        async with httpx.AsyncClient(
            base_url=origin, headers={"Origin": origin}, follow_redirects=True
        ) as http:
            yield DemoClient(server, http)
