"""The client sends the server key, decodes responses, and explains every refusal."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from tactful.cli.shared.errors import CommandError
from tactful.cli.shared.http_client import ServerClient
from tactful.config import Config


class StubServer:
    """A server that gives one prepared response, and keeps the requests."""

    def __init__(self) -> None:
        self.status = 200
        self.body = b"{}"
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []
        self.url = ""


@pytest.fixture
def stub() -> Iterator[StubServer]:
    found = StubServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            found.requests.append((self.command, self.path, dict(self.headers), body))
            self.send_response(found.status)
            self.send_header("Content-Length", str(len(found.body)))
            self.end_headers()
            self.wfile.write(found.body)

        do_POST = do_GET  # noqa: N815 - the name that http.server calls

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_port}/tact"
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def refusal_of(stub: StubServer, key: str | None = "a-key", **response: Any) -> str:
    """The text with which the client refuses a response."""
    stub.status, stub.body = response["status"], response["body"]
    with (
        ServerClient(Config(server_key=key), stub.url) as client,
        pytest.raises(CommandError) as caught,
    ):
        client.get("/x")
    return caught.value.message


def test_a_request_carries_the_key_the_path_of_the_url_and_the_body(stub: StubServer) -> None:
    with ServerClient(Config(server_key="a-key"), f"{stub.url}/") as client:
        client.request("POST", "/v1/facts", b"[]", "application/x-ndjson")
    ((method, path, headers, body),) = stub.requests
    assert (method, path, body) == ("POST", "/tact/v1/facts", b"[]")
    assert headers["Authorization"] == "Bearer a-key"
    assert headers["Content-Type"] == "application/x-ndjson"


def test_query_values_that_are_not_given_are_left_out(stub: StubServer) -> None:
    stub.body = b'{"a": 1}'
    with ServerClient(Config(), stub.url) as client:
        assert client.get("/v1/why", sku="A B", at=None) == {"a": 1}
        stub.body = b""
        assert client.get("/v1/why") is None
    assert [path for _, path, _, _ in stub.requests] == ["/tact/v1/why?sku=A+B", "/tact/v1/why"]
    assert "Authorization" not in stub.requests[0][2]


def test_a_refusal_carries_the_servers_own_code_and_text(stub: StubServer) -> None:
    body = b'{"code": "shopper.unknown", "title": "T", "detail": "There is no such shopper."}'
    assert refusal_of(stub, status=404, body=body) == (
        f"{stub.url}: 404 shopper.unknown: There is no such shopper."
    )
    assert "T" in refusal_of(stub, status=404, body=b'{"title": "T"}')
    assert "gives no reason" in refusal_of(stub, status=500, body=b"[]")


def test_a_wrong_key_is_distinguished_from_a_missing_one(stub: StubServer) -> None:
    assert "refuses this server key" in refusal_of(stub, status=401, body=b"{}")
    assert "key is missing" in refusal_of(stub, None, status=401, body=b"{}")


def test_a_response_of_another_program_is_recognised(stub: StubServer) -> None:
    assert "not from a Tactful server" in refusal_of(stub, status=200, body=b"<html>")


def test_a_server_that_is_down_is_reported_with_the_way_to_start_it() -> None:
    with (
        ServerClient(Config(port=9), None) as client,
        pytest.raises(CommandError, match="tactful serve"),
    ):
        client.get("/x")


def test_what_is_not_a_url_is_refused() -> None:
    for url in ("shop", "ftp://shop", "http://"):
        with pytest.raises(CommandError, match="Write one such as http"):
            ServerClient(Config(), url)
