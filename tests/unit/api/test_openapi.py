"""The OpenAPI document, generated from the routes."""

import json
import re
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from tactful.api.endpoint_problems import EVERY_ENDPOINT
from tactful.api.openapi import FOREIGN_BODIES, REQUESTS, SUMMARIES, describe, openapi_routes
from tactful.api.response_shapes import RESPONSES
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
    (parameter, operator) = operation("/v1/customers/{id}", "delete")["parameters"]
    assert operator["name"] == "Tactful-Operator"
    assert (parameter["name"], parameter["in"], parameter["required"]) == ("id", "path", True)
    assert "parameters" not in operation("/healthz", "get")


def test_only_endpoints_of_the_shops_systems_require_the_server_key() -> None:
    assert operation("/v1/customers/{id}", "delete")["security"] == [{"serverKey": []}]
    assert "security" not in operation("/healthz", "get")
    assert "security" not in operation("/v1/session/stream/{stream}", "post")


def test_every_operation_has_the_problems_of_the_listener_and_of_failures() -> None:
    document = describe(ROUTES)
    for methods in document["paths"].values():
        for one in methods.values():
            assert {str(status) for status in EVERY_ENDPOINT} <= set(one["responses"])
            assert one["responses"]["500"] == {"$ref": "#/components/responses/problem_500"}
    assert "problem_500" in document["components"]["responses"]


def codes(path: str, method: str, status: int) -> list[str]:
    response = operation(path, method)["responses"][str(status)]
    found: list[str] = response["content"]["application/problem+json"]["schema"]["allOf"][1][
        "properties"
    ]["code"]["enum"]
    return found


def test_an_operation_with_a_key_has_the_problems_of_the_key() -> None:
    assert codes("/v1/customers/{id}", "delete", 401) == ["key.unset", "key.wrong"]
    assert "401" not in operation("/healthz", "get")["responses"]


def test_a_status_can_have_a_body_of_the_endpoint_beside_the_problem() -> None:
    content = operation("/healthz", "get")["responses"]["503"]["content"]
    assert set(content) == {"application/json", "application/problem+json"}


def test_an_endpoint_that_records_who_acts_takes_the_operators_name() -> None:
    document = describe([Route("/v1/rules/{id}/pause", endpoint, methods=["POST"])])
    pause = document["paths"]["/v1/rules/{id}/pause"]["post"]
    assert [one["name"] for one in pause["parameters"]] == ["id", "Tactful-Operator"]
    assert "404" in pause["responses"]
    assert "422" in pause["responses"]


async def test_the_served_document_describes_itself() -> None:
    (route,) = openapi_routes(ROUTES)
    transport = httpx.ASGITransport(Starlette(routes=[route]))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        document = (await http.get("/openapi.json")).json()
    assert set(document["paths"]) == {*describe(ROUTES)["paths"], "/openapi.json"}


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


def test_every_body_has_an_example() -> None:
    schemas = describe([])["components"]["schemas"]
    for shape in (*REQUESTS.values(), *filter(None, RESPONSES.values())):
        assert schemas[shape.__name__]["examples"], shape


def test_a_body_of_another_system_is_described_in_words() -> None:
    body = operation("/v1/session/stream/{stream}", "post")["requestBody"]
    assert "message" in body["content"]["application/json"]["schema"]["description"]


def test_every_endpoint_that_takes_a_body_says_which() -> None:
    without = {("POST", "/v1/rulebook/reload"), ("POST", "/v1/rulebook/start"),
               ("POST", "/v1/rules/{id}/pause"),
               ("POST", "/v1/rules/{id}/resume"), ("POST", "/v1/alerts/{id}/acknowledge"),
               ("POST", "/v1/alerts/{id}/resolve"), ("POST", "/v1/connectors/{connector}/retry"),
               ("POST", "/v1/connectors/{connector}/reconcile")}  # fmt: skip
    posts = {pair for pair in SUMMARIES if pair[0] == "POST"}
    described = {*REQUESTS, *FOREIGN_BODIES, ("POST", "/v1/facts")}
    assert posts - described == without
