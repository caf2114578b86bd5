"""Error responses as a client gets them, and what the log says of them."""

from pathlib import Path

import httpx
import structlog
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from tactful.api.problems import HANDLERS, RETRY_S, ProblemError, problem
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.security.key_files import KeyFileError


def client(error: Exception) -> httpx.AsyncClient:
    async def fails(_: Request) -> Response:
        raise error

    app = Starlette(
        routes=[Route("/v1/customers/{id:path}/export", fails)], exception_handlers=HANDLERS
    )
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://localhost")


async def test_a_failure_is_logged_by_its_route_and_without_the_customer() -> None:
    for error, status in ((LedgerError("disk"), 503), (RuntimeError("jane@x.example"), 500)):
        async with client(error) as http:
            with structlog.testing.capture_logs() as logged:
                answer = await http.get("/v1/customers/jane@x.example/export")
        assert answer.status_code == status
        assert [line["path"] for line in logged] == ["/v1/customers/{id:path}/export"]
        assert "jane" not in answer.text


async def test_keys_that_cannot_be_used_are_no_crash_and_a_retry_is_asked_for() -> None:
    refusal = KeyFileError("damaged", Path("/srv/keys/000002.key.json"), "This key is damaged.")
    async with client(refusal) as http:
        with structlog.testing.capture_logs() as logged:
            answer = await http.get("/v1/customers/c1/export")
    assert (answer.status_code, answer.json()["code"]) == (503, "keys.unusable")
    assert answer.headers["retry-after"] == RETRY_S[503]
    assert "/srv" not in answer.text
    assert [(line["event"], line["error"]) for line in logged] == [("http.keys", str(refusal))]


async def test_a_client_that_disconnects_while_its_request_is_read_is_no_failure() -> None:
    async with client(ClientDisconnect()) as http:
        with structlog.testing.capture_logs() as logged:
            answer = await http.get("/v1/customers/c1/export")
    assert (answer.status_code, answer.json()["code"]) == (400, "body.cut_off")
    assert logged == []


async def test_an_unknown_path_and_a_wrong_method_are_problems() -> None:
    async with client(RuntimeError("not reached")) as http:
        missing = await http.get("/v1/nothing")
        wrong = await http.delete("/v1/customers/c1/export")
    assert (missing.status_code, missing.json()["code"]) == (404, "http.not_found")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "http.method")
    assert "GET" in wrong.json()["detail"]
    assert wrong.headers["content-type"] == "application/problem+json"


async def test_a_wrong_method_is_answered_with_the_methods_of_all_routes_of_the_path() -> None:
    async def listed(_: Request) -> Response:
        return Response()

    routes = [Route("/v1/a", listed, methods=["POST"]), Route("/v1/a", listed, methods=["GET"])]
    app = Starlette(routes=routes, exception_handlers=HANDLERS)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        wrong = await http.delete("/v1/a")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET, HEAD, POST")


async def test_a_problem_error_is_answered_with_its_members() -> None:
    async with client(ProblemError(422, "body.invalid", "No `token`.", field="token")) as http:
        answer = await http.get("/v1/customers/c1/export")
    assert answer.status_code == 422
    assert answer.json()["field"] == "token"
    assert answer.headers["cache-control"] == "no-store"


def test_a_missing_key_and_an_overload_have_the_headers_that_help() -> None:
    assert problem(401, "key.missing", "Send the key.").headers["www-authenticate"] == "Bearer"
    for status, seconds in RETRY_S.items():
        assert problem(status, "any", "Wait.").headers["retry-after"] == seconds
    assert "retry-after" not in problem(404, "any", "Nothing.").headers
