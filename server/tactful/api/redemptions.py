"""Endpoints of the checkout: redeem, confirm, cancel, refund, list, and the public keys."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Final

from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tactful.api.bodies import (
    json_response,
    read_body,
    read_lenient_body,
    read_optional_body,
)
from tactful.api.problems import ProblemError
from tactful.api.representations import redemption as redemption_shown
from tactful.api.server_key import ServerKey
from tactful.core.redemption.answers import RedemptionResponse
from tactful.core.redemption.order_totals import RequestedLine
from tactful.core.redemption.redemption_rows import Status
from tactful.core.redemption.refunds import Refund
from tactful.core.values.calendar import SECOND
from tactful.core.values.money import Money
from tactful.protocol.problems import PROBLEM_JSON
from tactful.runtime.services.redemptions import RedemptionCall
from tactful.runtime.shop import Shop
from tactful.runtime.state.session_registry import internal_id

Name = Annotated[str, Meta(min_length=1, max_length=128)]
Quantity = Annotated[int, Meta(ge=1, le=1_000_000)]
Token = Annotated[str, Meta(max_length=8192)]
Attempt = Annotated[int, Meta(ge=1, le=1_000)]
PAGE: Final = 1_000
"""Redemptions in one answer of `GET /v1/redemptions`."""
STATES: Final[Mapping[str, tuple[Status, ...]]] = {
    "held": ("held",),
    "redeemed": ("redeemed",),
    "cancelled": ("cancelled", "lapsed"),
}
"""State of a redemption on the wire → the statuses of its rows."""


class LineBody(Struct, frozen=True, forbid_unknown_fields=True):
    """One line of the order."""

    sku: Name
    qty: Quantity
    unit: Money | None = None
    """The price that the shop intends to charge for one unit."""
    line: Name | None = None
    """The platform's id of the line. It is accepted for the shop's own records."""

    def to_line(self) -> RequestedLine:
        """Return the line as the core reads it."""
        return RequestedLine(sku=self.sku, qty=self.qty, unit=self.unit)


class RedemptionBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST /v1/redemptions`."""

    token: Token | None = None
    """The token of one offer, where `tokens` is absent."""
    tokens: Annotated[tuple[Token, ...], Meta(min_length=1, max_length=20)] | None = None
    """The tokens of all offers that the order uses, in any order."""
    order: Name
    attempt: Attempt = 1
    """The payment attempt of the order."""
    hold: Annotated[int, Meta(ge=30, le=86_400)] | None = None
    """Seconds after which the redemption lapses unless it is confirmed; absent: it is for good."""
    territory: Annotated[str, Meta(max_length=8)]
    lines: Annotated[tuple[LineBody, ...], Meta(min_length=1, max_length=500)]
    shipping: Money | None = None
    """The shipping charge before any offer."""
    customer: Name | None = None
    session: Name | None = None


class ConfirmBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST /v1/redemptions/{order}/confirm`."""

    order: Name | None = None
    """Another id that the order has from now on."""
    attempt: Attempt | None = None
    """The payment attempt that was paid; absent: what is held, else the latest attempt."""


class CancelBody(Struct, frozen=True, kw_only=True):
    """The body of `POST /v1/redemptions/{order}/cancel`; other fields are ignored, as release 0.1.0 did."""

    attempt: Attempt | None = None
    """Only what this payment attempt uses; absent: what all attempts use."""


class RefundBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST /v1/redemptions/{order}/refund`."""

    refund: Name
    lines: Annotated[tuple[LineBody, ...], Meta(max_length=500)] = ()
    """The units that go back; absent with `amount`."""
    amount: Money | None = None
    """The money that goes back, where the platform names no lines."""
    shipping: Money | None = None
    """The part of the shipping charge, before any offer, that is refunded."""


def redemption_routes(shop: Shop, key: ServerKey) -> Sequence[BaseRoute]:
    """Return the routes of redemptions, guarded by the server key, and the public keys' route."""

    async def redeem(request: Request) -> Response:
        body = await read_body(request, RedemptionBody)
        if (body.token is None) == (body.tokens is None):
            raise ProblemError(422, "body.invalid", "Give exactly one of `token`, `tokens`.")
        answered = await shop.redemptions.redeem(
            RedemptionCall(
                tokens=body.tokens or (body.token or "",),
                is_joint=body.tokens is not None,
                attempt=body.attempt,
                hold=None if body.hold is None else body.hold * SECOND,
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
        body = await read_lenient_body(request, CancelBody)
        order = request.path_params["order"]
        return _response(await shop.redemptions.cancel(order, attempt=body.attempt))

    async def confirm(request: Request) -> Response:
        body = await read_optional_body(request, ConfirmBody)
        order = request.path_params["order"]
        return _response(
            await shop.redemptions.confirm(order, alias=body.order, attempt=body.attempt)
        )

    async def listed(request: Request) -> Response:
        query = request.query_params
        order, offer, state = query.get("order"), query.get("offer"), query.get("state")
        if order is offer is state is None:
            raise ProblemError(
                400, "query.one_of", "Give at least one of `order`, `offer`, `state`."
            )
        if state is not None and state not in STATES:
            raise ProblemError(400, "query.state", f"`state` is one of {', '.join(STATES)}.")
        found = await shop.redemptions.list(
            order=order,
            offer=offer,
            statuses=STATES[state] if state else (),
            after=_position(query.get("after")),
            limit=PAGE + 1,
        )
        page = found[:PAGE]
        following = str(page[-1].number) if len(found) > PAGE else None
        return json_response(
            {"redemptions": [redemption_shown(one) for one in page], "next": following}
        )

    async def refund(request: Request) -> Response:
        body = await read_body(request, RefundBody)
        asked = Refund(
            id=body.refund,
            order=request.path_params["order"],
            lines=tuple(line.to_line() for line in body.lines),
            shipping=body.shipping,
            amount=body.amount,
        )
        return _response(await shop.redemptions.refund(asked))

    async def jwks(request: Request) -> Response:  # noqa: ARG001
        response = json_response(shop.state.keys.jwks())
        response.headers["Cache-Control"] = "public, max-age=300"
        response.headers["Access-Control-Allow-Origin"] = "*"
        return response

    return (
        Route("/v1/redemptions", key.guard(redeem, "redeem"), methods=["POST"]),
        Route("/v1/redemptions", key.guard(listed, "redeem"), methods=["GET"]),
        Route(
            "/v1/redemptions/{order:path}/confirm", key.guard(confirm, "redeem"), methods=["POST"]
        ),
        Route("/v1/redemptions/{order:path}/cancel", key.guard(cancel, "redeem"), methods=["POST"]),
        Route("/v1/redemptions/{order:path}/refund", key.guard(refund, "redeem"), methods=["POST"]),
        Route("/.well-known/jwks.json", jwks, methods=["GET"]),
    )


def _position(text: str | None) -> int:
    """Return the `next` of an earlier answer as a number; 0: from the beginning.

    Raises:
        ProblemError: 400: it is no such value.
    """
    if text is None:
        return 0
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise ProblemError(400, "query.after", "`after` is the `next` of an earlier answer.")
    return int(text)


def _response(answered: RedemptionResponse) -> Response:
    headers = {"Cache-Control": "no-store"}
    if answered.retry_s is not None:
        headers["Retry-After"] = str(answered.retry_s)
    media_type = "application/json" if answered.status < 400 else PROBLEM_JSON
    return Response(answered.body, answered.status, headers, media_type)
