"""Endpoints that take deliveries of other systems, and say how the connectors are."""

from collections.abc import Sequence
from typing import Any, Final

from msgspec import structs
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tactful.api import representations as views
from tactful.api.acting_operator import operator_of
from tactful.api.bodies import json_response, read_bytes
from tactful.api.facts import ReportQueue
from tactful.api.problems import ProblemError
from tactful.api.server_key import ServerKey
from tactful.runtime.audit_changes import change
from tactful.runtime.operators import record_action
from tactful.runtime.ports.deliveries import (
    ConnectorStatus,
    DeliveryReceiver,
    ListStatus,
    Receipt,
)
from tactful.runtime.shop import Shop

LARGEST_DELIVERY: Final = 2**20
"""Maximum bytes of a delivery."""
SECRET_IN_PATH: Final = ":secret"  # noqa: S105 - the name of a part of the path
"""The name under which a receiver finds the secret of the path among the headers."""
_STATUSES: Final = {Receipt.STORED: 202, Receipt.KNOWN: 200, Receipt.PING: 200}


def inbound_routes(shop: Shop, receiver: DeliveryReceiver, key: ServerKey) -> Sequence[BaseRoute]:
    """Return the routes of `/v1/in` and `/v1/connectors`."""
    queue = ReportQueue()

    def require_known(name: str) -> None:
        if not receiver.knows(name):
            problem = f"No connector has the name `{name[:40]}`. The settings name the connectors."
            raise ProblemError(404, "connector.unknown", problem)

    async def retry(request: Request) -> Response:
        name = request.path_params["connector"]
        require_known(name)
        operator = operator_of(request)
        count = await receiver.retry(name)
        made = change({}, {"deliveries": str(count)})
        await record_action(shop, "connector.retried", operator, name, made)
        return json_response({"deliveries": count})

    async def reconcile(request: Request) -> Response:
        name = request.path_params["connector"]
        require_known(name)
        operator = operator_of(request)
        accept = request.query_params.get("accept_missing", "false")
        if accept not in {"true", "false"}:
            raise ProblemError(400, "query.flag", "`accept_missing`: Write `true` or `false`.")
        if not await receiver.reconcile(name, accept_missing=accept == "true"):
            raise ProblemError(
                409,
                "connector.unread",
                f"The lists of the connector `{name}` are not read. Its kind must have lists, and its"
                " settings an address and a key, and not `reconcile = false`.",
            )
        made = change({}, {"accept_missing": accept})
        await record_action(shop, "connector.reconciled", operator, name, made)
        return json_response({"connector": name}, 202)

    async def receive(request: Request) -> Response:
        name = request.path_params["connector"]
        require_known(name)
        headers = {name: value for name, value in request.headers.items() if name[0] != ":"}
        if secret := request.path_params.get("secret"):
            headers[SECRET_IN_PATH] = secret
        with queue.admit(request):
            body = await read_bytes(request, LARGEST_DELIVERY)
            receipt = await receiver.receive(name, headers, body)
        if receipt is Receipt.FORGED:
            raise ProblemError(
                401,
                "signature.wrong",
                "The signature is missing, wrong or too old. Compare the secret of the sender with"
                " that of the connector, and the clocks.",
            )
        return json_response({"delivery": receipt}, _STATUSES[receipt])

    async def show(request: Request) -> Response:  # noqa: ARG001
        found = await receiver.statuses()
        return json_response({"connectors": [_view(one) for one in found]})

    return (
        Route("/v1/in/{connector}", receive, methods=["POST"]),
        Route("/v1/in/{connector}/{secret}", receive, methods=["POST"]),
        Route("/v1/connectors/{connector}/retry", key.guard(retry, "operate"), methods=["POST"]),
        Route(
            "/v1/connectors/{connector}/reconcile",
            key.guard(reconcile, "operate"),
            methods=["POST"],
        ),
        Route("/v1/connectors", key.guard(show, "operate"), methods=["GET"]),
    )


def _list_view(status: ListStatus) -> dict[str, Any]:
    instants = ("whole_at", "changed_at", "next_at")
    shown = structs.asdict(status)
    return {
        name: views.when(value) if name in instants and value is not None else value
        for name, value in shown.items()
    }


def _view(status: ConnectorStatus) -> dict[str, Any]:
    shown = structs.asdict(status)
    last = status.last_arrival
    return {
        **shown,
        "last_arrival": None if last is None else views.when(last),
        "lists": [_list_view(one) for one in status.lists],
        "problems": [{**structs.asdict(one), "at": views.when(one.at)} for one in status.problems],
    }
