"""Endpoints for operation: health, readiness, metrics, versions and the test clock."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from ipaddress import ip_address
from typing import Annotated, Any

from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tactful import __version__
from tactful.api import representations as views
from tactful.api.bodies import json_response, read_body
from tactful.api.code_endpoints import code_routes
from tactful.api.problems import ProblemError
from tactful.api.server_key import ServerKey
from tactful.core.values.addresses import PROXY_FIELDS, is_this_machine
from tactful.core.values.calendar import CalendarError, parse_rfc3339
from tactful.protocol.asyncapi import document
from tactful.runtime.health import Health, liveness, readiness
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.shop import Shop


class ClockMove(Struct, frozen=True, forbid_unknown_fields=True):
    """The body of `POST /v1/test/clock`; exactly one field is set."""

    now: str | None = None
    """The new instant (RFC 3339)."""
    advance: Annotated[float, Meta(ge=0, le=10**9)] | None = None
    """Seconds by which the clock is advanced."""


def operate_routes(shop: Shop, key: ServerKey, *, metrics: bool) -> Sequence[BaseRoute]:
    """Return the routes of health, readiness, version, AsyncAPI and, if wanted, metrics."""

    def _health_response(
        request: Request, health: Health, more: Callable[[Shop], dict[str, Any]] | None = None
    ) -> Response:
        body: dict[str, Any] = {"status": health.word}
        if (health.reasons or more) and _may_see_details(request, key):
            body |= {"reasons": health.reasons, "reason": shop.ledger.failure}
            body |= more(shop) if more else {}
        return json_response(body, 503 if health.word == "failing" else 200)

    async def healthz(request: Request) -> Response:
        return _health_response(request, liveness(shop.state))

    async def readyz(request: Request) -> Response:
        if shop.ledger.is_restored:
            with suppress(LedgerError):
                await shop.ledger.restored_gap()  # an operator may have confirmed it meanwhile
        return _health_response(
            request,
            readiness(shop.state, ready=shop.ready, of_the_node=shop.nodes.health_reasons),
            _details,
        )

    async def version(request: Request) -> Response:  # noqa: ARG001
        return json_response({"name": "tactful", "version": __version__})

    # Built once: it takes 1 ms, and every client may request it.
    asyncapi_response = json_response(document(__version__))

    async def asyncapi(request: Request) -> Response:  # noqa: ARG001
        return asyncapi_response

    async def exposition(request: Request) -> Response:  # noqa: ARG001
        return Response(
            shop.state.telemetry.exposition(), media_type="text/plain; version=0.0.4; charset=utf-8"
        )

    routes = [
        *code_routes(shop, key),
        Route("/healthz", healthz, methods=["GET"]),
        Route("/readyz", readyz, methods=["GET"]),
        Route("/version", version, methods=["GET"]),
        Route("/asyncapi.json", asyncapi, methods=["GET"]),
    ]
    if metrics:
        routes.append(Route("/metrics", key.guard(exposition, "metrics"), methods=["GET"]))
    return routes


def _may_see_details(request: Request, key: ServerKey) -> bool:
    """Return whether a request comes from this machine itself or has the server key.

    A proxy on this machine that is not in `trusted_proxies`, or names no client, connects from
    loopback as well. So a request that a proxy passed on, or that asks for a public host, does not
    count as local.
    """
    if "authorization" in request.headers:
        try:
            key.check(request, "operate", "metrics")
        except ProblemError:
            return False  # a probe must not fail because of its key
        return True
    passed_on = any(field in request.headers for field in PROXY_FIELDS)
    return (
        not passed_on
        and is_this_machine(request.headers.get("host", "localhost"))  # none: a probe of HTTP/1.0
        and request.client is not None
        and _is_loopback(request.client.host)
    )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _details(shop: Shop) -> dict[str, Any]:
    feeds = {}
    for feed, (age, limit) in shop.state.feeds.ages(shop.clock.now()).items():
        feeds[feed] = {
            "watched": limit is not None,
            "age": None if age is None else age // 1000,
            "max_age": None if limit is None else limit // 1000,
            "stale": limit is not None and (age is None or age > limit),
        }
    return {
        "rulebook": shop.state.active_rulebook.current.version,
        "rules": len(shop.state.active_rulebook.current.rules),
        "rules_trouble": shop.state.active_rulebook.problem,
        "refused_findings": len(shop.state.active_rulebook.diagnostics),
        "sessions": len(shop.state.registry),
        "feeds": feeds,
        "unnamed_proxy": shop.state.unnamed_proxy,
    }


def clock_routes(shop: Shop, key: ServerKey) -> Sequence[BaseRoute]:
    """Return the route of `POST /v1/test/clock`, which exists in test mode only."""

    async def move(request: Request) -> Response:
        wanted = await read_body(request, ClockMove)
        await shop.move_clock(_target(wanted, shop.clock.now()))
        return json_response({"now": views.when(shop.clock.now())})

    return (Route("/v1/test/clock", key.guard(move), methods=["POST"]),)


def _target(wanted: ClockMove, now: int) -> int:
    if (wanted.now is None) == (wanted.advance is None):
        raise ProblemError(422, "clock.one_of", 'Send `{"now": "…"}` or `{"advance": seconds}`.')
    if wanted.advance is not None:
        return now + round(wanted.advance * 1000)
    try:
        return parse_rfc3339(wanted.now or "")
    except CalendarError as error:
        raise ProblemError(422, "clock.instant", str(error)) from None
