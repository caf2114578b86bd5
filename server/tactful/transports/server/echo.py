"""Echo for conformance suites, through the same accept path as sessions."""

from typing import Protocol

from tactful.protocol import close_codes
from tactful.protocol.close_codes import CloseCode


class EchoTransport(Protocol):
    """What an echo needs of a WebSocket."""

    def send(self, payload: bytes) -> None:
        """Send a text message."""

    def send_binary(self, payload: bytes) -> None:
        """Send a binary message."""

    def close(self, code: CloseCode, reason: str = "") -> None:
        """End the connection."""


class Echo:
    """Sends back what comes, keeps nothing, and knows no hello, no pace and no clock."""

    __slots__ = ("_link",)

    def __init__(self, link: EchoTransport) -> None:
        self._link = link

    def begin_read(self, now: int) -> None:
        """Nothing to note."""

    def charge_frame(self, size: int) -> bool:
        """Suites flood on purpose."""
        del size
        return True

    def receive_text(self, payload: bytes) -> None:
        """Send it back if it is text."""
        try:
            if not payload.isascii():
                payload.decode()
        except UnicodeDecodeError:
            self._link.close(close_codes.NOT_UTF8, "The text is not UTF-8.")
        else:
            self._link.send(payload)

    def receive_binary(self, payload: bytes) -> None:
        """Send it back."""
        self._link.send_binary(payload)

    def end_read(self) -> None:
        """Nothing is owed."""

    def tick(self, now: int) -> None:
        """No clock."""

    def client_lagging(self) -> None:
        """The link has stopped reading; that is enough."""

    def client_caught_up(self) -> None:
        """It reads again."""

    def connection_lost(self, code: int) -> None:
        """Nothing to clean up."""
