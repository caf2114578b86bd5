"""The endpoint from which other systems read what happened to offers and alerts."""

from collections.abc import Sequence

from msgspec import to_builtins
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tactful.api.bodies import json_response
from tactful.api.problems import ProblemError
from tactful.api.server_key import ServerKey
from tactful.runtime.services.offer_events import MAX_EVENTS, EventCursorError, EventReader


def event_routes(reader: EventReader, key: ServerKey) -> Sequence[BaseRoute]:
    """Return the route of `/v1/events`."""

    async def events(request: Request) -> Response:
        limit = request.query_params.get("limit", str(MAX_EVENTS))
        if not (limit.isascii() and limit.isdigit() and 0 < int(limit[:9]) <= MAX_EVENTS):
            raise ProblemError(
                400, "query.limit", f"`limit`: Write a number from 1 to {MAX_EVENTS}."
            )
        try:
            page = await reader.read(request.query_params.get("after", ""), int(limit))
        except EventCursorError as error:
            raise ProblemError(410, "events.cursor", str(error)) from None
        return json_response(to_builtins(page))

    return (Route("/v1/events", key.guard(events, "decisions:read"), methods=["GET"]),)
