"""The conformance echo, through the same listener; the raw-frame suite drives it over real sockets."""

from tactful.protocol import close_codes
from tactful.transports.server.echo import Echo


class Sent:
    def __init__(self) -> None:
        self.out = []

    def send(self, payload) -> None:
        self.out.append(("text", payload))

    def send_binary(self, payload):
        self.out.append(("binary", payload))

    def close(self, code, reason="") -> None:
        self.out.append((code, reason))


def test_text_and_binary_come_back_as_they_are() -> None:
    link = Sent()
    echo = Echo(link)
    echo.receive_text(b"plain")
    echo.receive_text("grüß".encode())
    echo.receive_binary(b"\xff")
    assert link.out == [("text", b"plain"), ("text", "grüß".encode()), ("binary", b"\xff")]


def test_text_that_is_not_utf8_ends_the_connection() -> None:
    link = Sent()
    Echo(link).receive_text(b"\xff")
    assert link.out[0][0] is close_codes.NOT_UTF8


def test_an_echo_knows_no_pace_and_no_clock() -> None:
    link = Sent()
    echo = Echo(link)
    assert echo.charge_frame(10**9)
    echo.begin_read(1)
    echo.tick(10**12)
    echo.end_read()
    echo.client_lagging()
    echo.client_caught_up()
    echo.connection_lost(1000)
    assert link.out == []
