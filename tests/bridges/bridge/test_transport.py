"""Requests over real sockets, beside servers that behave badly."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tactful_bridge import transport
from tactful_bridge.errors import OutcomeUnknownError
from tactful_bridge.transport import HttpTransport, Response


@contextmanager
def answering(raw: bytes | None) -> Iterator[tuple[str, list[bytes]]]:
    """A server that answers one request with these bytes, or with silence; and what it received."""
    received: list[bytes] = []
    done = threading.Event()

    def serve() -> None:
        peer, _ = listener.accept()
        with peer:
            request = peer.recv(65536)
            head, _, body = request.partition(b"\r\n\r\n")
            length = re.search(rb"Content-Length: (\d+)", head)
            while length and len(body) < int(length[1]):
                body += peer.recv(65536)
            received.append(head + b"\r\n\r\n" + body)
            if raw is None:
                done.wait(20)
            else:
                peer.sendall(raw)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", received
        finally:
            done.set()
            thread.join()


def http(body: bytes, head: str = "") -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n{head}\r\n".encode() + body


def test_a_request_names_the_key_and_carries_json() -> None:
    with answering(http(b'{"a": 1}')) as (url, received):
        answer = HttpTransport(f"{url}/shop/", "the-key").send("POST", "/v1/x", {"sku": "Ä"})
    assert answer == Response(200, b'{"a": 1}')
    assert answer.json() == {"a": 1}
    head, _, body = received[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /shop/v1/x HTTP/1.1\r\n")
    assert b"Authorization: Bearer the-key\r\n" in head
    assert body == '{"sku": "Ä"}'.encode()


def test_a_request_without_a_body_sends_none() -> None:
    with answering(http(b"")) as (url, received):
        assert HttpTransport(url, "k").send("GET", "/v1/x").json() is None
    assert b"Content-Length" not in received[0]


@pytest.mark.parametrize(("text", "seconds"), [("7", 7), ("tomorrow", None), ("-1", None)])
def test_the_pause_that_is_asked_for_is_read(text: str, seconds: int | None) -> None:
    with answering(http(b"{}", f"Retry-After: {text}\r\n")) as (url, _):
        assert HttpTransport(url, "k").send("GET", "/x").retry_after == seconds


@pytest.mark.parametrize(
    "raw", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", b"no http at all\r\n\r\n"]
)
def test_an_answer_that_breaks_off_is_an_unknown_outcome(raw: bytes) -> None:
    with answering(raw) as (url, _), pytest.raises(OutcomeUnknownError, match="no answer"):
        HttpTransport(url, "k").send("GET", "/x")


def test_silence_is_an_unknown_outcome() -> None:
    with answering(None) as (url, _), pytest.raises(OutcomeUnknownError, match="TimeoutError"):
        HttpTransport(url, "k", timeout=50).send("GET", "/x")


def test_a_port_without_a_server_is_an_unknown_outcome() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # and nobody listens
        url = f"http://127.0.0.1:{held.getsockname()[1]}"
        with pytest.raises(OutcomeUnknownError, match="ConnectionRefusedError"):
            HttpTransport(url, "k").send("GET", "/x")


def test_an_endless_answer_is_an_unknown_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "LARGEST", 10)
    with answering(http(b"x" * 11)) as (url, _), pytest.raises(OutcomeUnknownError, match="10"):
        HttpTransport(url, "k").send("GET", "/x")


def test_an_answer_that_is_no_json_says_what_to_check() -> None:
    with pytest.raises(OutcomeUnknownError, match="Check that the URL leads to Tactful"):
        Response(200, b"<html>").json()


def test_https_is_verified() -> None:
    with answering(b"no tls") as (url, _), pytest.raises(OutcomeUnknownError, match="SSL"):
        HttpTransport(url.replace("http:", "https:"), "k").send("GET", "/x")


@pytest.mark.parametrize("url", ["offers.shop.example", "ftp://offers.shop.example", "https://"])
def test_a_setting_that_is_no_address_is_refused_at_once(url: str) -> None:
    with pytest.raises(ValueError, match="no address of a Tactful server"):
        HttpTransport(url, "k")
