"""What an error looks like to a client, and what the log keeps of it."""

import httpx
import structlog
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.routing import Route

from tactful.api.problems import HANDLERS
from tactful.runtime.ports.ledger import LedgerError


def client(error):
    async def fails(_):
        raise error

    app = Starlette(
        routes=[Route("/v1/customers/{id:path}/export", fails)], exception_handlers=HANDLERS
    )
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://localhost")


async def test_a_failure_is_logged_by_its_endpoint_and_not_by_whom_it_was_about():
    for error, status in ((LedgerError("disk"), 503), (RuntimeError("jane@x.example"), 500)):
        async with client(error) as http:
            with structlog.testing.capture_logs() as logged:
                answer = await http.get("/v1/customers/jane@x.example/export")
        assert answer.status_code == status
        assert [line["path"] for line in logged] == ["/v1/customers/{id:path}/export"]
        assert "jane" not in answer.text


async def test_a_client_who_leaves_while_its_request_is_read_is_no_failure():
    async with client(ClientDisconnect()) as http:
        with structlog.testing.capture_logs() as logged:
            answer = await http.get("/v1/customers/c1/export")
    assert (answer.status_code, answer.json()["code"]) == (400, "body.cut_off")
    assert logged == []
