"""The endpoint that lists operator actions."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tactful.api import representations as views
from tactful.api.bodies import json_response
from tactful.api.explanations import instant_of
from tactful.api.problems import ProblemError
from tactful.api.server_key import ServerKey
from tactful.runtime.ports.operator_actions import ActionFilter, AuditEntry
from tactful.runtime.shop import Shop

MAX_ACTS: Final = 200
"""Actions that one answer lists."""


def audit_routes(shop: Shop, key: ServerKey) -> Sequence[BaseRoute]:
    """Return the route."""

    async def acts(request: Request) -> Response:
        wanted, before = read_filter(request.query_params), None
        if "after" in request.query_params:
            text = request.query_params["after"]
            if not (text.isascii() and text.isdigit() and len(text) < 16):
                problem = "`after` is the `number` of the last action that you have, such as `412`."
                raise ProblemError(400, "query.after", problem)
            before = int(text)
        found = await shop.ledger.audit_entries(wanted, before=before, limit=MAX_ACTS)
        return json_response({"acts": [_act(one) for one in found]})

    return (Route("/v1/acts", key.guard(acts, "operate"), methods=["GET"]),)


def read_filter(given: Mapping[str, str]) -> ActionFilter:
    """Return the filter of a query: `who`, `act`, `subject`, `customer`, `since` and `until`.

    Raises:
        ProblemError: 400 `query.instant` for an instant that cannot be read.
    """
    return ActionFilter(
        who=given.get("who"),
        act=given.get("act"),
        subject=given.get("subject"),
        customer=given.get("customer"),
        since=instant_of(given, "since"),
        until=instant_of(given, "until"),
    )


def _act(one: AuditEntry) -> dict[str, Any]:
    action = one.action
    return {
        **msgspec.structs.asdict(action),
        "at": views.when(action.at),
        "number": one.number,
    }
