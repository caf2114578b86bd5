"""The OpenAPI document, generated from the routes."""

import json
import re
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from tactful.api.openapi import describe, openapi_routes
from tactful.core.facts.fact_types import KINDS


async def endpoint(_: Request) -> Response:
    return PlainTextResponse("")


ROUTES: list[BaseRoute] = [
    Route("/v1/customers/{id:path}", endpoint, methods=["DELETE"]),
    Route("/v1/session/stream/{stream}", endpoint, methods=["POST", "OPTIONS"]),
    Route("/healthz", endpoint, methods=["GET"]),
    Route("/unknown", endpoint, methods=["GET"]),
    Route("/console/rules", endpoint, methods=["GET"]),
]


def operation(path: str, method: str) -> dict[str, Any]:
    found: dict[str, Any] = describe(ROUTES)["paths"][path][method]
    return found


def test_a_path_lists_its_methods_without_head_and_options() -> None:
    paths = describe(ROUTES)["paths"]
    assert {path: sorted(methods) for path, methods in paths.items()} == {
        "/v1/customers/{id}": ["delete"],
        "/v1/session/stream/{stream}": ["post"],
        "/healthz": ["get"],
        "/unknown": ["get"],
    }


def test_an_operation_has_a_summary_or_its_path() -> None:
    assert operation("/v1/customers/{id}", "delete")["summary"] == "Erase a customer"
    assert operation("/unknown", "get")["summary"] == "/unknown"


def test_path_parameters_are_declared() -> None:
    (parameter,) = operation("/v1/customers/{id}", "delete")["parameters"]
    assert (parameter["name"], parameter["in"], parameter["required"]) == ("id", "path", True)
    assert "parameters" not in operation("/healthz", "get")


def test_only_endpoints_of_the_shops_systems_require_the_server_key() -> None:
    assert operation("/v1/customers/{id}", "delete")["security"] == [{"serverKey": []}]
    assert "security" not in operation("/healthz", "get")
    assert "security" not in operation("/v1/session/stream/{stream}", "post")


def test_every_operation_refers_to_the_problem_document() -> None:
    document = describe(ROUTES)
    for methods in document["paths"].values():
        for one in methods.values():
            assert one["responses"]["default"]["$ref"] == "#/components/responses/problem"
    assert "problem" in document["components"]["responses"]


def test_the_document_is_served() -> None:
    (route,) = openapi_routes(ROUTES)
    assert isinstance(route, Route)
    assert route.path == "/openapi.json"


def test_every_reference_of_the_document_is_defined() -> None:
    document = describe([Route("/v1/facts", endpoint, methods=["POST"])])
    named = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))
    assert named <= set(document["components"]["schemas"])
    assert {"Fact", "Order", "OrderLine", "IngestReport", "FactRejection", "FieldError"} <= named


def test_the_report_of_facts_has_the_schemas_of_its_bodies() -> None:
    document = describe([Route("/v1/facts", endpoint, methods=["POST"])])
    operation = document["paths"]["/v1/facts"]["post"]
    facts = operation["requestBody"]["content"]["application/json"]["schema"]
    assert facts == {"type": "array", "items": {"$ref": "#/components/schemas/Fact"}}
    schemas = document["components"]["schemas"]
    assert set(schemas["Fact"]["discriminator"]["mapping"]) == set(KINDS)
    report = schemas["IngestReport"]["properties"]
    assert set(report) == {"accepted", "ignored", "rejected", "unchanged", "notes"}
