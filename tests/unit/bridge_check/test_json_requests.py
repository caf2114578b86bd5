"""One JSON request to a program on this machine or to a shop."""

from http.client import BadStatusLine, HTTPConnection, RemoteDisconnected
from http.server import BaseHTTPRequestHandler, HTTPServer
from socket import gaierror
from ssl import SSLError
from threading import Thread

import pytest

from tactful.bridge_check.json_requests import Answer, NoAnswerError, request_json


class Echo(BaseHTTPRequestHandler):
    """Answers with what it was asked."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        text = (
            f'{{"path": "{self.path}", "key": "{self.headers["Authorization"]}", "body": {body}}}'
        )
        raw = b"no JSON" if self.path.endswith("/broken") else text.encode()
        self.send_response(201)
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_: object) -> None:
        """Stay silent."""


def asked(path: str) -> Answer:
    """The answer of an echo below `/shop`."""
    with HTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = Thread(target=server.handle_request)
        thread.start()
        try:
            url = f"http://127.0.0.1:{server.server_port}/shop/"
            return request_json(url, "POST", path, {"a": 1}, key="k")
        finally:
            thread.join()


def test_a_request_carries_its_body_and_key_and_gets_the_decoded_answer() -> None:
    body = {"path": "/shop/put", "key": "Bearer k", "body": {"a": 1}}
    assert asked("/put") == Answer(201, body)


def test_an_answer_that_is_no_json_is_no_answer() -> None:
    with pytest.raises(NoAnswerError, match=r"POST .*/broken: the answer is not JSON\."):
        asked("/broken")


def test_nobody_at_the_address_is_no_answer() -> None:
    with pytest.raises(NoAnswerError, match="no program listens at this address; start it"):
        request_json("http://127.0.0.1:9", "GET", "/about")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "start it, or correct the address"),
        (TimeoutError("timed out"), "no answer came within 60 s"),
        (gaierror(-2, "Name or service not known"), "the name of the host is unknown"),
        (SSLError(1, "[SSL: WRONG_VERSION_NUMBER]"), "its certificate is not accepted"),
        (ConnectionResetError(104, "Connection reset by peer"), "the connection was closed"),
        (RemoteDisconnected("Remote end closed connection"), "the connection was closed"),
        (BadStatusLine("x"), "the connection was closed"),
        (OSError(101, "Network is unreachable"), "network is unreachable"),
        (OSError(), "the address cannot be reached"),
    ],
)
def test_an_error_of_a_connection_is_said_in_words(
    error: Exception, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(HTTPConnection, "request", fail)
    with pytest.raises(NoAnswerError) as caught:
        request_json("http://shop.example", "GET", "/about")
    said = str(caught.value)
    assert words in said
    assert "Errno" not in said
    assert type(error).__name__ not in said
