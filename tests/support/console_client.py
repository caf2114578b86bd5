"""A client of the console that logs in, opens pages, and submits the forms on them."""

import html
import re
from typing import Any, Self

import httpx

from support.live_server import KEY, LiveServer


class Agent:
    """A support agent's browser without scripts, which is all that the console needs."""

    def __init__(self, stage: LiveServer) -> None:
        self.base = f"http://127.0.0.1:{stage.port}"
        self.http = httpx.AsyncClient(base_url=self.base, timeout=30)
        self.csrf = ""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.http.aclose()

    async def log_in(self, key: str = KEY, name: str = "Ada", **more: Any) -> httpx.Response:
        answer = await self.post_form("/console/login", key=key, name=name, **more)
        if answer.status_code == 303:
            self.csrf = csrf_token((await self.http.get("/console")).text)
        return answer

    async def post_form(
        self, path: str, *, headers: dict[str, str] | None = None, **fields: str
    ) -> httpx.Response:
        """Post a form as a page of the console would."""
        headers = {"Origin": self.base, **(headers or {})}
        return await self.http.post(path, data=fields, headers=headers)

    async def submit(self, path: str, **fields: Any) -> httpx.Response:
        """Post a form that is on a page."""
        return await self.post_form(path, csrf=self.csrf, **fields)

    async def read(self, path: str, **query: Any) -> str:
        """The text of a page, without its markup."""
        answer = await self.http.get(path, params=query or None, follow_redirects=True)
        assert answer.status_code == 200, answer.text
        return visible_text(answer.text)


def visible_text(page: str) -> str:
    """What a reader sees."""
    inline = re.sub(r"</?time[^>]*>", "", page)  # it is followed by punctuation
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", inline)))


def csrf_token(page: str) -> str:
    """The token in the forms of a page."""
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found, page
    return found[1]
