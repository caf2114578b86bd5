"""Counting of HTTP requests by route and class of status."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

OTHER: Final = "other"
"""The route of a request for a path that does not exist."""


class RequestCounter:
    """Counts per route and class of status.

    Routes are counted by their template, such as `/v1/offers/{id}`, so that no client can make the
    set of labels grow.
    """

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self._templates: dict[object, str] = {}

    def name_routes(self, routes: Sequence[BaseRoute]) -> None:
        """Take over the templates of the routes that will be counted by name."""
        for route in routes:
            if isinstance(route, Route):
                self._templates[route.endpoint] = route.path
                # A counter that exists from the start shows its first increase.
                self._counts[route.path, "5xx"] = 0

    def record(self, endpoint: object, status: int) -> None:
        """Count a response.

        Args:
            endpoint: The function that answered; None: there is no such route.
            status: The HTTP status.
        """
        template = self._templates.get(endpoint, OTHER)
        self._counts[template, f"{status // 100}xx"] += 1

    def readings(self) -> Iterable[tuple[tuple[str, str], int]]:
        """Return (route, class of status) and count, ordered by route."""
        return sorted(self._counts.items())


class RequestCounterMiddleware:
    """Middleware that counts every HTTP response of an application."""

    def __init__(self, app: ASGIApp, counter: RequestCounter) -> None:
        self._app = app
        self._counter = counter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and count the response when it begins."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                # The router has put the endpoint into the scope by now.
                self._counter.record(scope.get("endpoint"), message["status"])
            await send(message)

        await self._app(scope, receive, counted)
