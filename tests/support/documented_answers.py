"""Comparison of every answer that a server gives in a test with the OpenAPI document."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from tactful.api.openapi import CONSOLE_PATH, describe
from tactful.api.request_counter import OTHER, RequestCounterMiddleware
from tactful.app import build
from tactful.config import Config


@cache
def document() -> dict[str, Any]:
    """The document of a server with every endpoint."""
    with TemporaryDirectory() as folder:
        app = build(Config(data=Path(folder), test_mode=True, server_key="k" * 20)).app
    return describe(app.routes)


@contextmanager
def undocumented_answers() -> Iterator[list[str]]:
    """Collect what the document does not have: a status, a media type or a problem code of an endpoint.

    Requests for paths that do not exist, and for methods that a path does not have, are no endpoints.
    """
    found: list[str] = []
    original = RequestCounterMiddleware.__call__

    async def watched(
        self: RequestCounterMiddleware, scope: Scope, receive: Receive, send: Send
    ) -> None:
        heads: list[Message] = []

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                heads.append(message)
            elif heads and (text := _missing(self, scope, heads.pop(), message.get("body", b""))):
                found.append(text)
            await send(message)

        await original(self, scope, receive, noted)

    RequestCounterMiddleware.__call__ = watched  # type: ignore[method-assign]
    try:
        yield found
    finally:
        RequestCounterMiddleware.__call__ = original  # type: ignore[method-assign]


def _missing(
    counter: RequestCounterMiddleware, scope: Scope, head: Message, body: bytes
) -> str | None:
    """What the document lacks of one answer, as text."""
    template = counter._counter._templates.get(scope.get("endpoint"), OTHER)
    path = template.replace(":path}", "}")
    if scope["type"] != "http" or path == OTHER or path.startswith(CONSOLE_PATH):
        return None
    method = "GET" if scope["method"] == "HEAD" else scope["method"]
    status = head["status"]
    if method == "OPTIONS" or status == 405:
        return None
    fields = {name.lower(): value.decode() for name, value in head["headers"]}
    media = fields.get(b"content-type", "").partition(";")[0]
    return lacks(method, path, status, media, body)


def lacks(method: str, path: str, status: int, media: str, body: bytes) -> str | None:
    """What the document lacks of an answer, as text; None: it has everything.

    Args:
        method: The method of the request.
        path: The path as the document writes it.
        status: The status of the answer.
        media: Its media type without parameters; empty: it has no body.
        body: The beginning of its body; all of it for a problem document.
    """
    answer = f"{method} {path} answered {status}"
    operation = document()["paths"].get(path, {}).get(method.lower())
    if operation is None:  # a route of a test's own; `tests/manuals` compares the real ones
        return None
    response = operation["responses"].get(str(status))
    if response is None:
        return answer
    if "$ref" in response:
        name = response["$ref"].rpartition("/")[2]
        response = document()["components"]["responses"][name]
    content = response.get("content", {})
    if media not in content and (media or content) and body:
        return f"{answer} with {media}"
    if media == "application/problem+json" and body:
        code = json.loads(body)["code"]
        if code not in content[media]["schema"]["allOf"][1]["properties"]["code"]["enum"]:
            return f"{answer} with code {code}"
    return None
