"""The endpoints through which a shop's systems report facts, and have people forgotten."""

from collections.abc import Sequence

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tactful.runtime.shop import Shop
from tactful.transports import views
from tactful.transports.answers import answer
from tactful.transports.bodies import body_of, split
from tactful.transports.problems import ProblemError
from tactful.transports.server_key import ServerKey


def facts_routes(shop: Shop, key: ServerKey) -> Sequence[BaseRoute]:
    """`POST /v1/facts`, and a customer's export and erasure."""

    async def take(request: Request) -> Response:
        body = await body_of(request)
        raw = split(body, request.headers.get("content-type", ""))
        report = await shop.ingest.take(raw)
        return answer(msgspec.to_builtins(report))

    async def export(request: Request) -> Response:
        customer = request.path_params["id"]
        found = await shop.ledger.export_customer(customer)
        if not any(kept for part, kept in found.items() if part != "customer"):
            raise ProblemError(404, "customer.unknown", "Nothing is kept about that customer.")
        return answer(views.export(found))

    async def erase(request: Request) -> Response:
        await shop.forget(request.path_params["id"])
        return Response(status_code=204)

    return (
        Route("/v1/facts", key.guard(take), methods=["POST"]),
        Route("/v1/customers/{id:path}/export", key.guard(export), methods=["GET"]),
        Route("/v1/customers/{id:path}", key.guard(erase), methods=["DELETE"]),
    )
