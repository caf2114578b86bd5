"""Which HTTP endpoints are there, in OpenAPI 3.1?"""

from collections.abc import Sequence
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tactful.api.bodies import json_response

PAGES: Final = "/console"
"""Pages for people are no interface."""
OPEN: Final = frozenset(
    {"/healthz", "/readyz", "/version", "/openapi.json", "/asyncapi.json", "/.well-known/jwks.json"}
)
"""Endpoints that want no server key; the widget's and the sessions' have their own checks."""
SUMMARIES: Final[dict[tuple[str, str], str]] = {
    ("POST", "/v1/facts"): "Report facts: a JSON array, or JSON Lines",
    ("GET", "/v1/customers/{id}/export"): "All that is kept about a customer",
    ("DELETE", "/v1/customers/{id}"): "Erase a customer",
    ("POST", "/v1/redemptions"): "Redeem an offer's token for an order",
    ("POST", "/v1/redemptions/{order}/cancel"): "Give an order's redemptions back",
    ("POST", "/v1/redemptions/{order}/refund"): "Record a partial refund of an order",
    ("GET", "/v1/offers/{id}"): "One offer as it now is",
    ("GET", "/v1/why"): "Why each rule speaks about an item, or not",
    ("GET", "/v1/decisions"): "What was pushed and withdrawn, and why, newest first",
    ("GET", "/v1/budgets"): "The balance of every campaign",
    ("GET", "/v1/prices/{sku}"): "The ledger of public prices",
    ("GET", "/v1/rulebook"): "The active rulebook and its rules",
    ("GET", "/v1/acts"): "What people did to rules and promises, newest first",
    ("POST", "/v1/rulebook/reload"): "Read the rule files again",
    ("POST", "/v1/rulebook/rollback"): "Go back to the rulebook from before",
    ("POST", "/v1/rules/{id}/pause"): "Pause a rule",
    ("POST", "/v1/rules/{id}/resume"): "Let a rule run again",
    ("GET", "/.well-known/jwks.json"): "The keys that verify tokens offline",
    ("GET", "/healthz"): "Is the process well?",
    ("GET", "/readyz"): "May it be sent traffic, and how fresh are its feeds?",
    ("GET", "/metrics"): "Metrics in Prometheus' text format",
    ("GET", "/version"): "Which version runs",
    ("GET", "/openapi.json"): "This document",
    ("GET", "/asyncapi.json"): "The session's messages",
    ("GET", "/widget/{name}"): "The widget's files",
    ("GET", "/v1/session"): "Open a session (WebSocket upgrade)",
    ("GET", "/v1/session/stream"): "Open a session as server-sent events",
    ("POST", "/v1/session/stream/{stream}"): "Post messages of a stream's client",
    ("POST", "/v1/test/clock"): "Test mode only: move the clock",
}
"""(method, path) → what it is for; a test walks it against the routes."""


def openapi_routes(routes: Sequence[BaseRoute]) -> Sequence[BaseRoute]:
    """`GET /openapi.json`, made from the routes there are."""
    document = describe(routes)

    async def show(request: Request) -> Response:  # noqa: ARG001
        return json_response(document)

    return (Route("/openapi.json", show, methods=["GET"]),)


def describe(routes: Sequence[BaseRoute]) -> dict[str, Any]:
    """The document."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        if isinstance(route, Route) and not route.path.startswith(PAGES):
            path = route.path.replace(":path}", "}")
            for method in sorted((route.methods or set()) - {"HEAD", "OPTIONS"}):
                paths.setdefault(path, {})[method.lower()] = _operation(method, path)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tactful", "version": "1"},
        "paths": paths,
        "components": {
            "securitySchemes": {"serverKey": {"type": "http", "scheme": "bearer"}},
            "responses": {
                "problem": {
                    "description": "RFC 9457; `code` is stable",
                    "content": {
                        "application/problem+json": {
                            "schema": {
                                "type": "object",
                                "required": ["type", "title", "status", "code", "detail"],
                            }
                        }
                    },
                }
            },
        },
    }


def _operation(method: str, path: str) -> dict[str, Any]:
    names = [part.partition("}")[0] for part in path.split("{")[1:]]
    operation: dict[str, Any] = {
        "summary": SUMMARIES.get((method, path), path),
        "responses": {
            "200": {"description": "Done"},
            "default": {"$ref": "#/components/responses/problem"},
        },
    }
    if names:
        operation["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in names
        ]
    if path not in OPEN and not path.startswith(("/widget", "/v1/session")):
        operation["security"] = [{"serverKey": []}]
    return operation
