"""The HTTP API as an OpenAPI 3.1 document, generated from the routes."""

import asyncio
import inspect
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from http import HTTPStatus
from typing import Any, Final

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tactful.api.alerts import SnoozeRequest
from tactful.api.bodies import json_response
from tactful.api.code_endpoints import CodesBody
from tactful.api.diagnoses import DoctorQuestion
from tactful.api.endpoint_problems import (
    ENDPOINT_PROBLEMS,
    EVERY_ENDPOINT,
    WITH_BODY,
    WITH_KEY,
    WITH_OPERATOR,
    WITH_PATH,
    joined,
)
from tactful.api.openapi_examples import example_of
from tactful.api.openapi_parameters import OPERATOR, WEBHOOK_HEADERS, parameter
from tactful.api.operations import ClockMove
from tactful.api.other_responses import OTHER_RESPONSES
from tactful.api.pairing import PairingBody
from tactful.api.problems import TITLES
from tactful.api.redemptions import CancelBody, ConfirmBody, RedemptionBody, RefundBody
from tactful.api.response_shapes import RESPONSES, SECOND_RESPONSES, ProblemDocument
from tactful.api.rulebooks import Rollback, StopBody
from tactful.core.facts.reference.schemas import fact_components
from tactful.protocol.problems import PROBLEM_JSON
from tactful.runtime.case_corrections import CaseCorrection
from tactful.runtime.services.event_types import EVENTS, AnyEvent

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
    ("POST", "/v1/rulebook/stop"): "Stop all offers",
    ("POST", "/v1/rulebook/start"): "End the stop of all offers",
    ("POST", "/v1/rules/{id}/pause"): "Pause a rule",
    ("POST", "/v1/rules/{id}/resume"): "Resume a paused rule",
    ("GET", "/v1/experiments/{id}/report"): "Which rule of an experiment earned more",
    ("GET", "/v1/report"): "What offers earned, compared with shoppers who were held out",
    ("POST", "/v1/cases/{id}/correct"): "Correct the kind or the links of a support case",
    ("GET", "/v1/codes"): "The pools of discount codes, and how many codes are free",
    ("POST", "/v1/codes/{pool}"): "Add single-use discount codes to a pool",
    ("DELETE", "/v1/codes/{pool}"): "Give no code of a pool to further offers",
    ("POST", "/v1/in/{connector}"): "Take a delivery of another system, signed by it",
    ("POST", "/v1/in/{connector}/{secret}"): "The same, for systems that sign nothing",
    ("GET", "/v1/events"): "Read what happened to offers and alerts",
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
    ("POST", "/v1/rulebook/stop"): StopBody,
    ("POST", "/v1/alerts/{id}/snooze"): SnoozeRequest,
    ("POST", "/v1/cases/{id}/correct"): CaseCorrection,
    ("POST", "/v1/codes/{pool}"): CodesBody,
    ("POST", "/v1/doctor"): DoctorQuestion,
    ("POST", "/v1/pair"): PairingBody,
    ("POST", "/v1/test/clock"): ClockMove,
}
"""(method, path) → the shape of the request's body; `POST /v1/facts` takes facts."""
FOREIGN_BODIES: Final[Mapping[tuple[str, str], str]] = {
    ("POST", "/v1/in/{connector}"): "A delivery, as the other system signed it.",
    ("POST", "/v1/in/{connector}/{secret}"): "A delivery of the other system.",
    ("POST", "/v1/session/stream/{stream}"): "A message of the session, or an array of at most 64.",
}
"""(method, path) → what is in a body whose shape is described elsewhere."""
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
    "/v1/acts": ("who", "act", "subject", "customer", "since", "until", "after"),
    "/v1/alerts": ("state",),
    "/v1/shadow": ("rule", "since", "until", "last"),
    "/v1/events": ("after", "limit"),
    "/v1/experiments/{id}/report": ("territory", "since", "until", "window", "format"),
    "/v1/report": ("rule", "territory", "since", "until", "window", "format"),
}
"""Path of a `GET` → its query parameters; `!` marks those that are required."""


POST_QUERIES: Final[Mapping[str, tuple[str, ...]]] = {
    "/v1/connectors/{connector}/reconcile": ("accept_missing",),
}
"""Path of a `POST` → its query parameters."""
OPERATORS: Final = frozenset(
    {
        ("POST", "/v1/rulebook/reload"),
        ("POST", "/v1/rulebook/rollback"),
        ("POST", "/v1/rulebook/stop"),
        ("POST", "/v1/rulebook/start"),
        ("POST", "/v1/rules/{id}/pause"),
        ("POST", "/v1/rules/{id}/resume"),
        ("POST", "/v1/cases/{id}/correct"),
        ("DELETE", "/v1/customers/{id}"),
        ("DELETE", "/v1/contacts/{hash}"),
        ("POST", "/v1/connectors/{connector}/retry"),
        ("POST", "/v1/connectors/{connector}/reconcile"),
        ("POST", "/v1/codes/{pool}"),
        ("DELETE", "/v1/codes/{pool}"),
        ("POST", "/v1/alerts/{id}/acknowledge"),
        ("POST", "/v1/alerts/{id}/snooze"),
        ("POST", "/v1/alerts/{id}/resolve"),
    }
)
"""The endpoints that record who acts."""


def openapi_routes(routes: Sequence[BaseRoute]) -> Sequence[BaseRoute]:
    """Return the route of `GET /openapi.json`, which describes `routes` and itself."""

    @cache  # built at the first request, because it delays the start and few servers are asked
    def document() -> dict[str, Any]:
        return describe([*routes, route])

    async def show(request: Request) -> Response:  # noqa: ARG001
        # In a thread: sessions would wait for the 30 ms that it takes the first time.
        return json_response(await asyncio.to_thread(document))

    route = Route("/openapi.json", show, methods=["GET"])
    return (route,)


def describe(routes: Sequence[BaseRoute]) -> dict[str, Any]:
    """Return the OpenAPI document of the routes."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        if isinstance(route, Route) and not route.path.startswith(CONSOLE_PATH):
            path = route.path.replace(":path}", "}")
            for method in sorted((route.methods or set()) - {"HEAD", "OPTIONS"}):
                paths.setdefault(path, {})[method.lower()] = _operation(method, path)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tactful",
            "version": "1",
            "description": "Facts, redemption, explanations and operation of one shop's server.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "webhooks": {_tag(event): {"post": _webhook(event)} for event in EVENTS},
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {
                "serverKey": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The server key, or the key of a plugin that may do this.",
                }
            },
            "responses": {
                _common_name(status): _problem(status, codes)
                for status, codes in EVERY_ENDPOINT.items()
            },
        },
    }


def _schemas() -> dict[str, Any]:
    """Return the schemas of all bodies, each with an example."""
    names, facts = fact_components(_SCHEMA_REF)
    answers = (*filter(None, RESPONSES.values()), *SECOND_RESPONSES.values())
    others = [one.shape for each in OTHER_RESPONSES.values() for one in each if one.shape]
    shapes = dict.fromkeys([*REQUESTS.values(), *answers, *others, *EVENTS, ProblemDocument])
    _, bodies = msgspec.json.schema_components(shapes, ref_template=_SCHEMA_REF)
    for shape in shapes:
        bodies[shape.__name__]["examples"] = [example_of(shape)]
    fact = {
        "oneOf": [{"$ref": _SCHEMA_REF.format(name=name)} for name in names.values()],
        "discriminator": {
            "propertyName": "type",
            "mapping": {kind: _SCHEMA_REF.format(name=name) for kind, name in names.items()},
        },
    }
    return {"Fact": fact, **bodies, **facts}


def _tag(event: type[AnyEvent]) -> str:
    return str(event.__struct_config__.tag)


def _webhook(event: type[AnyEvent]) -> dict[str, Any]:
    """Return an event as it is sent to `events_url`."""
    answers = {
        "2XX": {"description": "The receiver has it."},
        "default": {"description": "It is sent again after 5 seconds to 5 minutes."},
    }
    return {
        "summary": inspect.cleandoc(event.__doc__ or "").rstrip("."),
        "parameters": [dict(one) for one in WEBHOOK_HEADERS],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": _reference(event)}},
        },
        "responses": answers,
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
    operation: dict[str, Any] = {
        "summary": SUMMARIES.get((method, path), path),
        "responses": _responses(method, path),
    }
    if parameters := list(_parameters(method, path)):
        operation["parameters"] = parameters
    if (body := REQUESTS.get((method, path))) is not None:
        operation["requestBody"] = {
            "required": (method, path) not in OPTIONAL_BODIES,
            "content": {"application/json": {"schema": _reference(body)}},
        }
    if (foreign := FOREIGN_BODIES.get((method, path))) is not None:
        content = {"application/json": {"schema": {"description": foreign}}}
        operation["requestBody"] = {"required": True, "content": content}
    if (method, path) == ("POST", "/v1/facts"):
        operation["requestBody"] = _facts_body()
    if _needs_key(path):
        operation["security"] = [{"serverKey": []}]
    return operation


def _needs_key(path: str) -> bool:
    return path not in PUBLIC_PATHS and not path.startswith(("/widget", "/v1/session", "/v1/in/"))


def _parameters(method: str, path: str) -> Iterator[dict[str, Any]]:
    for part in path.split("{")[1:]:
        yield parameter(path, part.partition("}")[0], "path", required=True)
    queries = {"GET": QUERIES, "POST": POST_QUERIES}.get(method, {})
    for name in queries.get(path, ()):
        yield parameter(path, name.rstrip("!"), "query", required=name.endswith("!"))
    if (method, path) in OPERATORS:
        yield dict(OPERATOR)


def _responses(method: str, path: str) -> dict[str, Any]:
    """Return all responses of an endpoint, by status; one status can have two media types."""
    found = _successes(method, path)
    for status, codes in _problem_codes(method, path).items():
        if (other := found.get(str(status))) is not None:
            other["content"] |= _problem(status, codes)["content"]
        elif tuple(codes) == EVERY_ENDPOINT.get(status):
            found[str(status)] = {"$ref": f"#/components/responses/{_common_name(status)}"}
        else:
            found[str(status)] = _problem(status, codes)
    return found


def _successes(method: str, path: str) -> dict[str, Any]:
    """Return the responses that are no problem documents."""
    found: dict[str, Any] = {}
    if (shape := RESPONSES.get((method, path))) is not None:
        schema: dict[str, Any] = _reference(shape)
        if second := SECOND_RESPONSES.get((method, path)):
            schema = {"oneOf": [schema, _reference(second)]}
        found["200"] = {"description": "Done", "content": {"application/json": {"schema": schema}}}
    elif (method, path) in RESPONSES:
        found["204"] = {"description": "Done"}
    for one in OTHER_RESPONSES.get((method, path), ()):
        response = found.setdefault(str(one.status), {"description": one.meaning})
        if one.media_type:
            schema = _reference(one.shape) if one.shape else {"type": one.kind}
            response.setdefault("content", {})[one.media_type] = {"schema": schema}
    return found or {"200": {"description": "Done"}}


def _problem_codes(method: str, path: str) -> dict[int, list[str]]:
    """Return the problem codes with which an endpoint can answer, by status."""
    groups = [EVERY_ENDPOINT]
    if "{" in path:
        groups.append(WITH_PATH)
    if _needs_key(path):
        groups.append(WITH_KEY)
    if (method, path) in REQUESTS:
        groups.append(WITH_BODY)
    if (method, path) in OPERATORS:
        groups.append(WITH_OPERATOR)
    groups.append(ENDPOINT_PROBLEMS.get((method, path), {}))
    return joined(groups)


def _common_name(status: int) -> str:
    return f"problem_{status}"


def _problem(status: int, codes: Sequence[str]) -> dict[str, Any]:
    """Return the response with one of these problem codes."""
    code = {"properties": {"code": {"enum": list(codes)}}}
    schema = {"allOf": [_reference(ProblemDocument), code]}
    return {
        "description": TITLES.get(status, HTTPStatus(status).phrase),
        "content": {PROBLEM_JSON: {"schema": schema}},
    }
