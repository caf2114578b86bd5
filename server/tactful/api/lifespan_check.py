"""Refusal of requests to an application whose lifespan did not start, such as a mounted one."""

from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from tactful.api.problems import problem

NOT_STARTED: Final = (
    "This application is not running, because nobody entered its lifespan. An application that mounts it"
    " enters it in its own lifespan: `async with offers.router.lifespan_context(offers): yield`."
)
TRY_LATER: Final = 1013
"""Close code of a WebSocket: try again later (IANA registry of RFC 6455)."""


class LifespanCheckMiddleware:
    """Middleware that passes requests on while the application's lifespan runs."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it with the code `server.not_started`."""
        if scope["type"] == "lifespan" or getattr(scope["app"].state, "is_running", False):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": TRY_LATER, "reason": "not started"})
        else:
            await problem(503, "server.not_started", NOT_STARTED)(scope, receive, send)
