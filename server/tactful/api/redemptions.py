"""Endpoints for the shop's checkout: redeem, cancel, refund, and the published keys."""

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tactful.api.bodies import json_response, read_body
from tactful.api.server_key import ServerKey
from tactful.core.redemption.answers import RedemptionResponse
from tactful.core.redemption.order_totals import RequestedLine
from tactful.core.values.money import Money
from tactful.protocol.problems import PROBLEM_JSON
from tactful.runtime.services.redemptions import RedemptionCall
from tactful.runtime.shop import Shop
from tactful.runtime.state.session_registry import internal_id

Name = Annotated[str, Meta(min_length=1, max_length=128)]
Quantity = Annotated[int, Meta(ge=1, le=1_000_000)]


class LineBody(Struct, frozen=True, forbid_unknown_fields=True):
    """One line of the order."""

    sku: Name
    qty: Quantity
    unit: Money | None = None
    """The price that the shop intends to charge for one unit."""

    def to_line(self) -> RequestedLine:
        """Return the line as the core reads it."""
        return RequestedLine(sku=self.sku, qty=self.qty, unit=self.unit)


class RedemptionBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST /v1/redemptions`."""

    token: Annotated[str, Meta(max_length=8192)]
    order: Name
    territory: Annotated[str, Meta(max_length=8)]
    lines: Annotated[tuple[LineBody, ...], Meta(min_length=1, max_length=500)]
    shipping: Money | None = None
    """The shipping charge before any offer."""
    customer: Name | None = None
    session: Name | None = None


class RefundBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST /v1/redemptions/{order}/refund`."""

    refund: Name
    lines: Annotated[tuple[LineBody, ...], Meta(max_length=500)]
    shipping: Money | None = None
    """The part of the shipping charge, before any offer, that is refunded."""


def redemption_routes(shop: Shop, key: ServerKey) -> Sequence[BaseRoute]:
    """Return the routes of redemptions, guarded by the server key, and the public keys' route."""

    async def redeem(request: Request) -> Response:
        body = await read_body(request, RedemptionBody)
        answered = await shop.redemptions.redeem(
            RedemptionCall(
                token=body.token,
                order=body.order,
                territory=body.territory,
                lines=tuple(line.to_line() for line in body.lines),
                shipping=body.shipping,
                customer=body.customer,
                session=internal_id(body.session) if body.session else None,
            )
        )
        shop.state.telemetry.record_redemption(answered.status)
        return _response(answered)

    async def cancel(request: Request) -> Response:
        return _response(await shop.redemptions.cancel(request.path_params["order"]))

    async def refund(request: Request) -> Response:
        body = await read_body(request, RefundBody)
        lines = [line.to_line() for line in body.lines]
        order = request.path_params["order"]
        return _response(await shop.redemptions.refund(order, body.refund, lines, body.shipping))

    async def jwks(request: Request) -> Response:  # noqa: ARG001
        response = json_response(shop.state.keys.jwks())
        response.headers["Cache-Control"] = "public, max-age=300"
        response.headers["Access-Control-Allow-Origin"] = "*"
        return response

    return (
        Route("/v1/redemptions", key.guard(redeem), methods=["POST"]),
        Route("/v1/redemptions/{order:path}/cancel", key.guard(cancel), methods=["POST"]),
        Route("/v1/redemptions/{order:path}/refund", key.guard(refund), methods=["POST"]),
        Route("/.well-known/jwks.json", jwks, methods=["GET"]),
    )


def _response(answered: RedemptionResponse) -> Response:
    headers = {"Cache-Control": "no-store"}
    if answered.retry_s is not None:
        headers["Retry-After"] = str(answered.retry_s)
    media_type = "application/json" if answered.status < 400 else PROBLEM_JSON
    return Response(answered.body, answered.status, headers, media_type)
