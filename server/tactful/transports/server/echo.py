"""Echo of WebSocket messages for conformance suites, on the same path as sessions."""

from tactful.protocol import close_codes
from tactful.transports.server.websocket import WebSocketConnection


class Echo:
    """A `MessageConsumer` that returns every message, without limits or deadlines."""

    __slots__ = ("_connection",)

    def __init__(self, connection: WebSocketConnection) -> None:
        self._connection = connection

    def begin_read(self, now: int) -> None:
        """Do nothing: there is no deadline to extend."""

    def charge_frame(self, size: int) -> bool:
        """Return `True`: conformance suites send floods on purpose."""
        del size
        return True

    def receive_text(self, payload: bytes) -> None:
        """Send the message back, or close with 1007 if it is not UTF-8."""
        try:
            if not payload.isascii():
                payload.decode()
        except UnicodeDecodeError:
            self._connection.close(close_codes.NOT_UTF8, "The text is not UTF-8.")
        else:
            self._connection.send(payload)

    def receive_binary(self, payload: bytes) -> None:
        """Send the message back."""
        self._connection.send_binary(payload)

    def end_read(self) -> None:
        """Do nothing: there is no acknowledgement."""

    def tick(self, now: int) -> None:
        """Do nothing: there is no deadline."""

    def client_lagging(self) -> None:
        """Do nothing: the connection has stopped reading, which is enough."""

    def client_caught_up(self) -> None:
        """Do nothing: the connection reads again."""

    def connection_lost(self, code: int) -> None:
        """Do nothing: there is nothing to clean up."""
