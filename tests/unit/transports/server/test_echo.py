"""The conformance echo; the raw-frame suite drives it over real sockets."""

from typing import Any, cast

from tactful.protocol import close_codes
from tactful.protocol.close_codes import CloseCode
from tactful.transports.server.echo import Echo
from tactful.transports.server.websocket import WebSocketConnection


class Sent:
    def __init__(self) -> None:
        self.out: list[tuple[Any, Any]] = []

    def send(self, payload: bytes) -> None:
        self.out.append(("text", payload))

    def send_binary(self, payload: bytes) -> None:
        self.out.append(("binary", payload))

    def close(self, code: CloseCode, reason: str = "") -> None:
        self.out.append((code, reason))


def test_text_and_binary_come_back_as_they_are() -> None:
    link = Sent()
    echo = Echo(cast("WebSocketConnection", link))
    echo.receive_text(b"plain")
    echo.receive_text("grüß".encode())
    echo.receive_binary(b"\xff")
    assert link.out == [("text", b"plain"), ("text", "grüß".encode()), ("binary", b"\xff")]


def test_text_that_is_not_utf8_ends_the_connection() -> None:
    link = Sent()
    Echo(cast("WebSocketConnection", link)).receive_text(b"\xff")
    assert link.out[0][0] is close_codes.NOT_UTF8


def test_an_echo_has_no_rate_and_no_deadline() -> None:
    link = Sent()
    echo = Echo(cast("WebSocketConnection", link))
    assert echo.charge_frame(10**9)
    echo.begin_read(1)
    echo.tick(10**12)
    echo.end_read()
    echo.client_lagging()
    echo.client_caught_up()
    echo.connection_lost(1000)
    assert link.out == []
