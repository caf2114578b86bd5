"""The HTTP API as an OpenAPI 3.1 document, generated from the routes."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tactful.api.alerts import SnoozeRequest
from tactful.api.bodies import json_response
from tactful.api.diagnoses import DoctorQuestion
from tactful.api.operations import ClockMove
from tactful.api.pairing import PairingBody
from tactful.api.redemptions import CancelBody, ConfirmBody, RedemptionBody, RefundBody
from tactful.api.response_shapes import RESPONSES, SECOND_RESPONSES, ProblemDocument
from tactful.api.rulebooks import Rollback
from tactful.core.facts.reference.schemas import fact_components
from tactful.runtime.case_corrections import CaseCorrection

_SCHEMA_REF: Final = "#/components/schemas/{name}"
CONSOLE_PATH: Final = "/console"
"""Pages for people, which are not part of the API."""
PUBLIC_PATHS: Final = frozenset(
    {
        "/healthz",
        "/readyz",
        "/version",
        "/openapi.json",
        "/asyncapi.json",
        "/.well-known/jwks.json",
        "/v1/pair",
    }
)
"""Endpoints without the server key; those of the widget and of sessions have other checks."""
SUMMARIES: Final[dict[tuple[str, str], str]] = {
    ("POST", "/v1/facts"): "Report facts: a JSON array, or JSON Lines",
    ("GET", "/v1/facts"): "Facts in force about what is sold, page by page",
    ("GET", "/v1/customers/{id}/export"): "Everything stored about a customer",
    ("DELETE", "/v1/customers/{id}"): "Erase a customer",
    ("GET", "/v1/contacts/{hash}"): "How many facts name a contact",
    ("DELETE", "/v1/contacts/{hash}"): "Erase a shopper of whom only a contact is known",
    ("POST", "/v1/redemptions"): "Redeem or hold offers for an order",
    (
        "GET",
        "/v1/redemptions",
    ): "The redemptions of an order or an offer, or in a state, page by page",
    ("POST", "/v1/redemptions/{order}/confirm"): "Redeem for good what an order holds",
    ("POST", "/v1/redemptions/{order}/cancel"): "Roll back an order's redemptions",
    ("POST", "/v1/redemptions/{order}/refund"): "Record a partial refund of an order",
    ("GET", "/v1/offers/{id}"): "The current state of one offer",
    ("GET", "/v1/why"): "Explain for each rule why it offers an item or not",
    ("POST", "/v1/doctor"): "Explain to a page with a doctor pass why its item has no offer",
    ("GET", "/v1/decisions"): "Offers that were pushed and withdrawn, with reasons, newest first",
    ("GET", "/v1/budgets"): "The balance of every campaign",
    ("GET", "/v1/shadow"): "What rules in shadow mode would have offered",
    ("GET", "/v1/prices/{sku}"): "The history of an item's public prices",
    ("GET", "/v1/rulebook"): "The active rulebook and its rules",
    ("GET", "/v1/acts"): "Operator actions, newest first",
    ("POST", "/v1/rulebook/reload"): "Read the rule files again",
    ("POST", "/v1/rulebook/rollback"): "Activate the previous rulebook",
    ("POST", "/v1/rules/{id}/pause"): "Pause a rule",
    ("POST", "/v1/rules/{id}/resume"): "Resume a paused rule",
    ("GET", "/v1/experiments/{id}/report"): "Which rule of an experiment earned more",
    ("GET", "/v1/report"): "What offers earned, compared with shoppers who were held out",
    ("POST", "/v1/cases/{id}/correct"): "Correct the kind or the links of a support case",
    ("POST", "/v1/in/{connector}"): "Take a delivery of another system, signed by it",
    ("POST", "/v1/in/{connector}/{secret}"): "The same, for systems that sign nothing",
    ("POST", "/v1/connectors/{connector}/reconcile"): "Read the lists of a connector soon",
    ("POST", "/v1/connectors/{connector}/retry"): "Map the failed deliveries of a connector again",
    ("GET", "/v1/connectors"): "How the connectors are",
    ("GET", "/v1/alerts"): "What needs a person, or needed one",
    ("POST", "/v1/alerts/{id}/acknowledge"): "Note that somebody looks after an alert",
    ("POST", "/v1/alerts/{id}/snooze"): "Let an alert rest for a while",
    ("POST", "/v1/alerts/{id}/resolve"): "Close an alert by hand",
    ("POST", "/v1/pair"): "Exchange a one-time code for the key of a shop's plugin",
    ("GET", "/.well-known/jwks.json"): "The keys that verify tokens offline",
    ("GET", "/healthz"): "Liveness: whether to restart the process",
    ("GET", "/readyz"): "Readiness: whether to send traffic, and the age of each feed",
    ("GET", "/metrics"): "Metrics in Prometheus' text format",
    ("GET", "/version"): "The version of the server",
    ("GET", "/openapi.json"): "This document",
    ("GET", "/asyncapi.json"): "The session's messages as AsyncAPI",
    ("GET", "/widget/{name}"): "The widget's files",
    ("GET", "/v1/session"): "Open a session (WebSocket upgrade)",
    ("GET", "/v1/session/stream"): "Open a session as server-sent events",
    ("POST", "/v1/session/stream/{stream}"): "Post messages to a stream",
    ("POST", "/v1/test/clock"): "Test mode only: move the clock",
}
"""(method, path) → summary; a test compares it with the routes."""
REQUESTS: Final[Mapping[tuple[str, str], type[Struct]]] = {
    ("POST", "/v1/redemptions"): RedemptionBody,
    ("POST", "/v1/redemptions/{order}/confirm"): ConfirmBody,
    ("POST", "/v1/redemptions/{order}/cancel"): CancelBody,
    ("POST", "/v1/redemptions/{order}/refund"): RefundBody,
    ("POST", "/v1/rulebook/rollback"): Rollback,
    ("POST", "/v1/alerts/{id}/snooze"): SnoozeRequest,
    ("POST", "/v1/cases/{id}/correct"): CaseCorrection,
    ("POST", "/v1/doctor"): DoctorQuestion,
    ("POST", "/v1/pair"): PairingBody,
    ("POST", "/v1/test/clock"): ClockMove,
}
"""(method, path) → the shape of the request's body; `POST /v1/facts` takes facts."""
OPTIONAL_BODIES: Final = frozenset(
    {
        ("POST", "/v1/rulebook/rollback"),
        ("POST", "/v1/redemptions/{order}/confirm"),
        ("POST", "/v1/redemptions/{order}/cancel"),
    }
)
QUERIES: Final[Mapping[str, tuple[str, ...]]] = {
    "/v1/facts": ("of!", "after"),
    "/v1/redemptions": ("order", "offer", "state", "after"),
    "/v1/why": ("sku!", "session", "customer", "at", "territory", "dwell", "recompute"),
    "/v1/decisions": ("session", "customer", "offer", "recompute"),
    "/v1/offers/{id}": ("recompute",),
    "/v1/prices/{sku}": ("territory!", "currency", "channel", "group"),
    "/v1/acts": ("customer",),
    "/v1/alerts": ("state",),
    "/v1/shadow": ("rule", "since", "until", "last"),
    "/v1/experiments/{id}/report": ("territory", "since", "until", "window", "format"),
    "/v1/report": ("rule", "territory", "since", "until", "window", "format"),
}
"""Path of a `GET` → its query parameters; `!` marks those that are required."""


def openapi_routes(routes: Sequence[BaseRoute]) -> Sequence[BaseRoute]:
    """Return the route of `GET /openapi.json`, which describes `routes`."""
    document = describe(routes)

    async def show(request: Request) -> Response:  # noqa: ARG001
        return json_response(document)

    return (Route("/openapi.json", show, methods=["GET"]),)


def describe(routes: Sequence[BaseRoute]) -> dict[str, Any]:
    """Return the OpenAPI document of the routes."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        if isinstance(route, Route) and not route.path.startswith(CONSOLE_PATH):
            path = route.path.replace(":path}", "}")
            for method in sorted((route.methods or set()) - {"HEAD", "OPTIONS"}):
                paths.setdefault(path, {})[method.lower()] = _operation(method, path)
    names, schemas = fact_components(_SCHEMA_REF)
    answers = (*filter(None, RESPONSES.values()), *SECOND_RESPONSES.values())
    shapes = [*REQUESTS.values(), *answers, ProblemDocument]
    _, bodies = msgspec.json.schema_components(dict.fromkeys(shapes), ref_template=_SCHEMA_REF)
    schemas = {**bodies, **schemas}
    if "/v1/facts" in paths:
        paths["/v1/facts"]["post"]["requestBody"] = _facts_body()
    fact = {
        "oneOf": [{"$ref": _SCHEMA_REF.format(name=name)} for name in names.values()],
        "discriminator": {
            "propertyName": "type",
            "mapping": {kind: _SCHEMA_REF.format(name=name) for kind, name in names.items()},
        },
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tactful", "version": "1"},
        "paths": paths,
        "components": {
            "schemas": {"Fact": fact, **schemas},
            "securitySchemes": {"serverKey": {"type": "http", "scheme": "bearer"}},
            "responses": {
                "problem": {
                    "description": "RFC 9457; `code` is stable",
                    "content": {
                        "application/problem+json": {"schema": _reference(ProblemDocument)}
                    },
                }
            },
        },
    }


def _reference(shape: type[Struct]) -> dict[str, str]:
    return {"$ref": _SCHEMA_REF.format(name=shape.__name__)}


def _facts_body() -> dict[str, Any]:
    """Return the body of `POST /v1/facts`."""
    fact = {"$ref": _SCHEMA_REF.format(name="Fact")}
    return {
        "required": True,
        "content": {
            "application/json": {"schema": {"type": "array", "items": fact}},
            "application/x-ndjson": {
                "schema": {"type": "string", "description": "One fact a line."}
            },
        },
    }


def _operation(method: str, path: str) -> dict[str, Any]:
    names = [part.partition("}")[0] for part in path.split("{")[1:]]
    operation: dict[str, Any] = {
        "summary": SUMMARIES.get((method, path), path),
        "responses": {
            **_success(method, path),
            "default": {"$ref": "#/components/responses/problem"},
        },
    }
    parameters = [_parameter(name, "path", required=True) for name in names]
    if method == "GET":
        parameters += [
            _parameter(name.rstrip("!"), "query", required=name.endswith("!"))
            for name in QUERIES.get(path, ())
        ]
    if parameters:
        operation["parameters"] = parameters
    if (body := REQUESTS.get((method, path))) is not None:
        operation["requestBody"] = {
            "required": (method, path) not in OPTIONAL_BODIES,
            "content": {"application/json": {"schema": _reference(body)}},
        }
    if path not in PUBLIC_PATHS and not path.startswith(("/widget", "/v1/session", "/v1/in/")):
        operation["security"] = [{"serverKey": []}]
    return operation


def _parameter(name: str, place: str, *, required: bool) -> dict[str, Any]:
    return {"name": name, "in": place, "required": required, "schema": {"type": "string"}}


def _success(method: str, path: str) -> dict[str, Any]:
    """Return the response without an error."""
    if (method, path) not in RESPONSES:
        return {"200": {"description": "Done"}}
    shape = RESPONSES[method, path]
    if shape is None:
        return {"204": {"description": "Done"}}
    schema: dict[str, Any] = _reference(shape)
    if second := SECOND_RESPONSES.get((method, path)):
        schema = {"oneOf": [schema, _reference(second)]}
    return {"200": {"description": "Done", "content": {"application/json": {"schema": schema}}}}
